package timing

import "github.com/wiresight/wiresight/decode/flow"

// nagle watches one direction for small segments that wait for the
// acknowledgment of an earlier small one (RFC 896, in the form that Linux has
// after Minshall): segment A goes out, a bare acknowledgment of A comes, and
// then B goes out. Whether B had waited is decided later, when the path's
// round trips are known.
type nagle struct {
	sent    int64  // when A went, nanoseconds
	freed   int64  // and when it was acknowledged
	a, ack  uint32 // the packets
	end     uint32 // sequence number after A
	off     uint32 // small segments sent while a small one was not acknowledged: Nagle's algorithm is off
	late    uint32 // small segments sent long after the acknowledgment: they waited for nothing
	run     run    // of small segments, one behind the other
	stage   stage
	fulls   uint8 // full segments sent behind A: these may go
	tainted bool  // something else moved: no hold can be read from this one
}

type stage uint8

const (
	idle     stage = iota
	waiting        // A is out
	released       // A is acknowledged, by a segment without data
)

// hold is a small segment that may have waited.
type hold struct {
	a, ack, b uint32 // packets
	off       uint32 // nagle.off at the time
	delay     int64  // A to its acknowledgment, nanoseconds at the capture point
	release   int64  // acknowledgment to B
}

const (
	leastHold   = 4e6  // ns from A to B: shorter ones cost nobody anything
	looseHold   = 20e6 // ns above two round trips: B came too late after the acknowledgment to have been released by it
	mostFulls   = 2    // between A and B: behind more of them the congestion window may be what B waited for
	maxHolds    = 256  // kept for each direction
	maxLateWait = 1e9
)

// small takes a data segment of a direction in which a small one is watched,
// or which is small itself.
func (t *Tracker) small(d *side, s *flow.Segment, full int) {
	n := &d.nagle
	fin := carries(s.Flags, flow.FIN)
	isSmall := s.Length%full != 0 && !fin
	switch n.stage {
	case waiting:
		// A window of less than two segments is cut into pieces that are full
		// for its sender.
		if isSmall && s.Length < full && int(t.side[s.Dir^1].window) >= 2*full {
			n.off++
		}
		if n.fulls++; isSmall || fin || n.fulls > mostFulls {
			n.tainted = true
		}
		if !isSmall && !fin {
			return // A is still the one that the next small segment waits for
		}
	case released:
		if isSmall && s.Length < full && !n.tainted {
			t.hold(d, s)
		}
		n.stage, n.tainted = idle, false
	}
	if fin {
		n.stage = idle
		return
	}
	if !isSmall {
		return
	}
	if n.stage == idle {
		limit := int64(2 * full)
		if w := int64(t.side[s.Dir^1].window); w < limit {
			limit = w
		}
		n.tainted = s.InFlight >= limit
	}
	n.fulls = 0
	n.stage, n.a, n.sent, n.end = waiting, uint32(s.At.Number), s.At.Nanos, s.Seq+uint32(s.Length)
}

// acknowledged takes a segment of the other direction.
func (n *nagle) acknowledged(s *flow.Segment) {
	switch {
	case s.Length > 0, carries(s.Flags, flow.FIN), has(s.Analysis, flow.DuplicateACK|flow.ZeroWindow|flow.KeepAlive|flow.ACKedUnseen), len(s.SACK) > 0:
		n.stage, n.tainted = idle, false
	case n.stage == waiting && notAfter(n.end, s.Ack):
		n.stage, n.ack, n.freed = released, uint32(s.At.Number), s.At.Nanos
		if n.tainted {
			n.stage, n.tainted = idle, false
		}
	}
}

// hold keeps a candidate, unless B came so late that nothing can have held it.
func (t *Tracker) hold(d *side, s *flow.Segment) {
	n := &d.nagle
	h := hold{
		a: n.a, ack: n.ack, b: uint32(s.At.Number), off: n.off,
		delay: n.freed - n.sent, release: s.At.Nanos - n.freed,
	}
	if h.delay < 0 || h.release < 0 || h.delay+h.release < leastHold {
		return
	}
	latest := int64(maxLateWait)
	if sender := &t.side[s.Dir^1]; sender.count > 0 {
		latest = 2*sender.floor + looseHold
	}
	if h.release > latest {
		n.late++
		return
	}
	e := t.more()
	if len(e.holds[s.Dir]) < maxHolds {
		e.holds[s.Dir] = append(e.holds[s.Dir], h)
		return
	}
	// Beyond the bound the floors are well known: judge at once, and count.
	if sender := &t.side[s.Dir^1]; h.delay-d.floor >= int64(leastDelay) && h.release-sender.floor < int64(releaseSlack) {
		e.moreStalls[s.Dir]++
		e.moreCost[s.Dir] += h.delay - d.floor
	}
}
