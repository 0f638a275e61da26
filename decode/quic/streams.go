package quic

import (
	"slices"
	"time"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// streams are the streams of a connection.
type streams struct {
	open    map[uint64]*stream
	done    [4]ranges // streams that have ended, by the two lowest bits of their ids
	holding []holding
	early   earlyState
	first0  uint64 // number of the first 0-RTT packet with stream data
}

// holding is a half that waits for bytes.
type holding struct {
	s   *stream
	dir layer.Direction
}

// earlyState tells what is known of the server's mind on 0-RTT data, which is
// held until then: data that it refuses was never received.
type earlyState uint8

const (
	earlyNone earlyState = iota
	earlyHeld
	earlyTaken
	earlyRefused
)

// maxStreams bounds the streams of a connection that are open at a time.
const maxStreams = 4096

// stream returns a stream, making it where it is new; nil for one that has ended,
// or where too many are open.
func (c *connection) stream(id uint64, at layer.PacketRef) *stream {
	t := &c.streams
	if s := t.open[id]; s != nil {
		return s
	}
	if t.done[id&3].has(id >> 2) {
		return nil
	}
	if len(t.open) >= maxStreams {
		return nil
	}
	if t.open == nil {
		t.open = map[uint64]*stream{}
	}
	s := &stream{id: id}
	t.open[id] = s
	opener := openedBy(id, c.client)
	c.d.facts.Streams[opener]++
	c.counts[opener][id>>1&1].sent(id>>2+1, at, true, blocks{q: c.d.facts, dir: opener, what: flow.StreamCount})
	for dir := range s.half {
		if d := layer.Direction(dir); carries(id, d, c.client) {
			if limit, known := c.streamLimit(id, d); known {
				s.half[dir].limit.start(limit)
			}
		} else {
			s.half[dir].ended = true
		}
	}
	return s
}

// streamFrame takes a STREAM frame.
func (c *connection) streamFrame(r *reading, f *frame) {
	dir := r.chunk.Dir
	if !carries(f.stream, dir, c.client) {
		r.out.Problem(Name, "STREAM frame against the direction of its stream")
		return
	}
	s := c.stream(f.stream, r.chunk.At)
	if s == nil {
		c.d.facts.Resent[dir] += int64(len(f.data))
		return
	}
	h := &s.half[dir]
	c.account(r, s, h, f)
	if h.ended {
		return
	}
	if f.fin && !h.sized {
		h.sized, h.final = true, f.offset+uint64(len(f.data))
	}
	p := piece{offset: f.offset, data: f.data, at: r.chunk.At, number: r.number}
	if r.packet.kind == zeroRTT && c.streams.early != earlyTaken {
		if c.streams.early == earlyRefused {
			return
		}
		if c.streams.early == earlyNone {
			c.streams.early, c.streams.first0 = earlyHeld, r.number
		}
		c.hold(s, h, dir, p)
		return
	}
	if p.offset > h.next {
		c.hold(s, h, dir, p)
		if h.crowded(c.d.budget) || c.late(h, dir, r.chunk.At) {
			c.skip(r.out, s, dir)
		}
		return
	}
	c.deliver(r.out, s, dir, p, 0)
	c.drain(r.out, s, dir)
}

// account takes the frame into the facts.
func (c *connection) account(r *reading, s *stream, h *half, f *frame) {
	dir, q := r.chunk.Dir, c.d.facts
	end := f.offset + uint64(len(f.data))
	q.Resent[dir] += int64(h.overlap(f.offset, end))
	if end <= h.highest {
		return
	}
	c.sent[dir] += end - h.highest
	h.highest = end
	at := r.chunk.At
	h.limit.sent(end, at, f.fin, blocks{q: q, dir: dir, what: flow.StreamData, stream: s.id})
	c.data[dir].sent(c.sent[dir], at, false, blocks{q: q, dir: dir, what: flow.ConnectionData})
}

// hold keeps bytes that came before their turn.
func (c *connection) hold(s *stream, h *half, dir layer.Direction, p piece) {
	if t := &c.streams; !h.waits {
		if len(t.holding) >= maxStreams {
			t.holding = slices.DeleteFunc(t.holding, func(w holding) bool { return w.s.half[w.dir].ended })
		}
		t.holding = append(t.holding, holding{s, dir})
		h.waits = true
	}
	h.hold(p, c.d.budget)
}

// deliver hands bytes on that begin at or before the next offset, behind a gap.
func (c *connection) deliver(out dissect.Sink, s *stream, dir layer.Direction, p piece, gap int) {
	h := &s.half[dir]
	if p.offset < h.next {
		p.data = p.data[min(h.next-p.offset, uint64(len(p.data))):]
	}
	end := h.sized && h.next+uint64(len(p.data)) >= h.final
	if len(p.data) == 0 && !end {
		return
	}
	h.begun = true
	chunk := dissect.Chunk{
		Dir: dir, Data: p.data, At: p.at, Offset: int64(h.next), Gap: gap, Stream: s.id, Connection: c.serial, End: end,
		Reset: end && h.reset, Code: h.code,
	}
	h.next += uint64(len(p.data))
	h.carrier = p.number
	h.ended = end
	c.hand(out, chunk)
	if end {
		h.drop(c.d.budget)
		c.retire(out, s, chunk)
	}
}

// drain hands on what waited for the bytes that came.
func (c *connection) drain(out dissect.Sink, s *stream, dir layer.Direction) {
	h := &s.half[dir]
	for len(h.held) > 0 && h.held[0].offset <= h.next && !h.ended {
		c.deliver(out, s, dir, h.pop(c.d.budget), 0)
	}
}

// skip gives up the bytes in front of those that are held.
func (c *connection) skip(out dissect.Sink, s *stream, dir layer.Direction) {
	h := &s.half[dir]
	if len(h.held) == 0 {
		return
	}
	p := h.pop(c.d.budget)
	gap := int(p.offset - h.next)
	h.next = p.offset
	c.deliver(out, s, dir, p, gap)
	c.drain(out, s, dir)
}

// retire forgets a stream that has ended in both directions. What a protocol
// that reads each stream by itself waits for, the other direction of a
// unidirectional stream, ends too.
func (c *connection) retire(out dissect.Sink, s *stream, last dissect.Chunk) {
	if !s.half[0].ended || !s.half[1].ended {
		return
	}
	delete(c.streams.open, s.id)
	c.streams.done[s.id&3].add(s.id>>2, s.id>>2+1)
	if s.id&unidirectional != 0 {
		last.Dir, last.Data, last.Gap, last.Offset, last.Reset, last.End = last.Dir.Reverse(), nil, 0, 0, false, true
		c.hand(out, last)
	}
}

// hand hands a chunk to the protocol inside.
func (c *connection) hand(out dissect.Sink, chunk dissect.Chunk) {
	if !c.named {
		c.named, c.inner = true, c.protocol(out)
	}
	out.Inner(c.inner, chunk)
}

// protocol returns what the handshake agreed on. Where that could not be read it
// is what the client offered, if that is one protocol.
func (c *connection) protocol(out dissect.Sink) layer.Protocol {
	if c.alpn != "" {
		return out.Announced(c.alpn)
	}
	var p layer.Protocol
	for i, name := range c.offered {
		known := out.Announced(name)
		if i > 0 && known != p {
			return ""
		}
		p = known
	}
	return p
}

// resetStream takes a RESET_STREAM frame: nothing follows.
func (c *connection) resetStream(r *reading, f *frame) {
	dir := r.chunk.Dir
	if !carries(f.stream, dir, c.client) {
		return
	}
	s := c.stream(f.stream, r.chunk.At)
	if s == nil || s.half[dir].ended {
		return
	}
	h := &s.half[dir]
	h.reset, h.code, h.sized, h.final = true, f.code, true, f.offset // 0 but for RESET_STREAM_AT
	if h.next < h.final {
		return
	}
	h.final = h.next
	c.deliver(r.out, s, dir, piece{offset: h.next, at: r.chunk.At, number: r.number}, 0)
}

// missed goes on behind bytes of a direction that are not in the capture: the
// packets that carried them were acknowledged, so nobody will send them again.
func (c *connection) missed(r *reading, dir layer.Direction) {
	t := &c.streams
	n := &c.packets[dir][spaceApplication]
	if t.early == earlyHeld && dir == c.client && n.acked.has(t.first0) {
		c.streams.decide(c, r, true)
	}
	for i := 0; i < len(t.holding); i++ {
		w := t.holding[i]
		h := &w.s.half[w.dir]
		if len(h.held) == 0 || h.ended {
			h.waits = false
			t.holding = slices.Delete(t.holding, i, i+1)
			i--
			continue
		}
		if w.dir != dir || t.early == earlyHeld && dir == c.client {
			continue
		}
		if n.missed(c.searched(h, n), h.held[0].number) || c.late(h, dir, r.chunk.At) {
			c.skip(r.out, w.s, w.dir)
		}
	}
}

// searched returns the number from which on the packets may have carried the
// bytes that a half waits for.
func (c *connection) searched(h *half, n *numbers) uint64 {
	const far = 64
	from := n.seen.list[0].from
	if h.begun && h.carrier < h.held[0].number {
		return h.carrier + 1
	}
	if h.held[0].number > from+far && h.begun {
		return h.held[0].number - far
	}
	return from
}

// late reports whether missing bytes would have been sent again long ago.
func (c *connection) late(h *half, dir layer.Direction, now layer.PacketRef) bool {
	return now.Nanos-h.held[0].at.Nanos > int64(time.Second)+8*c.d.facts.RTT[dir].Smoothed
}

// decide ends the wait for the server's mind on 0-RTT data.
func (t *streams) decide(c *connection, r *reading, accepted bool) {
	waited := t.early == earlyHeld
	if !accepted {
		t.early = earlyRefused
		if waited { // what follows on streams of the same ids is other data
			t.drop(c.d.budget)
			t.open, t.holding = nil, nil
		}
		return
	}
	t.early = earlyTaken
	if !waited {
		return
	}
	for _, w := range slices.Clone(t.holding) {
		if w.dir == c.client {
			c.drain(r.out, w.s, w.dir)
		}
	}
}

// drop gives back what is held.
func (t *streams) drop(b *budget) {
	for _, s := range t.open {
		s.half[0].drop(b)
		s.half[1].drop(b)
	}
}

// finish hands on what is still held, with the gaps in between.
func (t *streams) finish(c *connection, out dissect.Sink) {
	for _, w := range slices.Clone(t.holding) {
		h := &w.s.half[w.dir]
		c.drain(out, w.s, w.dir)
		for len(h.held) > 0 && !h.ended {
			c.skip(out, w.s, w.dir)
		}
	}
	t.holding = nil
	for _, id := range sorted(t.open) {
		for dir := range t.open[id].half {
			d := layer.Direction(dir)
			t.open[id].half[dir].limit.finish(c.last, blocks{q: c.d.facts, dir: d, what: flow.StreamData, stream: id})
		}
	}
	t.drop(c.d.budget)
}

func sorted(m map[uint64]*stream) []uint64 {
	ids := make([]uint64, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
