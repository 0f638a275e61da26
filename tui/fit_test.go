package tui

import (
	"fmt"
	"math/rand"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
)

func TestManyConversationsScrollAtOnce(t *testing.T) {
	f := newFake(1)
	const many = 200_000
	one := f.model.Conversations[0]
	for i := 1; i < many; i++ {
		c := *one
		c.ID, c.Packets[0] = i+1, int64(i)
		f.model.Conversations = append(f.model.Conversations, &c)
	}
	f.model.Packets = 99
	u := start(t, f, 100, 40)
	u.press("G")
	u.selects("200000 ")
	const keys = 40
	for range keys {
		u.press("up")
		u.screen()
	}
	u.selects("199960 ")
	u.press("s s s s g")
	u.selects("200000 ")
}

// hostile is what somebody may put into names, paths and payload.
const hostile = "\x1b[2J\x1b]0;owned\a\r\n\t\u202e\u200b日本語\xff\x00e\u0301🏳️‍🌈"

// No line is ever wider than the terminal, whatever its size and whatever the
// capture holds.
func TestEveryScreenFitsEveryTerminal(t *testing.T) {
	for _, text := range []string{"", hostile} {
		f := newFake(40)
		f.hostile = ""
		if text != "" {
			f = &fake{hostile: text}
			for range 40 {
				f.add()
			}
		}
		random := rand.New(rand.NewSource(1))
		for _, p := range append(pages, struct{ name, keys string }{"filters", "/ a ("}, struct{ name, keys string }{"packet-filter", "p / a enter tab tab"}) {
			u := start(t, f, 100, 30)
			u.press(p.keys)
			for range 60 {
				width, height := 20+random.Intn(181), 5+random.Intn(56)
				u.send(tea.WindowSizeMsg{Width: width, Height: height})
				u.fits(fmt.Sprintf("%s (hostile %t)", p.name, text != ""))
			}
		}
	}
}

func TestThePickerFitsEveryTerminal(t *testing.T) {
	u := startPicker(t, 80, 24)
	u.press("enter")
	for width := 20; width <= 200; width += 9 {
		for height := 5; height <= 60; height += 5 {
			u.send(tea.WindowSizeMsg{Width: width, Height: height})
			u.fits("picker")
		}
	}
}
