package timing

import (
	"math"
	"time"

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
	short   bool   // the last segment was not full: its sender had no more to send then
}

// turn is one run of payload.
type turn struct {
	begin, end   int64 // nanoseconds
	number, last uint32
	bytes        uint32
	paces        *paces // nil for none
}

// paces sums the pauses that the sender's application made in a turn.
type paces struct {
	count   uint32
	nanos   int64
	squares float64 // of seconds
}

// later sums the turns that are not kept one by one, and the pauses before
// them, by the direction of the turn.
type later struct {
	spoke, paused [2]int64
	pauses        [2]uint32
	end           int64 // of the last payload
}

const (
	keepTurns  = 24
	leastPiece = 5e6 // ns: a pause behind a segment that was not full, from which on the application made it
)

// take follows a segment with new payload; peer is the sequence number after
// the other side's highest byte seen, full the bytes of a full segment.
func (t *turns) take(s *flow.Segment, peer uint32, full int) {
	dir := int8(s.Dir) + 1
	if dir == t.current {
		t.extend(s)
	} else {
		t.turn(s, peer, dir)
	}
	t.short = s.Length%full != 0
}

// turn begins one.
func (t *turns) turn(s *flow.Segment, peer uint32, dir int8) {
	switch {
	case t.count < keepTurns:
		if t.count == 0 {
			t.opening = dir
			t.list = make([]turn, 0, 2)
		}
		n := uint32(s.At.Number)
		t.list = append(t.list, turn{begin: s.At.Nanos, end: s.At.Nanos, number: n, last: n, bytes: uint32(s.Length)})
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
		x := &t.list[n-1]
		if pause := s.At.Nanos - x.end; t.short && pause >= leastPiece {
			if x.paces == nil {
				x.paces = &paces{}
			}
			x.paces.count++
			x.paces.nanos += pause
			x.paces.squares += flow.Seconds(pause) * flow.Seconds(pause)
		}
		x.end, x.last = max(x.end, s.At.Nanos), uint32(s.At.Number)
		x.bytes += uint32(s.Length)
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
	Count int             // runs of payload
	Runs  []Run           // the first ones
	First layer.Direction // of the first one; they alternate

	Crossed int // turns that began before the sender had all of the turn before: they are no answer to it
}

// Run is one run of payload.
type Run struct {
	First, Last layer.PacketRef
	Bytes       int64
	Pauses      int           // that the sender's application made: behind a segment that was not full
	Pause       time.Duration // their mean
	Spread      float64       // of their lengths: the coefficient of variation
}

// run copies a kept turn.
func (t *turn) run() Run {
	r := Run{First: t.ref(), Last: layer.PacketRef{Number: int(t.last), Nanos: t.end}, Bytes: int64(t.bytes)}
	if p := t.paces; p != nil {
		n := float64(p.count)
		mean := flow.Seconds(p.nanos) / n
		r.Pauses, r.Pause, r.Spread = int(p.count), time.Duration(p.nanos/int64(p.count)), math.Sqrt(max(0, p.squares/n-mean*mean))/mean
	}
	return r
}

// TurnsOf returns a conversation's turns as far as they were followed: those of
// TCP.
func TurnsOf(c *flow.Conversation) (Turns, bool) {
	t, ok := c.Tracker.(*Tracker)
	if !ok || t.turns.count == 0 {
		return Turns{}, false
	}
	u := Turns{Count: int(t.turns.count), First: layer.Direction(t.turns.opening - 1), Crossed: int(t.turns.crossed)}
	u.Runs = make([]Run, 0, len(t.turns.list))
	for i := range t.turns.list {
		u.Runs = append(u.Runs, t.turns.list[i].run())
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
