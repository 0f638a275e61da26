// Package waterfall is the tab that draws a conversation's set-up and
// exchanges as bars over time, as a browser's network panel does, and beneath
// them what the other ways to set it up would have taken.
//
//	 ▓ request  ╱ behind another answer  ░ server  █ transfer
//	 what                 status     time  0 ms        50 ms       100 ms
//	 tcp                           40.2 ms ████████
//	▌GET /a               200      52.1 ms         ▓▓░░░░░░░░░███            ▐
//	 GET /b               200      61.0 ms         ▓▓╱╱╱╱╱╱╱╱╱╱╱╱░░████
package waterfall

import (
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/keymap"
	"github.com/wiresight/wiresight/tui/page"
	"github.com/wiresight/wiresight/tui/page/conversation/subject"
	"github.com/wiresight/wiresight/tui/theme"
)

// Page is the tab.
type Page struct {
	theme   *theme.Theme
	subject *subject.Subject
	rows    []row
	list    component.List
	from    int64 // nanoseconds at the left edge
	until   int64 // and at the right
	begun   int64 // of all rows
	ended   int64
	zoomed  bool

	width, height int
}

// New returns the tab.
func New(t *theme.Theme) *Page { return &Page{theme: t} }

// Init has nothing to ask for.
func (p *Page) Init() tea.Cmd { return nil }

// Keys returns the tab's keys.
func (p *Page) Keys() keymap.Group { return keymap.Waterfall }

// Typing reports false: nothing is typed here.
func (p *Page) Typing() bool { return false }

// Show draws a conversation.
func (p *Page) Show(s *subject.Subject) tea.Cmd {
	p.subject = s
	p.rows = rowsOf(s)
	p.begun, p.ended = bounds(p.rows)
	if !p.zoomed {
		p.from, p.until = p.begun, p.ended
	}
	p.layout()
	if r := p.row(); r != nil && r.kind == heading {
		p.list.Move(1)
	}
	return nil
}

// row returns the selected one, nil where there is none.
func (p *Page) row() *row {
	if p.list.Cursor >= len(p.rows) {
		return nil
	}
	return &p.rows[p.list.Cursor]
}

// SetSize sets the size in cells.
func (p *Page) SetSize(width, height int) {
	p.width, p.height = width, height
	p.layout()
}

// Lines around the rows: legend, axis, and the pane below.
const (
	above = 2
	below = 3
)

func (p *Page) layout() {
	p.list.Count, p.list.Height = len(p.rows), max(1, p.height-above-below)
	p.list.Show()
}

// Update takes a message in.
func (p *Page) Update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case tea.KeyMsg:
		return p.key(m)
	case tea.MouseMsg:
		return p.mouse(m)
	}
	return nil
}

func (p *Page) key(k tea.KeyMsg) tea.Cmd {
	switch {
	case key.Matches(k, keymap.Open):
		return p.open()
	case key.Matches(k, keymap.Lesson):
		if r := p.row(); r != nil && r.lesson != "" {
			return page.Send(page.OpenLesson{ID: r.lesson})
		}
	case key.Matches(k, keymap.ZoomIn):
		p.zoom(0.5)
	case key.Matches(k, keymap.ZoomOut):
		p.zoom(2)
	case key.Matches(k, keymap.PanLeft):
		p.pan(-1)
	case key.Matches(k, keymap.PanRight):
		p.pan(1)
	default:
		before := p.list.Cursor
		p.list.Do(keymap.Motion(k))
		p.skip(p.list.Cursor - before)
	}
	return nil
}

// skip leaves a heading in the direction of the motion.
func (p *Page) skip(motion int) {
	step := 1
	if motion < 0 {
		step = -1
	}
	for r := p.row(); r != nil && r.kind == heading; r = p.row() {
		at := p.list.Cursor
		p.list.Move(step)
		if p.list.Cursor == at {
			step = -step
			p.list.Move(step)
			if p.list.Cursor == at {
				return
			}
		}
	}
}

// leastSpan is the shortest time that the whole width stands for.
const leastSpan = int64(10 * time.Microsecond)

// zoom changes the scale around the selected bar.
func (p *Page) zoom(factor float64) {
	middle := (p.from + p.until) / 2
	if r := p.row(); r != nil && factor < 1 && len(r.parts) > 0 {
		middle = (r.parts[0].from + r.parts[len(r.parts)-1].until) / 2
	}
	half := max(leastSpan, int64(float64(p.until-p.from)*factor)) / 2
	if 2*half >= p.ended-p.begun {
		p.from, p.until, p.zoomed = p.begun, p.ended, false
		return
	}
	p.zoomed = true
	p.from, p.until = middle-half, middle+half
	p.pan(0)
}

// pan moves by a quarter of the width, within what there is.
func (p *Page) pan(direction int64) {
	if !p.zoomed {
		return
	}
	span := p.until - p.from
	p.from = max(p.begun, min(p.from+direction*span/4, p.ended-span))
	p.until = p.from + span
}

func (p *Page) open() tea.Cmd {
	r := p.row()
	switch {
	case r == nil:
		return nil
	case len(r.packets) > 0:
		conversation := p.subject.ID
		if r.elsewhere {
			conversation = 0
		}
		return page.Send(page.OpenPackets{Conversation: conversation, Marked: r.packets, Why: r.title})
	case r.lesson != "":
		return page.Send(page.OpenLesson{ID: r.lesson})
	}
	return nil
}

// Note returns the selected exchange or phase.
func (p *Page) Note() (page.NoteTarget, bool) {
	r := p.row()
	if r == nil || len(r.packets) == 0 {
		return page.NoteTarget{}, false
	}
	return page.NoteTarget{Conversation: p.subject.ID, Exchange: r.exchange, Packet: r.packets[0]}, true
}

func (p *Page) mouse(m tea.MouseMsg) tea.Cmd {
	switch m.Button {
	case tea.MouseButtonWheelUp:
		p.list.Scroll(-3)
	case tea.MouseButtonWheelDown:
		p.list.Scroll(3)
	case tea.MouseButtonLeft:
		at := p.list.Offset + m.Y - above
		if m.Action != tea.MouseActionPress || m.Y < above || at >= p.list.End() || p.rows[at].kind == heading {
			return nil
		}
		if at == p.list.Cursor {
			return p.open()
		}
		p.list.Select(at)
	}
	return nil
}
