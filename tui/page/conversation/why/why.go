// Package why is the tab that tells a conversation as a story: what was found,
// each finding with its packets in order, its cost and what would help; how
// the two ends communicate; what the set-up cost.
//
//	ends    10.9.0.1:51234 → www.example.com (10.9.0.2:443)
//	stack   ethernet / ipv4 / tcp / tls / http2
//
//	Findings
//	  ! 2 waits for a delayed ACK, 87.1 ms in all
//	    The client sent a small segment and held the next one back …
//	    → Set TCP_NODELAY, or write the whole message at once.
//	    43.6 ms  a small segment, its delayed acknowledgment, …
//	▌     #54 →         0  [PSH, ACK] 24 bytes                        ▐
//	      #55 ←  +43.5 ms  [ACK]
//
// Every line that claims something leads to the packets that prove it.
package why

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/keymap"
	"github.com/wiresight/wiresight/tui/page"
	"github.com/wiresight/wiresight/tui/page/conversation/subject"
	"github.com/wiresight/wiresight/tui/theme"
)

// target is where a block of the page leads.
type target struct {
	packets []int
	why     string
	lesson  string // id of a claim
	teach   bool   // Enter shows the lesson before the packets
}

// Page is the tab.
type Page struct {
	src     page.Source
	theme   *theme.Theme
	subject *subject.Subject
	placed  bool // the cursor was put where it begins

	doc           component.Document
	targets       map[string]target
	width, height int
}

// New returns the tab.
func New(src page.Source, t *theme.Theme) *Page {
	p := &Page{src: src, theme: t}
	p.doc.Theme = t
	return p
}

// Init has nothing to ask for.
func (p *Page) Init() tea.Cmd { return nil }

// Keys returns the tab's keys.
func (p *Page) Keys() keymap.Group { return keymap.Why }

// Typing reports false: nothing is typed here.
func (p *Page) Typing() bool { return false }

// Show draws a conversation.
func (p *Page) Show(s *subject.Subject) tea.Cmd {
	p.subject = s
	p.draw()
	return nil
}

// SetSize sets the size in cells.
func (p *Page) SetSize(width, height int) {
	p.width, p.height = width, height
	p.doc.SetSize(width, height)
	p.draw()
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
		return p.lesson()
	case key.Matches(k, keymap.NextPart):
		p.doc.Part(1)
	case key.Matches(k, keymap.PrevPart):
		p.doc.Part(-1)
	default:
		p.doc.Do(keymap.Motion(k))
	}
	return nil
}

// open leads to the packets behind the selected block, or to its lesson where
// it is a whole pattern or no packets stand behind it.
func (p *Page) open() tea.Cmd {
	t, ok := p.targets[p.doc.Key()]
	if !ok {
		return nil
	}
	if len(t.packets) == 0 || t.teach {
		if cmd := p.lesson(); cmd != nil || len(t.packets) == 0 {
			return cmd
		}
	}
	return page.Send(page.OpenPackets{Conversation: p.scope(t.packets), Marked: t.packets, Why: t.why})
}

// scope returns the conversation to narrow the packets page to: this one, or
// none where packets are of others too, such as the DNS answer before it.
func (p *Page) scope(packets []int) int {
	id, all := p.subject.ID, true
	p.src.View(func(v wiresight.View) {
		for _, n := range packets {
			all = all && n >= 1 && n <= len(v.Packets) && v.Packets[n-1].Conversation == uint32(id)
		}
	})
	if all {
		return id
	}
	return 0
}

func (p *Page) lesson() tea.Cmd {
	if t := p.targets[p.doc.Key()]; t.lesson != "" {
		return page.Send(page.OpenLesson{ID: t.lesson})
	}
	return nil
}

// Note returns what a note on the selected block is about.
func (p *Page) Note() (target page.NoteTarget, ok bool) {
	t, found := p.targets[p.doc.Key()]
	if !found || p.subject == nil {
		return page.NoteTarget{}, false
	}
	target = page.NoteTarget{Conversation: p.subject.ID, Finding: t.lesson}
	if len(t.packets) > 0 {
		target.Packet = t.packets[0]
	}
	return target, true
}

func (p *Page) mouse(m tea.MouseMsg) tea.Cmd {
	switch m.Button {
	case tea.MouseButtonWheelUp:
		p.doc.Scroll(-3)
	case tea.MouseButtonWheelDown:
		p.doc.Scroll(3)
	case tea.MouseButtonLeft:
		if m.Action != tea.MouseActionPress || m.Y < 0 {
			return nil
		}
		if hit, again := p.doc.Click(m.Y); hit && again {
			return p.open()
		}
	}
	return nil
}

// View draws the tab.
func (p *Page) View() string {
	return component.Screen(p.doc.View(), p.width, p.height)
}
