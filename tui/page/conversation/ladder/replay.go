package ladder

import (
	"slices"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/keymap"
)

// speed is how much slower than it happened a replay runs; 0 is step by step.
type speed int

var speeds = []speed{1, 10, 1000, 0}

func (s speed) String() string {
	switch s {
	case 0:
		return "step by step"
	case 1:
		return "real time"
	}
	return component.Count(int64(s)) + " times slower"
}

// replay lets the ladder grow, arrow by arrow.
type replay struct {
	on     bool
	paused bool
	shown  int // arrows that have gone
	speed  speed
	turn   int  // told apart, so that ticks of an earlier replay do nothing
	whole  plan // with all arrows
}

type grownMsg struct {
	page *Page
	turn int
}

// replayKey takes the keys of the replay; mine is false for others.
func (p *Page) replayKey(k tea.KeyMsg) (cmd tea.Cmd, mine bool) {
	r := &p.replay
	switch {
	case key.Matches(k, keymap.Replay) && !r.on:
		return p.play(), true
	case key.Matches(k, keymap.Replay):
		r.paused = !r.paused
		return p.await(), true
	case key.Matches(k, keymap.Speed):
		r.speed = speeds[(slices.Index(speeds, r.speed)+1)%len(speeds)]
		return p.await(), true
	case key.Matches(k, keymap.StepOn) && r.on:
		p.grow()
		return p.await(), true
	}
	return nil, false
}

// play begins at the selected arrow, or at the first where the last one is.
func (p *Page) play() tea.Cmd {
	if len(p.plan.arrows) == 0 {
		return nil
	}
	r := &p.replay
	r.whole = p.plan
	r.on, r.paused, r.shown = true, false, 0
	if p.cursor < len(p.plan.arrows)-1 {
		r.shown = p.cursor
	}
	p.grow()
	return p.await()
}

// grow lets one more arrow go. With the last one the replay ends.
func (p *Page) grow() {
	r := &p.replay
	r.shown = min(r.shown+1, len(r.whole.arrows))
	p.plan = r.until(r.shown)
	p.cursor = r.shown - 1
	p.follow()
	if r.shown == len(r.whole.arrows) {
		p.stop()
	}
}

// until is the plan with its first arrows only; the rows stay.
func (r *replay) until(shown int) plan {
	n := r.whole
	n.arrows = r.whole.arrows[:shown]
	n.folds = nil
	for _, f := range r.whole.folds {
		if shown > 0 && f.row < n.arrows[shown-1].row {
			n.folds = append(n.folds, f)
		}
	}
	return n
}

// stop shows all arrows again.
func (p *Page) stop() bool {
	r := &p.replay
	if !r.on {
		return false
	}
	p.plan = r.whole
	r.on, r.whole = false, plan{}
	r.turn++
	return true
}

// await returns the command that waits for the next arrow, as long as it took.
func (p *Page) await() tea.Cmd {
	r := &p.replay
	r.turn++
	if !r.on || r.paused || r.speed == 0 || r.shown < 1 || r.shown >= len(r.whole.arrows) {
		return nil
	}
	wait := time.Duration(r.whole.arrows[r.shown].at - r.whole.arrows[r.shown-1].at)
	if wait < 24*time.Hour {
		wait *= time.Duration(r.speed)
	}
	turn := r.turn
	return tea.Tick(max(wait, frame), func(time.Time) tea.Msg { return grownMsg{p, turn} })
}

// frame is the shortest wait: the eye sees nothing faster.
const frame = 15 * time.Millisecond

// grown takes the end of a wait.
func (p *Page) grown(m grownMsg) tea.Cmd {
	if m.page != p || m.turn != p.replay.turn {
		return nil
	}
	p.grow()
	return p.await()
}

// Back ends a replay; it reports false where none runs.
func (p *Page) Back() bool { return p.stop() }

// Go selects the arrow of a packet, or the first behind it.
func (p *Page) Go(packet int) {
	p.stop()
	p.keep = packet
	p.cursor = p.plan.nearest(packet)
	p.follow()
}

// Until selects the arrow of a packet and hides those behind it.
func (p *Page) Until(packet int) {
	p.Go(packet)
	if len(p.plan.arrows) == 0 {
		return
	}
	r := &p.replay
	r.whole, r.on, r.paused, r.shown = p.plan, true, true, p.cursor+1
	p.plan = r.until(r.shown)
}

// state names the view, or tells how the replay is, in at most ten cells.
func (p *Page) state() string {
	r := &p.replay
	if !r.on {
		return p.view.String()
	}
	sign := "▶ "
	if r.paused {
		sign = "‖ "
	}
	switch r.speed {
	case 0:
		return sign + "step"
	case 1:
		return sign + "real"
	}
	return sign + "÷" + component.Count(int64(r.speed))
}

// progress tells how the replay is, "" where none runs.
func (p *Page) progress() string {
	r := &p.replay
	switch {
	case !r.on:
		return ""
	case r.paused:
		return "paused, r goes on, " + r.speed.String()
	case r.speed == 0:
		return "step by step, . lets the next arrow go"
	}
	return "replay, " + r.speed.String() + ", R is slower"
}
