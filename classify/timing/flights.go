package timing

import (
	"github.com/wiresight/wiresight/decode/flow"
)

// flight is a run of segments without a pause.
type flight struct {
	first, last uint32 // packets
	ack         uint32 // the acknowledgment that let it go; 0 if none did
	segments    uint32
	bytes       int64
	begin, end  int64
	paused      int64 // nanoseconds before it
}

// flights are those of one direction: the first ones, and the one under way.
type flights struct {
	list  []flight
	count uint32
	now   flight
	most  int64 // bytes of the largest one
}

const maxFlights = 10

// begins starts a new flight behind a pause.
func (f *flights) begins(p *pause) {
	f.end()
	f.now = flight{ack: p.ack, paused: p.nanos}
}

func (f *flights) end() {
	if f.now.segments == 0 {
		return
	}
	f.count++
	f.most = max(f.most, f.now.bytes)
	if len(f.list) < maxFlights {
		f.list = append(f.list, f.now)
	}
}

func (f *flights) sent(s *flow.Segment, full int) {
	n := &f.now
	if n.segments == 0 {
		n.first, n.begin = uint32(s.At.Number), s.At.Nanos
	}
	n.last, n.end = uint32(s.At.Number), s.At.Nanos
	n.bytes += int64(s.Length)
	n.segments += uint32((s.Length + full - 1) / full)
}

// firsts returns the first flights, the one under way among them.
func (f *flights) firsts() []flight {
	list := f.list
	if f.now.segments > 0 && len(list) < maxFlights {
		list = append(list[:len(list):len(list)], f.now)
	}
	return list
}

// restarts finds bursts that begin anew behind a long silence: RFC 5681 section
// 4.1 lets the congestion window fall back to its initial size then.
type restarts struct {
	before int64  // bytes of the largest flight before the silence
	from   uint32 // the packet before the silence
	to     uint32 // and the one behind it
	place  int    // of the event; 0 none yet, -1 not kept, else one more than the place
	open   bool   // behind a silence, the earlier size is not reached again
}

const (
	leastSilence  = 200e6 // ns: the least retransmission timeout of most systems
	initialWindow = 10    // segments, RFC 6928
	leastWindow   = 2     // segments, RFC 3390
)

// look compares what goes behind a silence with what went before.
func (r *restarts) look(x *transfer, s *flow.Segment, p *path) {
	if x.number == 0 {
		return
	}
	if gap := s.At.Nanos - x.last; gap > max(leastSilence, 2*p.trip) {
		*r = restarts{before: max(x.flights.most, x.flights.now.bytes), from: x.number, to: uint32(s.At.Number), open: true}
		x.flights.most = 0
	}
}

// restarted takes a flight that begins as an acknowledgment arrives, behind a
// silence, where the sender had room: its size says what the sender may send
// now.
func (t *Tracker) restarted(x *transfer, s *flow.Segment, why cause, gap int64, full int) {
	r := &x.restarts
	if !r.open || why != bySender {
		return
	}
	size := x.flights.now.bytes
	if size >= r.before {
		r.open = false
		return
	}
	e := t.more()
	switch {
	case r.place == 0:
		if r.before < 2*size || size > int64((initialWindow+1)*full) || size < int64(leastWindow*full) {
			r.open = false
			return
		}
		r.place = e.add(event{kind: restart, dir: uint8(s.Dir), packets: [3]uint32{r.from, r.to, uint32(s.At.Number)}, nanos: gap}) + 1
		if r.place == 0 {
			r.place = -1
		}
	default:
		e.cost[restart] += gap
		if r.place > 0 {
			e.list[r.place-1].nanos += gap
		}
	}
}

// load is what round trips were measured while much was in flight.
type load struct {
	count       uint32
	sum, most   int64
	first, last uint32 // the packets of the longest
}

const loadedFrom = 8 // segments in flight

func (l *load) sample(nanos int64, data, ack uint32) {
	l.count++
	l.sum += nanos
	if nanos > l.most {
		l.most, l.first, l.last = nanos, data, ack
	}
}
