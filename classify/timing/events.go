package timing

import (
	"slices"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
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
	repair     [2]repair
	holes      [2]holes
	small      [2]smalls
	lone       [2]lones
}

// event is something that happened, with its packets.
type event struct {
	kind    kind
	dir     uint8     // that of the data, or of the segment that is the event
	before  bool      // lost before the capture point: the capture holds the second copy only
	packets [3]uint32 // as the kind needs them
	nanos   int64     // what it cost
	end     int64     // when that was over, nanoseconds; 0 where it is not to be placed
}

type kind uint8

const (
	synRetry   kind = iota
	timeout         // a segment was sent again after the retransmission timer ran out
	probe           // the last segment was sent again to find out (tail loss probe)
	recovery        // a segment was sent again after duplicate or selective acknowledgments
	spurious        // a segment was sent again that had arrived
	reordered       // a segment was overtaken on its way
	zeroWindow      // a window was closed
	unseen          // acknowledged but never captured
	resetBy         // a RST
	restart         // a burst after a long silence began with a small window again
	alive           // a TCP keep-alive; packets[1] counts the turns before it
	bigLost         // a full-sized segment was lost again and again
	gapped          // from when bytes were missing until they came: what came between had to wait
	kinds
)

const maxEvents = 16 // kept of each kind; all are counted

func (t *Tracker) more() *events {
	if t.events == nil {
		t.events = &events{}
	}
	return t.events
}

// add keeps an event. It returns its place in the list, -1 where that is full.
func (e *events) add(x event) int {
	e.count[x.kind]++
	e.cost[x.kind] += max(0, x.nanos)
	if e.count[x.kind] > maxEvents {
		return -1
	}
	e.list = append(e.list, x)
	return len(e.list) - 1
}

// withdraw takes back what turned out to be something else. The place in the
// list stays, so that other places keep their numbers.
func (e *events) withdraw(k kind, place int, nanos int64) {
	e.count[k]--
	e.cost[k] -= max(0, nanos)
	if place >= 0 {
		e.list[place].packets = [3]uint32{}
	}
}

// occurrences words the kept events of a kind, and returns how many were not
// kept.
func (e *events) occurrences(k kind, word func(*event) string) (list []claim.Occurrence, omitted int) {
	omitted = int(e.count[k])
	for i := range e.list {
		x := &e.list[i]
		if x.kind != k || x.packets == ([3]uint32{}) {
			continue
		}
		o := claim.Occurrence{Cost: nanoseconds(x.nanos), Shows: word(x)}
		for _, n := range x.packets {
			if n > 0 {
				o.Packets = append(o.Packets, int(n))
			}
		}
		slices.Sort(o.Packets)
		list = append(list, o)
		omitted--
	}
	return list, omitted
}

// note takes what the decoder's analysis says of a segment.
func (t *Tracker) note(s *flow.Segment) {
	if has(s.Analysis, flow.KeepAlive) {
		t.more().add(event{kind: alive, dir: uint8(s.Dir), packets: [3]uint32{uint32(s.At.Number), t.turns.count}, nanos: s.At.Nanos})
	}
	if has(s.Analysis, flow.ZeroWindow) {
		if e := t.more(); !e.zero[s.Dir].valid() {
			e.zero[s.Dir] = at(s.At)
		}
	}
}

// reopened ends a zero window.
func (t *Tracker) reopened(s *flow.Segment) {
	z := t.events.zero[s.Dir]
	if z.valid() && s.Window > 0 {
		t.events.zero[s.Dir] = mark{}
		t.events.add(event{kind: zeroWindow, dir: uint8(s.Dir), packets: [3]uint32{z.number, uint32(s.At.Number)}, nanos: s.At.Nanos - z.nanos})
	}
}

// reset takes a RST.
func (t *Tracker) reset(c *flow.Conversation, s *flow.Segment) {
	if t.syn.valid() && !c.TCP.Handshake.SYNACK.Valid() && s.Dir == 1 && s.Ack == t.side[0].next {
		t.refused = true
	}
	if c.TCP.Resets == 1 {
		t.more().add(event{kind: resetBy, dir: uint8(s.Dir), packets: [3]uint32{t.syn.number, uint32(s.At.Number)}})
	}
}

// KeepAlives returns TCP's keep-alives, the first ones, and how many of all came
// in one row; with data between them they are no row.
func (v *View) KeepAlives() (list []layer.PacketRef, row int) {
	if v.tracker == nil || v.tracker.events == nil {
		return nil, 0
	}
	var turns uint32
	for i := range v.tracker.events.list {
		x := &v.tracker.events.list[i]
		if x.kind != alive {
			continue
		}
		if len(list) == 0 || x.packets[1] != turns {
			list, turns = list[:0], x.packets[1]
		}
		list = append(list, layer.PacketRef{Number: int(x.packets[0]), Nanos: x.nanos})
	}
	return list, len(list)
}
