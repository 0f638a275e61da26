package quic

import (
	"slices"

	"github.com/wiresight/wiresight/decode/layer"
)

// half is one direction of a stream. Its bytes are handed on in order; what
// comes before its turn is held.
type half struct {
	next    uint64 // offset of the first byte that was not handed on
	highest uint64 // offset behind the last byte seen
	carrier uint64 // number of the packet that carried the last byte handed on
	final   uint64 // final size, where sized is set
	sized   bool
	begun   bool
	ended   bool // all of it was handed on, or its sender gave it up
	reset   bool // it ends by RESET_STREAM
	code    uint64
	held    []piece // by offset, not overlapping
	bytes   int     // in held
	waits   bool    // it is in streams.holding

	limit flowLimit
}

// piece are bytes that came before those in front of them.
type piece struct {
	offset uint64
	data   []byte
	at     layer.PacketRef
	number uint64 // of the packet
}

func (p *piece) end() uint64 { return p.offset + uint64(len(p.data)) }

// Bounds of what is held.
const (
	maxHeld       = 2 << 20  // bytes of one direction of a stream
	maxHeldAll    = 64 << 20 // bytes of all connections of a capture
	maxPieces     = 1024     // of one direction of a stream
	pieceOverhead = 64       // what a piece costs besides its bytes
)

// budget counts the bytes that all connections hold.
type budget struct{ used int }

func (b *budget) full() bool { return b.used >= maxHeldAll }

// hold keeps bytes that cannot be handed on yet.
func (h *half) hold(p piece, b *budget) {
	i, found := slices.BinarySearchFunc(h.held, p.offset, func(q piece, offset uint64) int {
		return compare(q.offset, offset)
	})
	if found && h.held[i].end() >= p.end() {
		return
	}
	if i > 0 { // cut what the piece in front holds already
		if front := h.held[i-1].end(); front >= p.end() {
			return
		} else if front > p.offset {
			p.data, p.offset = p.data[front-p.offset:], front
		}
	}
	last := i
	for last < len(h.held) && h.held[last].end() <= p.end() { // covered by the new one
		h.release(&h.held[last], b)
		last++
	}
	if last < len(h.held) && h.held[last].offset < p.end() {
		p.data = p.data[:h.held[last].offset-p.offset]
	}
	p.data = slices.Clone(p.data)
	h.bytes += len(p.data) + pieceOverhead
	b.used += len(p.data) + pieceOverhead
	h.held = slices.Replace(h.held, i, last, p)
}

func (h *half) release(p *piece, b *budget) {
	h.bytes -= len(p.data) + pieceOverhead
	b.used -= len(p.data) + pieceOverhead
}

// pop takes the first piece out.
func (h *half) pop(b *budget) piece {
	p := h.held[0]
	h.release(&p, b)
	h.held[0] = piece{}
	h.held = h.held[1:]
	if len(h.held) == 0 {
		h.held = nil
	}
	return p
}

// drop forgets all that is held.
func (h *half) drop(b *budget) {
	b.used -= h.bytes
	h.held, h.bytes = nil, 0
}

// crowded reports whether so much is held that the missing bytes are not waited
// for any longer.
func (h *half) crowded(b *budget) bool {
	return h.bytes > maxHeld || len(h.held) > maxPieces || b.full()
}

// overlap counts the bytes of a run that were there before.
func (h *half) overlap(from, to uint64) (n uint64) {
	if from < h.next {
		n = min(to, h.next) - from
	}
	for i := range h.held {
		if lo, hi := max(from, h.held[i].offset), min(to, h.held[i].end()); lo < hi {
			n += hi - lo
		}
	}
	return n
}

func compare(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// stream is one stream of a connection.
type stream struct {
	id   uint64
	half [2]half // by direction
}

// The bits of a stream's id (RFC 9000 section 2.1).
const (
	byServer       = 1
	unidirectional = 2
)

// openedBy returns the direction in which the endpoint that opened a stream
// sends.
func openedBy(id uint64, client layer.Direction) layer.Direction {
	if id&byServer == 0 {
		return client
	}
	return client.Reverse()
}

// carries reports whether data may go in a direction of the stream.
func carries(id uint64, dir, client layer.Direction) bool {
	return id&unidirectional == 0 || openedBy(id, client) == dir
}
