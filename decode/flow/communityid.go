package flow

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"

	"github.com/wiresight/wiresight/decode/layer"
)

// IPProtocol returns the IP protocol number of a conversation's transport, 0
// for what is none (the IANA registry "Assigned Internet Protocol Numbers").
func IPProtocol(transport layer.Protocol) uint8 {
	switch transport {
	case layer.TCP:
		return 6
	case layer.UDP:
		return 17
	case layer.ICMP:
		return 1
	case layer.ICMPv6:
		return 58
	case layer.SCTP:
		return 132
	}
	return 0
}

// CommunityID returns the conversation's Community ID, version 1 with seed 0
// (corelight/community-id-spec), by which Zeek, Suricata and others name the
// same conversation. It is the same for both directions.
//
// It is "" for other transports than TCP, UDP, SCTP, ICMP and ICMPv6, and
// where an address is unknown.
func (c *Conversation) CommunityID() string {
	switch c.Transport {
	case layer.ICMP:
		return c.icmpCommunityID(counterparts4)
	case layer.ICMPv6:
		return c.icmpCommunityID(counterparts6)
	}
	proto := IPProtocol(c.Transport)
	if proto == 0 {
		return ""
	}
	return communityID(proto, c.Client, c.Server, true)
}

// icmpCommunityID puts the type and its counterpart, or type and code where a
// type has no counterpart, in the place of the ports, as Zeek does.
func (c *Conversation) icmpCommunityID(counterparts [][2]uint8) string {
	client, server := c.Client, c.Server
	client.Port, server.Port = uint16(c.ICMPType), uint16(c.ICMPCode)
	twoWay := false
	for _, pair := range counterparts {
		if pair[0] == c.ICMPType || pair[1] == c.ICMPType {
			server.Port, twoWay = uint16(pair[0]^pair[1]^c.ICMPType), true
			break
		}
	}
	return communityID(IPProtocol(c.Transport), client, server, twoWay)
}

// The ICMP types that ask, and those that answer them (RFC 792, RFC 950,
// RFC 1256; RFC 4443, RFC 4861, RFC 2710, RFC 4620, RFC 6275).
var (
	counterparts4 = [][2]uint8{{8, 0}, {13, 14}, {15, 16}, {10, 9}, {17, 18}}
	counterparts6 = [][2]uint8{{128, 129}, {133, 134}, {135, 136}, {130, 131}, {139, 140}, {144, 145}}
)

// communityID hashes the endpoints. Those of what goes both ways are ordered,
// so that the direction does not matter.
func communityID(proto uint8, a, b Endpoint, ordered bool) string {
	if !a.Addr.IsValid() || !b.Addr.IsValid() {
		return ""
	}
	var buffer [2 + 16 + 16 + 2 + 4]byte // begins with the seed, 0
	var x, y [16]byte
	aBytes, bBytes := addressBytes(&x, a), addressBytes(&y, b)
	if order := bytes.Compare(aBytes, bBytes); ordered && (order > 0 || order == 0 && a.Port > b.Port) {
		a, b, aBytes, bBytes = b, a, bBytes, aBytes
	}
	in := buffer[:2]
	in = append(in, aBytes...)
	in = append(in, bBytes...)
	in = append(in, proto, 0)
	in = binary.BigEndian.AppendUint16(in, a.Port)
	in = binary.BigEndian.AppendUint16(in, b.Port)
	sum := sha1.Sum(in)
	var text [2 + 28]byte
	copy(text[:], "1:")
	base64.StdEncoding.Encode(text[2:], sum[:])
	return string(text[:])
}

// addressBytes writes an address as it stands in its header.
func addressBytes(to *[16]byte, e Endpoint) []byte {
	if e.Addr.Is4() {
		four := e.Addr.As4()
		return to[:copy(to[:], four[:])]
	}
	*to = e.Addr.As16()
	return to[:]
}
