package websocket

import (
	"unicode"
	"unicode/utf8"

	"github.com/wiresight/wiresight/decode/dissect"
)

// minProved is how many bytes of text prove a frame. Of eight bytes that chance
// and a chance mask made, one in some thousand is printable text, and of the
// header in front of them one in ten thousand fits.
const minProved = 8

// probe looks for a client's text messages: frames whose masked payload becomes
// printable text, and that make up all of first. Nothing else in a WebSocket
// tells it for sure.
func probe(first []byte, datagram bool) dissect.Verdict {
	if datagram || len(first) == 0 {
		return dissect.Verdict{}
	}
	proved := 0
	for b := first; len(b) > 0; {
		h, ok := parseHeader(b)
		if !ok || h.size == 0 || h.length > int64(len(b)-h.size) ||
			!h.fin() || h.rsv() != 0 || h.opcode() != text || !h.masked || h.longer || h.key == [4]byte{} {
			return dissect.Verdict{}
		}
		payload := b[h.size : h.size+int(h.length)]
		if !printable(h.unmask(nil, payload, 0)) {
			return dissect.Verdict{}
		}
		proved += len(payload)
		b = b[h.size+len(payload):]
	}
	if proved < minProved {
		return dissect.Verdict{}
	}
	return dissect.Verdict{Match: dissect.Yes, Client: dissect.Sender}
}

func printable(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 || !unicode.IsPrint(r) && !unicode.IsSpace(r) {
			return false
		}
		b = b[n:]
	}
	return true
}
