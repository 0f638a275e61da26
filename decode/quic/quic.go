// Package quic reads QUIC (RFC 8999, 9000, 9001, 9221, 9369 and the drafts from
// 22 on). Without keys it sees what anybody on the path can: long headers,
// Version Negotiation, Retry, and the Initial packets, whose keys follow from the
// client's first Destination Connection ID; of short-header packets that they are
// there and how their spin bit turns. With the secrets of a key log it opens all
// packets, puts the streams together and hands them to the protocol that ALPN
// names, and follows losses, round trips, flow control, key updates and changes
// of address. The TLS handshake inside is parsed by package tls.
package quic

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// Name is the protocol's name.
const Name layer.Protocol = "quic"

const osi = 4

// Protocol returns the registry's entry.
func Protocol() dissect.Protocol {
	held := &budget{}
	return dissect.Protocol{
		Name:     Name,
		OSI:      osi,
		About:    "QUIC is a transport over UDP that brings its own encryption: connection and TLS handshake share the first round trip, streams do not wait for each other's losses, and a connection survives a change of address. HTTP/3 runs over it.",
		Datagram: true,
		Ports:    []uint16{443, 853}, // https, domain-s (DNS over QUIC)
		Probe:    probe,
		New:      func(c dissect.Context) dissect.Dissector { return newDissector(c, held) },

		ConnectionID: destination,
	}
}

// destination returns the Destination Connection ID of a packet with a short
// header, which does not tell its length. Others come over a connection's first
// path only (RFC 9000 section 9).
func destination(b []byte, length int) []byte {
	if len(b) < smallestShort || b[0]&longHeader != 0 || 1+length > len(b) {
		return nil
	}
	return b[1 : 1+length]
}
