// Package graph is the tab that draws a conversation's packets over time: the
// sequence numbers of one direction with the lines of acknowledgment and
// window, as tcptrace draws them; the round trips; the bytes in flight.
//
//	sequence numbers, client → server   ▌data  R sent again  ─ ACK  ─ window
//	1.2 MiB│                                    ⢀⡠⠔⠒⠉⢸
//	       │               ⢀⣀⠤⠔⠒⠉⠁  ⢸
//	     0 │⣀⣀⠤⠔⠒⠉⠁
//	       └──────────────────────────────────────────
//	        0 ms            100 ms           200 ms
//	#14  data, 1448 bytes …
package graph

import (
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/keymap"
	"github.com/wiresight/wiresight/tui/page"
	"github.com/wiresight/wiresight/tui/page/conversation/subject"
	"github.com/wiresight/wiresight/tui/theme"
)

// view is what is drawn.
type view int

const (
	sequence view = iota
	inFlight
	roundTrips
	views
)

// Page is the tab.
type Page struct {
	theme   *theme.Theme
	subject *subject.Subject
	trace   *wiresight.Trace // that the points were made of
	view    view
	dir     layer.Direction
	chosen  bool // the user chose the direction
	series  series
	cursor  int   // point
	from    int64 // nanoseconds at the left edge
	until   int64
	zoomed  bool

	width, height int
}

// New returns the tab.
func New(t *theme.Theme) *Page { return &Page{theme: t} }

// Init has nothing to ask for.
func (p *Page) Init() tea.Cmd { return nil }

// Keys returns the tab's keys.
func (p *Page) Keys() keymap.Group { return keymap.Graph }

// Typing reports false: nothing is typed here.
func (p *Page) Typing() bool { return false }

// Show draws a conversation.
func (p *Page) Show(s *subject.Subject) tea.Cmd {
	p.subject = s
	if s.Trace == p.trace {
		return nil
	}
	p.trace = s.Trace
	if !p.chosen {
		p.dir = busier(s)
	}
	return p.gather()
}

// many is how many packets take so long to gather that it is done in the
// background.
const many = 3000

type gatheredMsg struct {
	page   *Page
	view   view
	dir    layer.Direction
	series series
}

// gather makes the points of what is drawn.
func (p *Page) gather() tea.Cmd {
	if p.trace == nil {
		p.series = series{}
		return nil
	}
	t, v, d := p.trace, p.view, p.dir
	if len(t.Packets) < many {
		p.take(gathered(t.Packets, v, d))
		return nil
	}
	return func() tea.Msg { return gatheredMsg{p, v, d, gathered(t.Packets, v, d)} }
}

func (p *Page) take(s series) {
	p.series = s
	p.cursor = max(0, min(p.cursor, len(p.series.points)-1))
	if !p.zoomed {
		p.from, p.until = p.series.from, p.series.until
	}
}

// SetSize sets the size in cells.
func (p *Page) SetSize(width, height int) { p.width, p.height = width, height }

// Update takes a message in.
func (p *Page) Update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case gatheredMsg:
		if m.page == p && m.view == p.view && m.dir == p.dir {
			p.take(m.series)
		}
	case tea.KeyMsg:
		return p.key(m)
	case tea.MouseMsg:
		return p.mouse(m)
	}
	return nil
}

func (p *Page) key(k tea.KeyMsg) tea.Cmd {
	switch {
	case key.Matches(k, keymap.View):
		p.view = (p.view + 1) % views
		return p.gather()
	case key.Matches(k, keymap.Turn):
		p.dir, p.chosen = p.dir.Reverse(), true
		return p.gather()
	case key.Matches(k, keymap.ZoomIn):
		p.zoom(0.5)
	case key.Matches(k, keymap.ZoomOut):
		p.zoom(2)
	case key.Matches(k, keymap.PanLeft):
		p.pan(-1)
	case key.Matches(k, keymap.PanRight):
		p.pan(1)
	case key.Matches(k, keymap.Open):
		if n := p.packet(); n > 0 {
			return page.Send(page.OpenPackets{Conversation: p.subject.ID, Marked: []int{n}, Why: "selected in the graph"})
		}
	default:
		list := component.List{Count: len(p.series.points), Cursor: p.cursor, Height: max(2, len(p.series.points)/10)}
		list.Do(keymap.Motion(k))
		p.cursor = list.Cursor
		p.show()
	}
	return nil
}

// packet returns the selected point's, 0 where there is none.
func (p *Page) packet() int {
	if p.cursor >= len(p.series.points) {
		return 0
	}
	return p.series.points[p.cursor].packet
}

// Note returns the selected packet.
func (p *Page) Note() (page.NoteTarget, bool) {
	n := p.packet()
	if n == 0 {
		return page.NoteTarget{}, false
	}
	return page.NoteTarget{Conversation: p.subject.ID, Packet: n}, true
}

// leastSpan is the shortest time that the whole width stands for.
const leastSpan = int64(10 * time.Microsecond)

// zoom changes the scale around the selected point.
func (p *Page) zoom(factor float64) {
	if len(p.series.points) == 0 {
		return
	}
	middle := p.series.points[p.cursor].at
	half := max(leastSpan, int64(float64(p.until-p.from)*factor)) / 2
	if 2*half >= p.series.until-p.series.from {
		p.from, p.until, p.zoomed = p.series.from, p.series.until, false
		return
	}
	p.from, p.until, p.zoomed = middle-half, middle+half, true
	p.pan(0)
}

// pan moves by a quarter of the width, within what there is.
func (p *Page) pan(direction int64) {
	if !p.zoomed {
		return
	}
	span := p.until - p.from
	p.from = max(p.series.from, min(p.from+direction*span/4, p.series.until-span))
	p.until = p.from + span
}

// show moves the window to the selected point.
func (p *Page) show() {
	if !p.zoomed || len(p.series.points) == 0 {
		return
	}
	at, span := p.series.points[p.cursor].at, p.until-p.from
	if at < p.from || at > p.until {
		p.from = at - span/2
		p.until = p.from + span
		p.pan(0)
	}
}

func (p *Page) mouse(m tea.MouseMsg) tea.Cmd {
	switch m.Button {
	case tea.MouseButtonWheelUp:
		p.zoom(0.5)
	case tea.MouseButtonWheelDown:
		p.zoom(2)
	case tea.MouseButtonLeft:
		if m.Action != tea.MouseActionPress || p.plotWidth() == 0 || len(p.series.points) == 0 {
			return nil
		}
		at := p.from + int64(float64(m.X-labelWidth)/float64(p.plotWidth())*float64(p.until-p.from))
		p.cursor = p.series.nearest(at)
	}
	return nil
}
