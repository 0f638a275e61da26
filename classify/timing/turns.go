package timing

import (
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// turns follows who speaks: a turn is a run of payload in one direction until
// payload flows the other way.
type turns struct {
	list    []turn // the first ones
	later   *later // sums of those after them
	count   uint32
	crossed uint32 // turns whose first segment had not seen all of the other side's bytes: no answer to them
	current int8   // direction of the last payload plus one
	opening int8   // direction of the first payload plus one
}

// turn is one run of payload.
type turn struct {
	begin, end int64 // nanoseconds
	number     uint32
}

// later sums the turns that are not kept one by one, and the pauses before
// them, by the direction of the turn.
type later struct {
	spoke, paused [2]int64
	pauses        [2]uint32
	end           int64 // of the last payload
}

const keepTurns = 8

// take follows a segment with new payload; peer is the sequence number after
// the other side's highest byte seen.
func (t *turns) take(s *flow.Segment, peer uint32) {
	dir := int8(s.Dir) + 1
	if dir == t.current {
		t.extend(s)
		return
	}
	switch {
	case t.count < keepTurns:
		if t.count == 0 {
			t.opening = dir
			t.list = make([]turn, 0, 2)
		}
		t.list = append(t.list, turn{s.At.Nanos, s.At.Nanos, uint32(s.At.Number)})
	default:
		if t.later == nil {
			t.later = &later{end: t.list[keepTurns-1].end}
		}
		t.later.paused[s.Dir] += max(0, s.At.Nanos-t.later.end)
		t.later.pauses[s.Dir]++
		t.later.end = max(t.later.end, s.At.Nanos)
	}
	if t.count > 0 && before(s.Ack, peer) {
		t.crossed++
	}
	t.count++
	t.current = dir
}

// extend takes payload that goes on in the direction that speaks.
func (t *turns) extend(s *flow.Segment) {
	if t.later != nil {
		t.later.spoke[s.Dir] += max(0, s.At.Nanos-t.later.end)
		t.later.end = max(t.later.end, s.At.Nanos)
		return
	}
	if n := len(t.list); n > 0 {
		t.list[n-1].end = max(t.list[n-1].end, s.At.Nanos)
	}
}

// end returns when the last payload went, 0 where there was none.
func (t *turns) end() int64 {
	switch {
	case t.later != nil:
		return t.later.end
	case len(t.list) > 0:
		return t.list[len(t.list)-1].end
	}
	return 0
}

// Turns is who spoke when, without regard to what was said.
type Turns struct {
	Count  int             // runs of payload
	Starts []int           // the packets that began the first ones
	First  layer.Direction // of the first one; they alternate

	Crossed int // turns that began before the sender had all of the turn before: they are no answer to it
}

// TurnsOf returns a conversation's turns as far as they were followed: those of
// TCP.
func TurnsOf(c *flow.Conversation) (Turns, bool) {
	t, ok := c.Tracker.(*Tracker)
	if !ok || t.turns.count == 0 {
		return Turns{}, false
	}
	u := Turns{Count: int(t.turns.count), First: layer.Direction(t.turns.opening - 1), Crossed: int(t.turns.crossed)}
	for i := range t.turns.list {
		u.Starts = append(u.Starts, int(t.turns.list[i].number))
	}
	return u, true
}

// direction returns that of a kept turn: they alternate.
func (t *turns) direction(i int) layer.Direction {
	return layer.Direction(t.opening-1) ^ layer.Direction(i&1)
}

// opened returns when the first turn of a direction and the turn that followed
// it began; invalid where they were not among the first two.
func (t *turns) opened(d layer.Direction) (turn, answer layer.PacketRef) {
	if t.count == 0 || t.opening != int8(d)+1 {
		return turn, answer
	}
	turn = t.list[0].ref()
	if t.count > 1 {
		answer = t.list[1].ref()
	}
	return turn, answer
}

func (t *turn) ref() layer.PacketRef { return layer.PacketRef{Number: int(t.number), Nanos: t.begin} }
