package picker

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/keymap"
	"github.com/wiresight/wiresight/tui/page"
)

// Update takes a message in.
func (p *Page) Update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case openedMsg:
		if m.page != p {
			return nil
		}
		p.opening, p.err = "", m.err
		if m.err == nil {
			return page.Send(page.Opened{Title: m.title, Notes: m.notes, Session: m.session})
		}
	case tea.KeyMsg:
		return p.key(m)
	case tea.MouseMsg:
		return p.mouse(m)
	}
	return nil
}

func (p *Page) key(k tea.KeyMsg) tea.Cmd {
	if p.filter.Typing() {
		p.filter.Key(k)
		p.build()
		p.layout()
		return nil
	}
	switch {
	case key.Matches(k, keymap.Open):
		return p.open()
	case key.Matches(k, keymap.Filter):
		p.filter.Begin()
		p.layout()
	case key.Matches(k, keymap.Back):
		p.filter.Set("")
		p.build()
		p.layout()
	case key.Matches(k, keymap.NextPane):
		p.section(1)
	case key.Matches(k, keymap.PrevPane):
		p.section(-1)
	default:
		p.move(keymap.Motion(k))
	}
	return nil
}

// section moves the cursor to the first choice of another section.
func (p *Page) section(n int) {
	if len(p.rows) == 0 || len(p.sections) == 0 {
		return
	}
	want := p.rows[p.list.Cursor].section
	for range p.sections {
		want = (want + n + len(p.sections)) % len(p.sections)
		for i, r := range p.rows {
			if r.section == want && r.choice >= 0 {
				p.list.Select(i)
				p.list.Offset = min(p.list.Offset, p.heading(i))
				return
			}
		}
	}
}

func (p *Page) move(m component.Motion) {
	before := p.list.Cursor
	p.list.Do(m)
	direction := 1
	if p.list.Cursor < before {
		direction = -1
	}
	p.step(0, direction)
}

func (p *Page) mouse(m tea.MouseMsg) tea.Cmd {
	switch m.Button {
	case tea.MouseButtonWheelUp:
		p.step(-3, -1)
	case tea.MouseButtonWheelDown:
		p.step(3, 1)
	case tea.MouseButtonLeft:
		row := p.list.Offset + m.Y - 1 - p.filter.Height()
		if m.Action != tea.MouseActionPress || row < p.list.Offset || row >= p.list.End() || p.rows[row].choice < 0 {
			return nil
		}
		if row == p.list.Cursor {
			return p.open()
		}
		p.list.Select(row)
	}
	return nil
}
