package tui

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheScreenIsCopied(t *testing.T) {
	u := start(t, newFake(3), 80, 24)
	var out strings.Builder
	u.app.terminal = &out
	u.press("y")
	sequence, found := strings.CutPrefix(out.String(), "\x1b]52;c;")
	text, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(sequence, "\a"))
	if !found || err != nil || !strings.Contains(string(text), "trace.pcapng") || strings.ContainsRune(string(text), 0x1b) {
		t.Errorf("%v, %q", err, out.String())
	}
	u.sees("clipboard")
}

func TestTheScreenIsSavedAsPictureOrText(t *testing.T) {
	dir := t.TempDir()
	for name, want := range map[string]string{"a.svg": "<svg ", "a.txt": " trace.pcapng"} {
		u := start(t, newFake(3), 80, 24)
		u.press("Y")
		for range len("wiresight.svg") {
			u.press("backspace")
		}
		path := filepath.Join(dir, name)
		u.typed(path)
		u.press("enter")
		data, err := os.ReadFile(path)
		if err != nil || !strings.HasPrefix(string(data), want) || strings.Contains(string(data), "save this screen") {
			t.Errorf("%v, %.80q", err, data)
		}
		u.press("Y")
		for range len("wiresight.svg") {
			u.press("backspace")
		}
		u.typed(path)
		u.press("enter")
		u.sees("‼ ") // nothing is overwritten
	}
}
