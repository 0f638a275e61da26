// Package quic reads QUIC (RFC 8999, 9000, 9001, 9369 and the drafts from 22
// on) as far as anybody on the path can: long headers, Version Negotiation,
// Retry, and the Initial packets, whose keys follow from the client's first
// Destination Connection ID. Of short-header packets it sees that they are
// there and how their spin bit turns. The TLS handshake inside is parsed by
// package tls.
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
	return dissect.Protocol{
		Name:     Name,
		OSI:      osi,
		About:    "QUIC is a transport over UDP that brings its own encryption: connection and TLS handshake share the first round trip, streams do not wait for each other's losses, and a connection survives a change of address. HTTP/3 runs over it.",
		Datagram: true,
		Ports:    []uint16{443, 853}, // https, domain-s (DNS over QUIC)
		Probe:    probe,
		New:      func(dissect.Context) dissect.Dissector { return newDissector() },
	}
}
