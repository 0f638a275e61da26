package stream

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Units cuts one direction of a stream into units that tell their length in
// their first bytes. Of a long unit only the beginning is kept; the rest is
// counted as it passes. Where bytes are missing within a unit of known length
// it goes on behind it; else it waits for a chunk that begins with a unit.
type Units struct {
	// Most is how many bytes of a unit are kept at most.
	Most int
	// Late tells that the stream may begin within a unit.
	Late bool

	in      Buffer
	begun   bool
	lost    bool
	stopped bool
	size    int64 // of the unit that in begins with, 0 while unknown
	open    bool  // that unit's head was taken, the rest is being passed over
	rest    int64
	head    []byte
	unit    Unit
}

// Unit is one unit of a stream. Its reader may use it until it returns.
type Unit struct {
	Dir     layer.Direction
	Head    []byte // its first bytes: all, but for a long or an incomplete unit
	Size    int64  // bytes that it announced
	Missing int64  // bytes of it that were not seen
	Cut     bool   // the stream ended, or was lost, before the unit did
	First   layer.PacketRef
	Last    layer.PacketRef
	Packets flow.Packets
}

// UnitReader knows what the units look like and takes them.
type UnitReader interface {
	// Measure returns the size of the unit that b begins with, 0 where b is too
	// short to tell, and a negative number where no unit begins so.
	Measure(dir layer.Direction, b []byte) int64
	// Begins reports whether a unit is likely to begin with b. It is asked of
	// chunks behind missing bytes.
	Begins(dir layer.Direction, b []byte) bool
	// Unit takes a unit.
	Unit(u *Unit)
	// Lost is told that it is not known where the next unit begins: bytes are
	// missing, or, where none are, no unit begins where one should.
	Lost(dir layer.Direction, missing bool)
}

// Whole reports whether all bytes of the unit are in its Head.
func (u *Unit) Whole() bool { return int64(len(u.Head)) == u.Size }

// Fill sets what a message has from its unit.
func (u *Unit) Fill(m *flow.Message) {
	m.Dir, m.First, m.Last, m.Packets, m.Bytes, m.State = u.Dir, u.First, u.Last, u.Packets, u.Size-u.Missing, flow.Complete
	if u.Cut || u.Missing > 0 {
		m.State = flow.Cut
	}
}

// Feed takes a chunk and hands the units that it completes to r.
func (s *Units) Feed(c dissect.Chunk, r UnitReader) {
	if !s.begun {
		s.begun, s.lost = true, s.Late || c.Offset > 0
	}
	if c.Gap > 0 && !s.leap(c, r) {
		s.lost = true
		r.Lost(c.Dir, true)
	}
	if s.lost {
		if !r.Begins(c.Dir, c.Data) {
			return
		}
		s.lost = false
	}
	s.in.Append(c)
	for s.next(c.Dir, r) {
	}
	s.in.Keep()
}

// leap passes over missing bytes. It reports whether it is known where the
// stream goes on.
func (s *Units) leap(c dissect.Chunk, r UnitReader) bool {
	gap := int64(c.Gap)
	if !s.open && s.size > 0 && s.in.Len() > 0 && gap <= s.size-int64(s.in.Len()) {
		s.begin(c.Dir)
	}
	if !s.open || gap > s.rest {
		s.cut(c.Dir, r)
		return false
	}
	s.rest -= gap
	s.unit.Missing += gap
	if s.rest == 0 {
		s.unit.Last = c.At
		s.done(r)
	}
	return true
}

// next takes one unit from the buffer, or what there is of a long one. It
// reports whether to go on.
func (s *Units) next(dir layer.Direction, r UnitReader) bool {
	b := s.in.Bytes()
	if len(b) == 0 || s.stopped {
		return false
	}
	if s.open {
		return s.pass(r)
	}
	if s.size == 0 {
		s.size = r.Measure(dir, b)
	}
	switch have := int64(len(b)); {
	case s.size < 0 || s.size == 0 && len(b) > s.Most:
		r.Lost(dir, false)
		s.in.Reset()
		s.size, s.lost = 0, true
		return false
	case s.size == 0:
		return false
	case have >= s.size:
		s.unit.Packets.Reset()
		s.unit = Unit{Dir: dir, Head: b[:min(s.size, int64(s.Most))], Size: s.size, Packets: s.unit.Packets}
		s.unit.First, s.unit.Last = s.in.Take(int(s.size), &s.unit.Packets)
		s.size = 0
		r.Unit(&s.unit)
		return true
	case len(b) >= s.Most:
		s.begin(dir)
	}
	return false
}

// begin takes all there is of a unit that is longer.
func (s *Units) begin(dir layer.Direction) {
	b := s.in.Bytes()
	s.head = append(s.head[:0], b[:min(len(b), s.Most)]...)
	s.unit.Packets.Reset()
	s.unit = Unit{Dir: dir, Head: s.head, Size: s.size, Packets: s.unit.Packets}
	s.open, s.rest, s.size = true, s.size-int64(len(b)), 0
	s.unit.First, s.unit.Last = s.in.Take(len(b), &s.unit.Packets)
}

// pass takes bytes of a long unit.
func (s *Units) pass(r UnitReader) bool {
	n := min(s.rest, int64(s.in.Len()))
	if room := s.Most - len(s.head); s.unit.Missing == 0 && room > 0 {
		s.head = append(s.head, s.in.Bytes()[:min(n, int64(room))]...)
		s.unit.Head = s.head
	}
	_, s.unit.Last = s.in.Take(int(n), &s.unit.Packets)
	if s.rest -= n; s.rest > 0 {
		return false
	}
	s.done(r)
	return true
}

func (s *Units) done(r UnitReader) {
	s.open = false
	r.Unit(&s.unit)
	if cap(s.head) > keepCapacity {
		s.head = nil
	}
}

// cut hands out what there is of a unit whose length is known.
func (s *Units) cut(dir layer.Direction, r UnitReader) {
	if !s.open && s.size > 0 && s.in.Len() > 0 {
		s.begin(dir)
	}
	if s.open {
		s.unit.Cut = true
		s.unit.Missing += s.rest
		s.done(r)
	}
	s.in.Reset()
	s.size = 0
}

// Finish ends the stream: a unit that is open is cut.
func (s *Units) Finish(dir layer.Direction, r UnitReader) {
	if !s.stopped {
		s.cut(dir, r)
	}
}

// Stop ends the cutting: another protocol follows, whose first bytes Drain
// returns.
func (s *Units) Stop() { s.stopped = true }

// Drain returns the unread bytes as a chunk and forgets them. It reports
// whether there were any. The chunk's bytes are valid until the next call.
func (s *Units) Drain(dir layer.Direction) (dissect.Chunk, bool) {
	c := dissect.Chunk{Dir: dir, Data: s.in.Bytes(), At: s.in.At(0), Offset: s.in.Offset()}
	s.in.Take(len(c.Data), nil)
	return c, len(c.Data) > 0
}
