package timing

import (
	"github.com/wiresight/wiresight/decode/flow"
)

// repair follows how one direction's sender makes good what was lost.
type repair struct {
	until   uint32 // what was sent when the episode began: it ends when all that is acknowledged
	cause   kind   // timeout, probe or recovery
	active  bool
	resends []resend // the last ones
	next    int      // where the next one goes once there are maxResends
	full    uint32   // sequence number of a full-sized segment that was sent again
	fulls   uint8    // and how often
	passed  uint32   // a smaller segment of the same direction that was acknowledged
	since   int64    // when the full-sized one went first, nanoseconds
	other   uint32   // segments sent again for a reason that cannot be seen
	beyond  uint32   // segments whose first copy passed the capture point
	ahead   uint32   // those whose first copy did not
}

// resend is a segment that was sent again, until it is known whether that was
// needed.
type resend struct {
	from, to uint32
	tsval    uint32
	hasTS    bool
	edge     bool // it was the first that was not acknowledged, and bears a time stamp
	kind     kind
	place    int // of its event; -1 where that was not kept
	nanos    int64
	gap      int    // one more than the place of its gapped event; 0 for none
	first    uint32 // packet of the first copy
	number   uint32
}

const (
	leastTimeout     = 190e6 // ns: Linux's TCP_RTO_MIN is 200 ms with a coarse clock; RFC 6298 has one second
	longestTimeout   = 130e9 // ns: the retransmission timer ends at 120 s or before (RFC 6298 section 2.5)
	longestProbe     = 1e9   // ns, but where the round trip is longer still
	recoverySlack    = 20e6  // ns, for the sender to find out and to send
	enoughDuplicates = 3     // RFC 5681 section 3.2
	maxResends       = 16
	leastBigLost     = 3 // times that a full-sized segment was sent again
)

// way returns the round trip between the capture point and the sender of a
// direction's data, as far as it is known; 0 at the sender.
func (t *Tracker) way(c *flow.Conversation, s *flow.Segment) int64 {
	way, known := shakenWay(c, s)
	if sender := &t.side[s.Dir^1]; sender.count > 0 && (!known || sender.floor < way) {
		return sender.floor
	}
	return way
}

// shakenWay returns the same as the handshake has it.
func shakenWay(c *flow.Conversation, s *flow.Segment) (nanos int64, known bool) {
	h := &c.TCP.Handshake
	switch {
	case !h.SYN.Valid() || !h.SYNACK.Valid():
		return 0, false
	case s.Dir == 1:
		return max(0, h.SYNACK.Nanos-h.SYN.Nanos), true
	case h.ACK.Valid() && !h.ACKData:
		return max(0, h.ACK.Nanos-h.SYNACK.Nanos), true
	}
	return 0, false
}

// repeated takes payload that was sent before, or overtaken.
func (t *Tracker) repeated(d *side, c *flow.Conversation, s *flow.Segment) {
	d.nagle.stage, d.nagle.tainted = idle, false
	if has(s.Analysis, flow.KeepAlive|flow.ZeroWindowProbe) {
		return
	}
	end := s.Seq + uint32(s.Length)
	if before(d.next, end) {
		d.next = end
	}
	d.doubt(d.next)
	e := t.more()
	gap, filled := e.holes[s.Dir].fill(s.Seq, end)
	way := t.way(c, s)
	if !s.Again {
		t.turns.extend(s)
		if filled {
			t.filled(d, s, &gap, way)
		}
		return
	}
	i := 0
	for i < len(d.ring) && notAfter(d.ring[i].end, s.Seq) {
		i++
	}
	r := &e.repair[s.Dir]
	if s.HasTS && t.late(r, s, end) {
		return
	}
	again := resend{from: s.Seq, to: end, tsval: s.TSval, hasTS: s.HasTS, number: uint32(s.At.Number), place: -1}
	if d.hasUna && notAfter(end, d.una) { // acknowledged already
		again.kind = spurious
		e.add(event{kind: spurious, dir: uint8(s.Dir), packets: [3]uint32{d.ackNumber, again.number}})
		return
	}
	if i == len(d.ring) {
		if t.prompted(d, s, way) || r.active && before(s.Seq, r.until) {
			t.again(r, d, s, recovery, &again)
		} else {
			r.other++
		}
		return
	}
	o := &d.ring[i]
	wait := s.At.Nanos - o.nanos
	again.first, again.nanos = o.number, wait
	again.edge = s.HasTS && i == 0 && d.hasUna && s.Seq == d.una
	switch {
	case t.side[s.Dir^1].window == 0: // a probe of the closed window
		return
	case wait*4 <= d.floor+way: // no sender can know so soon: a packet captured, or carried, twice
		return
	}
	t.resent(r, d, c, s, i, way, &again)
	for j := i; j < len(d.ring) && notAfter(d.ring[j].end, end); j++ {
		d.ring[j].nanos, d.ring[j].number = s.At.Nanos, again.number
	}
}

// resent finds why a segment was sent again whose first copy was captured: the
// i-th of those that are not acknowledged.
func (t *Tracker) resent(r *repair, d *side, c *flow.Conversation, s *flow.Segment, i int, way int64, again *resend) {
	r.beyond++
	if s.Length >= t.fullSegment(c) {
		t.oversized(r, d, s, again)
	}
	if !d.heard { // no acknowledgment was ever captured
		r.other++
		return
	}
	waited := again.nanos >= timerFrom(d, way)
	switch {
	case r.active && r.cause != probe && before(s.Seq, r.until) && !(waited && i == 0 && d.advanced < d.ring[0].nanos):
		t.again(r, d, s, r.cause, again)
	case t.prompted(d, s, way):
		t.again(r, d, s, recovery, again)
	case again.nanos > longestTimeout:
		r.other++
	case len(d.ring) >= 2 && i == len(d.ring)-1 && d.duplicates == 0 && again.nanos*2 >= 3*(d.floor+way) && again.nanos <= max(longestProbe, 4*(d.floor+way)):
		t.again(r, d, s, probe, again)
	case waited && i == 0:
		t.again(r, d, s, timeout, again)
	default:
		r.other++
	}
}

// again enters a segment that was sent again into the events. Of an episode
// after a timeout only the timer's own segments count: the others follow as the
// acknowledgments allow.
func (t *Tracker) again(r *repair, d *side, s *flow.Segment, k kind, x *resend) {
	e := t.events
	fresh := !r.active || k != r.cause || k == timeout && x.nanos >= leastTimeout && d.advanced <= s.At.Nanos-x.nanos
	x.kind = k
	if fresh || k == recovery {
		cost := x.nanos
		if x.first > 0 {
			x.gap = 1 + e.add(event{kind: gapped, dir: uint8(s.Dir), packets: [3]uint32{x.first, x.number}, nanos: cost, end: s.At.Nanos})
		}
		if !fresh { // repaired side by side with the first
			cost = 0
		}
		middle := d.duplicate
		if k != recovery || d.duplicates == 0 {
			middle = 0
		}
		x.nanos = cost
		x.place = e.add(event{kind: k, dir: uint8(s.Dir), before: x.first == 0, packets: [3]uint32{x.first, middle, x.number}, nanos: cost, end: s.At.Nanos})
	} else {
		x.kind, x.nanos = kinds, 0
	}
	if !r.active || k != r.cause || !before(s.Seq, r.until) {
		r.active, r.cause, r.until = true, k, d.next
	}
	if k == recovery {
		d.duplicates = 0
	}
	if len(r.resends) < maxResends {
		r.resends = append(r.resends, *x)
		return
	}
	r.resends[r.next] = *x
	r.next = (r.next + 1) % maxResends
}

// prompted reports whether a segment follows duplicate or selective
// acknowledgments as fast as these can have reached its sender. With selective
// ones a single one is enough (RACK, RFC 8985 section 6), a quarter of a round
// trip later.
func (t *Tracker) prompted(d *side, s *flow.Segment, way int64) bool {
	least := uint8(enoughDuplicates)
	if d.sacked {
		least = 1
	}
	return d.duplicates >= least && s.At.Nanos-d.doubled <= way+max(recoverySlack, (way+d.floor)/2)
}

// filled takes a segment whose bytes are seen for the first time, behind
// others that were sent after it: it is late, or it was lost before the
// capture point and is sent again. The time stamps tell, for they never go
// back (RFC 7323 section 4); where they do not, no sender can know of a loss
// before the segments behind it have been acknowledged.
func (t *Tracker) filled(d *side, s *flow.Segment, g *missing, way int64) {
	age := s.At.Nanos - g.nanos
	late := age*4 < 3*(d.floor+way) || d.floor+way == 0 && age < reorderWithin
	if s.HasTS && g.hasTS && s.TSval != g.tsval {
		late = before(s.TSval, g.tsval) && age < latest
	}
	e := t.events
	e.add(event{kind: gapped, dir: uint8(s.Dir), before: true, packets: [3]uint32{g.number, uint32(s.At.Number)}, nanos: age, end: s.At.Nanos})
	r := &e.repair[s.Dir]
	if late {
		e.add(event{kind: reordered, dir: uint8(s.Dir), packets: [3]uint32{g.number, uint32(s.At.Number)}, nanos: age})
		return
	}
	r.ahead++
	x := resend{from: s.Seq, to: s.Seq + uint32(s.Length), tsval: s.TSval, hasTS: s.HasTS, number: uint32(s.At.Number), place: -1, nanos: age}
	switch {
	case r.active && before(s.Seq, r.until) && age < timerFrom(d, way):
		t.again(r, d, s, r.cause, &x)
	case t.prompted(d, s, way):
		t.again(r, d, s, recovery, &x)
	case age >= timerFrom(d, way) && d.hasUna && s.Seq == d.una:
		t.again(r, d, s, timeout, &x)
	default:
		r.other++
	}
}

// timerFrom returns the least wait that may be a retransmission timer's: above
// the time in which acknowledgments can tell of a loss.
func timerFrom(d *side, way int64) int64 { return max(leastTimeout, (d.floor+way)*5/4) }

const latest = 1e9 // ns: what comes later than that was not overtaken on the way

const reorderWithin = 3e6 // ns, where no round trip is known

// answered looks at an acknowledgment for what it proves of segments that were
// sent again.
func (t *Tracker) answered(d *side, s *flow.Segment) {
	r := &t.events.repair[s.Dir^1]
	if r.active && notAfter(r.until, s.Ack) {
		r.active = false
	}
	if len(r.resends) == 0 {
		return
	}
	if len(s.SACK) > 0 {
		if b := s.SACK[0]; notAfter(b[1], s.Ack) || len(s.SACK) > 1 && notAfter(s.SACK[1][0], b[0]) && notAfter(b[1], s.SACK[1][1]) {
			t.needless(r, s, func(x *resend) bool { return notAfter(b[0], x.from) && notAfter(x.to, b[1]) }) // DSACK, RFC 2883
			return
		}
	}
	if s.HasTS && s.TSecr != 0 { // Eifel, RFC 3522
		t.needless(r, s, func(x *resend) bool { return x.edge && notAfter(x.to, s.Ack) && before(s.TSecr, x.tsval) })
	}
	for i := range r.resends {
		if x := &r.resends[i]; notAfter(x.to, s.Ack) {
			x.edge = false // the answer to it has been seen
		}
	}
}

// late reports whether a segment is the first copy of one that was sent again
// and came earlier: its time stamp is the older one. The other was needless then.
func (t *Tracker) late(r *repair, s *flow.Segment, end uint32) bool {
	found := false
	t.needless(r, s, func(x *resend) bool {
		is := x.hasTS && notAfter(s.Seq, x.from) && notAfter(x.to, end) && before(s.TSval, x.tsval)
		found = found || is
		return is
	})
	return found
}

// needless turns segments that were sent again without need into spurious
// ones.
func (t *Tracker) needless(r *repair, s *flow.Segment, is func(*resend) bool) {
	for i := range r.resends {
		x := &r.resends[i]
		if x.kind == spurious || !is(x) {
			continue
		}
		if x.kind != kinds {
			t.events.withdraw(x.kind, x.place, x.nanos)
			if x.gap > 0 {
				t.events.withdraw(gapped, x.gap-1, x.nanos)
			}
		}
		t.events.add(event{kind: spurious, packets: [3]uint32{x.first, x.number, uint32(s.At.Number)}})
		x.kind = spurious
	}
}

// oversized counts how often the same full-sized segment was sent in vain.
// Before that, or behind it, smaller ones must have arrived.
func (t *Tracker) oversized(r *repair, d *side, s *flow.Segment, again *resend) {
	if r.full != s.Seq || r.fulls == 0 {
		r.full, r.fulls, r.since = s.Seq, 0, s.At.Nanos-again.nanos
	}
	if r.fulls++; r.fulls != leastBigLost {
		return
	}
	if d.small > 0 {
		r.passed = d.small
		t.events.add(event{kind: bigLost, dir: uint8(s.Dir), packets: [3]uint32{d.small, again.first, again.number}, nanos: s.At.Nanos - r.since})
	}
}
