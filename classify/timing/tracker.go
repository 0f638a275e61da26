package timing

import (
	"time"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Tracker follows the segments of one TCP connection. There may be a million
// of them at a time, so that it is small, and what it keeps of a connection is
// bounded.
type Tracker struct {
	side    [2]side // by the direction that the data goes
	syn     mark    // the last SYN, as Wireshark's tcp.analysis.initial_rtt counts from it
	ack     mark    // the first packet after it with ACK and without SYN
	synTS   uint32  // TSval of the last SYN
	mss     int32   // effective maximum segment size of data segments; 0 where no SYN was seen
	turns   turns
	events  *events
	proven  bool // the SYN-ACK's TSecr names the last SYN
	refused bool // a RST answered the SYN

	sampled func(time.Duration) // told of each round trip; nil for none
}

// mark is a packet and its time in little space.
type mark struct {
	nanos  int64
	number uint32
}

func at(p layer.PacketRef) mark               { return mark{p.Nanos, uint32(p.Number)} }
func (m mark) ref() layer.PacketRef           { return layer.PacketRef{Number: int(m.number), Nanos: m.nanos} }
func (m mark) valid() bool                    { return m.number > 0 }
func before(a, b uint32) bool                 { return int32(a-b) < 0 }
func notAfter(a, b uint32) bool               { return int32(a-b) <= 0 }
func has(f, any flow.Analysis) bool           { return f&any != 0 }
func carries(f flow.Flags, g flow.Flags) bool { return f&g != 0 }

// NewTracker returns a tracker that has seen nothing.
func NewTracker() flow.Tracker { return &Tracker{} }

// NewSampler returns a tracker that tells each round trip when the
// acknowledgment that ends it is taken.
func NewSampler(sampled func(time.Duration)) *Tracker { return &Tracker{sampled: sampled} }

// again marks segments that say nothing about the first time their bytes were
// sent.
const again = flow.Retransmission | flow.FastRetransmission | flow.SpuriousRetransmission |
	flow.OutOfOrder | flow.KeepAlive | flow.ZeroWindowProbe

// Segment takes one segment in capture order.
func (t *Tracker) Segment(c *flow.Conversation, s *flow.Segment) {
	if carries(s.Flags, flow.SYN|flow.RST) {
		t.control(c, s)
		return
	}
	data, peer := &t.side[s.Dir], &t.side[s.Dir^1]
	if carries(s.Flags, flow.ACK) {
		if !t.ack.valid() && t.syn.valid() {
			t.ack = at(s.At)
		}
		t.acknowledge(peer, s)
	}
	if s.Analysis != 0 && has(s.Analysis, flow.ZeroWindow|flow.KeepAlive) {
		t.note(s)
	}
	if s.Length > 0 {
		t.data(data, c, s)
	}
	data.window = int32(min(s.Window, 1<<30))
	if t.events != nil {
		t.reopened(s)
	}
}

// control takes SYN and RST.
func (t *Tracker) control(c *flow.Conversation, s *flow.Segment) {
	switch {
	case carries(s.Flags, flow.RST):
		if carries(s.Flags, flow.ACK) && !t.ack.valid() && t.syn.valid() && !c.TCP.Handshake.SYNACK.Valid() {
			t.ack = at(s.At) // a refusal takes a round trip, too
		}
		t.reset(c, s)
	case carries(s.Flags, flow.ACK):
		t.proven = s.HasTS && t.syn.valid() && s.TSecr == t.synTS
		t.mss = int32(effectiveMSS(c.TCP))
		t.side[s.Dir].window = int32(s.Window)
		t.side[s.Dir].next, t.side[s.Dir].hasNext = s.Next(), true
	default:
		if wait := s.At.Nanos - t.syn.nanos; t.syn.valid() && !t.ack.valid() && wait >= leastTimeout {
			t.more().add(event{kind: synRetry, packets: [3]uint32{t.syn.number, uint32(s.At.Number)}, nanos: wait, end: s.At.Nanos})
		}
		if !t.ack.valid() {
			t.syn, t.synTS = at(s.At), s.TSval
		}
		t.side[s.Dir].window = int32(s.Window)
		t.side[s.Dir].next, t.side[s.Dir].hasNext = s.Next(), true
	}
}

// effectiveMSS returns how much payload a full segment carries: the lower of
// both MSS options less the timestamps option where it is in use (RFC 6691).
func effectiveMSS(t *flow.TCP) int {
	mss := t.MSS[0]
	if mss == 0 || t.MSS[1] > 0 && t.MSS[1] < mss {
		mss = t.MSS[1]
	}
	// A SYN-ACK has the option only where the SYN offered it.
	if mss > 12 && t.Timestamps[1] && (t.Timestamps[0] || t.SYNs[0] == 0) {
		mss -= 12
	}
	return mss
}

// leastMSS stands for an MSS that was not seen: the default that every host
// takes (RFC 9293 section 3.7.1).
const leastMSS = 536

func (t *Tracker) fullSegment(c *flow.Conversation) int {
	if t.mss > 0 {
		return int(t.mss)
	}
	return max(leastMSS, c.TCP.MaxSegment[0], c.TCP.MaxSegment[1])
}

// data takes a segment with payload.
func (t *Tracker) data(d *side, c *flow.Conversation, s *flow.Segment) {
	next := s.Seq + uint32(s.Length)
	if !s.Fresh || has(s.Analysis, again) {
		t.repeated(d, c, s)
		return
	}
	if d.hasUna && notAfter(next, d.una) {
		t.tardy(d, s)
		return
	}
	full := t.fullSegment(c)
	t.bulk(d, c, s, full)
	t.inRow(d, s, full)
	t.turns.take(s, t.side[s.Dir^1].next, full)
	if has(s.Analysis, flow.LostSegment) {
		d.doubt(next)
		if d.hasNext && before(d.next, s.Seq) {
			t.more().holes[s.Dir].open(d.next, s)
		}
	}
	switch {
	case has(s.Analysis, flow.LostSegment): // what went before it, and when, is not known
		d.nagle.stage, d.nagle.tainted = idle, false
	case d.nagle.stage != idle || s.Length%full != 0:
		t.small(d, s, full)
	}
	if len(d.ring) < maxOutstanding {
		if d.ring == nil {
			d.ring = make([]sent, 0, 4)
		}
		d.ring = append(d.ring, sent{s.At.Nanos, uint32(s.At.Number), next, s.Length < full})
	}
	d.next, d.hasNext, d.lastSent = next, true, s.At.Nanos
}

// acknowledge takes an acknowledgment of side d's data.
func (t *Tracker) acknowledge(d *side, s *flow.Segment) {
	d.heard = true
	if d.transfer != nil {
		d.transfer.credit(s)
	}
	if !d.hasUna || before(d.una, s.Ack) {
		d.una, d.hasUna, d.advanced, d.ackNumber = s.Ack, true, s.At.Nanos, uint32(s.At.Number)
	}
	if d.hasNext && before(d.next+1, s.Ack) || t.events != nil {
		t.proved(d, s)
	}
	if d.nagle.stage != idle {
		d.nagle.acknowledged(s)
	}
	// Only with data in flight does a repeated acknowledgment say that something
	// is missing (RFC 5681 section 2).
	if (has(s.Analysis, flow.DuplicateACK) || len(s.SACK) > 0) && len(d.ring) > 0 {
		if d.duplicates < 255 {
			d.duplicates++
		}
		d.sacked = d.sacked || len(s.SACK) > 0
		d.duplicate, d.doubled = uint32(s.At.Number), s.At.Nanos
	}
	if len(d.ring) == 0 || before(s.Ack, d.ring[0].end) {
		return
	}
	t.covered(d, s)
}
