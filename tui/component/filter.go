package component

import (
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight/tui/theme"
)

// FilterLine is one line to type a filter into. It shows why the text is no
// filter; it does not know what a filter is.
type FilterLine struct {
	Error  string // why the text cannot be used; "" where it can
	Note   string // how far the filter is
	Hint   string // shown while the line is empty
	input  input
	before string // text to go back to
	typing bool
	theme  *theme.Theme
	width  int
}

// NewFilterLine returns an empty line. The hint shows what to type.
func NewFilterLine(t *theme.Theme, hint string) *FilterLine {
	return &FilterLine{theme: t, Hint: hint}
}

// SetWidth sets the width in cells.
func (f *FilterLine) SetWidth(width int) { f.width = width }

// Text returns what is in the line.
func (f *FilterLine) Text() string { return f.input.String() }

// Set puts text into the line.
func (f *FilterLine) Set(text string) { f.input.set(text) }

// Typing reports whether keys go into the line.
func (f *FilterLine) Typing() bool { return f.typing }

// Begin takes the keys.
func (f *FilterLine) Begin() { f.before, f.typing = f.Text(), true }

// Outcome is what a key did to the line.
type Outcome int

// The outcomes.
const (
	Edited    Outcome = iota // the text may be another
	Accepted                 // Enter
	Cancelled                // Esc: the text is what it was before
)

// Key gives a key to the line.
func (f *FilterLine) Key(k tea.KeyMsg) Outcome {
	switch k.Type {
	case tea.KeyEnter:
		f.typing = false
		return Accepted
	case tea.KeyEsc:
		f.typing = false
		f.Set(f.before)
		return Cancelled
	}
	f.input.key(k)
	return Edited
}

// Height returns how many lines View gives.
func (f *FilterLine) Height() int {
	switch {
	case f.Error != "":
		return 2
	case f.typing || f.Text() != "":
		return 1
	}
	return 0
}

// View returns the line, and a second one where there is an error.
func (f *FilterLine) View() []string {
	if f.Height() == 0 {
		return nil
	}
	note := ""
	if f.Note != "" {
		note = Fit("  "+f.Note, min(len(f.Note)+2, f.width/2))
	}
	text := f.input.view(f.theme, max(1, f.width-2-len(note)), f.typing)
	if f.typing && f.Text() == "" {
		text = f.input.view(f.theme, 1, true) + f.theme.Dim.Render(" "+f.Hint)
	}
	line := f.theme.Key.Render("/") + " " + Fit(text, max(0, f.width-2-len(note))) + f.theme.Dim.Render(note)
	lines := []string{Fit(line, f.width)}
	if f.Error != "" {
		lines = append(lines, f.theme.Error.Render(Fit("  "+f.Error, f.width)))
	}
	return lines
}
