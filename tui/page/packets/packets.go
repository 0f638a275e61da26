// Package packets is the page of single packets: a list, the layers of the
// selected packet and its bytes.
//
//	 #    Time      Source       Destination  Protocol Length Info
//	 1    0.000000  10.9.0.1     10.9.0.2     tcp          74 51234 → 80 [SYN]
//	▌4    0.080312  10.9.0.1     10.9.0.2     http1       143 GET / HTTP/1.1 ▐
//	── packet 4 ───────────────────────────────────────────────────────────────
//	▸ L2 ethernet  02:00:00:00:00:01 → 02:00:00:00:00:02
//	▾ L7 http1  GET / HTTP/1.1
//	     http.request.method: GET
//	── bytes ──────────────────────────────────────────────────────────────────
//	0000  02 00 00 00 00 02 02 00 00 00 00 01 08 00 45 00  ..............E.
//
// On wide terminals the bytes stand beside the layers. The list's rows come
// from the session's index; what needs decoding is asked for in the
// background, for the rows on the screen alone.
package packets

import (
	"slices"
	"sort"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/learn"
	"github.com/wiresight/wiresight/notes"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/keymap"
	"github.com/wiresight/wiresight/tui/page"
	"github.com/wiresight/wiresight/tui/theme"
)

// pane is one of the page's parts.
type pane int

const (
	listPane pane = iota
	treePane
	hexPane
	panes
)

// Page is the packets page.
type Page struct {
	src     page.Source
	theme   *theme.Theme
	compile page.Compiler
	book    *notes.Book
	notesOf int                  // version of the book that noted is of
	noted   map[int][]notes.Note // by packet

	total  int // packets of the session
	live   bool
	follow bool // the cursor stays on the newest packet
	base   numbers
	marked []int // sorted
	why    string
	scan   scan

	window window
	detail detail
	digits string // typed so far, for GoTo
	times  times
	zeros  []int // packets from which the time is counted anew; sorted
	runs   []component.Run
	run    int // that is shown
	err    error

	focus         pane
	width, height int
	list          component.Table
	tree          component.Tree
	hex           component.Hex
	filter        *component.FilterLine
	areas         [panes]area
}

// New returns the page, as asked for by open.
func New(src page.Source, t *theme.Theme, compile page.Compiler, book *notes.Book, open page.OpenPackets) *Page {
	p := &Page{
		src: src, theme: t, compile: compile, book: book, notesOf: -1, why: open.Why,
		filter: component.NewFilterLine(t, "display filter, e.g. http.response.code >= 400 || tcp.flags.reset"),
	}
	p.base.conversation = open.Conversation
	p.marked = slices.Compact(slices.Sorted(slices.Values(open.Marked)))
	p.list = component.Table{Theme: t, Focused: true, Sorted: -1, Row: p.cells, Empty: "no packets"}
	p.tree.Theme, p.hex.Theme, p.tree.Purpose = t, t, learn.Layer
	p.window.rows, p.window.names = map[int]row{}, map[uint16]layer.Protocol{}
	p.grow()
	if len(open.Marked) > 0 {
		p.seek(open.Marked[0])
	}
	return p
}

// Init asks for the first rows.
func (p *Page) Init() tea.Cmd { return p.refresh() }

// Keys returns the page's keys.
func (p *Page) Keys() keymap.Group { return keymap.PacketList }

// Typing reports whether a filter is being typed.
func (p *Page) Typing() bool { return p.filter.Typing() }

// Update takes a message in.
func (p *Page) Update(m tea.Msg) tea.Cmd {
	var cmd tea.Cmd
	p.takeNotes()
	switch m := m.(type) {
	case page.Tick:
		p.live = m.Status.Live
		p.grow()
		cmd = p.continueScan()
	case tea.KeyMsg:
		cmd = p.key(m)
	case tea.MouseMsg:
		cmd = p.mouse(m)
	case rowsMsg:
		if m.page != p {
			return nil
		}
		p.window.take(m)
	case detailMsg:
		if m.page != p {
			return nil
		}
		p.takeDetail(m)
	case scanMsg:
		if m.page != p {
			return nil
		}
		cmd = p.takeScan(m)
	}
	return tea.Batch(cmd, p.refresh())
}

// numbers is the list of packets that are shown where no filter narrows it.
type numbers struct {
	conversation int // 0 for all packets
	list         []int
	seen         int // index entries looked at
}

// extend takes in what the index has got since.
func (n *numbers) extend(index []wiresight.PacketInfo) {
	if n.conversation == 0 {
		return
	}
	for ; n.seen < len(index); n.seen++ {
		if index[n.seen].Conversation == uint32(n.conversation) {
			n.list = append(n.list, n.seen+1)
		}
	}
}

// grow takes in the packets that were read since.
func (p *Page) grow() {
	p.src.View(func(v wiresight.View) {
		p.total = len(v.Packets)
		p.base.extend(v.Packets)
		if v.Model != nil {
			p.window.first = v.Model.First.Nanos
		}
	})
	p.count()
}

// count sets the number of rows; rows are only ever added at the end.
func (p *Page) count() {
	p.list.Count = p.shown()
	if p.follow {
		p.list.Select(p.list.Count - 1)
	}
	p.list.Show()
}

// shown returns how many packets the list has.
func (p *Page) shown() int {
	switch {
	case p.scan.active():
		return len(p.scan.matches)
	case p.base.conversation != 0:
		return len(p.base.list)
	}
	return p.total
}

// number returns the packet of a row, 0 where there is none.
func (p *Page) number(row int) int {
	switch {
	case row < 0 || row >= p.shown():
		return 0
	case p.scan.active():
		return p.scan.matches[row]
	case p.base.conversation != 0:
		return p.base.list[row]
	}
	return row + 1
}

// rowOf returns the row of a packet, or of the next one that is shown.
func (p *Page) rowOf(number int) int {
	switch {
	case p.scan.active():
		return sort.SearchInts(p.scan.matches, number)
	case p.base.conversation != 0:
		return sort.SearchInts(p.base.list, number)
	}
	return number - 1
}

// seek moves the cursor to a packet, with some rows before it.
func (p *Page) seek(number int) {
	row := p.rowOf(number)
	p.list.Select(min(row+p.list.Height/3, p.list.Count-1))
	p.list.Select(row)
}

// selected returns the number of the packet under the cursor, 0 for none.
func (p *Page) selected() int { return p.number(p.list.Cursor) }

func (p *Page) isMarked(number int) bool {
	_, ok := slices.BinarySearch(p.marked, number)
	return ok
}
