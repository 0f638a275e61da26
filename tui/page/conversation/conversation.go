// Package conversation is the page of one conversation: who talked, what the
// set-up cost, what was found, how the two ends communicate, and the
// exchanges in time.
//
//	── conversation 3 ─────────────────────────────────────────────────────────
//	10.9.0.1:51234 → www.example.com:443 (10.9.0.2)
//	ethernet / ipv4 / tcp / tls / http2
//	set-up  tcp+tls1.3 · 2 round trips · first byte after 131 ms
//	▌ tcp       40.1 ms  1 RT  ██████████                                     ▐
//	  tls       41.0 ms  1 RT            ██████████
//	Findings
//	  ! Nagle and delayed ACKs cost 212 ms
//	Patterns
//	  polling  93 %
//	Exchanges
//	  12.345678  GET /a                               200   40.2 ms    41.0 ms
//
// Every line that claims something leads to the packets that prove it.
package conversation

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/keymap"
	"github.com/wiresight/wiresight/tui/page"
	"github.com/wiresight/wiresight/tui/theme"
)

// target is where a block of the page leads.
type target struct {
	packets []int
	why     string
	lesson  string // id of a claim
	teach   bool   // Enter shows the lesson before the packets
}

// Page is the conversation page.
type Page struct {
	src   page.Source
	theme *theme.Theme
	judge page.Judge
	id    int           // 0 for the whole capture
	whole page.JudgeAll // of the whole capture

	loaded  bool
	placed  bool // the cursor was put where it begins
	facts   facts
	version uint64
	next    time.Time // no refresh before

	doc           component.Document
	targets       map[string]target
	width, height int
}

// New returns the page of a conversation.
func New(src page.Source, t *theme.Theme, judge page.Judge, id int) *Page {
	p := &Page{src: src, theme: t, judge: judge, id: id}
	p.doc.Theme = t
	return p
}

// Init reads the conversation.
func (p *Page) Init() tea.Cmd {
	if p.whole != nil {
		return p.readAll()
	}
	p.read()
	return nil
}

// Keys returns the page's keys.
func (p *Page) Keys() keymap.Group { return keymap.Conversation }

// Typing reports false: nothing is typed here.
func (p *Page) Typing() bool { return false }

// SetSize sets the size in cells.
func (p *Page) SetSize(width, height int) {
	p.width, p.height = width, height
	p.doc.SetSize(width, max(0, height-1))
	p.draw()
}

// Update takes a message in.
func (p *Page) Update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case page.Tick:
		if p.whole == nil {
			p.read()
		}
	case allMsg:
		if m.page == p {
			p.facts, p.loaded = m.facts, true
			p.draw()
		}
	case tea.KeyMsg:
		return p.key(m)
	case tea.MouseMsg:
		return p.mouse(m)
	}
	return nil
}

// read copies the conversation where it changed since. A conversation that is
// costly to judge is judged less often.
func (p *Page) read() {
	if time.Now().Before(p.next) {
		return
	}
	begun, changed := time.Now(), false
	p.src.View(func(v wiresight.View) {
		if v.Model == nil || p.id < 1 || p.id > len(v.Model.Conversations) {
			return
		}
		c := v.Model.Conversations[p.id-1]
		if changed = !p.loaded || c.Version != p.version; changed {
			p.version = c.Version
			p.facts = copied(v.Model, c, p.judge(v.Model, c))
		}
	})
	if changed {
		p.loaded = true
		p.next = begun.Add(max(300*time.Millisecond, 20*time.Since(begun)))
		p.draw()
	}
}

func (p *Page) key(k tea.KeyMsg) tea.Cmd {
	switch {
	case key.Matches(k, keymap.Open):
		return p.open()
	case key.Matches(k, keymap.Lesson):
		return p.lesson()
	case key.Matches(k, keymap.Packets):
		return page.Send(page.OpenPackets{Conversation: p.id})
	case key.Matches(k, keymap.Follow) && p.id > 0:
		return page.Send(page.OpenStream{ID: p.id})
	case key.Matches(k, keymap.NextPart):
		p.doc.Part(1)
	case key.Matches(k, keymap.PrevPart):
		p.doc.Part(-1)
	case key.Matches(k, keymap.Back):
		return page.Send(page.Back{})
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
	all := true
	p.src.View(func(v wiresight.View) {
		for _, n := range packets {
			all = all && n >= 1 && n <= len(v.Packets) && v.Packets[n-1].Conversation == uint32(p.id)
		}
	})
	if all {
		return p.id
	}
	return 0
}

func (p *Page) lesson() tea.Cmd {
	t := p.targets[p.doc.Key()]
	l, ok := classify.FindLesson(t.lesson)
	if !ok {
		return nil
	}
	text := l.About
	for _, s := range []struct{ title, text string }{{"On the wire: ", l.Is}, {"Not to be mistaken for it: ", l.IsNot}, {"Sources: ", strings.Join(l.Sources, "; ")}} {
		if s.text != "" {
			text += "\n\n" + s.title + s.text
		}
	}
	return page.Send(page.OpenText{Title: l.Title, Text: text})
}

func (p *Page) mouse(m tea.MouseMsg) tea.Cmd {
	switch m.Button {
	case tea.MouseButtonWheelUp:
		p.doc.Scroll(-3)
	case tea.MouseButtonWheelDown:
		p.doc.Scroll(3)
	case tea.MouseButtonLeft:
		if m.Action != tea.MouseActionPress || m.Y < 1 {
			return nil
		}
		if hit, again := p.doc.Click(m.Y - 1); hit && again {
			return p.open()
		}
	}
	return nil
}

// View draws the page.
func (p *Page) View() string {
	title, note := fmt.Sprintf("conversation %d", p.id), ""
	if p.whole != nil {
		title = "whole capture"
	}
	if !p.loaded {
		note = "reading …"
	}
	lines := []string{component.Rule(p.theme, p.width, title, note, true)}
	return component.Screen(append(lines, p.doc.View()...), p.width, p.height)
}
