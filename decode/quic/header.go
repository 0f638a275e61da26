package quic

import (
	"encoding/binary"
	"errors"

	"github.com/quic-go/quic-go/quicvarint"
)

// packetType is what a packet is, whatever its version's code for it.
type packetType uint8

// The packet types (RFC 9000 section 17).
const (
	initial packetType = iota
	zeroRTT
	handshake
	retry
	negotiation
	oneRTT
	foreign // a long header of a version that is not known (RFC 8999)
)

// kinds are the message kinds, titles those of a packet list.
var (
	kinds  = [...]string{"initial", "0rtt", "handshake", "retry", "version_negotiation", "1rtt", "unknown_version"}
	titles = [...]string{"Initial", "0-RTT", "Handshake", "Retry", "Version Negotiation", "Protected Payload", "Unknown Version"}
)

const (
	longHeader = 0x80
	fixedBit   = 0x40
	spinBit    = 0x20
	// keyPhaseBit is under header protection (RFC 9000 section 17.3.1).
	keyPhaseBit = 0x04
	resetToken  = 16 // bytes of a Stateless Reset Token
	// maxConnectionID is the longest connection ID of the known versions (RFC
	// 9000 section 17.2).
	maxConnectionID = 20
	retryTag        = 16 // bytes of the Retry Integrity Tag
)

// packet is a packet's header as far as it is in the clear. Its slices borrow
// the datagram.
type packet struct {
	kind       packetType
	version    uint32
	dcid, scid []byte
	token      []byte // Initial and Retry
	versions   []byte // Version Negotiation
	number     int    // offset of the packet number
	size       int    // of the whole packet, header included
	cut        bool   // the datagram ends before the packet does
}

var errMalformed = errors.New("malformed long header")

// parseLong parses a long header at the start of b (RFC 9000 section 17.2, RFC
// 8999 section 5.1).
func parseLong(b []byte) (packet, error) {
	if len(b) < 7 || b[0]&longHeader == 0 {
		return packet{}, errMalformed
	}
	p := packet{version: binary.BigEndian.Uint32(b[1:])}
	at := 5
	for _, id := range []*[]byte{&p.dcid, &p.scid} {
		if at >= len(b) || at+1+int(b[at]) > len(b) {
			return p, errMalformed
		}
		*id = b[at+1 : at+1+int(b[at])]
		at += 1 + int(b[at])
	}
	switch {
	case p.version == versionNegotiation:
		p.kind, p.versions, p.size = negotiation, b[at:], len(b)
		return p, nil
	case !known(p.version):
		p.kind, p.size = foreign, len(b)
		return p, nil
	case len(p.dcid) > maxConnectionID || len(p.scid) > maxConnectionID:
		return p, errMalformed
	}
	p.kind = longType(b[0], p.version)
	return p, p.parseRest(b, at)
}

// longType maps the two type bits; version 2 turns them (RFC 9369 section 3.2).
func longType(first byte, version uint32) packetType {
	code := first >> 4 & 3
	if isV2(version) {
		code = (code + 3) & 3
	}
	return packetType(code)
}

// parseRest parses what follows the connection IDs in known versions.
func (p *packet) parseRest(b []byte, at int) error {
	if p.kind == retry {
		p.size = len(b)
		if len(b)-at < retryTag {
			return errMalformed
		}
		p.token = b[at : len(b)-retryTag]
		return nil
	}
	if p.kind == initial {
		n, used, err := quicvarint.Parse(b[at:])
		if err != nil || n > uint64(len(b)-at-used) {
			return errMalformed
		}
		at += used
		p.token = b[at : at+int(n)]
		at += int(n)
	}
	n, used, err := quicvarint.Parse(b[at:])
	if err != nil || n > 1<<16 {
		return errMalformed
	}
	p.number = at + used
	p.size = p.number + int(n)
	if p.size > len(b) {
		p.size, p.cut = len(b), true
	}
	return nil
}
