// Package learn is the page of one thing to learn about: a protocol, a
// pattern, a finding or a way to set up, as Markdown.
package learn

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/glamour"

	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/keymap"
	"github.com/wiresight/wiresight/tui/page"
	"github.com/wiresight/wiresight/tui/theme"
)

// Page shows Markdown.
type Page struct {
	theme         *theme.Theme
	title         string
	markdown      string
	lines         []string
	text          component.List // of lines; it scrolls without a cursor
	width, height int
}

// New returns the page of a text.
func New(t *theme.Theme, title, markdown string) *Page {
	return &Page{theme: t, title: title, markdown: markdown}
}

// Init has nothing to ask for.
func (p *Page) Init() tea.Cmd { return nil }

// Keys returns the page's keys.
func (p *Page) Keys() keymap.Group { return keymap.Reader }

// Typing reports false: nothing is typed here.
func (p *Page) Typing() bool { return false }

// widest is the widest line that reads well.
const widest = 96

// SetSize sets the size in cells.
func (p *Page) SetSize(width, height int) {
	if width != p.width || p.lines == nil {
		p.width = width
		p.lines = p.render()
	}
	p.height = height
	p.text.Count, p.text.Height = len(p.lines), max(0, height-1)
	p.text.Scroll(0)
}

// render sets the Markdown; as it is where that fails.
func (p *Page) render() []string {
	wrap := max(20, min(p.width-4, widest))
	r, err := glamour.NewTermRenderer(glamour.WithStyles(p.theme.Markdown()), glamour.WithColorProfile(p.theme.Profile()), glamour.WithWordWrap(wrap))
	if err != nil {
		return component.Wrap(p.markdown, wrap)
	}
	text, err := r.Render(p.markdown)
	if err != nil {
		return component.Wrap(p.markdown, wrap)
	}
	return strings.Split(strings.Trim(text, "\n"), "\n")
}

// Update takes a message in.
func (p *Page) Update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case tea.KeyMsg:
		if key.Matches(m, keymap.Back, keymap.Open, keymap.Lesson) {
			return page.Send(page.Back{})
		}
		p.text.Flow(keymap.Motion(m))
	case tea.MouseMsg:
		switch m.Button {
		case tea.MouseButtonWheelUp:
			p.text.Scroll(-3)
		case tea.MouseButtonWheelDown:
			p.text.Scroll(3)
		}
	}
	return nil
}

// View draws the page.
func (p *Page) View() string {
	note := ""
	if p.text.End() < p.text.Count {
		note = "more below"
	}
	lines := []string{component.Rule(p.theme, p.width, "learn: "+p.title, note, true)}
	return component.Screen(append(lines, p.lines[p.text.Offset:p.text.End()]...), p.width, p.height)
}
