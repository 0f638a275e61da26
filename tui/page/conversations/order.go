package conversations

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// order is which conversations are shown, and how they follow each other.
// Conversations in the order of their ids, which is that of time, need no
// list and no sorting, however many there are.
type order struct {
	listed     bool     // what is shown is ids; else all conversations by their ids
	down       bool     // without a list: the newest first
	ids        []uint32 // shown until another list is ready
	generation int      // grows when what was asked for changes
	of         int      // generation that ids are of
	running    bool
	stale      bool      // the model changed since
	next       time.Time // no sorting before
	memo       *memo
	stop       *atomic.Bool // tells a run whose result nobody wants any more
}

// memo remembers what the filter said of each version of a conversation.
type memo struct {
	versions []uint64 // plus one; 0 where it was not asked
	keep     []bool

	judgedVersions []uint64 // likewise, of what the sorted column says
	judged         []int64
}

// restart forgets what was asked before.
func (o *order) restart() {
	o.generation++
	o.stale, o.next, o.memo = true, time.Time{}, &memo{}
	if o.stop != nil {
		o.stop.Store(true)
	}
}

type sortedMsg struct {
	page       *Page
	generation int
	ids        []uint32
	took       time.Duration
}

// needsList reports whether the order that was asked for needs a list.
func (p *Page) needsList() bool { return p.filter != nil || p.by != byNumber }

// reorder begins to show another order: at once where that needs no list,
// else when the list is ready.
func (p *Page) reorder() tea.Cmd {
	p.order.restart()
	if !p.needsList() {
		p.order.listed, p.order.down, p.order.ids = false, p.down, nil
	}
	p.place()
	return p.sort()
}

// rows returns how many rows there are.
func (p *Page) rows() int {
	if p.order.listed {
		return len(p.order.ids)
	}
	return p.total
}

// id returns the conversation of a row, 0 where there is none.
func (p *Page) id(row int) int {
	switch {
	case row < 0 || row >= p.rows():
		return 0
	case p.order.listed:
		return int(p.order.ids[row])
	case p.order.down:
		return p.total - row
	}
	return row + 1
}

// rowOf returns the row of a conversation, -1 where it is not shown.
func (p *Page) rowOf(id int) int {
	switch {
	case id < 1:
		return -1
	case p.order.listed:
		return slices.Index(p.order.ids, uint32(id))
	case p.order.down:
		return p.total - id
	}
	return id - 1
}

// newest returns the row of the conversation that began last.
func (p *Page) newest() int {
	best, id := 0, uint32(0)
	switch {
	case p.order.listed:
		for i, d := range p.order.ids {
			if d > id {
				best, id = i, d
			}
		}
		return best
	case p.order.down:
		return 0
	}
	return p.total - 1
}

// sort returns the command that lists and sorts the conversations where that
// is needed: one at a time, and the more it costs the more seldom.
func (p *Page) sort() tea.Cmd {
	o := &p.order
	if !p.needsList() || o.running || !o.stale || time.Now().Before(o.next) {
		return nil
	}
	o.running, o.stale = true, false
	if o.memo == nil {
		o.memo = &memo{}
	}
	o.stop = new(atomic.Bool)
	s := sorter{src: p.src, stop: o.stop, by: p.by, down: p.down, filter: p.filter, judge: p.judge, memo: o.memo}
	generation := o.generation
	return func() tea.Msg {
		begun := time.Now()
		ids := s.run()
		return sortedMsg{p, generation, ids, time.Since(begun)}
	}
}

// take takes a finished list in.
func (p *Page) take(m sortedMsg) tea.Cmd {
	o := &p.order
	o.running = false
	if m.generation == o.generation {
		o.listed, o.ids, o.of = true, m.ids, m.generation
		o.next = time.Now().Add(max(400*time.Millisecond, 10*m.took))
		p.place()
	}
	return p.sort()
}

// progress tells how many conversations the filter leaves.
func (p *Page) progress() string {
	switch {
	case p.filter == nil && p.order.running && p.by.judged():
		return "judging all conversations …"
	case p.filter == nil:
		return ""
	case !p.order.listed || p.order.of != p.order.generation:
		return "looking …"
	}
	if p.filter.NeedsPackets() && len(p.order.ids) > 0 {
		return fmt.Sprintf("%d of %d, which may pass", len(p.order.ids), p.total)
	}
	return fmt.Sprintf("%d of %d", len(p.order.ids), p.total)
}
