package conversation

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/page/conversation/subject"
)

// maxPackets bounds the packets that are replayed for diagrams.
const maxPackets = 50_000

// replay is the reading of the conversation's packets in the background.
type replay struct {
	cancel context.CancelFunc // nil where none runs
	done   *atomic.Int64
	trace  *wiresight.Trace
	of     int64 // packets of the conversation when the trace was begun
	next   time.Time
	ended  bool // stopped by the user: not begun again
	err    error
}

func (r *replay) stop() {
	if r.cancel != nil {
		r.cancel()
		r.cancel, r.ended = nil, true
	}
}

type tracedMsg struct {
	page  *Page
	trace *wiresight.Trace
	took  time.Duration
	err   error
}

// read copies the conversation where it changed since. A conversation that is
// costly to judge is judged less often.
func (p *Page) read() tea.Cmd {
	if time.Now().Before(p.next) {
		return p.begin()
	}
	begun, changed := time.Now(), false
	p.src.View(func(v wiresight.View) {
		if v.Model == nil || p.id < 1 || p.id > len(v.Model.Conversations) {
			return
		}
		c := v.Model.Conversations[p.id-1]
		if changed = p.subject == nil || c.Version != p.version; changed {
			p.version = c.Version
			p.subject = subject.Copy(v.Model, c, p.judge(v.Model, c))
			p.noted = -1
		}
	})
	var cmd tea.Cmd
	if changed {
		p.next = begun.Add(max(300*time.Millisecond, 20*time.Since(begun)))
		cmd = p.show()
	}
	return tea.Batch(cmd, p.begin())
}

// begin returns the command that replays the conversation, where there are
// packets that the last replay had not.
func (p *Page) begin() tea.Cmd {
	r := &p.replay
	if p.subject == nil || r.cancel != nil || r.ended || r.of == p.subject.Packets || time.Now().Before(r.next) {
		return nil
	}
	if r.trace != nil && r.trace.More > 0 {
		return nil // what comes now is beyond what is shown
	}
	ctx, cancel := context.WithCancel(p.ctx)
	r.cancel, r.of, r.done = cancel, p.subject.Packets, new(atomic.Int64)
	src, id, done := p.src, p.id, r.done
	return func() tea.Msg {
		begun := time.Now()
		t, err := src.Trace(ctx, id, maxPackets, func(n int) { done.Store(int64(n)) })
		return tracedMsg{p, t, time.Since(begun), err}
	}
}

func (p *Page) traced(m tracedMsg) tea.Cmd {
	r := &p.replay
	if r.cancel != nil {
		r.cancel()
		r.cancel = nil
	}
	r.next = time.Now().Add(max(time.Second, 10*m.took))
	r.err = m.err
	if m.trace != nil {
		r.trace = m.trace
	}
	return p.show()
}

// progress shows how far the replay is.
func (p *Page) progress() tea.Cmd {
	if p.subject != nil {
		p.subject.Loading = p.loading()
	}
	return nil
}

func (p *Page) loading() string {
	r := &p.replay
	switch {
	case r.cancel != nil && r.trace == nil:
		return fmt.Sprintf("reading packets: %s of %s, esc stops", component.Count(r.done.Load()), component.Count(min(p.subject.Packets, maxPackets)))
	case r.ended:
		return "stopped: only a part of the packets is shown"
	case r.err != nil && !errors.Is(r.err, context.Canceled):
		return layer.Printable(r.err.Error())
	case r.trace != nil && r.trace.More > 0:
		return fmt.Sprintf("the first %s packets; %s more are not shown", component.Count(int64(len(r.trace.Packets))), component.Count(int64(r.trace.More)))
	}
	return ""
}

// show hands the tabs a copy of the subject, which stays as it is while they
// work on it in the background.
func (p *Page) show() tea.Cmd {
	if p.subject == nil {
		return nil
	}
	p.subject.Trace, p.subject.Loading = p.replay.trace, p.loading()
	s := *p.subject
	var cmds []tea.Cmd
	for i := range p.tabs {
		if t, ok := p.tabs[i].page.(interface {
			Show(*subject.Subject) tea.Cmd
		}); ok {
			cmds = append(cmds, t.Show(&s))
		}
	}
	return tea.Batch(cmds...)
}
