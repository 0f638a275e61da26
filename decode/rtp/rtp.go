// Package rtp reads the headers of media packets (RTP, RFC 3550) and of their
// reports (RTCP), in the clear or encrypted: SRTP (RFC 3711) leaves headers
// readable. It measures loss, order and jitter of each stream. Payloads are
// passed over. Nothing in a single packet proves that it is RTP: the chain
// hands over what a session description or the company of STUN and DTLS
// announced.
package rtp

import (
	"encoding/binary"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// The protocols' names.
const (
	Name    layer.Protocol = "rtp"
	Control layer.Protocol = "rtcp"
)

const osi = 7

// Protocol returns the registry's entry of RTP.
func Protocol() dissect.Protocol {
	return dissect.Protocol{
		Name: Name, OSI: osi, Datagram: true, Shares: true,
		About: "RTP carries sound and pictures as they happen. Each packet has a number, by which loss shows, and a time stamp, by which it is played at the right moment.",
		Probe: func(first []byte, _ bool) dissect.Verdict {
			if h, ok := parse(first); ok && !isControl(first) && h.size <= len(first) {
				return dissect.Verdict{Match: dissect.Maybe}
			}
			return dissect.Verdict{}
		},
		New: func(c dissect.Context) dissect.Dissector { return newMedia() },
	}
}

// ControlProtocol returns the registry's entry of RTCP.
func ControlProtocol() dissect.Protocol {
	return dissect.Protocol{
		Name: Control, OSI: osi, Datagram: true, Shares: true,
		About: "RTCP goes beside RTP: senders and receivers report what they sent, lost and how much packets jittered, and ask for what is missing.",
		Probe: func(first []byte, _ bool) dissect.Verdict {
			switch {
			case !isControl(first):
				return dissect.Verdict{}
			case wholeCompound(first):
				return dissect.Verdict{Match: dissect.Yes}
			}
			return dissect.Verdict{Match: dissect.Maybe}
		},
		New: func(dissect.Context) dissect.Dissector { return &control{} },
	}
}

// Offsets in an RTP packet (RFC 3550 section 5.1).
const (
	atSequence = 2
	atStamp    = 4
	atSSRC     = 8
	fixedSize  = 12
)

// header is an RTP packet's header.
type header struct {
	padding, extension, marker bool
	csrcs                      int
	payloadType                uint8
	sequence                   uint16
	stamp                      uint32
	ssrc                       uint32
	size                       int // with CSRCs and extension
}

// parse reads a header; ok is false where b begins with none.
func parse(b []byte) (h header, ok bool) {
	if len(b) < fixedSize || b[0]>>6 != 2 {
		return h, false
	}
	h.padding, h.extension, h.csrcs = b[0]&0x20 != 0, b[0]&0x10 != 0, int(b[0]&15)
	h.marker, h.payloadType = b[1]&0x80 != 0, b[1]&0x7f
	h.sequence = binary.BigEndian.Uint16(b[atSequence:])
	h.stamp = binary.BigEndian.Uint32(b[atStamp:])
	h.ssrc = binary.BigEndian.Uint32(b[atSSRC:])
	h.size = fixedSize + 4*h.csrcs
	if h.extension && len(b) >= h.size+4 {
		h.size += 4 + 4*int(binary.BigEndian.Uint16(b[h.size+2:]))
	}
	return h, true
}

// isControl tells RTCP from RTP on the same port (RFC 5761 section 4).
func isControl(b []byte) bool {
	return len(b) >= 8 && b[0]>>6 == 2 && b[1] >= 192 && b[1] <= 223
}

// wholeCompound reports whether b is a compound packet in the clear: reports
// first, and packets that fill it (RFC 3550 section 6.1, appendix A.2).
func wholeCompound(b []byte) bool {
	if b[1] != senderReport && b[1] != receiverReport || b[0]&0x20 != 0 {
		return false
	}
	for len(b) >= 4 && b[0]>>6 == 2 {
		n := 4 + 4*int(binary.BigEndian.Uint16(b[2:]))
		if n > len(b) {
			return false
		}
		b = b[n:]
	}
	return len(b) == 0
}

// payload is what RFC 3551 section 6 says of a static payload type.
type payload struct {
	name string
	rate int
}

var payloads = map[uint8]payload{
	0: {"PCMU", 8000}, 3: {"GSM", 8000}, 4: {"G723", 8000}, 5: {"DVI4", 8000}, 6: {"DVI4", 16000}, 7: {"LPC", 8000}, 8: {"PCMA", 8000},
	9: {"G722", 8000}, 10: {"L16", 44100}, 11: {"L16", 44100}, 12: {"QCELP", 8000}, 13: {"CN", 8000}, 14: {"MPA", 90000}, 15: {"G728", 8000},
	16: {"DVI4", 11025}, 17: {"DVI4", 22050}, 18: {"G729", 8000}, 25: {"CelB", 90000}, 26: {"JPEG", 90000}, 28: {"nv", 90000},
	31: {"H261", 90000}, 32: {"MPV", 90000}, 33: {"MP2T", 90000}, 34: {"H263", 90000},
}
