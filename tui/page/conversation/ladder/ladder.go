// Package ladder is the tab that draws a conversation as a sequence diagram,
// time running down: client and server are lifelines, packets, messages or
// exchanges are arrows.
//
//	           10.9.0.1:51234                    www.example.com:443
//	 0.000000  │⠉⠒⠒⠤⠤⢄⣀⡀ SYN                                        │
//	           │              ⠈⠉⠉⠒⠒⠒⠤⠤⠤⢄⣀⣀⡀                        ▶│
//	 0.040200  │◀⠤⠤⠔⠒⠒⠊⠉⠉ SYN, ACK                                  │
//	  ⋮ +212 ms┊                                                    ┊
//	 0.252301  │ GET /a HTTP/1.1 ───────────────────────────────────▶│ ! Nagle hold
//	── packet 4 ─────────────────────────────────────────────────────────────
//	 GET /a HTTP/1.1, sent by the client 0.252 s after the first packet
//
// Arrows slant as much as the packets' way through the network took, where
// the capture tells; long waits are folded, with their length.
package ladder

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

// view is what the arrows stand for.
type view int

const (
	packets view = iota
	messages
	exchanges
	views
)

func (v view) String() string { return [...]string{"packets", "messages", "exchanges"}[v] }

// Page is the tab.
type Page struct {
	theme   *theme.Theme
	subject *subject.Subject
	view    view
	plan    plan
	cursor  int // arrow
	offset  int // row
	keep    int // packet to find again after the arrows were made anew
	replay  replay

	width, height int
}

// New returns the tab.
func New(t *theme.Theme) *Page { return &Page{theme: t, replay: replay{speed: 1}} }

// Init has nothing to ask for.
func (p *Page) Init() tea.Cmd { return nil }

// Keys returns the tab's keys.
func (p *Page) Keys() keymap.Group { return keymap.Ladder }

// Typing reports false: nothing is typed here.
func (p *Page) Typing() bool { return false }

// Show draws a conversation.
func (p *Page) Show(s *subject.Subject) tea.Cmd {
	p.subject = s
	return p.arrange()
}

// many is how many packets take so long to lay out that it is done in the
// background.
const many = 3000

type arrangedMsg struct {
	page *Page
	view view
	plan plan
}

// arrange makes the arrows anew.
func (p *Page) arrange() tea.Cmd {
	s, v := p.subject, p.view
	if s == nil {
		return nil
	}
	if s.Trace == nil || len(s.Trace.Packets) < many {
		p.take(arranged(s, v))
		return nil
	}
	return func() tea.Msg { return arrangedMsg{p, v, arranged(s, v)} }
}

// take shows new arrows, with the cursor on the packet that it was on.
func (p *Page) take(n plan) {
	if a := p.arrow(); a != nil {
		p.keep = a.packet
	}
	p.stop()
	p.plan = n
	p.cursor = p.plan.nearest(p.keep)
	p.follow()
}

// arrow returns the selected arrow, nil where there is none.
func (p *Page) arrow() *arrow {
	if p.cursor < 0 || p.cursor >= len(p.plan.arrows) {
		return nil
	}
	return &p.plan.arrows[p.cursor]
}

// SetSize sets the size in cells.
func (p *Page) SetSize(width, height int) {
	p.width, p.height = width, height
	p.follow()
}

// Update takes a message in.
func (p *Page) Update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case arrangedMsg:
		if m.page == p && m.view == p.view {
			p.take(m.plan)
		}
	case grownMsg:
		return p.grown(m)
	case tea.KeyMsg:
		return p.key(m)
	case tea.MouseMsg:
		return p.mouse(m)
	}
	return nil
}

func (p *Page) key(k tea.KeyMsg) tea.Cmd {
	if cmd, mine := p.replayKey(k); mine {
		return cmd
	}
	switch {
	case key.Matches(k, keymap.View):
		p.view = (p.view + 1) % views
		return p.arrange()
	case key.Matches(k, keymap.Open):
		return p.open()
	case key.Matches(k, keymap.Lesson):
		if a := p.arrow(); a != nil {
			return page.Send(page.OpenLesson{ID: p.lesson(a)})
		}
	default:
		p.move(keymap.Motion(k))
	}
	return nil
}

func (p *Page) open() tea.Cmd {
	a := p.arrow()
	if a == nil {
		return nil
	}
	return page.Send(page.OpenPackets{Conversation: p.subject.ID, Marked: a.packets, Why: a.label})
}

// lesson returns what there is to learn about an arrow: the finding that
// cites it, else its protocol.
func (p *Page) lesson(a *arrow) string {
	if len(a.marks) > 0 {
		return a.marks[0].ID
	}
	return string(a.protocol)
}

// Note returns the selected packet.
func (p *Page) Note() (page.NoteTarget, bool) {
	a := p.arrow()
	if a == nil {
		return page.NoteTarget{}, false
	}
	return page.NoteTarget{Conversation: p.subject.ID, Packet: a.packet, Exchange: a.exchange}, true
}

func (p *Page) move(m component.Motion) {
	list := component.List{Count: len(p.plan.arrows), Cursor: p.cursor, Height: max(1, p.room()*2/3)}
	list.Do(m)
	p.cursor = list.Cursor
	p.follow()
}

// follow brings the selected arrow on the screen, with what is around it.
func (p *Page) follow() {
	room := p.room()
	a := p.arrow()
	if a == nil || room <= 0 {
		p.offset = 0
		return
	}
	const around = 2
	p.offset = min(p.offset, max(0, a.row-around))
	p.offset = max(p.offset, a.row+around+1-room)
	p.offset = max(0, min(p.offset, p.plan.rows-room))
}

func (p *Page) mouse(m tea.MouseMsg) tea.Cmd {
	switch m.Button {
	case tea.MouseButtonWheelUp:
		p.move(component.Up)
	case tea.MouseButtonWheelDown:
		p.move(component.Down)
	case tea.MouseButtonLeft:
		row := p.offset + m.Y - 1
		if m.Action != tea.MouseActionPress || m.Y < 1 || m.Y > p.room() {
			return nil
		}
		for i := range p.plan.arrows {
			if p.plan.arrows[i].row != row {
				continue
			}
			if i == p.cursor {
				return p.open()
			}
			p.cursor = i
			p.follow()
		}
	}
	return nil
}

// The pane that explains stands below the diagram, or beside it where the
// page is wide.
const (
	beside    = 110
	paneWidth = 44
)

func (p *Page) paneHeight() int {
	switch {
	case p.width >= beside:
		return 0
	case p.height >= 30:
		return 9
	case p.height >= 15:
		return 6
	}
	return 0
}

// room returns how many rows of the diagram fit.
func (p *Page) room() int { return max(0, p.height-1-p.paneHeight()) }

func (p *Page) diagramWidth() int {
	if p.width >= beside {
		return p.width - paneWidth - 1
	}
	return p.width
}

// since writes a time from the conversation's first packet on.
func (p *Page) since(nanos int64) string {
	return component.Span(time.Duration(nanos - p.subject.First))
}
