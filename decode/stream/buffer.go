// Package stream helps dissectors of byte streams: a Buffer joins the chunks
// of one direction, hands out contiguous bytes and remembers which packet
// carried which of them. It borrows the chunk's bytes while it can, so that a
// message within one chunk is never copied.
package stream

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Buffer holds the bytes of one direction that are not consumed yet. The zero
// value is ready for use.
type Buffer struct {
	data  []byte // unread bytes: own[...] or borrowed from the chunk
	own   []byte // storage for bytes kept between chunks
	lent  bool   // data borrows the current chunk
	start int64  // stream offset of data[0]
	marks []mark // which packet carried the bytes up to end, in stream order
}

type mark struct {
	end int64
	at  layer.PacketRef
}

// Append adds a chunk behind the unread bytes. The chunk must follow them
// without a gap: on c.Gap > 0 call Reset first.
func (b *Buffer) Append(c dissect.Chunk) {
	if len(b.data) == 0 {
		b.data, b.lent, b.start = c.Data, true, c.Offset
		b.marks = append(b.marks[:0], mark{c.Offset + int64(len(c.Data)), c.At})
		return
	}
	b.Keep()
	b.own = append(b.own, c.Data...)
	b.data = b.own
	end := b.start + int64(len(b.data))
	if n := len(b.marks); n > 0 && b.marks[n-1].at == c.At {
		b.marks[n-1].end = end
		return
	}
	b.marks = append(b.marks, mark{end, c.At})
}

// Bytes returns the unread bytes; valid until the next call of Append, Keep,
// Reset, or the end of the chunk's life.
func (b *Buffer) Bytes() []byte { return b.data }

// Len returns the number of unread bytes.
func (b *Buffer) Len() int { return len(b.data) }

// Offset returns the stream offset of the first unread byte.
func (b *Buffer) Offset() int64 { return b.start }

// At returns the packet that carried the unread byte at index i; the last
// packet for an index beyond the end.
func (b *Buffer) At(i int) layer.PacketRef {
	off := b.start + int64(i)
	for _, m := range b.marks {
		if off < m.end {
			return m.at
		}
	}
	if n := len(b.marks); n > 0 {
		return b.marks[n-1].at
	}
	return layer.PacketRef{}
}

// Take consumes n bytes and returns the packets that carried the first and the
// last of them. Where p is not nil, each packet that carried some of them is
// added to it.
func (b *Buffer) Take(n int, p *flow.Packets) (first, last layer.PacketRef) {
	n = min(n, len(b.data))
	if n <= 0 {
		return
	}
	end := b.start + int64(n)
	drop := 0
	for i, m := range b.marks {
		if i == 0 {
			first = m.at
		}
		last = m.at
		if p != nil {
			p.Add(m.at.Number)
		}
		if m.end <= end {
			drop = i + 1
		}
		if m.end >= end {
			break
		}
	}
	if drop > 0 {
		b.marks = b.marks[:copy(b.marks, b.marks[drop:])]
	}
	b.data = b.data[n:]
	b.start = end
	return first, last
}

// Keep copies what is still borrowed. A dissector calls it at the end of Feed.
func (b *Buffer) Keep() {
	if len(b.data) == 0 {
		b.data, b.lent = nil, false
		if cap(b.own) > keepCapacity {
			b.own = nil
		}
		return
	}
	if b.lent {
		b.own = append(b.own[:0], b.data...)
		b.lent = false
	} else if len(b.data) < len(b.own) { // move the rest to the front
		b.own = b.own[:copy(b.own, b.data)]
	}
	b.data = b.own
}

// keepCapacity bounds the memory that an empty buffer holds on to.
const keepCapacity = 4096

// Reset forgets all unread bytes.
func (b *Buffer) Reset() {
	b.data, b.own, b.lent, b.marks = nil, nil, false, b.marks[:0]
}
