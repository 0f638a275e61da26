package present

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/tui/page/conversation/subject"
)

// Scene is the conversation that a step's packet is of.
type Scene = *subject.Subject

// Loader returns the scene of a step.
type Loader func(ctx context.Context, step *wiresight.Step) (Scene, error)

// most is how many packets of a conversation are shown.
const most = 5000

// Examples loads scenes from the captures that are built in. Of each it keeps
// copies only; the captures are closed again.
func Examples(ctx context.Context, step *wiresight.Step) (Scene, error) {
	e, ok := wiresight.FindExample(step.Capture)
	if !ok {
		return nil, errNoExample(step.Capture)
	}
	s, err := e.Open(ctx, wiresight.Options{Index: true})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := s.Run(); err != nil {
		return nil, err
	}
	id := 0
	s.View(func(v wiresight.View) {
		if n := step.Packet; n >= 1 && n <= len(v.Packets) {
			id = int(v.Packets[n-1].Conversation)
		}
	})
	return subject.Read(ctx, s, id, most)
}

// loadedMsg brings the scene of a step.
type loadedMsg struct {
	page *Page
	step int
	it   Scene
	err  error
}

// load returns the command that fetches the scene of the current step, where
// it is not the one on the screen.
func (p *Page) load() tea.Cmd {
	step, at, ctx, load := &p.lesson.Steps[p.at], p.at, p.ctx, p.loader
	if s := p.scenes[at]; s != nil {
		p.show(s)
		return nil
	}
	return func() tea.Msg {
		it, err := load(ctx, step)
		return loadedMsg{p, at, it, err}
	}
}

// take keeps a scene for all steps that are of it.
func (p *Page) take(m loadedMsg) tea.Cmd {
	if m.err != nil {
		if m.step == p.at {
			p.err = m.err
		}
		return nil
	}
	capture := p.lesson.Steps[m.step].Capture
	for i := range p.lesson.Steps {
		if k := &p.lesson.Steps[i]; k.Capture == capture && (i == m.step || m.it.Packet(k.Packet) != nil) {
			p.scenes[i] = m.it
		}
	}
	if m.step == p.at {
		p.show(m.it)
	}
	return nil
}
