package tui

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/tui/page"
	"github.com/wiresight/wiresight/tui/theme"
)

// user drives the TUI without a terminal: every command is done before the
// next key is pressed.
type user struct {
	t    *testing.T
	app  *app
	quit bool
}

// start shows a source on a screen of a size.
func start(t *testing.T, f *fake, width, height int) *user {
	t.Helper()
	a := newApp(context.Background(), Options{Author: "me"}, theme.Bare())
	a.pages, a.picked = nil, false
	a.tick = func(time.Duration) tea.Cmd { return nil }
	a.judges = func() page.Judge { return f.judge }
	a.whole = func(m *flow.Model) classify.Conversation {
		v := f.judge(m, m.Conversations[1])
		return classify.Conversation{Patterns: v.Patterns, Findings: v.Findings}
	}
	a.compile = fakeCompile
	a.title = "trace.pcapng"
	a.look(f, "")
	u := &user{t: t, app: a}
	u.do(a.Init())
	u.send(tea.WindowSizeMsg{Width: width, Height: height})
	u.tick()
	return u
}

func (u *user) send(m tea.Msg) {
	_, cmd := u.app.Update(m)
	u.do(cmd)
}

// do runs a command, and what comes of it, to the end.
func (u *user) do(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch m := cmd().(type) {
	case nil:
	case tea.QuitMsg:
		u.quit = true
	case tea.BatchMsg:
		for _, c := range m {
			u.do(c)
		}
	default:
		u.send(m)
	}
}

func (u *user) tick() { u.send(tickMsg{}) }

var named = map[string]tea.KeyType{
	"enter": tea.KeyEnter, "esc": tea.KeyEsc, "tab": tea.KeyTab, "shift+tab": tea.KeyShiftTab, "up": tea.KeyUp, "down": tea.KeyDown,
	"left": tea.KeyLeft, "right": tea.KeyRight, "pgdown": tea.KeyPgDown, "pgup": tea.KeyPgUp, "home": tea.KeyHome, "end": tea.KeyEnd,
	"ctrl+c": tea.KeyCtrlC, "ctrl+d": tea.KeyCtrlD, "ctrl+u": tea.KeyCtrlU, "backspace": tea.KeyBackspace,
}

// press presses keys, separated by spaces.
func (u *user) press(keys string) {
	for _, k := range strings.Fields(keys) {
		if kind, ok := named[k]; ok {
			u.send(tea.KeyMsg{Type: kind})
			continue
		}
		u.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)})
	}
}

// typed types text, spaces included.
func (u *user) typed(text string) {
	for _, r := range text {
		u.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}})
	}
}

func (u *user) click(x, y int) {
	u.send(tea.MouseMsg{X: x, Y: y, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress})
}

// screen returns what is seen.
func (u *user) screen() string { return u.app.View() }

// sees fails where a text is not on the screen.
func (u *user) sees(text string) {
	u.t.Helper()
	if !strings.Contains(u.screen(), text) {
		u.t.Errorf("%q is not on the screen:\n%s", text, u.screen())
	}
}

// seesNot fails where a text is on the screen.
func (u *user) seesNot(text string) {
	u.t.Helper()
	if strings.Contains(u.screen(), text) {
		u.t.Errorf("%q is on the screen:\n%s", text, u.screen())
	}
}

// on fails where the page on top is of another kind than want.
func (u *user) on(want page.Page) {
	u.t.Helper()
	if got := u.app.top(); reflect.TypeOf(got) != reflect.TypeOf(want) {
		u.t.Errorf("the page is %T, want %T", got, want)
	}
}

// fits fails where a line is not exactly as wide as the screen, there are too
// many or too few lines, or a control character is in them.
func (u *user) fits(what string) {
	u.t.Helper()
	lines := strings.Split(u.screen(), "\n")
	if len(lines) != u.app.height {
		u.t.Errorf("%s at %dx%d: %d lines", what, u.app.width, u.app.height, len(lines))
	}
	for i, l := range lines {
		if w := ansi.StringWidth(l); w != u.app.width {
			u.t.Errorf("%s at %dx%d: line %d is %d cells wide: %q", what, u.app.width, u.app.height, i+1, w, l)
		}
		if strings.ContainsFunc(l, func(r rune) bool { return r < 0x20 || r == 0x7f || r == 0x202e }) {
			u.t.Errorf("%s at %dx%d: line %d holds a control character: %q", what, u.app.width, u.app.height, i+1, l)
		}
	}
}

var _ page.Source = (*wiresight.Session)(nil)
