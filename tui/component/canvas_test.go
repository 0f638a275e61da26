package component

import (
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestACanvasDrawsTextOverDotsAndClipsBoth(t *testing.T) {
	c := NewCanvas(6, 2)
	c.Line(0, 0, 11, 7, 0)
	c.Text(2, 0, "日本", 0)
	c.Text(5, 1, "ab", 0)
	c.Text(-1, 1, "xy", 0)
	if got, want := c.Plain(0), "⠉⠒日本"; got != want {
		t.Errorf("first line %q, want %q", got, want)
	}
	if got := c.Plain(1); ansi.StringWidth(got) != 6 || got[0] != 'y' || got[len(got)-1] != 'a' {
		t.Errorf("second line %q", got)
	}
}

func TestALineFarBeyondTheCanvasIsDrawnWhereItCrossesIt(t *testing.T) {
	c := NewCanvas(10, 1)
	c.Line(-1_000_000_000, 1, 1_000_000_000, 1, 0)
	if got := c.Plain(0); got != "⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒" {
		t.Errorf("%q", got)
	}
}
