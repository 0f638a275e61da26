package component

import (
	"unicode"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"github.com/wiresight/wiresight/tui/theme"
)

// maxInput bounds what is typed or pasted into a line.
const maxInput = 1000

// input is a line of text with a cursor in it.
type input struct {
	text []rune
	at   int // cursor, 0 to len(text)
}

func (in *input) String() string { return string(in.text) }

func (in *input) set(text string) {
	in.text, in.at = nil, 0
	in.insert([]rune(text))
}

func (in *input) insert(runes []rune) {
	for _, r := range runes {
		if !unicode.IsPrint(r) || len(in.text) >= maxInput {
			continue // a paste may hold line ends and escape sequences
		}
		in.text = append(in.text, 0)
		copy(in.text[in.at+1:], in.text[in.at:])
		in.text[in.at] = r
		in.at++
	}
}

// remove deletes from rune a up to the one before b.
func (in *input) remove(a, b int) {
	a, b = max(0, a), min(b, len(in.text))
	in.text = append(in.text[:a], in.text[b:]...)
	in.at = a
}

// key edits as a shell's line does.
func (in *input) key(k tea.KeyMsg) {
	switch k.Type {
	case tea.KeyRunes, tea.KeySpace:
		in.insert(k.Runes)
	case tea.KeyBackspace:
		if in.at > 0 {
			in.remove(in.at-1, in.at)
		}
	case tea.KeyDelete:
		if in.at < len(in.text) {
			in.remove(in.at, in.at+1)
		}
	case tea.KeyLeft:
		in.at = max(0, in.at-1)
	case tea.KeyRight:
		in.at = min(len(in.text), in.at+1)
	case tea.KeyHome, tea.KeyCtrlA:
		in.at = 0
	case tea.KeyEnd, tea.KeyCtrlE:
		in.at = len(in.text)
	case tea.KeyCtrlU:
		in.remove(0, in.at)
	case tea.KeyCtrlK:
		in.remove(in.at, len(in.text))
	case tea.KeyCtrlW:
		in.remove(in.word(), in.at)
	}
}

// word returns where the word before the cursor begins.
func (in *input) word() int {
	i := in.at
	for i > 0 && in.text[i-1] == ' ' {
		i--
	}
	for i > 0 && in.text[i-1] != ' ' {
		i--
	}
	return i
}

// view draws the part of the line around the cursor.
func (in *input) view(t *theme.Theme, width int, focused bool) string {
	if !focused {
		return ansi.Truncate(in.String(), width, "…")
	}
	before, under, after := string(in.text[:in.at]), " ", ""
	if in.at < len(in.text) {
		under, after = string(in.text[in.at]), string(in.text[in.at+1:])
	}
	if over := ansi.StringWidth(before) + 2 - width; over > 0 {
		before = ansi.TruncateLeft(before, over, "")
	}
	return ansi.Truncate(before+t.Caret.Render(under)+after, width, "")
}
