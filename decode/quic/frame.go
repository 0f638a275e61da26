package quic

import (
	"errors"

	"github.com/quic-go/quic-go/quicvarint"
)

// Frame types that Initial packets carry (RFC 9000 section 12.4).
const (
	framePadding  = 0x00
	framePing     = 0x01
	frameACK      = 0x02
	frameACKECN   = 0x03
	frameCrypto   = 0x06
	frameClose    = 0x1c
	frameCloseApp = 0x1d
)

var frameNames = map[uint64]string{
	framePadding: "PADDING", framePing: "PING", frameACK: "ACK", frameACKECN: "ACK", frameCrypto: "CRYPTO",
	frameClose: "CONNECTION_CLOSE", frameCloseApp: "CONNECTION_CLOSE",
}

// frame is one frame; its slices borrow the packet.
type frame struct {
	kind   uint64
	offset uint64 // CRYPTO: of data; ACK: the largest packet number acknowledged
	data   []byte // CRYPTO; CONNECTION_CLOSE: the reason phrase
	code   uint64 // CONNECTION_CLOSE: the error
}

var errFrame = errors.New("malformed frame")

// parseFrame parses the frame at the start of b, which is not empty. A run of
// PADDING is one frame.
func parseFrame(b []byte) (f frame, size int, err error) {
	r := reader{b: b}
	f.kind = r.varint()
	switch f.kind {
	case framePadding:
		for len(r.b) > 0 && r.b[0] == 0 {
			r.b = r.b[1:]
		}
	case framePing:
	case frameACK, frameACKECN:
		parseACK(&r, &f)
	case frameCrypto: // RFC 9000 section 19.6
		f.offset = r.varint()
		f.data = r.bytes(r.varint())
	case frameClose, frameCloseApp: // RFC 9000 section 19.19
		f.code = r.varint()
		if f.kind == frameClose {
			r.varint() // the type of the frame at fault
		}
		f.data = r.bytes(r.varint())
	default:
		return f, 0, errFrame
	}
	if r.short {
		return f, 0, errFrame
	}
	return f, len(b) - len(r.b), nil
}

// parseACK parses an ACK frame after its type (RFC 9000 section 19.3).
func parseACK(r *reader, f *frame) {
	f.offset = r.varint()
	r.varint() // ACK Delay
	ranges := r.varint()
	r.varint() // First ACK Range
	for ; ranges > 0 && !r.short; ranges-- {
		r.varint() // Gap
		r.varint() // ACK Range Length
	}
	if f.kind == frameACKECN {
		r.varint()
		r.varint()
		r.varint()
	}
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
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}
