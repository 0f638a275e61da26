package timing

import (
	"github.com/wiresight/wiresight/decode/flow"
)

// transfer follows what one direction's sender could have sent at each moment.
// A capture in the middle sees acknowledgments before the sender does: they
// count from when they can have reached it.
type transfer struct {
	pending []credit // acknowledgments on their way to the sender
	known   credit   // the latest that reached it; its nanos are when, as seen from the capture point
	una     uint32   // as the sender knows it
	drained int64    // when the sender had all acknowledged, nanoseconds
	tsval   uint32   // of the latest segment

	begin, last int64  // of the period under way: its first and latest segment, nanoseconds
	next        uint32 // sequence number after the latest segment
	number      uint32 // its packet
	room        int64  // what the window still allowed after it
	segments    uint32 // of the period
	small       bool   // the latest was not full

	run     limits // of the period under way
	total   limits // of the periods that were long enough
	busy    int64  // how long those took, nanoseconds
	longest [causes]pause
	widest  int64 // the largest window that the receiver advertised

	flights  flights
	restarts restarts
	load     load
}

// credit is an acknowledgment with its window.
type credit struct {
	nanos  int64
	window int64
	ack    uint32
	number uint32
}

// cause is what a sender waited for between two segments.
type cause uint8

const (
	sending     cause = iota // nothing: it sent at the path's or its own pace
	byWindow                 // the receiver's window was full
	bySender                 // acknowledgments, though the window had room: the congestion window, or the send buffer
	byLoss                   // a loss was being repaired
	application              // nothing was left to send
	causes
)

type limits [causes]int64

// pause is a wait between two segments, and the acknowledgment that ended it.
type pause struct {
	from, ack, to uint32 // packets
	nanos         int64
}

const (
	leastTransfer = 10 // segments without the other side's speaking, from which on a period counts
	maxPending    = 64
	leastPause    = 300e3 // ns
	leastStamped  = 100e6 // ns: a pause from which on time stamps tell whether the sender made it
	slowestClock  = 20e6  // ns: twice the tick of the slowest time stamp clocks in use
)

// path is what is known of round trips while a segment is looked at.
type path struct {
	way, trip int64 // of the sender's part, and of the whole; nanoseconds
	full      int   // bytes of a full segment
	repairing bool
}

// begins starts a new period: the other side has spoken.
func (x *transfer) begins(s *flow.Segment) {
	if x.segments >= leastTransfer {
		for i, n := range x.run {
			x.total[i] += n
		}
		x.busy += max(0, x.last-x.begin)
	}
	x.run, x.segments, x.begin = limits{}, 0, s.At.Nanos
}

// sums returns the limits with the period under way.
func (x *transfer) sums() (total limits, busy int64) {
	total, busy = x.total, x.busy
	if x.segments >= leastTransfer {
		for i, n := range x.run {
			total[i] += n
		}
		busy += max(0, x.last-x.begin)
	}
	return total, busy
}

// sent takes a new data segment. No way takes exactly as long each time: an
// acknowledgment may have been there a little before it was due.
func (x *transfer) sent(t *Tracker, s *flow.Segment, p path) {
	x.arrive(s.At.Nanos-p.way+min(leastPause, p.way/16), p.way)
	if x.number > 0 {
		x.wait(t, s, p)
	}
	x.flights.sent(s, p.full)
	x.segments++
	x.last, x.next, x.number = s.At.Nanos, s.Seq+uint32(s.Length), uint32(s.At.Number)
	x.small, x.tsval = s.Length%p.full != 0, s.TSval
	x.room = x.known.window - int64(int32(x.next-x.una))
}

// wait judges the time since the segment before.
func (x *transfer) wait(t *Tracker, s *flow.Segment, p path) {
	gap := s.At.Nanos - x.last
	if gap <= max(leastPause, p.trip/4) {
		x.spend(sending, gap)
		return
	}
	slack := max(2*leastPause, p.trip/8)
	prompt := s.At.Nanos-x.known.nanos <= slack // it went as an acknowledgment arrived
	drained := x.una == x.next && x.room >= int64(p.full) && s.At.Nanos-x.drained > slack
	why := bySender
	switch {
	case p.repairing, has(s.Analysis, flow.LostSegment):
		why = byLoss
	case gap >= leastStamped && s.HasTS && int64(s.TSval-x.tsval) < gap/slowestClock:
		why = sending // by its time stamp it was sent right behind the one before: the path kept it
	case drained, x.small && !prompt:
		why = application
	case x.room < int64(p.full):
		why = byWindow
	}
	x.spend(why, gap)
	ended := pause{from: x.number, to: uint32(s.At.Number), nanos: gap}
	if prompt {
		ended.ack = x.known.number
	}
	if x.segments > 0 && gap > x.longest[why].nanos {
		x.longest[why] = ended
	}
	if prompt && x.segments > 0 {
		t.restarted(x, s, why, gap, p.full)
	}
	x.flights.begins(&ended)
}

func (x *transfer) spend(why cause, nanos int64) {
	if x.segments > 0 {
		x.run[why] += max(0, nanos)
	}
}

// credit takes an acknowledgment as it passes the capture point.
func (x *transfer) credit(s *flow.Segment) {
	if len(x.pending) == maxPending {
		x.apply(&x.pending[0], x.pending[0].nanos)
		x.pending = x.pending[:copy(x.pending, x.pending[1:])]
	}
	x.widest = max(x.widest, int64(s.Window))
	x.pending = append(x.pending, credit{s.At.Nanos, int64(s.Window), s.Ack, uint32(s.At.Number)})
}

// arrive applies the acknowledgments that have reached the sender.
func (x *transfer) arrive(until, way int64) {
	n := 0
	for n < len(x.pending) && x.pending[n].nanos <= until {
		x.apply(&x.pending[n], x.pending[n].nanos+way)
		n++
	}
	if n > 0 {
		x.pending = x.pending[:copy(x.pending, x.pending[n:])]
	}
}

func (x *transfer) apply(c *credit, when int64) {
	if before(c.ack, x.una) {
		return
	}
	if c.ack == x.next && c.ack != x.una {
		x.drained = when
	}
	x.una, x.known = c.ack, *c
	x.known.nanos = when
}

// bulk takes a new data segment into its direction's transfer, which begins
// with the first full-sized one.
func (t *Tracker) bulk(d *side, c *flow.Conversation, s *flow.Segment, full int) {
	x := d.transfer
	if x == nil {
		if s.Length < full {
			return
		}
		peer := &t.side[s.Dir^1]
		x = &transfer{una: s.Seq, begin: s.At.Nanos}
		if d.hasUna {
			x.una = d.una
		}
		x.known.window, x.known.ack = int64(peer.window), x.una
		d.transfer = x
	} else if t.turns.current != int8(s.Dir)+1 {
		x.begins(s)
	}
	p := path{way: t.way(c, s), full: full}
	p.trip = p.way + d.floor
	p.repairing = t.events != nil && t.events.repair[s.Dir].active
	x.restarts.look(x, s, &p)
	x.sent(t, s, p)
}
