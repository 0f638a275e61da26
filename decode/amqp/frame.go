package amqp

import (
	"encoding/binary"
	"fmt"

	"github.com/wiresight/wiresight/decode/dissect"
)

// Frame types of AMQP 0-9-1 (section 4.2.3).
const (
	frameMethod    = 1
	frameHeader    = 2
	frameBody      = 3
	frameHeartbeat = 8
	frameEnd       = 0xce
)

// Sizes of the fixed parts.
const (
	protocolHeader = 8
	frameFixed     = 7 // type, channel, size
	frame1Fixed    = 8 // of AMQP 1.0: size, offset of the body, type, channel
	maxFrame       = 1 << 28
)

// dialect is what frames look like.
type dialect byte

const (
	undecided dialect = iota
	dialect091
	dialect10
)

const magic = "AMQP"

// isProtocolHeader reports whether b begins with a protocol header, as far as
// it reaches.
func isProtocolHeader(b []byte) bool {
	n := min(len(b), len(magic))
	return string(b[:n]) == magic[:n]
}

// dialectOf tells the dialect that a protocol header announces: AMQP 0 0 9 1,
// and with older versions 1 1 x y; 1.0 has its protocol id (0 for AMQP, 2 for
// TLS, 3 for SASL) and 1 0 0.
func dialectOf(b []byte) dialect {
	if b[5] == 1 && b[6] == 0 && b[4] != 1 {
		return dialect10
	}
	return dialect091
}

func versionName(b []byte) string {
	if dialectOf(b) == dialect10 {
		return map[byte]string{0: "1.0", 2: "1.0 with TLS", 3: "1.0 with SASL"}[b[4]]
	}
	if b[4] == 0 {
		return fmt.Sprintf("%d-%d-%d", b[5], b[6], b[7])
	}
	return fmt.Sprintf("%d-%d", b[6], b[7])
}

// measure returns the size of the frame or protocol header that b begins with,
// 0 where b is too short, and -1 where none begins so.
func measure(b []byte, d dialect) int64 {
	if isProtocolHeader(b) {
		if len(b) < protocolHeader {
			return 0
		}
		return protocolHeader
	}
	if d == dialect10 {
		return measure10(b)
	}
	if b[0] != frameMethod && b[0] != frameHeader && b[0] != frameBody && b[0] != frameHeartbeat {
		return -1
	}
	if len(b) < frameFixed {
		return 0
	}
	size := int64(binary.BigEndian.Uint32(b[3:]))
	if size > maxFrame || b[0] == frameHeartbeat && size != 0 || b[0] == frameMethod && size < 4 {
		return -1
	}
	return frameFixed + size + 1
}

func measure10(b []byte) int64 {
	if len(b) < 6 {
		return 0
	}
	size, offset := int64(binary.BigEndian.Uint32(b)), int64(b[4])*4
	if size < frame1Fixed || size > maxFrame || offset < frame1Fixed || offset > size || b[5] > 1 {
		return -1
	}
	return size
}

// wholeFrame reports whether b begins with a frame of AMQP 0-9-1 that ends as
// frames do, or, where it is longer than b, a method that is known.
func wholeFrame(b []byte) bool {
	if isProtocolHeader(b) {
		return len(b) >= protocolHeader
	}
	size := measure(b, dialect091)
	switch {
	case size <= 0:
		return false
	case int64(len(b)) >= size:
		return b[size-1] == frameEnd
	case b[0] == frameMethod && len(b) >= frameFixed+4:
		return methods[id(binary.BigEndian.Uint32(b[frameFixed:]))] != nil
	}
	return b[0] == frameBody && size > 4096 // a long body: nothing speaks against it
}

// probe judges the first bytes of one direction. A client begins with a
// protocol header; in the middle of a connection frames can be told by the
// octet at their end.
func probe(first []byte, datagram bool) dissect.Verdict {
	if datagram || len(first) == 0 {
		return dissect.Verdict{}
	}
	if isProtocolHeader(first) {
		if len(first) < protocolHeader {
			return dissect.Verdict{Match: dissect.More}
		}
		if v := first[4:protocolHeader]; v[0] > 3 || v[1] > 9 || v[2] > 10 || v[3] > 10 {
			return dissect.Verdict{}
		}
		return dissect.Verdict{Match: dissect.Yes, Client: dissect.Sender}
	}
	if !wholeFrame(first) {
		return dissect.Verdict{}
	}
	if first[0] == frameMethod && methods[id(binary.BigEndian.Uint32(first[frameFixed:]))] != nil && measure(first, dialect091) <= int64(len(first)) {
		return dissect.Verdict{Match: dissect.Yes}
	}
	return dissect.Verdict{Match: dissect.Maybe}
}
