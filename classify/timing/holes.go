package timing

import (
	"github.com/wiresight/wiresight/decode/flow"
)

// missing is a range of sequence numbers that later segments skipped.
type missing struct {
	from, to uint32
	nanos    int64  // when the segment behind it came
	number   uint32 // that segment
	tsval    uint32 // and its time stamp
	hasTS    bool
}

// holes are what is missing in one direction of a capture. What comes late, is
// sent again, or is acknowledged without ever having been captured, closes
// them.
type holes struct {
	list    []missing
	blurred bool // some were forgotten: nothing is claimed of what is not here
}

const maxHoles = 32

// open notes a hole in front of a segment.
func (h *holes) open(from uint32, s *flow.Segment) {
	if len(h.list) == maxHoles {
		h.blurred = true
		return
	}
	h.list = append(h.list, missing{from, s.Seq, s.At.Nanos, uint32(s.At.Number), s.TSval, s.HasTS})
}

// fill takes a segment out of the holes and returns the first that it touched.
func (h *holes) fill(from, to uint32) (touched missing, ok bool) {
	for i := 0; i < len(h.list); i++ {
		g := &h.list[i]
		if notAfter(to, g.from) || notAfter(g.to, from) {
			continue
		}
		if !ok {
			touched, ok = *g, true
		}
		left, right := before(g.from, from), before(to, g.to)
		switch {
		case left && right: // in the middle: two holes are left
			rest := *g
			g.to, rest.from = from, to
			if len(h.list) < maxHoles {
				h.list = append(h.list, rest)
			} else {
				h.blurred = true
			}
		case left:
			g.to = from
		case right:
			g.from = to
		default:
			h.list = append(h.list[:i], h.list[i+1:]...)
			i--
		}
	}
	return touched, ok
}

// acknowledged removes the holes that the receiver says it does not have.
func (h *holes) acknowledged(ack uint32) (lost missing, ok bool) {
	kept := h.list[:0]
	for _, g := range h.list {
		if before(g.from, ack) {
			if !ok {
				lost, ok = g, true
			}
			continue
		}
		kept = append(kept, g)
	}
	h.list = kept
	return lost, ok
}

// proved takes what an acknowledgment says of bytes that the capture does not
// hold, and of segments that were sent again.
func (t *Tracker) proved(d *side, s *flow.Segment) {
	e := t.more()
	h := &e.holes[s.Dir^1]
	if g, ok := h.acknowledged(s.Ack); ok && !h.blurred {
		e.add(event{kind: unseen, dir: uint8(s.Dir ^ 1), packets: [3]uint32{g.number, uint32(s.At.Number)}})
	}
	if d.hasNext && before(d.next+1, s.Ack) { // a FIN has a number, too
		e.add(event{kind: unseen, dir: uint8(s.Dir ^ 1), packets: [3]uint32{0, uint32(s.At.Number)}})
		d.next = s.Ack
	}
	t.answered(d, s)
}

const tardiness = 10e6 // ns by which captures of several queues mix up packets

// tardy takes payload that was acknowledged before it was captured. Where that
// is a matter of the capture's order, the acknowledgment was no sign of loss.
func (t *Tracker) tardy(d *side, s *flow.Segment) {
	t.turns.take(s, t.side[s.Dir^1].next, max(leastMSS, int(t.mss)))
	d.nagle.stage, d.nagle.tainted = idle, false
	if t.events == nil || s.At.Nanos-d.advanced > tardiness {
		return
	}
	e := t.events
	for i := len(e.list) - 1; i >= 0; i-- {
		if x := &e.list[i]; x.kind == unseen && x.dir == uint8(s.Dir) && x.packets[1] == d.ackNumber {
			e.withdraw(unseen, i, 0)
			return
		}
	}
}
