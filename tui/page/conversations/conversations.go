// Package conversations is the page that a capture opens with: the table of
// its conversations.
//
//	#   client           server               protocol packets duration what goes on
//	1   10.9.0.1:51230   www.example.com:443  http2         41   1.20 s ! TLS was not resumed
//	▌2  10.9.0.1:51231   www.example.com:443  http2        812   30.1 s polling 97 %         ▐
//	3   10.9.0.1:40000   10.9.0.2:53          dns            2  12.1 ms
//
//	── conversation 2 ───────────────────────────────────────────────────────
//	  set up by tcp+tls1.3 · RTT 40.0 ms (handshake) · captured at the client
//	  polling 97 %
//	    a request every 2.00 s, nearly all answered alike
//
// The table is virtual: only the rows on the screen are copied from the
// model and judged. Sorting and filtering run in the background on copied
// keys; the cursor stays on its conversation meanwhile.
package conversations

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/notes"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/keymap"
	"github.com/wiresight/wiresight/tui/page"
	"github.com/wiresight/wiresight/tui/theme"
)

// Page is the conversations page.
type Page struct {
	src     page.Source
	theme   *theme.Theme
	judge   page.Judge
	compile page.Compiler
	book    *notes.Book
	marksOf int // version of the book that marks is of
	marks   map[int]mark

	total    int   // conversations of the model
	packets  int64 // packets of the model when it was last looked at
	by       column
	down     bool
	filter   page.Filter // nil for none
	follow   bool        // the cursor stays on the newest conversation
	selected int         // id under the cursor
	wanted   int         // id to go to as soon as it is there; 0 for none
	moved    bool        // the user moved the cursor off the first row
	order    order
	window   window

	table         component.Table
	line          *component.FilterLine
	width, height int
}

// New returns the page, filtered by an expression where it is not empty.
func New(src page.Source, t *theme.Theme, judge page.Judge, compile page.Compiler, book *notes.Book, filter string) *Page {
	p := &Page{
		src: src, theme: t, judge: judge, compile: compile, book: book, marksOf: -1,
		line: component.NewFilterLine(t, "display filter, e.g. http && ip.addr == 10.9.0.1"),
	}
	p.table = component.Table{Theme: t, Focused: true, Row: p.cells, Empty: "nothing yet"}
	p.window.verdicts = map[int]verdict{}
	p.line.Set(filter)
	if filter != "" && p.apply() {
		p.order.restart()
		p.order.listed = true // nothing is shown until the list is ready
	}
	return p
}

// Init reads the first rows.
func (p *Page) Init() tea.Cmd {
	p.takeMarks()
	cmd := p.tick()
	p.refresh()
	return cmd
}

// mark is what was noted of a conversation.
type mark struct {
	color string
	text  bool
}

// takeMarks takes in the notes where they changed.
func (p *Page) takeMarks() {
	v := p.book.Version()
	if v == p.marksOf {
		return
	}
	p.marksOf, p.marks = v, map[int]mark{}
	for _, n := range p.book.List() {
		m := p.marks[n.Target.Conversation]
		if n.Target.Packet == 0 && n.Color != "" {
			m.color = n.Color
		}
		m.text = m.text || n.Text != ""
		p.marks[n.Target.Conversation] = m
	}
}

// Note returns the selected conversation.
func (p *Page) Note() (page.NoteTarget, bool) {
	return page.NoteTarget{Conversation: p.selected}, p.selected > 0
}

// Keys returns the page's keys.
func (p *Page) Keys() keymap.Group { return keymap.Conversations }

// Typing reports whether a filter is being typed.
func (p *Page) Typing() bool { return p.line.Typing() }

// SetSize sets the size in cells.
func (p *Page) SetSize(width, height int) {
	p.width, p.height = width, height
	p.layout()
	p.refresh()
}

func (p *Page) layout() {
	p.line.SetWidth(p.width)
	p.table.Columns = columns(p.total)
	p.table.Sorted, p.table.Down = int(p.by), p.down
	p.table.SetSize(p.width, max(0, p.height-p.line.Height()-p.aboutHeight()))
}

// Update takes a message in.
func (p *Page) Update(m tea.Msg) tea.Cmd {
	var cmd tea.Cmd
	switch m := m.(type) {
	case page.Tick:
		p.takeMarks()
		cmd = p.tick()
	case sortedMsg:
		if m.page != p {
			return nil
		}
		cmd = p.take(m)
	case tea.KeyMsg:
		cmd = p.key(m)
	case tea.MouseMsg:
		cmd = p.mouse(m)
	}
	p.refresh()
	return cmd
}

// tick takes in how far the model is.
func (p *Page) tick() tea.Cmd {
	before := p.packets
	p.src.View(func(v wiresight.View) {
		if v.Model != nil {
			p.total, p.packets = len(v.Model.Conversations), v.Model.Packets
		}
	})
	if p.packets != before {
		p.order.stale = true
	}
	p.place()
	return p.sort()
}

// place sets the number of rows, and the cursor on its conversation. A cursor
// that nobody moved off the first row stays on the first row: who sorts by
// size wants to see the largest.
func (p *Page) place() {
	p.table.Count, p.table.Empty = p.rows(), "nothing yet"
	if p.filter != nil && p.total > 0 {
		p.table.Empty = "no conversation passes the filter"
	}
	p.layout() // the rows may leave other room below them
	row := p.rowOf(p.selected)
	if want := p.rowOf(p.wanted); p.wanted > 0 && want >= 0 && want < p.rows() {
		p.selected, p.wanted, row, p.moved = p.wanted, 0, want, true
		p.table.Select(want)
	}
	switch {
	case p.follow:
		p.table.Select(p.newest())
	case !p.moved:
		p.table.Select(0)
	case row >= 0:
		p.table.Anchor(row)
	default: // filtered out: stay where it was
		p.table.Show()
	}
	p.selected = p.id(p.table.Cursor)
}

// at takes in that the user moved the cursor.
func (p *Page) at() {
	p.follow, p.wanted = false, 0
	p.moved = p.table.Cursor > 0
	p.selected = p.id(p.table.Cursor)
}

// apply compiles what was typed and makes it the filter. It reports whether
// that could be done.
func (p *Page) apply() bool {
	p.line.Error = ""
	p.filter = nil
	if p.line.Text() != "" {
		f, err := p.compile(p.line.Text())
		if err != nil {
			p.line.Error = printable(err)
			return false
		}
		p.filter = f
	}
	return true
}

// Resume selects a conversation as soon as it is there.
func (p *Page) Resume(id int) { p.wanted = id }

// Place returns the conversation that the cursor was moved to, 0 for none, and
// the filter's text.
func (p *Page) Place() (id int, filter string) {
	if p.filter != nil {
		filter = p.line.Text()
	}
	if p.moved {
		id = p.selected
	}
	return id, filter
}

// Narrow filters the table by an expression, as if it had been typed.
func (p *Page) Narrow(expression string) tea.Cmd {
	p.line.Set(expression)
	defer p.layout()
	if !p.apply() {
		return nil
	}
	p.moved = false
	return p.reorder()
}

// sortBy chooses the column to sort by; a column that is chosen again turns
// the order round.
func (p *Page) sortBy(c column) tea.Cmd {
	if c == p.by {
		p.down = !p.down
	} else {
		p.by, p.down = c, c.largestFirst()
	}
	p.layout()
	return p.reorder()
}

// View draws the page.
func (p *Page) View() string {
	p.line.Note = p.progress()
	return component.Screen(slices.Concat(p.line.View(), p.table.View(), p.about()), p.width, p.height)
}
