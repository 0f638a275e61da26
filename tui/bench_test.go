package tui

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/tui/theme"
)

// benchCapture is what make bench-data makes.
const benchCapture = "../.bench/bench.pcap"

// loop runs an app as Bubble Tea does: one message at a time, commands in
// goroutines of their own.
type loop struct {
	app    *app
	msgs   chan tea.Msg
	done   chan struct{}
	frames []time.Duration // of keys: from the key to the new frame
}

func (l *loop) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		m := cmd()
		if list, ok := m.(tea.BatchMsg); ok {
			for _, c := range list {
				l.run(c)
			}
			return
		}
		select {
		case l.msgs <- m:
		case <-l.done:
		}
	}()
}

func (l *loop) take(m tea.Msg) {
	begun := time.Now()
	_, cmd := l.app.Update(m)
	_ = l.app.View()
	if _, key := m.(tea.KeyMsg); key {
		l.frames = append(l.frames, time.Since(begun))
	}
	l.run(cmd)
}

// wait takes what comes for a while.
func (l *loop) wait(d time.Duration) {
	for end := time.After(d); ; {
		select {
		case m := <-l.msgs:
			if m != nil {
				l.take(m)
			}
		case <-end:
			return
		}
	}
}

func (l *loop) press(keys string) {
	for _, k := range strings.Fields(keys) {
		if kind, ok := named[k]; ok {
			l.take(tea.KeyMsg{Type: kind})
		} else {
			l.take(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)})
		}
		l.wait(15 * time.Millisecond)
	}
}

// How long a key waits for its frame, on each page of a capture of a million
// packets, while it is read and after.
func BenchmarkKeyToFrame(b *testing.B) {
	if _, err := os.Stat(benchCapture); err != nil {
		b.Skip("make bench-data makes the capture")
	}
	for b.Loop() {
		s, err := wiresight.Open(context.Background(), benchCapture, wiresight.Options{Index: true})
		if err != nil {
			b.Fatal(err)
		}
		t := theme.New(os.Stdout, theme.Auto)
		l := &loop{app: newApp(context.Background(), Options{Session: s, Title: "bench"}, t), msgs: make(chan tea.Msg), done: make(chan struct{})}
		begun := time.Now()
		s.Start()
		l.run(l.app.Init())
		l.take(tea.WindowSizeMsg{Width: 200, Height: 60})
		for l.app.status.Packets == 0 || !strings.Contains(l.app.View(), " tcp") && !strings.Contains(l.app.View(), " udp") {
			l.wait(5 * time.Millisecond)
		}
		b.ReportMetric(float64(time.Since(begun).Milliseconds()), "ms-to-first-rows")
		l.tour()
		for !s.Status().Done {
			l.wait(50 * time.Millisecond)
		}
		l.report(b, "loading")
		b.ReportMetric(s.Status().Elapsed.Seconds(), "s-to-read")
		l.tour()
		l.report(b, "loaded")
		close(l.done)
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// tour goes through the pages.
func (l *loop) tour() {
	down := strings.Repeat("down ", 12)
	for _, keys := range []string{
		down + "pgdown pgdown G g s s s s s S", "o down down tab down esc esc", "a down down s esc esc",
		"p " + down + "G g pgdown pgdown tab down right down tab down esc esc", "G enter " + down + "2 " + down + "v v v 3 down + + - 4 down s 5 down 6 down x 7 down down v v d + + esc esc",
		"B esc",
	} {
		l.press(keys)
		l.wait(200 * time.Millisecond)
	}
}

func (l *loop) report(b *testing.B, when string) {
	slices.Sort(l.frames)
	at := func(q float64) float64 {
		return float64(l.frames[min(len(l.frames)-1, int(q*float64(len(l.frames))))].Microseconds()) / 1e3
	}
	b.ReportMetric(at(0.5), "ms-p50-"+when)
	b.ReportMetric(at(0.99), "ms-p99-"+when)
	b.ReportMetric(at(1), "ms-max-"+when)
	l.frames = nil
}
