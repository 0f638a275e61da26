package quic

import (
	"errors"

	"github.com/quic-go/quic-go/quicvarint"
)

// Frame types (RFC 9000 section 12.4, RFC 9221, and those of the IANA registry
// that are in use).
const (
	framePadding            = 0x00
	framePing               = 0x01
	frameACK                = 0x02
	frameACKECN             = 0x03
	frameResetStream        = 0x04
	frameStopSending        = 0x05
	frameCrypto             = 0x06
	frameNewToken           = 0x07
	frameStream             = 0x08 // to 0x0f, with the bits below
	frameMaxData            = 0x10
	frameMaxStreamData      = 0x11
	frameMaxStreamsBidi     = 0x12
	frameMaxStreamsUni      = 0x13
	frameDataBlocked        = 0x14
	frameStreamDataBlocked  = 0x15
	frameStreamsBlockedBidi = 0x16
	frameStreamsBlockedUni  = 0x17
	frameNewConnectionID    = 0x18
	frameRetireConnectionID = 0x19
	framePathChallenge      = 0x1a
	framePathResponse       = 0x1b
	frameClose              = 0x1c
	frameCloseApp           = 0x1d
	frameHandshakeDone      = 0x1e
	frameImmediateACK       = 0x1f // draft-ietf-quic-ack-frequency
	frameResetStreamAt      = 0x24 // draft-ietf-quic-reliable-stream-reset
	frameDatagram           = 0x30
	frameDatagramLength     = 0x31
	frameACKFrequency       = 0xaf // draft-ietf-quic-ack-frequency

	streamFin    = 0x01
	streamLength = 0x02
	streamOffset = 0x04
)

// frame is one frame. Its slices borrow the packet.
type frame struct {
	kind   uint64
	at     int    // offset in the packet's payload
	size   int    // bytes, type included
	stream uint64 // its id; NEW_ and RETIRE_CONNECTION_ID: the sequence number
	offset uint64 // of data; ACK: the largest number acknowledged; NEW_CONNECTION_ID: Retire Prior To
	limit  uint64 // MAX_*, *_BLOCKED: the limit; RESET_STREAM: the final size; ACK: the delay, not scaled
	code   uint64 // of an error; CONNECTION_CLOSE of type 0x1c: see cause
	cause  uint64 // CONNECTION_CLOSE: the type of the frame at fault
	data   []byte // STREAM, CRYPTO, DATAGRAM, tokens, ids; CONNECTION_CLOSE: the reason phrase; ACK: the ranges
	token  []byte // NEW_CONNECTION_ID: the stateless reset token
	ecn    [3]uint64
	fin    bool
}

var (
	errFrame        = errors.New("malformed frame")
	errUnknownFrame = errors.New("frame of unknown type")
)

// isStream reports whether the frame carries data of a stream.
func (f *frame) isStream() bool { return f.kind >= frameStream && f.kind < frameStream+8 }

// parseFrame parses the frame at the start of b, which is not empty. A run of
// PADDING is one frame. What follows a frame of unknown type cannot be read.
func parseFrame(b []byte) (f frame, err error) {
	r := reader{b: b}
	f.kind = r.varint()
	switch f.kind {
	case framePadding:
		for len(r.b) > 0 && r.b[0] == 0 {
			r.b = r.b[1:]
		}
	case framePing, frameHandshakeDone, frameImmediateACK:
	case frameACK, frameACKECN:
		parseACK(&r, &f)
	case frameCrypto: // RFC 9000 section 19.6
		f.offset = r.varint()
		f.data = r.bytes(r.varint())
	case frameNewToken: // section 19.7
		f.data = r.bytes(r.varint())
	case frameDatagram: // RFC 9221 section 4
		f.data, r.b = r.b, nil
	case frameDatagramLength:
		f.data = r.bytes(r.varint())
	case frameClose, frameCloseApp: // RFC 9000 section 19.19
		f.code = r.varint()
		if f.kind == frameClose {
			f.cause = r.varint()
		}
		f.data = r.bytes(r.varint())
	case framePathChallenge, framePathResponse: // section 19.17
		f.data = r.bytes(8)
	case frameNewConnectionID: // section 19.15
		f.stream, f.offset = r.varint(), r.varint()
		n := r.bytes(1)
		if len(n) == 0 || n[0] < 1 || n[0] > maxConnectionID || f.offset > f.stream {
			return f, errFrame
		}
		f.data = r.bytes(uint64(n[0]))
		f.token = r.bytes(resetToken)
	case frameACKFrequency:
		r.varint()
		r.varint()
		r.varint()
		r.varint()
	default:
		if !f.parseStreamFrame(&r) {
			return f, errUnknownFrame
		}
	}
	if r.short {
		return f, errFrame
	}
	f.size = len(b) - len(r.b)
	return f, nil
}

// parseStreamFrame parses frames that name a stream or a limit. It reports
// whether the type is known.
func (f *frame) parseStreamFrame(r *reader) bool {
	switch f.kind {
	case frameResetStream, frameResetStreamAt: // RFC 9000 section 19.4
		f.stream, f.code, f.limit = r.varint(), r.varint(), r.varint()
		if f.kind == frameResetStreamAt {
			f.offset = r.varint() // the size that is still delivered
		}
	case frameStopSending: // section 19.5
		f.stream, f.code = r.varint(), r.varint()
	case frameMaxStreamData, frameStreamDataBlocked: // sections 19.10, 19.13
		f.stream, f.limit = r.varint(), r.varint()
	case frameMaxData, frameMaxStreamsBidi, frameMaxStreamsUni, frameDataBlocked, frameStreamsBlockedBidi, frameStreamsBlockedUni:
		f.limit = r.varint()
	case frameRetireConnectionID: // section 19.16
		f.stream = r.varint()
	default:
		if !f.isStream() {
			return false
		}
		f.parseStream(r)
	}
	return true
}

// parseStream parses a STREAM frame after its type (RFC 9000 section 19.8).
func (f *frame) parseStream(r *reader) {
	f.fin = f.kind&streamFin != 0
	f.stream = r.varint()
	if f.kind&streamOffset != 0 {
		f.offset = r.varint()
	}
	if f.kind&streamLength != 0 {
		f.data = r.bytes(r.varint())
	} else {
		f.data, r.b = r.b, nil
	}
	if f.offset+uint64(len(f.data)) > maxOffset {
		r.short = true
	}
}

// maxOffset is the largest offset of a stream (RFC 9000 section 4.5).
const maxOffset = 1<<62 - 1

// parseACK parses an ACK frame after its type (RFC 9000 section 19.3).
func parseACK(r *reader, f *frame) {
	f.offset = r.varint()
	f.limit = r.varint()
	n := r.varint()
	all := r.b
	r.varint() // First ACK Range
	for ; n > 0 && !r.short; n-- {
		r.varint() // Gap
		r.varint() // ACK Range Length
	}
	f.data = all[:len(all)-len(r.b)]
	if f.kind == frameACKECN {
		for i := range f.ecn {
			f.ecn[i] = r.varint()
		}
	}
}

// acked walks the ranges of an ACK frame from the largest number down.
type acked struct {
	rest []byte
	from uint64 // smallest number of the last range; its gap follows
	any  bool
}

// next returns the next range: its smallest number and its largest plus one.
func (a *acked) next(f *frame) (from, to uint64, ok bool) {
	if !a.any {
		a.any, a.rest, a.from = true, f.data, f.offset+2
	} else if len(a.rest) == 0 {
		return 0, 0, false
	}
	r := reader{b: a.rest}
	gap := uint64(0)
	if len(a.rest) < len(f.data) {
		gap = r.varint()
	}
	length := r.varint()
	a.rest = r.b
	if r.short || a.from < gap+2 || a.from-gap-2 < length {
		a.rest = nil
		return 0, 0, false
	}
	largest := a.from - gap - 2
	a.from = largest - length
	return a.from, largest + 1, true
}

// reader takes values from b; short says that there were too few bytes.
type reader struct {
	b     []byte
	short bool
}

func (r *reader) varint() uint64 {
	v, n, err := quicvarint.Parse(r.b)
	if err != nil {
		r.short, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.short, r.b = true, nil
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}
