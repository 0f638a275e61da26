package ladder

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/page/conversation/subject"
)

// arrow is one thing that went from one end to the other.
type arrow struct {
	row      int
	at       int64 // when it passed the capture point, nanoseconds
	dir      layer.Direction
	label    string
	protocol layer.Protocol
	packet   int // the one that stands for it
	packets  []int
	exchange int // id; 0 for none
	index    int // of the packet in the trace, -1 where it is not there
	trouble  string
	grave    bool // the trouble cost something
	again    int  // packet that sent the same bytes again; 0 for none
	marks    []subject.Mark
	left     float64 // row at which it left the sender
	arrived  float64 // row at which it reached the receiver
}

// fold is a row that stands for a long wait.
type fold struct {
	row  int
	wait time.Duration
}

// plan is the diagram: arrows and folds by rows.
type plan struct {
	arrows []arrow
	folds  []fold
	rows   int
	path   timing.Path
	slants bool // the way between the ends is known, and long enough to draw
}

// How many rows an arrow spans at most to either side of its own: many where
// the rows are free, few where another arrow would be crossed.
const (
	steepest = 2.5
	parallel = 1.5  // beside one in the same direction
	crossing = 0.35 // beside one in the other
)

// arranged lays a conversation out.
func arranged(s *subject.Subject, v view) plan {
	p := plan{path: s.Verdict.Path}
	switch v {
	case packets:
		p.arrows = ofPackets(s)
	case messages:
		p.arrows = ofMessages(s)
	case exchanges:
		p.arrows = ofExchanges(s)
	}
	for i := range p.arrows {
		a := &p.arrows[i]
		for _, n := range a.packets {
			for _, m := range s.Marks[n] {
				if !slices.ContainsFunc(a.marks, func(k subject.Mark) bool { return k.ID == m.ID }) {
					a.marks = append(a.marks, m)
				}
			}
		}
	}
	p.lay()
	return p
}

// leastWay is the shortest way between the ends that is drawn as a slant.
const leastWay = 200 * time.Microsecond

// lay gives each arrow its row, and its ends theirs.
func (p *plan) lay() {
	if len(p.arrows) == 0 {
		return
	}
	way := p.path.RTT / 2
	p.slants = p.path.HasRTT && way >= leastWay && p.path.Vantage != timing.Unknown
	unit := float64(way)
	folded := foldFrom(p.arrows)
	knots := make([]knot, 0, len(p.arrows))
	row := 0
	for i := range p.arrows {
		a := &p.arrows[i]
		if i > 0 {
			wait := float64(a.at - p.arrows[i-1].at)
			before := knots[len(knots)-1]
			switch {
			case p.slants && wait > 4*unit:
				row += 3
				p.folds = append(p.folds, fold{row - 1, time.Duration(wait)})
				knots = append(knots, knot{before.at + unit, before.row + 1}, knot{float64(a.at) - unit, float64(row) - 1})
			case p.slants:
				row += max(1, int(wait/unit+0.5))
			case wait >= folded:
				row += 2
				p.folds = append(p.folds, fold{row - 1, time.Duration(wait)})
			default:
				row++
			}
		}
		a.row = row
		knots = append(knots, knot{float64(a.at), float64(row)})
	}
	p.rows = row + 2
	p.slant(knots)
}

// knot ties a time to a row.
type knot struct{ at, row float64 }

// slant sets the rows at which the arrows left and arrived.
func (p *plan) slant(knots []knot) {
	toClient, toServer := float64(p.path.Client)/2, float64(p.path.Server)/2
	for i := range p.arrows {
		a := &p.arrows[i]
		a.left, a.arrived = float64(a.row), float64(a.row)
		if !p.slants {
			continue
		}
		before, after := toClient, toServer
		if a.dir == layer.ToClient {
			before, after = toServer, toClient
		}
		a.left = max(rowAt(knots, float64(a.at)-before), a.left-p.reach(i, -1))
		a.arrived = min(rowAt(knots, float64(a.at)+after), a.arrived+p.reach(i, 1))
	}
}

// reach returns how many rows arrow i may span to one side.
func (p *plan) reach(i, side int) float64 {
	if i+side < 0 || i+side >= len(p.arrows) {
		return steepest
	}
	a, b := &p.arrows[i], &p.arrows[i+side]
	switch free := float64(abs(b.row - a.row)); {
	case free > 1:
		return min(steepest, free)
	case a.dir == b.dir:
		return parallel
	}
	return crossing
}

func abs(n int) int { return max(n, -n) }

// rowAt returns the row of a time, between the knots' and beyond the last.
func rowAt(knots []knot, at float64) float64 {
	i := sort.Search(len(knots), func(i int) bool { return knots[i].at >= at })
	switch {
	case i == 0:
		return knots[0].row - min(1, (knots[0].at-at)/1e6)
	case i == len(knots):
		return knots[i-1].row + 1
	}
	a, b := knots[i-1], knots[i]
	if b.at <= a.at {
		return b.row
	}
	return a.row + (b.row-a.row)*(at-a.at)/(b.at-a.at)
}

// foldFrom returns the wait from which on it is folded where no scale is
// known: much longer than most, and long enough to notice.
func foldFrom(list []arrow) float64 {
	var waits []int64
	for i := 1; i < len(list); i++ {
		waits = append(waits, list[i].at-list[i-1].at)
	}
	if len(waits) == 0 {
		return math.Inf(1)
	}
	slices.Sort(waits)
	return max(1e6, 8*float64(waits[len(waits)/2]))
}

// nearest returns the arrow of a packet, or the first behind it.
func (p *plan) nearest(packet int) int {
	for i := range p.arrows {
		if p.arrows[i].packet >= packet {
			return i
		}
	}
	return max(0, len(p.arrows)-1)
}

func ofPackets(s *subject.Subject) []arrow {
	if s.Trace == nil {
		return nil
	}
	list := make([]arrow, len(s.Trace.Packets))
	sent := map[sequence]int{} // arrow that sent these bytes last
	for i := range s.Trace.Packets {
		k := &s.Trace.Packets[i]
		a := &list[i]
		*a = arrow{
			at: k.At.Nanos, dir: k.Dir, label: k.Label(), protocol: k.Protocol,
			packet: k.At.Number, packets: []int{k.At.Number}, index: i, trouble: k.Trouble(),
		}
		if i > 0 { // a clock that went back does not turn the diagram round
			a.at = max(a.at, list[i-1].at)
		}
		t := k.TCP
		if t == nil {
			continue
		}
		a.grave = k.Grave()
		if t.Next() == t.Seq {
			continue
		}
		q := sequence{k.Dir, t.Seq}
		if first, ok := sent[q]; ok && t.Analysis&(flow.Retransmission|flow.FastRetransmission) != 0 {
			list[first].again = k.At.Number
		}
		sent[q] = i
	}
	return list
}

type sequence struct {
	dir layer.Direction
	seq uint32
}

func ofMessages(s *subject.Subject) []arrow {
	if s.Trace == nil {
		return nil
	}
	var list []arrow
	for i := range s.Trace.Messages {
		m := &s.Trace.Messages[i]
		a := arrow{
			at: m.First.Nanos, dir: m.Dir, protocol: m.Protocol, packet: m.First.Number,
			label: subject.Message(m), index: s.Index(m.First.Number),
		}
		for _, n := range m.Packets.List() {
			a.packets = append(a.packets, int(n))
		}
		if len(a.packets) == 0 {
			a.packets = []int{m.First.Number}
		}
		list = append(list, a)
	}
	return inTime(list)
}

func ofExchanges(s *subject.Subject) []arrow {
	var list []arrow
	for i := range s.Exchanges {
		e := &s.Exchanges[i]
		if e.Request.Seen() {
			name := layer.Printable(e.Name)
			list = append(list, half(s, e, &e.Request, e.Dir, fmt.Sprintf("%d  %s", e.ID, name)))
		}
		if e.Response.Seen() {
			label := fmt.Sprintf("%d  %s", e.ID, layer.Printable(e.Status))
			if m := s.Measured(i); m.HasService {
				label += "  after " + component.Span(m.Service)
			}
			list = append(list, half(s, e, &e.Response, e.Dir.Reverse(), label))
		}
	}
	return inTime(list)
}

// half is the request's or the response's arrow of an exchange.
func half(s *subject.Subject, e *flow.Exchange, part *flow.Part, dir layer.Direction, label string) arrow {
	a := arrow{
		at: part.First.Nanos, dir: dir, protocol: e.Protocol, packet: part.First.Number, exchange: e.ID,
		label: label + "  " + component.Bytes(part.Bytes), index: s.Index(part.First.Number),
	}
	for _, n := range part.Packets.List() {
		a.packets = append(a.packets, int(n))
	}
	if len(a.packets) == 0 {
		a.packets = []int{a.packet}
	}
	return a
}

func inTime(list []arrow) []arrow {
	slices.SortStableFunc(list, func(a, b arrow) int { return int(min(max(a.at-b.at, -1), 1)) })
	return list
}
