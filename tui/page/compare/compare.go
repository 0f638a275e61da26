// Package compare is the page of two conversations side by side: where the time
// of either went and what was found above, and below the two ladders, which
// begin at the same row and move together.
//
//	── A: 1 of trace.pcapng ──────────┬── B: 4 of trace.pcapng ──────────────
//	 account        A        B  B − A │ finding              A        B
//	 request   954 ms   207 µs −954 ms│ nagle-delayed-ack    653 ms   –
//	 client            server            │ client            server
package compare

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/report"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/keymap"
	"github.com/wiresight/wiresight/tui/page"
	"github.com/wiresight/wiresight/tui/page/conversation/ladder"
	"github.com/wiresight/wiresight/tui/page/conversation/subject"
	"github.com/wiresight/wiresight/tui/theme"
)

// most is how many packets of a conversation are shown.
const most = 5000

// Side is one of the two.
type Side struct {
	Name   string
	Source subject.Source
	ID     int // of the conversation
}

// half is one side on the screen.
type half struct {
	Side
	subject *subject.Subject
	ladder  *ladder.Page
	err     error
}

// Page is the comparison.
type Page struct {
	ctx           context.Context
	cancel        context.CancelFunc
	theme         *theme.Theme
	halves        [2]half
	at            int  // the half that has the keys
	alone         bool // it moves without the other
	width, height int
}

type readMsg struct {
	page    *Page
	half    int
	subject *subject.Subject
	err     error
}

// New returns the page of two conversations.
func New(ctx context.Context, t *theme.Theme, a, b Side) *Page {
	p := &Page{theme: t}
	p.ctx, p.cancel = context.WithCancel(ctx)
	for i, s := range []Side{a, b} {
		p.halves[i] = half{Side: s, ladder: ladder.New(t)}
	}
	return p
}

// Init reads both.
func (p *Page) Init() tea.Cmd { return tea.Batch(p.read(0), p.read(1)) }

func (p *Page) read(i int) tea.Cmd {
	ctx, side := p.ctx, p.halves[i].Side
	return func() tea.Msg {
		s, err := subject.Read(ctx, side.Source, side.ID, most)
		return readMsg{p, i, s, err}
	}
}

// Close ends what still runs for the page.
func (p *Page) Close() { p.cancel() }

// Keys returns the page's keys.
func (p *Page) Keys() keymap.Group { return keymap.Comparison }

// Typing reports false: nothing is typed here.
func (p *Page) Typing() bool { return false }

// SetSize sets the size in cells.
func (p *Page) SetSize(width, height int) {
	p.width, p.height = width, height
	p.layout()
}

func (p *Page) layout() {
	room := max(0, p.height-len(p.head()))
	left := (p.width - 1) / 2
	p.halves[0].ladder.SetSize(left, room)
	p.halves[1].ladder.SetSize(p.width-1-left, room)
}

// Update takes a message in.
func (p *Page) Update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case readMsg:
		if m.page != p {
			return nil
		}
		h := &p.halves[m.half]
		h.subject, h.err = m.subject, m.err
		if m.subject == nil {
			return nil
		}
		defer p.layout()
		return h.ladder.Show(m.subject)
	case tea.KeyMsg:
		return p.key(m)
	}
	return tea.Batch(p.halves[0].ladder.Update(m), p.halves[1].ladder.Update(m))
}

func (p *Page) key(k tea.KeyMsg) tea.Cmd {
	switch {
	case key.Matches(k, keymap.Back):
		return page.Send(page.Back{})
	case key.Matches(k, keymap.NextTab):
		p.at = 1 - p.at
		return nil
	case key.Matches(k, keymap.Alone):
		p.alone = !p.alone
		return nil
	case key.Matches(k, keymap.Lesson):
		return p.halves[p.at].ladder.Update(k)
	case p.alone || key.Matches(k, keymap.Open):
		return p.halves[p.at].ladder.Update(k)
	}
	return tea.Batch(p.halves[0].ladder.Update(k), p.halves[1].ladder.Update(k))
}

// tables is how many lines the head may take of the page.
func (p *Page) tables() int { return max(3, min(10, p.height/3)) }

// head are the lines above the ladders.
func (p *Page) head() []string {
	left := (p.width - 1) / 2
	var titles [2]string
	for i := range p.halves {
		h := &p.halves[i]
		note := ""
		switch {
		case h.err != nil:
			note = layer.Printable(h.err.Error())
		case h.subject == nil:
			note = "reading …"
		}
		width := left
		if i == 1 {
			width = p.width - 1 - left
		}
		titles[i] = component.Rule(p.theme, width, fmt.Sprintf("%c: %d of %s", 'A'+i, h.ID, layer.Printable(filepath.Base(h.Name))), note, p.at == i)
	}
	lines := []string{titles[0] + p.theme.Rule.Render("┬") + titles[1]}
	a, b := p.halves[0].subject, p.halves[1].subject
	if a == nil || b == nil {
		return lines
	}
	name := max(9, min(22, left-30))
	times := table([]string{"account", "A", "B", "B − A"}, report.Accounts(a.Verdict.Ledger, b.Verdict.Ledger), []int{name, 8, 8, 9})
	found := table([]string{"finding", "A", "B"}, report.Found(&a.Verdict, &b.Verdict), []int{name + 9, 8, 8})
	for i := range min(p.tables(), max(len(times), len(found))) {
		style := p.theme.Plain
		if i == 0 {
			style = p.theme.Header
		}
		lines = append(lines, style.Render(component.Fit(" "+cell(times, i), left))+p.theme.Rule.Render("│")+style.Render(component.Fit(" "+cell(found, i), p.width-1-left)))
	}
	return append(lines, p.theme.Rule.Render(strings.Repeat("─", left)+"┼"+strings.Repeat("─", p.width-1-left)))
}

// table sets rows in columns, the first to the left, numbers to the right.
func table(head []string, rows [][]string, widths []int) (lines []string) {
	for _, r := range append([][]string{head}, rows...) {
		text := component.Fit(r[0], widths[0])
		for i := 1; i < len(r); i++ {
			text += " " + component.FitRight(r[i], widths[i])
		}
		lines = append(lines, text)
	}
	return lines
}

func cell(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// View draws the page.
func (p *Page) View() string {
	lines := p.head()
	left, right := strings.Split(p.halves[0].ladder.View(), "\n"), strings.Split(p.halves[1].ladder.View(), "\n")
	for i := range min(len(left), len(right)) {
		lines = append(lines, left[i]+p.theme.Rule.Render("│")+right[i])
	}
	return component.Screen(lines, p.width, p.height)
}
