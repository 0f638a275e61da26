// Package stun reads STUN (RFC 8489) and TURN (RFC 8656): how two hosts learn
// the addresses under which others see them, check which pairs of addresses
// work (ICE, RFC 8445), and have their packets relayed. It reads over
// datagrams and streams. What a relay carries is handed on to the protocol that
// its first byte tells (RFC 7983).
//
// The parser is our own: a library's message owns its attributes, and this one
// only looks at bytes that pass by.
package stun

import (
	"encoding/binary"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// Name is the protocol's name.
const Name layer.Protocol = "stun"

const osi = 7

// Protocol returns the registry's entry.
func Protocol() dissect.Protocol {
	return dissect.Protocol{
		Name: Name, OSI: osi, Stream: true, Datagram: true, Shares: true, Ports: []uint16{3478, 5349, 19302},
		About: "STUN tells a host behind an address translator how others see it; with ICE two peers try pairs of addresses until one works; with TURN a relay carries what finds no direct way.",
		Probe: probe,
		New:   func(c dissect.Context) dissect.Dissector { return newDissector(c) },
	}
}

// Offsets in a message (RFC 8489 section 5).
const (
	atType        = 0
	atLength      = 2
	atCookie      = 4
	atTransaction = 8
	headerSize    = 20
	cookie        = 0x2112A442
)

// Offsets in ChannelData (RFC 8656 section 12.4).
const channelHeader = 4

// The classes of messages (RFC 8489 section 5).
const (
	request    = 0
	indication = 1
	success    = 2
	failure    = 3
)

// The methods (RFC 8489 section 18.2, RFC 8656 section 17, RFC 6062).
const (
	binding          = 1
	allocate         = 3
	refresh          = 4
	send             = 6
	data             = 7
	createPermission = 8
	channelBind      = 9
)

var methods = map[uint16]string{
	binding: "Binding", 2: "SharedSecret", allocate: "Allocate", refresh: "Refresh", send: "Send", data: "Data",
	createPermission: "CreatePermission", channelBind: "ChannelBind", 0xa: "Connect", 0xb: "ConnectionBind", 0xc: "ConnectionAttempt",
}

// header is a message's first 20 bytes.
type header struct {
	class, method uint16
	length        int // of the attributes
	classic       bool
}

// parseHeader reads a header; ok is false where b begins with none.
func parseHeader(b []byte) (h header, ok bool) {
	if len(b) < headerSize || b[0]&0xc0 != 0 {
		return h, false
	}
	t := binary.BigEndian.Uint16(b[atType:])
	h.class = t>>4&1 | t>>7&2
	h.method = t&0xf | t>>1&0x70 | t>>2&0xf80
	h.length = int(binary.BigEndian.Uint16(b[atLength:]))
	h.classic = binary.BigEndian.Uint32(b[atCookie:]) != cookie
	return h, h.length%4 == 0
}

// probe judges by the magic cookie; messages of RFC 3489 have none, and need a
// port or company that agrees.
func probe(b []byte, datagram bool) dissect.Verdict {
	h, ok := parseHeader(b)
	switch {
	case datagram && isChannelData(b):
		return dissect.Verdict{Match: dissect.Maybe}
	case !ok || methods[h.method] == "":
		return dissect.Verdict{}
	case datagram && h.length+headerSize != len(b) || !datagram && h.length > maxMessage:
		return dissect.Verdict{}
	}
	v := dissect.Verdict{Match: dissect.Yes}
	if h.classic {
		if h.method != binding || !wholeAttributes(b[headerSize:]) {
			return dissect.Verdict{}
		}
		v.Match = dissect.Maybe
	}
	switch h.class {
	case request:
		v.Client = dissect.Sender
	case success, failure:
		v.Client = dissect.Receiver
	}
	return v
}

// isChannelData reports whether b is one whole ChannelData message.
func isChannelData(b []byte) bool {
	if len(b) < channelHeader || b[0] < 0x40 || b[0] > 0x4f {
		return false
	}
	n := channelHeader + int(binary.BigEndian.Uint16(b[2:]))
	return n > channelHeader && (n == len(b) || n < len(b) && len(b)-n < 4)
}

// wholeAttributes reports whether b is a list of attributes.
func wholeAttributes(b []byte) bool {
	for len(b) > 0 {
		if len(b) < 4 {
			return false
		}
		n := 4 + int(binary.BigEndian.Uint16(b[2:])+3)&^3
		if n > len(b) {
			return false
		}
		b = b[n:]
	}
	return true
}

// attribute is one of a message's attributes (RFC 8489 section 14).
type attribute struct {
	kind   uint16
	offset int // in the message
	value  []byte
}

// attributes calls f for each attribute of a whole message, until one is cut
// off; whole tells that none was.
func attributes(b []byte, f func(attribute)) (whole bool) {
	at := headerSize
	for at+4 <= len(b) {
		n := int(binary.BigEndian.Uint16(b[at+2:]))
		if at+4+n > len(b) {
			return false
		}
		f(attribute{binary.BigEndian.Uint16(b[at:]), at, b[at+4 : at+4+n]})
		at += 4 + (n+3)&^3
	}
	return at >= len(b)
}
