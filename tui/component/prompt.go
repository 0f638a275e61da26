package component

import (
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight/tui/theme"
)

// Prompt asks for a line of text, below the page.
type Prompt struct {
	Title string
	Note  string // told to the right of the title
	Hint  string // shown while the line is empty
	Error string // why the text cannot be taken
	input input
	theme *theme.Theme
}

// NewPrompt returns a prompt with some text in it.
func NewPrompt(t *theme.Theme, title, hint, text string) *Prompt {
	p := &Prompt{Title: title, Hint: hint, theme: t}
	p.input.set(text)
	return p
}

// Text returns what was typed.
func (p *Prompt) Text() string { return p.input.String() }

// Key gives a key to the prompt.
func (p *Prompt) Key(k tea.KeyMsg) Outcome {
	switch k.Type {
	case tea.KeyEnter:
		return Accepted
	case tea.KeyEsc:
		return Cancelled
	}
	p.Error = ""
	p.input.key(k)
	return Edited
}

// PromptHeight is how many lines a prompt has.
const PromptHeight = 2

// View returns the lines.
func (p *Prompt) View(width int) []string {
	note := p.Note
	if p.Error != "" {
		note = p.Error
	}
	text := p.input.view(p.theme, max(1, width-2), true)
	if p.Text() == "" {
		text = p.input.view(p.theme, 1, true) + p.theme.Dim.Render(" "+p.Hint)
	}
	return []string{Rule(p.theme, width, p.Title, note, true), Fit(p.theme.Key.Render("›")+" "+text, width)}
}
