// Package help is the page of the help, made from the keymap.
//
//	── help ───────────────────────────────────────────────────────────────────
//	Moving
//	  ↑/k        up
//	  ↓/j        down
//
//	What the columns mean
//	  …
package help

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/keymap"
	"github.com/wiresight/wiresight/tui/page"
	"github.com/wiresight/wiresight/tui/theme"
)

// Page shows text.
type Page struct {
	theme         *theme.Theme
	title         string
	paragraphs    []paragraph
	list          component.List
	lines         []string
	width, height int
}

// paragraph is a heading, a key with its meaning, or text.
type paragraph struct {
	heading, key, text string
}

// Keys returns the help: the keys of the page that it was asked on, those
// that work everywhere, those of the other pages, and what the columns and
// colours mean.
func Keys(t *theme.Theme, here keymap.Group) *Page {
	p := &Page{theme: t, title: "help"}
	groups := append([]keymap.Group{here}, keymap.Everywhere...)
	for _, g := range keymap.Pages {
		if g.Title != here.Title {
			groups = append(groups, g)
		}
	}
	for _, g := range groups {
		if len(g.Bindings) == 0 {
			continue
		}
		p.paragraphs = append(p.paragraphs, paragraph{heading: g.Title})
		for _, b := range g.Bindings {
			p.paragraphs = append(p.paragraphs, paragraph{key: b.Help().Key, text: b.Help().Desc})
		}
		p.paragraphs = append(p.paragraphs, paragraph{})
	}
	p.paragraphs = append(p.paragraphs, columns...)
	return p
}

// Init has nothing to ask for.
func (p *Page) Init() tea.Cmd { return nil }

// Keys returns the page's keys.
func (p *Page) Keys() keymap.Group { return keymap.Reader }

// Typing reports false: nothing is typed here.
func (p *Page) Typing() bool { return false }

// SetSize sets the size in cells.
func (p *Page) SetSize(width, height int) {
	p.width, p.height = width, height
	p.lines = p.lines[:0]
	for _, g := range p.paragraphs {
		p.lines = append(p.lines, p.draw(g)...)
	}
	p.list.Count, p.list.Height = len(p.lines), max(0, height-1)
	p.list.Show()
}

const keyWidth = 14

func (p *Page) draw(g paragraph) []string {
	switch {
	case g.heading != "":
		return []string{p.theme.Header.Render(component.Fit(g.heading, p.width))}
	case g.key == "":
		return component.Wrap(g.text, p.width)
	}
	var lines []string
	for i, l := range component.Wrap(g.text, p.width-keyWidth-2) {
		k := ""
		if i == 0 {
			k = g.key
		}
		lines = append(lines, "  "+p.theme.Key.Render(component.Fit(k, keyWidth))+l)
	}
	return lines
}

// Update takes a message in.
func (p *Page) Update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case tea.KeyMsg:
		if key.Matches(m, keymap.Back, keymap.Help, keymap.Open) {
			return page.Send(page.Back{})
		}
		p.list.Flow(keymap.Motion(m))
	case tea.MouseMsg:
		switch m.Button {
		case tea.MouseButtonWheelUp:
			p.list.Scroll(-3)
		case tea.MouseButtonWheelDown:
			p.list.Scroll(3)
		}
	}
	return nil
}

// View draws the page.
func (p *Page) View() string {
	note := ""
	if p.list.End() < p.list.Count {
		note = "more below"
	}
	lines := []string{component.Rule(p.theme, p.width, p.title, note, true)}
	lines = append(lines, p.lines[p.list.Offset:p.list.End()]...)
	return component.Screen(lines, p.width, p.height)
}
