package tui

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/tui/theme"
)

// Every capture that travels with the program can be looked at on every page.
func TestEveryExampleIsShownOnEveryPage(t *testing.T) {
	files, err := filepath.Glob("../testdata/*.client.pcapng")
	if err != nil || len(files) == 0 {
		t.Fatal("no captures", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			s, err := wiresight.Open(context.Background(), file, wiresight.Options{Index: true})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := s.Run(); err != nil {
				t.Fatal(err)
			}
			a := newApp(context.Background(), Options{Session: s, Title: file}, theme.Bare())
			a.tick = func(time.Duration) tea.Cmd { return nil }
			u := &user{t: t, app: a}
			u.do(a.Init())
			u.send(tea.WindowSizeMsg{Width: 97, Height: 31})
			u.tick()
			for _, p := range pages {
				u.press(p.keys)
				u.fits(p.name)
				u.press("pgdown pgdown down down")
				u.fits(p.name + ", further down")
				u.press("esc esc esc esc g")
			}
			u.press("/")
			u.typed("tcp.port == 80 || dns")
			u.press("enter p / ")
			u.typed("frame.number > 2 && tcp.flags.syn")
			u.press("enter down tab right down")
			u.fits("filtered")
		})
	}
}
