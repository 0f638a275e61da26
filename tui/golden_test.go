package tui

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/tui/theme"
)

var update = flag.Bool("update", false, "write the golden screens anew")

// pages leads to each page, from the conversations page on.
var pages = []struct{ name, keys string }{
	{"conversations", "down down"},
	{"conversations-finding", "down"},
	{"conversations-sorted", "S right right right"},
	{"pairs", "a"},
	{"notes", "down m n x enter down n y enter B"},
	{"note-prompt", "down n"},
	{"why", "down enter"},
	{"why-patterns", "down enter } }"},
	{"ladder", "down enter 2"},
	{"ladder-later", "down enter 2 down down down down down"},
	{"ladder-messages", "down enter 2 v G"},
	{"ladder-exchanges", "down enter 2 v v"},
	{"waterfall", "down enter 3"},
	{"waterfall-zoomed", "down enter 3 down down + +"},
	{"exchanges", "down enter 4"},
	{"messages", "down enter 5 s"},
	{"stream", "F"},
	{"stream-hex", "F x"},
	{"graph", "down enter 7"},
	{"graph-in-flight", "down enter 7 v down"},
	{"graph-round-trips", "down enter 7 v v"},
	{"packets", "down enter p enter"},
	{"packets-tree", "p tab down right down"},
	{"overview", "o"},
	{"compare", "c down c"},
	{"learn", "o l"},
	{"help", "?"},
}

var sizes = []struct{ width, height int }{{80, 24}, {120, 40}, {200, 60}}

func TestScreensLookAsTheyDid(t *testing.T) {
	for _, size := range sizes {
		for _, p := range pages {
			t.Run(fmt.Sprintf("%s-%dx%d", p.name, size.width, size.height), func(t *testing.T) {
				u := start(t, newFake(12), size.width, size.height)
				u.press(p.keys)
				golden(t, u)
			})
		}
		for _, p := range []struct{ name, keys string }{{"present", "right right"}, {"present-quiz", "right z"}, {"present-replay", "R R R r . ."}} {
			t.Run(fmt.Sprintf("%s-%dx%d", p.name, size.width, size.height), func(t *testing.T) {
				u := startLesson(t, "why-40-ms", size.width, size.height)
				u.press(p.keys)
				golden(t, u)
			})
		}
		t.Run(fmt.Sprintf("picker-%dx%d", size.width, size.height), func(t *testing.T) {
			u := startPicker(t, size.width, size.height)
			u.press("tab down")
			golden(t, u)
		})
	}
}

// startPicker shows a picker whose choices all fail to open.
func startPicker(t *testing.T, width, height int) *user {
	open := func(context.Context) (*wiresight.Session, error) {
		return nil, errors.New("permission denied \x1b[2J")
	}
	opt := Options{
		Recent:     []Choice{{Title: "trace.pcapng", Description: "/home/me/trace.pcapng", Open: open}, {Title: "日本語.pcap", Description: "/home/me/日本語.pcap", Open: open}},
		Interfaces: []Choice{{Title: "eth0", Description: "up, 192.0.2.7", Open: open}},
		Lessons:    []Choice{{Title: "one-http-request", Description: "One HTTP request", Lesson: "one-http-request"}},
		Examples:   []Choice{{Title: "dns", Description: "A few names are looked up", Open: open}, {Title: "polling", Description: "A client asks again and again\x1b]0;title\a", Open: open}},
	}
	u := &user{t: t, app: newApp(context.Background(), opt, theme.Bare())}
	u.send(tea.WindowSizeMsg{Width: width, Height: height})
	return u
}

// startLesson presents a lesson that is built in.
func startLesson(t *testing.T, name string, width, height int) *user {
	u := &user{t: t, app: newApp(context.Background(), Options{Lesson: name}, theme.Bare())}
	u.app.tick = func(time.Duration) tea.Cmd { return nil }
	u.do(u.app.Init())
	u.send(tea.WindowSizeMsg{Width: width, Height: height})
	return u
}

// today matches the times at which this test wrote notes.
var today = regexp.MustCompile(time.Now().Format("2006-01-02") + ` \d\d:\d\d`)

func golden(t *testing.T, u *user) {
	t.Helper()
	u.fits(t.Name())
	file := filepath.Join("testdata", filepath.Base(t.Name())+".txt")
	lines := strings.Split(u.screen(), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(today.ReplaceAllString(l, "2006-01-02 15:04"), " ")
	}
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the screen is\n%s\nbut was\n%s", got, want)
	}
}
