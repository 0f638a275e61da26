// Package tls reads TLS (RFC 8446, RFC 5246 and their predecessors down to
// SSL 2.0's ClientHello): records, handshake messages, and the facts of the
// handshake that they say. With the user's keys it opens the records from TLS
// 1.0 on, after gaps too, and hands the application data to the protocol
// inside; a record whose tag is wrong is never taken for plaintext. Without
// keys, records that are encrypted are counted and never copied, and what their
// order and lengths show is inferred. The handshake parsers and the
// fingerprints serve package quic, too; package suite below knows the ciphers.
package tls

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// Name is the protocol's name.
const Name layer.Protocol = "tls"

const osi = 6

// Protocol returns the registry's entry.
func Protocol() dissect.Protocol {
	return dissect.Protocol{
		Name:   Name,
		OSI:    osi,
		About:  "Transport Layer Security encrypts a connection and proves the server's identity. A handshake agrees on version, cipher suite and keys; after it everything is application data that only the two ends can read.",
		Stream: true,
		// https, smtps, nntps, ipps, ldaps, dot, iiops, ftps, telnets, imaps, pop3s,
		// ms-sql over TLS is left out; amqps, sips, xmpp, mqtts, https-alt.
		Ports:     []uint16{443, 465, 563, 631, 636, 684, 853, 989, 990, 992, 993, 994, 995, 3269, 5061, 5223, 5671, 6514, 6697, 8443, 8883},
		Announced: []string{"tls", "TLS/1.0", "TLS/1.2", "TLS/1.3"},
		Probe:     probe,
		New:       func(c dissect.Context) dissect.Dissector { return newDissector(c) },
	}
}
