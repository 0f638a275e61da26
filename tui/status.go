package tui

import (
	"fmt"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/page"
)

// The first ticks come soon, so that a capture's first rows are there at
// once; later ones are as seldom as the eye allows.
const (
	firstTick = 30 * time.Millisecond
	earlyTick = 100 * time.Millisecond
	laterTick = 250 * time.Millisecond
	early     = 10 // ticks
)

type tickMsg struct{}

func tick(d time.Duration) tea.Cmd {
	return tea.Tick(d, func(time.Time) tea.Msg { return tickMsg{} })
}

// onTick hands the session's state to the page on top.
func (a *app) onTick() tea.Cmd {
	if a.src == nil {
		return nil // the picker: opening a session begins the ticks again
	}
	a.status = a.src.Status()
	a.ticks++
	next := laterTick
	if a.ticks < early {
		next = earlyTick
	}
	return tea.Batch(a.top().Update(page.Tick{Status: a.status}), a.tick(next))
}

// bar draws the status bar.
func (a *app) bar() string {
	title := layer.Printable(a.title)
	if a.src == nil {
		if a.failure != nil {
			return component.StatusBar(a.theme, a.width, title, []string{"‼ " + layer.Printable(a.failure.Error())})
		}
		return component.StatusBar(a.theme, a.width, title, nil)
	}
	return component.StatusBar(a.theme, a.width, title, a.facts())
}

// facts tells how the session is.
func (a *app) facts() []string {
	st := a.status
	facts := []string{component.Count(st.Packets) + " packets"}
	if st.Read > 0 {
		facts = append(facts, component.Bytes(st.Read))
	}
	switch {
	case st.Paused:
		facts = append(facts, "PAUSED")
	case st.Done:
	case st.Live:
		facts = append(facts, "live")
	case st.Size > 0:
		facts = append(facts, fmt.Sprintf("reading %d %%", min(100, 100*st.Read/st.Size)))
	default:
		facts = append(facts, "reading")
	}
	if st.Dropped > 0 {
		facts = append(facts, fmt.Sprintf("%d dropped", st.Dropped))
	}
	if st.SavedTo != "" {
		facts = append(facts, "saved to "+layer.Printable(st.SavedTo))
	}
	if st.Err != nil {
		facts = append(facts, "‼ "+layer.Printable(st.Err.Error()))
	}
	return facts
}
