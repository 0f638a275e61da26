package tcp

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// Budget bounds the bytes that wait for missing ones in all connections of a
// chain together.
type Budget struct {
	Used, Limit int
}

// Bounds of what one direction of one connection holds back.
const (
	maxHeldBytes    = 1 << 20
	maxHeldSegments = 2048
	// heldOverhead is charged for each held segment beside its bytes, so that a
	// flood of tiny segments cannot hide from the bounds.
	heldOverhead = 64
)

// half is one direction's byte stream. Bytes are handed on in order, once; of
// bytes that come twice the first are taken.
type half struct {
	dir    layer.Direction
	known  bool   // next is valid
	next   uint32 // sequence number of the next byte to hand on
	offset int64  // of that byte in the stream
	gap    int    // bytes before it that were cut off by the snap length or skipped
	fin    bool   // finSeq is valid
	finSeq uint32
	done   bool
	held   []heldSegment // beyond a hole, sorted by seq
	bytes  int           // of held, with overhead
}

type heldSegment struct {
	seq  uint32
	wire int // length on the wire; data may be shorter (snap length)
	data []byte
	at   layer.PacketRef
}

// receiver takes bytes in stream order.
type receiver interface {
	Chunk(c dissect.Chunk)
}

// segment takes a segment's payload. seq is the sequence number of its first
// byte; wire its length on the wire.
func (h *half) segment(seq uint32, data []byte, wire int, at layer.PacketRef, b *Budget, out receiver) {
	if h.done || wire == 0 {
		return
	}
	if !h.known {
		h.known, h.next = true, seq
	}
	if before(h.next, seq) {
		h.hold(heldSegment{seq, wire, data, at}, b, out)
		return
	}
	h.deliver(seq, data, wire, at, out)
	h.drain(b, out)
}

// seen reports whether bytes of a segment are behind next or held already.
func (h *half) seen(seq uint32, wire int) bool {
	if !h.known {
		return false
	}
	if before(seq, h.next) {
		return true
	}
	end := seq + uint32(wire)
	for _, s := range h.held {
		if before(s.seq, end) && before(seq, s.seq+uint32(s.wire)) {
			return true
		}
	}
	return false
}

// deliver hands on what is new of a segment that begins at or before next.
func (h *half) deliver(seq uint32, data []byte, wire int, at layer.PacketRef, out receiver) {
	old := int(h.next - seq)
	if old >= wire {
		return
	}
	fresh := wire - old
	var chunk []byte
	if old < len(data) {
		chunk = data[old:]
	}
	if len(chunk) > 0 {
		out.Chunk(dissect.Chunk{Dir: h.dir, Data: chunk, At: at, Offset: h.offset, Gap: h.gap})
		h.gap = 0
	}
	h.gap += fresh - len(chunk)
	h.offset += int64(fresh)
	h.next += uint32(fresh)
}

// hold keeps a segment that lies beyond a hole.
func (h *half) hold(s heldSegment, b *Budget, out receiver) {
	i := len(h.held)
	for i > 0 && before(s.seq, h.held[i-1].seq) {
		i--
	}
	if i > 0 && h.held[i-1].seq == s.seq && h.held[i-1].wire >= s.wire {
		return // nothing new
	}
	s.data = append([]byte(nil), s.data...)
	h.held = append(h.held, heldSegment{})
	copy(h.held[i+1:], h.held[i:])
	h.held[i] = s
	h.bytes += len(s.data) + heldOverhead
	b.Used += len(s.data) + heldOverhead
	for len(h.held) > maxHeldSegments || h.bytes > maxHeldBytes || (b.Used > b.Limit && len(h.held) > 0) {
		h.skip(b, out)
	}
}

// drain hands on held segments that are now in order.
func (h *half) drain(b *Budget, out receiver) {
	n := 0
	for n < len(h.held) && notAfter(h.held[n].seq, h.next) {
		s := h.held[n]
		n++
		h.release(s, b)
		h.deliver(s.seq, s.data, s.wire, s.at, out)
	}
	h.drop(n)
}

func (h *half) release(s heldSegment, b *Budget) {
	h.bytes -= len(s.data) + heldOverhead
	b.Used -= len(s.data) + heldOverhead
}

func (h *half) drop(n int) {
	if n == 0 {
		return
	}
	rest := copy(h.held, h.held[n:])
	clear(h.held[rest:])
	h.held = h.held[:rest]
	if rest == 0 && cap(h.held) > 64 {
		h.held = nil
	}
}

// skip gives up the hole before the first held segment: its bytes were lost.
func (h *half) skip(b *Budget, out receiver) {
	if len(h.held) == 0 {
		return
	}
	if missing := int32(h.held[0].seq - h.next); missing > 0 {
		h.gap += int(missing)
		h.offset += int64(missing)
		h.next = h.held[0].seq
	}
	h.drain(b, out)
}

// acked tells that the receiver has everything up to ack: what is still
// missing before it was delivered on the network and not captured.
func (h *half) acked(ack uint32, b *Budget, out receiver) {
	for len(h.held) > 0 && notAfter(h.held[0].seq, ack) {
		h.skip(b, out)
	}
}

// finish hands on everything that is still held.
func (h *half) finish(b *Budget, out receiver) {
	for len(h.held) > 0 {
		h.skip(b, out)
	}
	h.done = true
}
