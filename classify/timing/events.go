package timing

import (
	"github.com/wiresight/wiresight/decode/flow"
)

// events holds what most connections do not have.
type events struct {
	list       []event
	count      [kinds]uint32
	cost       [kinds]int64
	holds      [2][]hold
	moreStalls [2]uint32 // beyond maxHolds
	moreCost   [2]int64
	zero       [2]mark // the zero window that still holds, by the direction of its segments
	gap        [2]gap
}

// event is something that happened, with its packets.
type event struct {
	kind    kind
	packets [3]uint32 // as the kind needs them
	nanos   int64     // what it cost
}

type kind uint8

const (
	synRetry kind = iota
	timeout       // a segment was sent again after the retransmission timer ran out
	recovery      // a segment was sent again after duplicate acknowledgments
	zeroWindow
	unseen // acknowledged but never captured
	resetBy
	kinds
)

const maxEvents = 16 // kept of each connection; all are counted

func (t *Tracker) more() *events {
	if t.events == nil {
		t.events = &events{}
	}
	return t.events
}

func (t *Tracker) add(k kind, a, b, c uint32, nanos int64) {
	e := t.more()
	e.count[k]++
	e.cost[k] += max(0, nanos)
	if len(e.list) < maxEvents {
		e.list = append(e.list, event{k, [3]uint32{a, b, c}, nanos})
	}
}

// note takes what the decoder's analysis says of a segment.
func (t *Tracker) note(s *flow.Segment) {
	if has(s.Analysis, flow.ZeroWindow) {
		if e := t.more(); !e.zero[s.Dir].valid() {
			e.zero[s.Dir] = at(s.At)
		}
	}
	if has(s.Analysis, flow.ACKedUnseen) {
		t.add(unseen, uint32(s.At.Number), 0, 0, 0)
	}
}

// reopened ends a zero window.
func (t *Tracker) reopened(s *flow.Segment) {
	z := t.events.zero[s.Dir]
	if z.valid() && s.Window > 0 {
		t.events.zero[s.Dir] = mark{}
		t.add(zeroWindow, z.number, uint32(s.At.Number), uint32(s.Dir), s.At.Nanos-z.nanos)
	}
}

// reset takes a RST.
func (t *Tracker) reset(c *flow.Conversation, s *flow.Segment) {
	if t.syn.valid() && !c.TCP.Handshake.SYNACK.Valid() && s.Dir == 1 && s.Ack == t.side[0].next {
		t.refused = true
	}
	if c.TCP.Resets == 1 {
		t.add(resetBy, t.syn.number, uint32(s.At.Number), uint32(s.Dir), 0)
	}
}

const (
	leastTimeout     = 200e6 // ns: Linux's TCP_RTO_MIN; RFC 6298 has one second
	recoverySlack    = 20e6  // ns, for the sender to find out and to send
	enoughDuplicates = 3     // RFC 5681 section 3.2
)

// repeated takes payload that was sent before, or overtaken.
func (t *Tracker) repeated(d *side, c *flow.Conversation, s *flow.Segment) {
	d.nagle.stage, d.nagle.tainted = idle, false
	if has(s.Analysis, flow.KeepAlive|flow.ZeroWindowProbe) {
		return
	}
	if !s.Again { // late, and not seen before
		t.turns.extend(s)
	}
	end := s.Seq + uint32(s.Length)
	if before(d.next, end) {
		d.next = end
	}
	d.doubt(d.next)
	for i := range d.ring {
		o := &d.ring[i]
		if !before(s.Seq, o.end) || before(end, o.end) {
			continue
		}
		wait := s.At.Nanos - o.nanos
		switch peer := &t.side[s.Dir^1]; {
		case has(s.Analysis, flow.SpuriousRetransmission), peer.window == 0, wait*2 <= d.floor: // answered already, a probe, or a packet captured twice
		case t.prompted(d, s):
			t.add(recovery, o.number, d.duplicate, uint32(s.At.Number), wait)
			d.duplicates = 0
		case wait >= leastTimeout && i == 0:
			t.add(timeout, o.number, uint32(s.At.Number), 0, wait)
		}
		o.nanos, o.number = s.At.Nanos, uint32(s.At.Number)
		return
	}
	if t.fills(s, end) && t.prompted(d, s) {
		t.add(recovery, 0, d.duplicate, uint32(s.At.Number), 0)
		d.duplicates = 0
	}
}

// prompted reports whether a segment follows duplicate acknowledgments as fast
// as these can have reached its sender.
func (t *Tracker) prompted(d *side, s *flow.Segment) bool {
	way := int64(leastTimeout)
	if sender := &t.side[s.Dir^1]; sender.count > 0 {
		way = sender.floor
	}
	return d.duplicates >= enoughDuplicates && s.At.Nanos-d.doubled <= way+recoverySlack
}

// gap is a range of sequence numbers that was never captured.
type gap struct {
	from, to uint32 // empty where they are equal
	tsval    uint32 // of the segment behind it
	hasTS    bool
}

// missing notes a hole in front of a segment.
func (t *Tracker) missing(d *side, s *flow.Segment) {
	g := &t.more().gap[s.Dir]
	if g.from == g.to {
		g.from = d.next
	}
	g.to, g.tsval, g.hasTS = s.Seq, s.TSval, s.HasTS
}

// fills reports whether a segment with bytes that were never captured was sent
// again, and is not only late: then it bears a later time stamp than the
// segment behind the hole (RFC 7323 section 4).
func (t *Tracker) fills(s *flow.Segment, end uint32) bool {
	if t.events == nil {
		return false
	}
	g := &t.events.gap[s.Dir]
	if g.from == g.to || before(s.Seq, g.from) || before(g.to, end) {
		return false
	}
	if s.Seq == g.from {
		g.from = end
	}
	return s.HasTS && g.hasTS && before(g.tsval, s.TSval)
}
