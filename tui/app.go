package tui

import (
	"context"
	"io"
	"os"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/notes"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/keymap"
	"github.com/wiresight/wiresight/tui/page"
	"github.com/wiresight/wiresight/tui/page/compare"
	"github.com/wiresight/wiresight/tui/page/conversations"
	"github.com/wiresight/wiresight/tui/page/help"
	"github.com/wiresight/wiresight/tui/page/notebook"
	"github.com/wiresight/wiresight/tui/page/picker"
	"github.com/wiresight/wiresight/tui/page/present"
	"github.com/wiresight/wiresight/tui/theme"
)

// The smallest terminal that the pages are drawn in.
const (
	minWidth  = 40
	minHeight = 10
)

// app is the whole screen: a status bar, the page on top of the stack, and
// the keys of that page.
type app struct {
	ctx      context.Context
	theme    *theme.Theme
	src      page.Source        // nil while the picker is shown
	own      *wiresight.Session // opened by the picker: ours to close
	picked   bool               // the bottom of the stack is the picker
	title    string
	filter   string
	judges   func() page.Judge // makes one for a session
	whole    page.JudgeAll
	judge    page.Judge
	compile  page.Compiler
	status   wiresight.Status
	pages    []page.Page // the one on top last
	width    int
	height   int
	ticks    int
	tick     func(time.Duration) tea.Cmd
	failure  error     // of closing a session
	terminal io.Writer // that shows the screen
	begin    tea.Cmd   // what is done first, beside reading
	author   string
	book     *notes.Book // of the session
	asking   *asking     // what the user is asked; nil for nothing
	told     string      // outcome of what was asked for; until the next key
	compared int         // conversation that waits for another; 0 for none
	saving   *saving     // nil where nothing is written
	examples []Choice    // that lessons are of
}

func newApp(ctx context.Context, opt Options, t *theme.Theme) *app {
	a := &app{ctx: ctx, theme: t, title: opt.Title, filter: opt.Filter, author: opt.Author, examples: opt.Examples, terminal: os.Stdout, tick: tick, judges: judges, whole: whole, compile: compile}
	if opt.Session != nil {
		if a.filter == "" {
			a.filter = opt.Position.Filter
		}
		a.look(opt.Session, opt.Notes)
		a.begin = a.resume(opt.Position)
		return a
	}
	a.pick(opt)
	if c := opt.Compare; c != nil {
		side := func(i int) compare.Side {
			return compare.Side{Name: c.Names[i], Source: c.Sessions[i], ID: c.Conversations[i]}
		}
		a.put(compare.New(a.ctx, a.theme, side(0), side(1)))
	}
	if l, ok := wiresight.FindLesson(opt.Lesson); ok {
		a.put(present.New(a.ctx, a.theme, l, present.Examples))
	}
	return a
}

// pick puts the picker on the stack.
func (a *app) pick(opt Options) {
	a.title, a.picked = "wiresight", true
	a.pages = []page.Page{picker.New(a.ctx, a.theme, []picker.Section{
		{Title: "Recent files", Empty: "none yet", Choices: choices(opt.Recent)},
		{Title: "Interfaces", Empty: "none that can be captured on", Choices: choices(opt.Interfaces)},
		{Title: "Lessons", Empty: "none", Choices: choices(opt.Lessons)},
		{Title: "Examples", Empty: "none", Choices: choices(opt.Examples)},
	})}
}

func choices(list []Choice) []picker.Choice {
	made := make([]picker.Choice, len(list))
	for i, c := range list {
		made[i] = picker.Choice{Title: c.Title, Description: c.Description, Notes: c.Notes, Lesson: c.Lesson, Open: c.Open}
	}
	return made
}

// look puts the conversations page of a source on the stack. Its notes are in
// the journal at path; where that cannot be read, they are kept in memory and
// the user is told.
func (a *app) look(src page.Source, path string) {
	a.src, a.ticks, a.compared, a.judge = src, 0, 0, a.judges()
	book, err := notes.Open(path, a.author)
	if err != nil {
		a.told = "‼ " + layer.Printable(err.Error())
		book, _ = notes.Open("", a.author)
	}
	a.book = book
	a.put(conversations.New(src, a.theme, a.judge, a.compile, a.book, a.filter))
}

// Init begins the ticks.
func (a *app) Init() tea.Cmd { return tea.Batch(a.top().Init(), a.begin, a.tick(firstTick)) }

func (a *app) top() page.Page { return a.pages[len(a.pages)-1] }

func (a *app) put(p page.Page) {
	a.pages = append(a.pages, p)
	p.SetSize(a.width, a.pageHeight())
}

func (a *app) push(p page.Page) tea.Cmd {
	a.put(p)
	return p.Init()
}

// pageHeight is what the status bar and the footer leave.
func (a *app) pageHeight() int { return max(0, a.height-2) }

// back leaves the page on top; the last one only for the picker.
func (a *app) back() tea.Cmd {
	if len(a.pages) == 1 {
		return nil
	}
	if c, ok := a.top().(interface{ Close() }); ok {
		c.Close()
	}
	a.pages = a.pages[:len(a.pages)-1]
	a.top().SetSize(a.width, a.pageHeight())
	if len(a.pages) == 1 && a.picked {
		a.close()
		a.src, a.title, a.status = nil, "wiresight", wiresight.Status{}
		return nil
	}
	return a.top().Update(page.Tick{Status: a.status})
}

// close gives back the session that the picker opened.
func (a *app) close() {
	if a.own != nil {
		a.failure = a.own.Close()
		a.own = nil
	}
}

// example opens a built-in capture that a lesson is of, where nothing else is
// open.
func (a *app) example(name string) tea.Cmd {
	if a.src != nil {
		a.told = "close the open capture first: esc goes back"
		return nil
	}
	for _, c := range a.examples {
		if c.Title == name {
			ctx := a.ctx
			return func() tea.Msg {
				s, err := c.Open(ctx)
				if err != nil {
					return toldMsg{"", err}
				}
				return page.Opened{Title: c.Title, Notes: c.Notes, Session: s}
			}
		}
	}
	return nil
}

// Update takes a message in.
func (a *app) Update(m tea.Msg) (tea.Model, tea.Cmd) {
	switch m := m.(type) {
	case tea.WindowSizeMsg:
		a.width, a.height = m.Width, m.Height
		for _, p := range a.pages {
			p.SetSize(a.width, a.pageHeight())
		}
		return a, a.top().Update(page.Tick{Status: a.status})
	case tickMsg:
		return a, a.onTick()
	case chained:
		first := func() tea.Msg { return m.first }
		if _, several := m.first.(tea.BatchMsg); !several && m.first != nil {
			_, first = a.Update(m.first)
		}
		return a, tea.Batch(first, a.keys(m.keys))
	case tea.KeyMsg:
		return a, a.keys(m)
	case tea.MouseMsg:
		if m.Y < 1 || m.Y > a.pageHeight() {
			return a, nil
		}
		m.Y--
		return a, a.top().Update(m)
	}
	if cmd, mine := a.request(m); mine {
		return a, cmd
	}
	if cmd, mine := a.noting(m); mine {
		return a, cmd
	}
	if m, saved := m.(savedMsg); saved {
		a.saving = nil
		_, cmd := a.Update(toldMsg{"saved to " + layer.Printable(m.path), m.err})
		return a, cmd
	}
	var cmds []tea.Cmd
	for _, p := range a.pages { // what a page asked for may come while another is on top
		cmds = append(cmds, p.Update(m))
	}
	return a, tea.Batch(cmds...)
}

// keys takes keys apart that came in one read, as those of a key that is held
// down do. What is pasted is text, or nothing.
func (a *app) keys(k tea.KeyMsg) tea.Cmd {
	if k.Type != tea.KeyRunes || len(k.Runes) < 2 || a.top().Typing() || a.asking != nil {
		return a.key(k)
	}
	if k.Paste {
		return nil
	}
	var cmds []tea.Cmd
	for i, r := range k.Runes {
		one := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}, Alt: k.Alt}
		cmd, rest := a.key(one), k.Runes[i+1:]
		if cmd != nil && len(rest) > 0 && keymap.Motion(one) == component.NoMotion {
			cmd = then(cmd, tea.KeyMsg{Type: tea.KeyRunes, Runes: rest, Alt: k.Alt})
			return tea.Batch(append(cmds, cmd)...)
		}
		cmds = append(cmds, cmd)
	}
	return tea.Batch(cmds...)
}

// chained is a message with the keys that came behind it: they are for the
// page that it opens.
type chained struct {
	first tea.Msg
	keys  tea.KeyMsg
}

// then returns a command that hands keys on once the message of another is
// taken in.
func then(cmd tea.Cmd, keys tea.KeyMsg) tea.Cmd {
	return func() tea.Msg { return chained{cmd(), keys} }
}

func (a *app) key(k tea.KeyMsg) tea.Cmd {
	if !key.Matches(k, keymap.Back) || a.saving == nil {
		a.told = ""
	}
	switch {
	case key.Matches(k, keymap.Force):
		return tea.Quit
	case key.Matches(k, keymap.Suspend):
		return tea.Suspend
	case a.asking != nil:
		return a.answer(k)
	case a.top().Typing():
		return a.top().Update(k)
	case key.Matches(k, keymap.Quit):
		return tea.Quit
	case key.Matches(k, keymap.Help):
		if _, reads := a.top().(*help.Page); !reads {
			return a.push(help.Keys(a.theme, a.top().Keys()))
		}
	case key.Matches(k, keymap.Back) && a.saving != nil:
		a.saving.cancel()
		return nil
	case key.Matches(k, keymap.Copy):
		return a.copyScreen()
	case key.Matches(k, keymap.Picture):
		a.saveScreen()
		return nil
	case key.Matches(k, keymap.Note) && a.write():
		return nil
	case key.Matches(k, keymap.Notes) && a.src != nil:
		return a.push(notebook.New(a.src, a.theme, a.book))
	case key.Matches(k, keymap.Mark):
		if cmd, done := a.mark(); done {
			return cmd
		}
	case key.Matches(k, keymap.Pause) && a.src != nil:
		a.src.SetPaused(!a.src.Status().Paused)
		a.status = a.src.Status()
		return nil
	}
	return a.top().Update(k)
}

// View draws the screen.
func (a *app) View() string {
	if a.width < minWidth || a.height < minHeight {
		return small(a.width, a.height)
	}
	body := a.top().View()
	if a.asking != nil {
		lines := strings.Split(body, "\n")
		lines = append(lines[:max(0, len(lines)-component.PromptHeight)], a.asking.prompt.View(a.width)...)
		body = strings.Join(lines, "\n")
	}
	return strings.Join([]string{a.bar(), body, a.footer()}, "\n")
}

// small says that the terminal is.
func small(width, height int) string {
	lines := component.Wrap("This terminal is too small: wiresight needs 40 columns and 10 lines.", width)
	return component.Screen(lines, width, height)
}

func (a *app) footer() string {
	switch {
	case a.asking != nil:
		return component.Footer(a.theme, a.width, keymap.Asking.Foot, nil)
	case a.saving != nil:
		return a.theme.Mark.Render(component.Fit(" "+a.saving.String(), a.width))
	case a.told != "":
		return a.theme.Mark.Render(component.Fit(" "+a.told, a.width))
	}
	return component.Footer(a.theme, a.width, a.top().Keys().Foot, []key.Binding{keymap.Help, keymap.Quit})
}
