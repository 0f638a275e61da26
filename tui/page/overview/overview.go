// Package overview is the page of the whole capture: what is in it, in words
// and pictures.
//
//	This capture                          │ What cost time, or went wrong
//	  131 packets, 18.6 KiB in 1.79 s …   │   ! nagle-delayed-ack  653 ms  1 ×
//	Traffic                               │ Who talks to whom
//	  ▁▂▅█▇▅▂▁      ▁▂▇█▅                 │   10.7.0.1 → 10.7.0.2   ████████
//	Protocols                             │ Hosts
//	  7 application  http1  ██████ 59     │   10.7.0.2   18.6 KiB
//
// It is gathered in the background, and again where the capture grows.
package overview

import (
	"context"
	"fmt"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/keymap"
	"github.com/wiresight/wiresight/tui/page"
	"github.com/wiresight/wiresight/tui/theme"
)

// target is where a block leads.
type target struct {
	conversation int
	lesson       string
	filter       string
	packet       int
}

// Page is the overview page.
type Page struct {
	ctx   context.Context
	src   page.Source
	theme *theme.Theme
	judge page.Judge
	whole page.JudgeAll

	sight    *sight
	gatherer *gatherer // nil where none runs
	cancel   context.CancelFunc
	stopped  bool // by the user
	packets  int64
	next     time.Time

	docs          [2]component.Document // left and right, or one
	targets       map[string]target
	focus         int
	width, height int
}

// New returns the page.
func New(ctx context.Context, src page.Source, t *theme.Theme, judge page.Judge, whole page.JudgeAll) *Page {
	p := &Page{ctx: ctx, src: src, theme: t, judge: judge, whole: whole}
	for i := range p.docs {
		p.docs[i].Theme = t
	}
	return p
}

type sightMsg struct {
	page  *Page
	sight *sight
	took  time.Duration
}

// Init begins to gather.
func (p *Page) Init() tea.Cmd { return p.gather() }

func (p *Page) gather() tea.Cmd {
	ctx, cancel := context.WithCancel(p.ctx)
	p.cancel = cancel
	g := &gatherer{src: p.src, judge: p.judge, whole: p.whole}
	p.gatherer, p.packets = g, p.src.Status().Packets
	return func() tea.Msg {
		begun := time.Now()
		s := g.run(ctx)
		return sightMsg{p, s, time.Since(begun)}
	}
}

// Keys returns the page's keys.
func (p *Page) Keys() keymap.Group { return keymap.OverviewPage }

// Typing reports false: nothing is typed here.
func (p *Page) Typing() bool { return false }

// twoColumns is the width from which on the page has two columns.
const twoColumns = 110

// SetSize sets the size in cells.
func (p *Page) SetSize(width, height int) {
	p.width, p.height = width, height
	p.draw()
}

// Update takes a message in.
func (p *Page) Update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case page.Tick:
		if p.gatherer == nil && !p.stopped && m.Status.Packets != p.packets && time.Now().After(p.next) {
			return p.gather()
		}
	case sightMsg:
		if m.page == p {
			p.sight, p.gatherer = m.sight, nil
			p.cancel()
			p.next = time.Now().Add(max(2*time.Second, 10*m.took))
			p.draw()
		}
	case tea.KeyMsg:
		return p.key(m)
	case tea.MouseMsg:
		return p.mouse(m)
	}
	return nil
}

func (p *Page) key(k tea.KeyMsg) tea.Cmd {
	d := &p.docs[p.focus]
	switch {
	case key.Matches(k, keymap.Open):
		return p.open()
	case key.Matches(k, keymap.Lesson):
		if t := p.targets[d.Key()]; t.lesson != "" {
			return page.Send(page.OpenLesson{ID: t.lesson})
		}
	case key.Matches(k, keymap.NextPane, keymap.PrevPane):
		if p.width >= twoColumns {
			p.focus = 1 - p.focus
		} else {
			d.Part(1)
		}
	case key.Matches(k, keymap.NextPart):
		d.Part(1)
	case key.Matches(k, keymap.PrevPart):
		d.Part(-1)
	case key.Matches(k, keymap.Packets):
		return page.Send(page.OpenPackets{})
	case key.Matches(k, keymap.Back):
		if p.gatherer != nil {
			p.stopped = true
			p.cancel()
			return nil
		}
		return page.Send(page.Back{})
	default:
		d.Do(keymap.Motion(k))
	}
	return nil
}

func (p *Page) open() tea.Cmd {
	t := p.targets[p.docs[p.focus].Key()]
	switch {
	case t.packet > 0:
		return page.Send(page.OpenPackets{Marked: []int{t.packet}})
	case t.conversation > 0:
		return page.Send(page.OpenConversation{ID: t.conversation})
	case t.filter != "":
		return page.Send(page.FilterConversations{Expression: t.filter})
	case t.lesson != "":
		return page.Send(page.OpenLesson{ID: t.lesson})
	}
	return nil
}

func (p *Page) mouse(m tea.MouseMsg) tea.Cmd {
	at := 0
	if p.width >= twoColumns && m.X > p.leftWidth() {
		at = 1
	}
	switch m.Button {
	case tea.MouseButtonWheelUp:
		p.docs[at].Scroll(-3)
	case tea.MouseButtonWheelDown:
		p.docs[at].Scroll(3)
	case tea.MouseButtonLeft:
		if m.Action != tea.MouseActionPress || m.Y < 1 {
			return nil
		}
		again := p.focus == at
		p.focus = at
		if hit, same := p.docs[at].Click(m.Y - 1); hit && same && again {
			return p.open()
		}
	}
	return nil
}

// Close ends what still runs for the page.
func (p *Page) Close() {
	if p.cancel != nil {
		p.cancel()
	}
}

func (p *Page) leftWidth() int { return p.width / 2 }

// View draws the page.
func (p *Page) View() string {
	note := ""
	switch {
	case p.gatherer != nil && p.sight == nil:
		note = fmt.Sprintf("looking: %s of %s conversations, esc stops", component.Count(p.gatherer.done.Load()), component.Count(p.gatherer.of.Load()))
	case p.sight != nil && !p.sight.whole:
		note = fmt.Sprintf("stopped: only the first %s conversations were looked at", component.Count(int64(p.sight.count)))
	}
	lines := []string{component.Rule(p.theme, p.width, "whole capture", note, true)}
	p.docs[0].Blurred, p.docs[1].Blurred = p.focus != 0, p.focus != 1
	left := p.docs[0].View()
	if p.width < twoColumns {
		return component.Screen(append(lines, left...), p.width, p.height)
	}
	right := p.docs[1].View()
	for i := range max(0, p.height-1) {
		l, r := "", ""
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			r = right[i]
		}
		lines = append(lines, component.Fit(l, p.leftWidth())+p.theme.Rule.Render("│")+r)
	}
	return component.Screen(lines, p.width, p.height)
}
