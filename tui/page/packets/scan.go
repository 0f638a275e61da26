package packets

import (
	"fmt"
	"sort"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight/tui/page"
)

// scan is a filter on its way through the packets. It never blocks: a command
// looks at packets for a short while and hands over what it found.
type scan struct {
	filter     page.Filter // nil for none
	generation int
	matches    []int
	at         int // packets looked at, of those that the base list has
	running    bool
	want       int // packet to bring the cursor to, as soon as it is found
}

// scanFor is how long one command looks at packets.
const scanFor = 60 * time.Millisecond

type scanMsg struct {
	page       *Page
	generation int
	at         int
	matches    []int
	err        error
}

func (s *scan) active() bool { return s.filter != nil }

// start begins to filter the list, or ends that where f is nil.
func (p *Page) start(f page.Filter) tea.Cmd {
	want := p.selected()
	p.scan = scan{filter: f, generation: p.scan.generation + 1, want: want}
	p.follow, p.err = false, nil
	p.list.Cursor, p.list.Offset = 0, 0
	p.count()
	if f == nil {
		p.seek(want)
		return nil
	}
	if b, ok := f.(interface{ BeginsAt(time.Time) }); ok { // for times since the start, also where packet 1 is not looked at
		b.BeginsAt(time.Unix(0, p.window.first))
	}
	return p.continueScan()
}

// baseCount returns how many packets there are to look at.
func (p *Page) baseCount() int {
	if p.base.conversation != 0 {
		return len(p.base.list)
	}
	return p.total
}

// continueScan returns the command that looks at the next packets.
func (p *Page) continueScan() tea.Cmd {
	s := &p.scan
	if !s.active() || s.running || s.at >= p.baseCount() {
		return nil
	}
	s.running = true
	src, filter, generation, at, end := p.src, s.filter, s.generation, s.at, p.baseCount()
	list := p.base.list // only ever appended to
	number := func(i int) int { return i + 1 }
	if p.base.conversation != 0 {
		number = func(i int) int { return list[i] }
	}
	return func() tea.Msg {
		m := scanMsg{page: p, generation: generation, at: at}
		for begun := time.Now(); m.at < end && time.Since(begun) < scanFor; m.at++ {
			packets, err := src.Packets(number(m.at), 1)
			if err != nil {
				m.err = err
				continue
			}
			if len(packets) > 0 && filter.Packet(&packets[0]) {
				m.matches = append(m.matches, number(m.at))
			}
		}
		return m
	}
}

func (p *Page) takeScan(m scanMsg) tea.Cmd {
	s := &p.scan
	if m.generation != s.generation {
		return nil
	}
	s.running, s.at = false, m.at
	s.matches = append(s.matches, m.matches...)
	if m.err != nil {
		p.err = m.err
	}
	p.count()
	if i := sort.SearchInts(s.matches, s.want); s.want > 0 && i < len(s.matches) {
		p.seek(s.matches[i])
		s.want = 0
	}
	return p.continueScan()
}

// progress tells how far the filter is.
func (p *Page) progress() string {
	if !p.scan.active() {
		return ""
	}
	if p.scan.at < p.baseCount() {
		return fmt.Sprintf("%d found, scanned %d of %d", len(p.scan.matches), p.scan.at, p.baseCount())
	}
	return fmt.Sprintf("%d of %d", len(p.scan.matches), p.baseCount())
}
