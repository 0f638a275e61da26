package picture

import (
	"encoding/xml"
	"strings"
	"testing"
)

const screen = "\x1b[1;38;2;255;0;16mred\x1b[0m plain <&>\n\x1b[7mturned\x1b[27m \x1b[48;5;21m \x1b[0m\x1b[4m日本\x1b[0m  "

func TestTextHasNoColours(t *testing.T) {
	if got := Text(screen); got != "red plain <&>\nturned  日本\n" {
		t.Errorf("%q", got)
	}
}

func TestSVGLooksLikeTheScreen(t *testing.T) {
	svg := SVG(screen, true)
	if err := xml.Unmarshal([]byte(svg), new(struct{})); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`fill="#ff0010" font-weight="bold">red</text>`, `> plain &lt;&amp;&gt;</text>`,
		`fill="#e4e4e4"/>`, `fill="#181818">turned</text>`, // reversed
		`fill="#0000ff"/>`,
		`textLength="33.6" lengthAdjust="spacingAndGlyphs" xml:space="preserve" fill="#e4e4e4" text-decoration="underline">日本<`,
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("%s is not in %s", want, svg)
		}
	}
}

func TestDamagedSequencesAreNoHarm(t *testing.T) {
	for _, s := range []string{"\x1b[", "\x1b[38;5", "\x1b[38;2;1m", "\x1b[999;;m x", "a\x1b[48m"} {
		if err := xml.Unmarshal([]byte(SVG(s, false)), new(struct{})); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
}
