// Package wire reads the numbers, texts and lengths that binary protocols are
// made of from the front of some bytes. A Reader that meets the end stays there
// and says so once, so that a parser is a list of what comes one after the
// other; a Tree is a Reader that notes what it read as fields.
package wire

import (
	"bytes"
	"encoding/binary"
)

// Reader reads bytes from the front. Each method returns zero or nil where
// there are too few bytes left, and from then on all do.
type Reader struct {
	b   []byte
	off int
	bad bool
}

// NewReader returns a Reader of b.
func NewReader(b []byte) Reader { return Reader{b: b} }

// OK reports whether all that was asked for was there.
func (r *Reader) OK() bool { return !r.bad }

// Len returns how many bytes are left, 0 behind the end.
func (r *Reader) Len() int { return len(r.b) }

// Offset returns how many bytes were read.
func (r *Reader) Offset() int { return r.off }

// Fail ends the reading, as where a value makes no sense.
func (r *Reader) Fail() { r.b, r.bad = nil, true }

// Bytes returns the next n bytes; they are not copied.
func (r *Reader) Bytes(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.Fail()
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	r.off += n
	return b
}

// Rest returns all that is left.
func (r *Reader) Rest() []byte { return r.Bytes(len(r.b)) }

// Peek returns all that is left and leaves it there.
func (r *Reader) Peek() []byte { return r.b }

// Limit cuts off what lies behind the next n bytes. It fails where there are
// fewer.
func (r *Reader) Limit(n int) {
	if n < 0 || n > len(r.b) {
		r.Fail()
		return
	}
	r.b = r.b[:n]
}

// U8 reads a byte.
func (r *Reader) U8() uint8 {
	if b := r.Bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// U16 reads two bytes, the high one first.
func (r *Reader) U16() uint16 {
	if b := r.Bytes(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

// U32 reads four bytes, the highest first.
func (r *Reader) U32() uint32 {
	if b := r.Bytes(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// U64 reads eight bytes, the highest first.
func (r *Reader) U64() uint64 {
	if b := r.Bytes(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// Little reads n bytes, at most eight, the lowest first.
func (r *Reader) Little(n int) uint64 {
	var v uint64
	for i, c := range r.Bytes(n) {
		v |= uint64(c) << (8 * i)
	}
	return v
}

// Text8, Text16 and Text32 read a length of 8, 16 or 32 bits and as many bytes.
func (r *Reader) Text8() []byte { return r.Bytes(int(r.U8())) }

// Text16 is described at Text8.
func (r *Reader) Text16() []byte { return r.Bytes(int(r.U16())) }

// Text32 is described at Text8.
func (r *Reader) Text32() []byte { return r.Bytes(int(int32(r.U32()))) }

// ZeroEnded reads the bytes before the next zero byte, and that byte.
func (r *Reader) ZeroEnded() []byte {
	i := bytes.IndexByte(r.b, 0)
	if i < 0 {
		r.Fail()
		return nil
	}
	b := r.Bytes(i)
	r.Bytes(1)
	return b
}

// Varint reads a number in groups of seven bits, the lowest first, of at most
// size bytes.
func (r *Reader) Varint(size int) uint64 {
	var v uint64
	for i := range size {
		c := r.U8()
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return v
		}
	}
	r.Fail()
	return 0
}
