// Package picker is the page that one begins with where nothing was named:
// recent files, interfaces and the examples that are built in.
//
//	── what do you want to look at? ───────────────────────────────────────────
//	Recent files
//	  trace.pcapng        /home/me/trace.pcapng
//	Interfaces
//	  eth0                up, 192.0.2.7
//	Examples
//	▌ dns                 A few names are looked up                          ▐
package picker

import (
	"context"
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/keymap"
	"github.com/wiresight/wiresight/tui/page"
	"github.com/wiresight/wiresight/tui/theme"
)

// Choice is one thing to open.
type Choice struct {
	Title, Description string
	Notes              string // path of the journal of its notes
	Lesson             string // to present; "" for a capture
	Open               page.Opener
}

// Section is a titled list of choices.
type Section struct {
	Title   string
	Empty   string // shown where there are no choices
	Choices []Choice
}

// Page is the picker.
type Page struct {
	ctx      context.Context
	theme    *theme.Theme
	sections []Section
	rows     []row
	list     component.List
	filter   *component.FilterLine
	opening  string // title of the choice that is being opened
	err      error

	width, height int
}

// row is a line of the page: a section's title or a choice.
type row struct {
	section int
	choice  int // -1 for the title, -2 for the note that there are none
}

type openedMsg struct {
	page    *Page
	title   string
	notes   string
	session *wiresight.Session
	err     error
}

// New returns the page. Sessions are opened with ctx.
func New(ctx context.Context, t *theme.Theme, sections []Section) *Page {
	p := &Page{ctx: ctx, theme: t, sections: sections, filter: component.NewFilterLine(t, "part of a name")}
	p.build()
	return p
}

// build makes the rows that match the filter.
func (p *Page) build() {
	want := strings.ToLower(p.filter.Text())
	p.rows = p.rows[:0]
	for s, section := range p.sections {
		p.rows = append(p.rows, row{s, -1})
		before := len(p.rows)
		for c, choice := range section.Choices {
			if strings.Contains(strings.ToLower(choice.Title+" "+choice.Description), want) {
				p.rows = append(p.rows, row{s, c})
			}
		}
		if len(p.rows) == before {
			p.rows = append(p.rows, row{s, -2})
		}
	}
	p.list.Count = len(p.rows)
	p.step(0, 1)
}

// step moves the cursor by n, and on in the direction to a row that can be
// chosen.
func (p *Page) step(n, direction int) {
	p.list.Move(n)
	for _, d := range []int{direction, -direction} {
		for i := p.list.Cursor; i >= 0 && i < len(p.rows); i += d {
			if p.rows[i].choice >= 0 {
				p.list.Select(i)
				p.list.Offset = min(p.list.Offset, p.heading(i))
				return
			}
		}
	}
}

// heading returns the row of the title above choice i where nothing that can
// be chosen stands between them, else i.
func (p *Page) heading(i int) int {
	top := i
	for top > 0 && p.rows[top-1].choice < 0 {
		top--
	}
	return top
}

// Init has nothing to ask for.
func (p *Page) Init() tea.Cmd { return nil }

// Keys returns the page's keys.
func (p *Page) Keys() keymap.Group { return keymap.Picker }

// Typing reports whether a filter is being typed.
func (p *Page) Typing() bool { return p.filter.Typing() }

// SetSize sets the size in cells.
func (p *Page) SetSize(width, height int) {
	p.width, p.height = width, height
	p.filter.SetWidth(width)
	p.layout()
}

func (p *Page) layout() {
	p.list.Height = max(0, p.height-1-p.filter.Height())
	p.step(0, 1)
}

func (p *Page) open() tea.Cmd {
	if p.list.Cursor >= len(p.rows) || p.rows[p.list.Cursor].choice < 0 || p.opening != "" {
		return nil
	}
	r := p.rows[p.list.Cursor]
	c := p.sections[r.section].Choices[r.choice]
	if c.Lesson != "" {
		return page.Send(page.Present{Lesson: c.Lesson})
	}
	p.opening, p.err = c.Title, nil
	return func() tea.Msg {
		s, err := c.Open(p.ctx)
		return openedMsg{p, c.Title, c.Notes, s, err}
	}
}

// View draws the page.
func (p *Page) View() string {
	title, note := "what do you want to look at?", ""
	switch {
	case p.err != nil:
		title, note = "cannot open it", layer.Printable(p.err.Error())
	case p.opening != "":
		note = "opening " + layer.Printable(p.opening) + " …"
	}
	rule := component.Rule(p.theme, p.width, title, note, true)
	if p.err != nil {
		rule = p.theme.Error.Render(component.Fit("‼ "+title+": "+note, p.width))
	}
	lines := append([]string{rule}, p.filter.View()...)
	for i := p.list.Offset; i < p.list.End(); i++ {
		lines = append(lines, p.line(i))
	}
	return component.Screen(lines, p.width, p.height)
}

func (p *Page) line(i int) string {
	r := p.rows[i]
	section := p.sections[r.section]
	switch r.choice {
	case -1:
		return p.theme.Header.Render(component.Fit(fmt.Sprintf("%s (%d)", section.Title, len(section.Choices)), p.width))
	case -2:
		text := section.Empty
		if len(section.Choices) > 0 {
			text = "none of that name"
		}
		return p.theme.Dim.Render(component.Fit("  "+text, p.width))
	}
	c := section.Choices[r.choice]
	name := component.Fit("  "+layer.Printable(c.Title), min(36, p.width/2))
	text := layer.Printable(c.Description)
	if i == p.list.Cursor {
		return p.theme.Cursor.Render(component.Fit(name+" "+text, p.width))
	}
	return component.Fit(name+" "+p.theme.Dim.Render(text), p.width)
}
