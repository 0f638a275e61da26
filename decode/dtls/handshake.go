package dtls

import (
	"encoding/binary"

	"github.com/wiresight/wiresight/decode/tls"
)

// Handshake types that this package looks at.
const (
	clientHello = 1
	serverHello = 2
	helloVerify = 3
	certificate = 11
	keyExchange = 12
	helloDone   = 14
	finished    = 20
)

// Offsets in a handshake fragment (RFC 6347 section 4.2.2).
const (
	atMessageLength  = 1
	atMessageNumber  = 4
	atFragment       = 6
	atFragmentLength = 9
	fragmentHeader   = 12
)

// Bounds of what one direction keeps of unfinished messages.
const (
	maxMessage  = 64 << 10
	maxMessages = 16
)

// fragment is a handshake message or a part of one.
type fragment struct {
	kind           uint8
	number         uint16
	length, offset int
	data           []byte
}

// parseFragment reads the fragment that b begins with, and returns its size; 0
// where there is none.
func parseFragment(b []byte) (f fragment, size int) {
	if len(b) < fragmentHeader {
		return f, 0
	}
	f.kind, f.length = b[0], uint24(b[atMessageLength:])
	f.number, f.offset = binary.BigEndian.Uint16(b[atMessageNumber:]), uint24(b[atFragment:])
	n := uint24(b[atFragmentLength:])
	if len(b) < fragmentHeader+n || f.offset+n > f.length {
		return f, 0
	}
	f.data = b[fragmentHeader : fragmentHeader+n]
	return f, fragmentHeader + n
}

func uint24(b []byte) int { return int(b[0])<<16 | int(b[1])<<8 | int(b[2]) }

// assembler joins fragments, which may come in any order and several times.
type assembler struct {
	next     uint16
	messages map[uint16]*partial
}

type partial struct {
	body []byte
	have []bool // a bit for each byte would do; messages are few and short
	left int
}

// add takes a fragment. It returns the message's body once it is whole, and
// again that it was read before: a retransmission.
func (a *assembler) add(f *fragment) (body []byte, whole, again bool) {
	if f.number < a.next {
		return nil, false, true
	}
	if f.offset == 0 && len(f.data) == f.length {
		delete(a.messages, f.number)
		a.next = max(a.next, f.number+1)
		return f.data, true, false
	}
	if f.length > maxMessage {
		return nil, false, false
	}
	p := a.messages[f.number]
	if p == nil {
		if len(a.messages) >= maxMessages {
			return nil, false, false
		}
		if a.messages == nil {
			a.messages = map[uint16]*partial{}
		}
		p = &partial{body: make([]byte, f.length), have: make([]bool, f.length), left: f.length}
		a.messages[f.number] = p
	}
	if len(p.body) != f.length {
		return nil, false, false
	}
	for i, c := range f.data {
		if at := f.offset + i; !p.have[at] {
			p.have[at], p.body[at] = true, c
			p.left--
		}
	}
	if p.left > 0 {
		return nil, false, false
	}
	delete(a.messages, f.number)
	a.next = max(a.next, f.number+1)
	return p.body, true, false
}

// withoutCookie returns a ClientHello's body as TLS writes it: DTLS puts a
// cookie behind the session id (RFC 6347 section 4.2.1).
func withoutCookie(b []byte) []byte {
	const random = 2 + 32
	if len(b) < random+1 {
		return b
	}
	at := random + 1 + int(b[random])
	if at >= len(b) || at+1+int(b[at]) > len(b) {
		return b
	}
	rest := b[at+1+int(b[at]):]
	return append(append(make([]byte, 0, len(b)), b[:at]...), rest...)
}

// parseMessage reads a message's body. A ClientHello's offsets are off by its
// cookie.
func parseMessage(kind uint8, body []byte) (tls.Handshake, error) {
	const tls12 = 0x0303
	if kind == clientHello {
		body = withoutCookie(body)
	}
	if kind == helloVerify {
		return tls.Handshake{Type: kind, Body: body}, nil
	}
	return tls.ParseHandshake(kind, body, tls12)
}

func name(m *tls.Handshake) string {
	if m.Type == helloVerify {
		return "hello_verify_request"
	}
	return m.Name()
}
