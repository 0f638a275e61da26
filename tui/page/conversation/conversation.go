// Package conversation is the page of one conversation. It keeps a copy of
// what is known of it up to date, replays its packets in the background, and
// shows both through tabs, each of which is a package of its own.
//
//	 10.9.0.1:51234 → www.example.com:443 · tcp·tls·http1 · RTT 40 ms
//	 1 why  2 ladder  3 waterfall  4 exchanges  5 messages  6 stream  7 graph
//	…
package conversation

import (
	"context"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight/notes"
	"github.com/wiresight/wiresight/tui/keymap"
	"github.com/wiresight/wiresight/tui/page"
	"github.com/wiresight/wiresight/tui/page/conversation/subject"
	"github.com/wiresight/wiresight/tui/theme"
)

// Page is the conversation page.
type Page struct {
	ctx   context.Context
	src   page.Source
	theme *theme.Theme
	judge page.Judge
	book  *notes.Book
	noted int // version of the book that was taken in
	id    int

	subject *subject.Subject
	version uint64
	next    time.Time // no refresh before
	replay  replay

	tabs          []tab
	at            int // tab
	width, height int
}

// New returns the page of a conversation, with one of its tabs open.
func New(ctx context.Context, src page.Source, t *theme.Theme, judge page.Judge, book *notes.Book, open page.OpenConversation) *Page {
	p := &Page{ctx: ctx, src: src, theme: t, judge: judge, book: book, noted: -1, id: open.ID}
	p.tabs = p.all()
	for i := range p.tabs {
		if p.tabs[i].title == open.Tab {
			p.at = i
		}
	}
	return p
}

// Init reads the conversation.
func (p *Page) Init() tea.Cmd { return tea.Batch(p.read(), p.open(p.at)) }

// Typing reports whether keys are text.
func (p *Page) Typing() bool { return p.top().Typing() }

func (p *Page) top() page.Page { return p.tabs[p.at].page }

// Keys returns the keys of the page and of the tab that is open.
func (p *Page) Keys() keymap.Group { return keymap.InTab(p.top().Keys()) }

// SetSize sets the size in cells.
func (p *Page) SetSize(width, height int) {
	p.width, p.height = width, height
	for i := range p.tabs {
		p.tabs[i].page.SetSize(width, max(0, height-headHeight))
	}
}

// Update takes a message in.
func (p *Page) Update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case page.Tick:
		return tea.Batch(p.read(), p.progress(), p.notes())
	case tracedMsg:
		if m.page == p {
			return p.traced(m)
		}
		return nil
	case tea.KeyMsg:
		return p.key(m)
	case tea.MouseMsg:
		if m.Y < headHeight {
			return p.click(m)
		}
		m.Y -= headHeight
		return p.top().Update(m)
	}
	var cmds []tea.Cmd
	for i := range p.tabs {
		cmds = append(cmds, p.tabs[i].page.Update(m))
	}
	return tea.Batch(cmds...)
}

func (p *Page) key(k tea.KeyMsg) tea.Cmd {
	if p.Typing() {
		return p.top().Update(k)
	}
	switch {
	case key.Matches(k, keymap.NextTab):
		return p.open((p.at + 1) % len(p.tabs))
	case key.Matches(k, keymap.PrevTab):
		return p.open((p.at + len(p.tabs) - 1) % len(p.tabs))
	case key.Matches(k, keymap.Tabs):
		return p.open(int(k.Runes[0] - '1'))
	case key.Matches(k, keymap.Follow):
		return p.open(p.index(Stream))
	case key.Matches(k, keymap.Packets):
		return page.Send(page.OpenPackets{Conversation: p.id})
	case key.Matches(k, keymap.Back):
		if p.replay.cancel != nil { // first stop what takes long
			p.replay.stop()
			return nil
		}
		if b, ok := p.top().(interface{ Back() bool }); ok && b.Back() {
			return nil
		}
		return page.Send(page.Back{})
	}
	return p.top().Update(k)
}

// open shows a tab.
func (p *Page) open(i int) tea.Cmd {
	if i < 0 || i >= len(p.tabs) {
		return nil
	}
	p.at = i
	t := &p.tabs[i]
	if t.begun {
		return nil
	}
	t.begun = true
	return t.page.Init()
}

// notes takes in what was written meanwhile.
func (p *Page) notes() tea.Cmd {
	if v := p.book.Version(); v == p.noted || p.subject == nil {
		return nil
	} else {
		p.noted = v
	}
	p.subject.Noted = map[int][]notes.Note{}
	for _, n := range p.book.List() {
		if n.Target.Packet > 0 {
			p.subject.Noted[n.Target.Packet] = append(p.subject.Noted[n.Target.Packet], n)
		}
	}
	return p.show()
}

// Note returns what a note is about that is written now.
func (p *Page) Note() (page.NoteTarget, bool) {
	if p.at == p.index(Stream) { // its keys go through what was found
		return page.NoteTarget{}, false
	}
	if n, ok := p.top().(page.Notable); ok {
		if target, ok := n.Note(); ok {
			return target, true
		}
	}
	return page.NoteTarget{Conversation: p.id}, true
}

// Place returns the conversation and the tab that is open.
func (p *Page) Place() (id int, tab string) { return p.id, p.tabs[p.at].title }

// Close ends what still runs for the page.
func (p *Page) Close() { p.replay.stop() }
