package conversations

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/keymap"
	"github.com/wiresight/wiresight/tui/page"
)

func (p *Page) key(k tea.KeyMsg) tea.Cmd {
	if p.line.Typing() {
		return p.typed(k)
	}
	switch {
	case key.Matches(k, keymap.Open):
		return p.open()
	case key.Matches(k, keymap.Filter):
		p.line.Begin()
		p.layout()
	case key.Matches(k, keymap.Sort, keymap.ColumnNext):
		return p.turn(1)
	case key.Matches(k, keymap.ColumnPrev):
		return p.turn(-1)
	case key.Matches(k, keymap.Reverse):
		return p.sortBy(p.by)
	case key.Matches(k, keymap.Overview):
		return page.Send(page.OpenCapture{})
	case key.Matches(k, keymap.Lesson):
		if id := p.window.verdicts[p.selected].lesson; id != "" {
			return page.Send(page.OpenLesson{ID: id})
		}
	case key.Matches(k, keymap.Pairs):
		return page.Send(page.OpenPairs{})
	case key.Matches(k, keymap.Packets):
		return page.Send(page.OpenPackets{})
	case key.Matches(k, keymap.Follow):
		if p.selected > 0 {
			return page.Send(page.OpenConversation{ID: p.selected, Tab: "stream"})
		}
	case key.Matches(k, keymap.Compare):
		if p.selected > 0 {
			return page.Send(page.Compare{ID: p.selected})
		}
	case key.Matches(k, keymap.Newest):
		p.follow = !p.follow
		p.place()
	case key.Matches(k, keymap.Back):
		return p.back()
	default:
		if m := keymap.Motion(k); m != component.NoMotion {
			p.table.Do(m)
			p.at()
		}
	}
	return nil
}

// turn sorts by another column that is on the screen.
func (p *Page) turn(n int) tea.Cmd {
	c := p.by
	for {
		c = (c + column(n) + columnCount) % columnCount
		if c == p.by {
			return nil
		}
		if p.table.Shows(int(c)) {
			return p.sortBy(c)
		}
	}
}

// typed gives a key to the filter line.
func (p *Page) typed(k tea.KeyMsg) tea.Cmd {
	defer p.layout()
	switch p.line.Key(k) {
	case component.Accepted:
		if !p.apply() {
			p.line.Begin()
			return nil
		}
		return p.reorder()
	case component.Cancelled:
		p.line.Error = ""
	case component.Edited:
		p.line.Error = ""
		if p.line.Text() != "" {
			if _, err := p.compile(p.line.Text()); err != nil {
				p.line.Error = printable(err)
			}
		}
	}
	return nil
}

// back clears the filter, or leaves.
func (p *Page) back() tea.Cmd {
	if p.filter == nil && p.line.Text() == "" {
		return page.Send(page.Back{})
	}
	p.line.Set("")
	p.apply()
	p.layout()
	return p.reorder()
}

func (p *Page) open() tea.Cmd {
	if p.selected < 1 {
		return nil
	}
	return page.Send(page.OpenConversation{ID: p.selected})
}

func (p *Page) mouse(m tea.MouseMsg) tea.Cmd {
	switch m.Button {
	case tea.MouseButtonWheelUp, tea.MouseButtonWheelDown:
		n := 3
		if m.Button == tea.MouseButtonWheelUp {
			n = -3
		}
		p.table.Scroll(n)
		p.at()
	case tea.MouseButtonLeft:
		if m.Action == tea.MouseActionPress {
			return p.click(m.X, m.Y-p.line.Height())
		}
	}
	return nil
}

// click sorts by a column, selects a row, or opens the selected one.
func (p *Page) click(x, y int) tea.Cmd {
	row, c := p.table.At(x, y)
	switch {
	case y < 0:
	case row >= 0 && row == p.table.Cursor:
		return p.open()
	case row >= 0:
		p.table.Select(row)
		p.at()
	case c >= 0 && column(c) < columnCount:
		return p.sortBy(column(c))
	}
	return nil
}
