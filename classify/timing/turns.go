package timing

import (
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// turns follows who speaks: a turn is a run of payload in one direction until
// payload flows the other way.
type turns struct {
	start   [keepTurns]uint32 // the packets that began the first turns
	first   int64             // when the first turn began
	second  int64             // and the second
	count   uint32
	crossed uint32 // turns whose first segment had not seen all of the other side's bytes: no answer to them
	current int8   // direction of the last payload plus one
	opening int8   // direction of the first payload plus one
}

const keepTurns = 8

// take follows a segment with new payload; peer is the sequence number after
// the other side's highest byte seen.
func (t *turns) take(s *flow.Segment, peer uint32) {
	dir := int8(s.Dir) + 1
	if dir == t.current {
		return
	}
	switch t.count {
	case 0:
		t.first, t.opening = s.At.Nanos, dir
	case 1:
		t.second = s.At.Nanos
	}
	if t.count < keepTurns {
		t.start[t.count] = uint32(s.At.Number)
	}
	if t.count > 0 && before(s.Ack, peer) {
		t.crossed++
	}
	t.count++
	t.current = dir
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
	for _, n := range t.turns.start[:min(t.turns.count, keepTurns)] {
		u.Starts = append(u.Starts, int(n))
	}
	return u, true
}

// opened returns when the first turn of a direction and the turn that followed
// it began; invalid where they were not among the first two.
func (t *turns) opened(d layer.Direction) (turn, answer layer.PacketRef) {
	if t.count == 0 || t.opening != int8(d)+1 {
		return turn, answer
	}
	turn = layer.PacketRef{Number: int(t.start[0]), Nanos: t.first}
	if t.count > 1 {
		answer = layer.PacketRef{Number: int(t.start[1]), Nanos: t.second}
	}
	return turn, answer
}
