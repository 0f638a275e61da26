package named

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
)

// shape is a protocol whose units tell their own size, or are datagrams.
type shape struct {
	name layer.Protocol
	osi  int
	// size returns the size of the unit that b begins with, 0 where b is too
	// short to tell, and less than 0 where no unit begins here. Not asked for
	// datagrams.
	size func(b []byte) int
	// prefix is the size of what frames a unit on streams and is not shown to
	// read.
	prefix int
	// need is how much of a unit read must have at the most: the rest is
	// counted and passed over. 0 is leastNeed.
	need int
	// read says what a unit is. b holds at least the smaller of the unit's size
	// and need; a datagram may be shorter than a unit should be.
	read func(b []byte, dir layer.Direction) unit
}

// Bounds of what a dissector of units keeps.
const (
	leastNeed = 256
	maxUnit   = 1 << 30
)

func (s *shape) entry(about string, stream, datagram bool, ports []uint16, probe func([]byte, bool) dissect.Verdict) dissect.Protocol {
	if s.need == 0 {
		s.need = leastNeed
	}
	return dissect.Protocol{
		Name: s.name, OSI: s.osi, About: about, Stream: stream, Datagram: datagram, Ports: ports, Probe: probe,
		New: func(c dissect.Context) dissect.Dissector { return &units{shape: s, datagram: c.Datagram} },
	}
}

// units reads a protocol with a shape.
type units struct {
	shape    *shape
	datagram bool
	said     bool
	half     [2]half
}

// half is one direction of a stream of units.
type half struct {
	in      stream.Buffer
	passing int  // bytes of the current unit to come
	size    int  // of the current unit
	lost    bool // no unit begins where one should
	current unit
	first   layer.PacketRef
	packets flow.Packets
}

// Feed implements dissect.Dissector.
func (d *units) Feed(out dissect.Sink, c dissect.Chunk) {
	h := &d.half[c.Dir]
	if d.datagram {
		h.packets.Reset()
		h.packets.Add(c.At.Number)
		u := d.shape.read(c.Data, c.Dir)
		d.say(out, h, &u, c.Dir, c.At, c.At, len(c.Data)+c.Cut, flow.Complete)
		return
	}
	if c.Gap > 0 {
		d.gap(out, h, c)
	}
	if h.lost {
		if n := d.resume(c.Data); n <= 0 || n > maxUnit {
			return
		}
		h.lost = false
	}
	if len(c.Data) == 0 {
		return
	}
	h.in.Append(c)
	for d.next(out, h, c.Dir) {
	}
	h.in.Keep()
}

// resume returns the size of the unit that a chunk begins with, 0 or less for
// none.
func (d *units) resume(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	return d.shape.size(b)
}

// gap passes over missing bytes: those inside a unit do no harm.
func (d *units) gap(out dissect.Sink, h *half, c dissect.Chunk) {
	if h.in.Len() == 0 && h.passing > 0 && c.Gap < h.passing {
		h.passing -= c.Gap
		return
	}
	d.cut(out, h, c.Dir)
	h.in.Reset()
	h.lost = true
}

// next reads a unit, or passes over the rest of one.
func (d *units) next(out dissect.Sink, h *half, dir layer.Direction) bool {
	b := h.in.Bytes()
	if len(b) == 0 {
		return false
	}
	if h.passing == 0 {
		n := d.shape.size(b)
		if n == 0 && len(b) < 2*d.shape.need {
			return false
		}
		if n <= 0 || n > maxUnit {
			if !d.said {
				out.Withdraw()
			}
			h.in.Reset()
			h.lost = true
			return false
		}
		if len(b) < min(n, d.shape.need) {
			return false
		}
		h.current = d.shape.read(b[d.shape.prefix:min(n, len(b))], dir)
		h.size, h.passing = n, n
		h.packets.Reset()
		h.first = h.in.At(0)
	}
	n := min(h.passing, len(b))
	_, last := h.in.Take(n, &h.packets)
	if h.passing -= n; h.passing > 0 {
		return false
	}
	d.say(out, h, &h.current, dir, h.first, last, h.size, flow.Complete)
	return true
}

func (d *units) say(out dissect.Sink, h *half, u *unit, dir layer.Direction, first, last layer.PacketRef, size int, state flow.State) {
	d.said = true
	u.say(out, d.shape.name, d.shape.osi, flow.Message{Dir: dir, First: first, Last: last, Packets: h.packets, Bytes: int64(size), State: state})
}

// cut says the unit that is open as far as it was seen.
func (d *units) cut(out dissect.Sink, h *half, dir layer.Direction) {
	if h.passing > 0 {
		d.say(out, h, &h.current, dir, h.first, h.first, h.size-h.passing, flow.Cut)
		h.passing = 0
	}
}

// Finish implements dissect.Dissector.
func (d *units) Finish(out dissect.Sink, _ bool) {
	for dir := range d.half {
		d.cut(out, &d.half[dir], layer.Direction(dir))
	}
}
