package websocket

import "encoding/binary"

// opcode tells what a frame is (RFC 6455 section 5.2).
type opcode byte

const (
	continuation opcode = 0x0
	text         opcode = 0x1
	binaryData   opcode = 0x2
	closing      opcode = 0x8
	ping         opcode = 0x9
	pong         opcode = 0xa
)

// kinds names the opcodes; those that are not assigned keep their numbers.
var kinds = [16]string{
	"continuation", "text", "binary", "3", "4", "5", "6", "7",
	"close", "ping", "pong", "11", "12", "13", "14", "15",
}

func (o opcode) String() string { return kinds[o&0xf] }

// control reports whether frames with the opcode may come between fragments
// (section 5.5).
func (o opcode) control() bool { return o&0x8 != 0 }

func (o opcode) reserved() bool { return o > binaryData && o < closing || o > pong }

const (
	rsv1 = 0x40 // permessage-deflate: the message is compressed (RFC 7692 section 6)
	rsvs = 0x70
	fin  = 0x80
	mask = 0x80 // of the second byte

	maxControl = 125 // bytes of a control frame's payload
	length16   = 126
	length64   = 127
	maxHeader  = 14
)

// header is a frame's header (section 5.2).
type header struct {
	bits   byte // FIN, RSV1 to RSV3 and the opcode, as they came
	masked bool
	key    [4]byte
	length int64 // of the payload
	size   int   // of the header itself
	longer bool  // the length could have been said in fewer bytes
}

func (h *header) fin() bool      { return h.bits&fin != 0 }
func (h *header) rsv() byte      { return h.bits & rsvs }
func (h *header) opcode() opcode { return opcode(h.bits & 0xf) }

// parseHeader reads the header at the beginning of b. It returns size 0 where b
// does not hold all of it, and ok false for a length that cannot be.
func parseHeader(b []byte) (h header, ok bool) {
	if len(b) < 2 {
		return header{}, true
	}
	h.bits, h.masked, h.length = b[0], b[1]&mask != 0, int64(b[1]&^mask)
	size := 2
	switch h.length {
	case length16:
		if size += 2; len(b) < size {
			return header{}, true
		}
		h.length = int64(binary.BigEndian.Uint16(b[2:]))
		h.longer = h.length < length16
	case length64:
		if size += 8; len(b) < size {
			return header{}, true
		}
		n := binary.BigEndian.Uint64(b[2:])
		if n >= 1<<63 {
			return header{}, false
		}
		h.length, h.longer = int64(n), n < 1<<16
	}
	if h.masked {
		if len(b) < size+len(h.key) {
			return header{}, true
		}
		size += copy(h.key[:], b[size:])
	}
	h.size = size
	return h, true
}

// unmask appends the payload bytes src, the first of which is the frame's byte
// at, in clear to dst (section 5.3).
func (h *header) unmask(dst, src []byte, at int64) []byte {
	if !h.masked {
		return append(dst, src...)
	}
	n := len(dst)
	dst = append(dst, src...)
	var key [8]byte
	for i := range key {
		key[i] = h.key[(int(at)+i)&3]
	}
	wide := binary.LittleEndian.Uint64(key[:])
	rest := dst[n:]
	for ; len(rest) >= len(key); rest = rest[len(key):] {
		binary.LittleEndian.PutUint64(rest, binary.LittleEndian.Uint64(rest)^wide)
	}
	for i := range rest {
		rest[i] ^= key[i]
	}
	return dst
}
