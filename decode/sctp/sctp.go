// Package sctp reads SCTP (RFC 9260) where it runs inside DTLS (RFC 8261), and
// the data channels of WebRTC on it (RFC 8831, RFC 8832): who opened which
// channel, and the messages on each, put together from their chunks.
package sctp

import (
	"encoding/binary"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// The protocols' names: messages on channels are the data channel's.
const (
	Name    = layer.SCTP
	Channel = layer.Protocol("datachannel")
)

const (
	osi        = 4
	channelOSI = 7
)

// Protocol returns the registry's entry.
func Protocol() dissect.Protocol {
	return dissect.Protocol{
		Name: Name, OSI: osi, Datagram: true,
		About:     "SCTP carries messages, ordered or not, reliable or not, on many streams of one association. WebRTC runs it inside DTLS for its data channels.",
		Announced: []string{"webrtc", "c-webrtc"},
		Probe:     probe,
		New:       func(dissect.Context) dissect.Dissector { return newDissector() },
	}
}

// ChannelProtocol returns the registry's entry of data channels. Its dissector
// is SCTP's: the entry gives it a name and a place in the tower.
func ChannelProtocol() dissect.Protocol {
	return dissect.Protocol{
		Name: Channel, OSI: channelOSI,
		About: "A WebRTC data channel carries text and binary messages between two browsers or programs without a server between them.",
		New:   func(dissect.Context) dissect.Dissector { return newDissector() },
	}
}

// Offsets in a packet (RFC 9260 section 3).
const (
	atTag      = 4
	headerSize = 12
	chunkSize  = 4 // of a chunk's header
)

// Offsets in a DATA chunk (section 3.3.1) and an I-DATA chunk (RFC 8260 section
// 2.1).
const (
	atTSN        = 4
	atStream     = 8
	atSequence   = 10
	atPPID       = 12
	dataHeader   = 16
	idataMessage = 12
	idataPPID    = 16
	idataHeader  = 20
)

// The chunk types.
const (
	data  = 0
	sack  = 3
	idata = 64
)

var chunkNames = map[uint8]string{
	data: "data", 1: "init", 2: "init_ack", sack: "sack", 4: "heartbeat", 5: "heartbeat_ack", 6: "abort", 7: "shutdown",
	8: "shutdown_ack", 9: "error", 10: "cookie_echo", 11: "cookie_ack", 14: "shutdown_complete", 15: "auth",
	idata: "i_data", 128: "asconf_ack", 130: "re_config", 132: "pad", 192: "forward_tsn", 193: "asconf", 194: "i_forward_tsn",
}

// probe knows SCTP inside DTLS by both ports being equal, as WebRTC has them,
// and a list of known chunks that fills the datagram.
func probe(b []byte, datagram bool) dissect.Verdict {
	if !datagram || len(b) < headerSize+chunkSize || binary.BigEndian.Uint16(b) != binary.BigEndian.Uint16(b[2:]) || binary.BigEndian.Uint16(b) == 0 {
		return dissect.Verdict{}
	}
	n := 0
	whole := chunks(b, func(chunk) { n++ })
	if n == 0 || !whole {
		return dissect.Verdict{}
	}
	return dissect.Verdict{Match: dissect.Yes}
}

// chunk is one chunk of a packet.
type chunk struct {
	kind, flags uint8
	offset      int
	b           []byte // with its header
}

// chunks calls f for each chunk; whole tells that all are of known types and
// none is cut off.
func chunks(b []byte, f func(chunk)) (whole bool) {
	const most = 256
	at := headerSize
	for n := 0; at+chunkSize <= len(b) && n < most; n++ {
		size := int(binary.BigEndian.Uint16(b[at+2:]))
		if size < chunkSize || at+size > len(b) || chunkNames[b[at]] == "" {
			return false
		}
		f(chunk{b[at], b[at+1], at, b[at : at+size]})
		at += (size + 3) &^ 3
	}
	return at >= len(b)
}
