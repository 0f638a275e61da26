// Package present is the page that presents a lesson: one step at a time in
// few large words, above the ladder of the conversation that it is of, which
// moves along. In a quiz the step asks first, and nothing is told before it is
// asked for.
//
//	── why 40 ms: Nagle and delayed ACK ──────────────────────── step 3 of 6 ──
//	 64 ms later: an ACK                              nagle-delayed-ack packet 55
//	 The client's Nagle algorithm holds the second part …
//	 10.7.0.1:56878                                   10.7.0.2:7000
//	…
package present

import (
	"context"
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/keymap"
	"github.com/wiresight/wiresight/tui/page"
	"github.com/wiresight/wiresight/tui/page/conversation/ladder"
	"github.com/wiresight/wiresight/tui/theme"
)

type errNoExample string

func (e errNoExample) Error() string { return "there is no example " + string(e) }

// Page is the presentation.
type Page struct {
	ctx    context.Context
	cancel context.CancelFunc
	theme  *theme.Theme
	lesson wiresight.Lesson
	loader Loader
	scenes []Scene // by step
	ladder *ladder.Page
	at     int  // step
	quiz   bool // ask before telling
	told   bool // the step's answer was asked for
	err    error

	width, height int
}

// New returns the presentation of a lesson.
func New(ctx context.Context, t *theme.Theme, l wiresight.Lesson, load Loader) *Page {
	p := &Page{theme: t, lesson: l, loader: load, scenes: make([]Scene, len(l.Steps)), ladder: ladder.New(t)}
	p.ctx, p.cancel = context.WithCancel(ctx)
	return p
}

// Init loads the first step.
func (p *Page) Init() tea.Cmd { return p.load() }

// Close ends what still runs for the page.
func (p *Page) Close() { p.cancel() }

// Keys returns the page's keys.
func (p *Page) Keys() keymap.Group { return keymap.Presentation }

// Typing reports false: nothing is typed here.
func (p *Page) Typing() bool { return false }

// SetSize sets the size in cells.
func (p *Page) SetSize(width, height int) {
	p.width, p.height = width, height
	p.layout()
}

// layout gives the words what they need, and the ladder the rest.
func (p *Page) layout() {
	p.ladder.SetSize(p.width, max(0, p.height-len(p.words())))
}

// Update takes a message in.
func (p *Page) Update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case loadedMsg:
		if m.page == p {
			return p.take(m)
		}
		return nil
	case tea.KeyMsg:
		return p.key(m)
	case tea.MouseMsg:
		m.Y -= len(p.words())
		return p.ladder.Update(m)
	}
	return p.ladder.Update(m)
}

func (p *Page) key(k tea.KeyMsg) tea.Cmd {
	switch {
	case key.Matches(k, keymap.Back):
		if p.ladder.Back() && !p.hidden() {
			p.ladder.Go(p.step().Packet)
			return nil
		}
		return page.Send(page.Back{})
	case key.Matches(k, keymap.NextStep) && p.hidden(), key.Matches(k, keymap.Reveal) && p.hidden():
		p.told = true
		p.show(p.scenes[p.at])
	case key.Matches(k, keymap.NextStep):
		return p.move(1)
	case key.Matches(k, keymap.PrevStep):
		return p.move(-1)
	case key.Matches(k, keymap.Quiz):
		p.quiz, p.told = !p.quiz, false
		p.show(p.scenes[p.at])
	case key.Matches(k, keymap.Example):
		return page.Send(page.OpenExample{Name: p.step().Capture})
	case key.Matches(k, keymap.Open):
		return p.move(1)
	default:
		return p.ladder.Update(k)
	}
	return nil
}

func (p *Page) step() *wiresight.Step { return &p.lesson.Steps[p.at] }

// hidden tells whether the step still keeps its answer to itself.
func (p *Page) hidden() bool { return p.quiz && !p.told }

// move goes to another step.
func (p *Page) move(n int) tea.Cmd {
	to := p.at + n
	if to < 0 || to >= len(p.lesson.Steps) {
		return nil
	}
	p.at, p.told, p.err = to, false, nil
	return p.load()
}

// show draws a scene at the current step: in a quiz without what was found,
// and without what comes later.
func (p *Page) show(s Scene) {
	if s == nil {
		return
	}
	drawn := *s
	if p.hidden() {
		drawn.Marks, drawn.Holds = nil, nil
	}
	p.ladder.Show(&drawn)
	p.layout()
	if p.hidden() {
		p.ladder.Until(p.step().Packet)
		return
	}
	p.ladder.Go(p.step().Packet)
}

// words are the lines above the ladder.
func (p *Page) words() []string {
	step := p.step()
	mode := fmt.Sprintf("step %d of %d", p.at+1, len(p.lesson.Steps))
	if p.quiz {
		mode = "quiz, " + mode
	}
	lines := []string{component.Rule(p.theme, p.width, p.lesson.Title, mode, true)}
	where := fmt.Sprintf("%s, packet %d ", step.Capture, step.Packet)
	title, text, style := step.Title, step.Says, p.theme.Plain
	if p.hidden() {
		title, text, style = step.Ask, "Think, then press enter.", p.theme.Dim
	}
	room := p.width - len(where) - 2
	lines = append(lines, p.theme.Header.Render(component.Fit(" "+title, room))+"  "+p.theme.Dim.Render(where))
	for _, l := range component.Wrap(text, min(p.width-2, 100)) {
		lines = append(lines, style.Render(component.Fit(" "+strings.TrimRight(l, " "), p.width)))
	}
	if p.at == 0 && !p.quiz {
		lines = append(lines, "")
		for _, l := range component.Wrap(p.lesson.About, min(p.width-2, 100)) {
			lines = append(lines, p.theme.Dim.Render(component.Fit(" "+l, p.width)))
		}
	}
	if p.err != nil {
		lines = append(lines, p.theme.Error.Render(component.Fit(" ‼ "+layer.Printable(p.err.Error()), p.width)))
	}
	return append(lines, "")
}

// View draws the page.
func (p *Page) View() string {
	words := p.words()
	lines := append(words, strings.Split(p.ladder.View(), "\n")...)
	return component.Screen(lines, p.width, p.height)
}
