// Package listing is the tab of a conversation's exchanges, and that of its
// messages: a table that any column sorts, whose rows lead to packets.
//
//	 #   time       request          status     kind   up      down   service   total
//	▌1   0.040312   GET /a           200               74 B  1.2 KiB  40.1 ms  41.0 ms ▐
package listing

import (
	"cmp"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/keymap"
	"github.com/wiresight/wiresight/tui/page"
	"github.com/wiresight/wiresight/tui/page/conversation/subject"
	"github.com/wiresight/wiresight/tui/theme"
)

// entry is a row: its cells, what they are sorted by, and where it leads.
type entry struct {
	cells    []component.Cell
	keys     []sortKey // one for each cell
	packets  []int
	why      string
	exchange int
	lesson   string
}

// sortKey orders by number, then by text.
type sortKey struct {
	number int64
	text   string
}

// Page is the tab.
type Page struct {
	theme   *theme.Theme
	subject *subject.Subject
	kind    kind
	order   []int // rows by their places in the subject
	by      int
	down    bool
	table   component.Table

	width, height int
}

// kind is what is listed. Rows are made as they come on the screen.
type kind struct {
	columns []component.Column
	count   func(*subject.Subject) int
	entry   func(t *theme.Theme, s *subject.Subject, i int) entry
	empty   string
}

func newPage(t *theme.Theme, k kind) *Page {
	p := &Page{theme: t, kind: k}
	p.table = component.Table{Theme: t, Focused: true, Columns: k.columns, Empty: "  reading …", Row: func(i int) []component.Cell { return p.at(i).cells }}
	return p
}

// at returns a row of the table.
func (p *Page) at(i int) entry { return p.kind.entry(p.theme, p.subject, p.order[i]) }

// Init has nothing to ask for.
func (p *Page) Init() tea.Cmd { return nil }

// Keys returns the tab's keys.
func (p *Page) Keys() keymap.Group { return keymap.Rows }

// Typing reports false: nothing is typed here.
func (p *Page) Typing() bool { return false }

// Show lists a conversation.
func (p *Page) Show(s *subject.Subject) tea.Cmd {
	p.subject = s
	p.table.Empty = "  " + p.kind.empty
	return p.sort()
}

// many is how many rows take so long to sort that it is done in the
// background.
const many = 1000

type sortedMsg struct {
	page    *Page
	subject *subject.Subject
	by      int
	down    bool
	order   []int
}

// sort orders the rows by the chosen column.
func (p *Page) sort() tea.Cmd {
	p.table.Sorted, p.table.Down = p.by, p.down
	if p.subject == nil {
		return nil
	}
	s, by, down := p.subject, p.by, p.down
	if by == 0 || p.kind.count(s) < many {
		p.take(p.ordered(s, by, down))
		return nil
	}
	return func() tea.Msg { return sortedMsg{p, s, by, down, p.ordered(s, by, down)} }
}

func (p *Page) take(order []int) {
	p.order = order
	p.table.Count = len(order)
	p.table.Show()
}

// ordered returns the rows in the order of a column. As they come they are in
// that of the first one.
func (p *Page) ordered(s *subject.Subject, by int, down bool) []int {
	order := make([]int, p.kind.count(s))
	for i := range order {
		order[i] = i
	}
	if by == 0 {
		if down {
			slices.Reverse(order)
		}
		return order
	}
	keys := make([]sortKey, len(order))
	for i := range keys {
		keys[i] = p.kind.entry(p.theme, s, i).keys[by]
	}
	slices.SortFunc(order, func(a, b int) int {
		c := cmp.Or(cmp.Compare(keys[a].number, keys[b].number), strings.Compare(keys[a].text, keys[b].text))
		if down {
			c = -c
		}
		return cmp.Or(c, a-b)
	})
	return order
}

// SetSize sets the size in cells.
func (p *Page) SetSize(width, height int) {
	p.width, p.height = width, height
	p.table.SetSize(width, height)
}

// Update takes a message in.
func (p *Page) Update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case sortedMsg:
		if m.page == p && m.subject == p.subject && m.by == p.by && m.down == p.down {
			p.take(m.order)
		}
	case tea.KeyMsg:
		return p.key(m)
	case tea.MouseMsg:
		return p.mouse(m)
	}
	return nil
}

func (p *Page) key(k tea.KeyMsg) tea.Cmd {
	switch {
	case key.Matches(k, keymap.Open):
		return p.open()
	case key.Matches(k, keymap.Lesson):
		if e := p.entry(); e != nil {
			return page.Send(page.OpenLesson{ID: e.lesson})
		}
	case key.Matches(k, keymap.Sort, keymap.ColumnNext):
		return p.turn(1)
	case key.Matches(k, keymap.ColumnPrev):
		return p.turn(-1)
	case key.Matches(k, keymap.Reverse):
		return p.sortBy(p.by)
	default:
		p.table.Do(keymap.Motion(k))
	}
	return nil
}

// turn sorts by another column that is on the screen.
func (p *Page) turn(n int) tea.Cmd {
	for c := (p.by + n + len(p.table.Columns)) % len(p.table.Columns); c != p.by; c = (c + n + len(p.table.Columns)) % len(p.table.Columns) {
		if p.table.Shows(c) {
			return p.sortBy(c)
		}
	}
	return nil
}

// sortBy sorts by a column; one that is chosen again is turned round.
func (p *Page) sortBy(c int) tea.Cmd {
	if c == p.by {
		p.down = !p.down
	} else {
		p.by, p.down = c, p.table.Columns[c].Right && c > 1 // of sizes and times the largest first
	}
	p.table.Select(0)
	return p.sort()
}

// entry returns the selected row, nil where there is none.
func (p *Page) entry() *entry {
	if p.table.Cursor >= len(p.order) {
		return nil
	}
	e := p.at(p.table.Cursor)
	return &e
}

func (p *Page) open() tea.Cmd {
	e := p.entry()
	if e == nil || len(e.packets) == 0 {
		return nil
	}
	return page.Send(page.OpenPackets{Conversation: p.subject.ID, Marked: e.packets, Why: e.why})
}

// Note returns the selected exchange or message.
func (p *Page) Note() (page.NoteTarget, bool) {
	e := p.entry()
	if e == nil || len(e.packets) == 0 {
		return page.NoteTarget{}, false
	}
	return page.NoteTarget{Conversation: p.subject.ID, Exchange: e.exchange, Packet: e.packets[0]}, true
}

func (p *Page) mouse(m tea.MouseMsg) tea.Cmd {
	switch m.Button {
	case tea.MouseButtonWheelUp:
		p.table.Scroll(-3)
	case tea.MouseButtonWheelDown:
		p.table.Scroll(3)
	case tea.MouseButtonLeft:
		if m.Action != tea.MouseActionPress {
			return nil
		}
		row, c := p.table.At(m.X, m.Y)
		switch {
		case row >= 0 && row == p.table.Cursor:
			return p.open()
		case row >= 0:
			p.table.Select(row)
		case c >= 0:
			return p.sortBy(c)
		}
	}
	return nil
}

// View draws the tab.
func (p *Page) View() string { return component.Screen(p.table.View(), p.width, p.height) }
