// Package http3 reads HTTP/3 (RFC 9114) from all streams of one QUIC
// connection: frames, header compression (package qpack), streams as exchanges,
// pushes, extended CONNECT (RFC 9220) and datagrams (RFC 9297). What the messages
// mean is package http's; what they carry goes on to the protocols inside.
// Bodies are counted and never kept, except while somebody looks at the packets.
package http3

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
)

// Name and WebTransportName are the protocols' names.
const (
	Name             layer.Protocol = "http3"
	WebTransportName layer.Protocol = "webtransport"
)

const (
	osi     = 7
	version = "HTTP/3"
)

// Protocol returns the registry's entry.
func Protocol() dissect.Protocol {
	scratch := new(http.Notes) // for all connections of one chain, which reads one section at a time
	return dissect.Protocol{
		Name:        Name,
		OSI:         osi,
		About:       "HTTP/3 carries requests and answers over QUIC: each pair has a stream of its own, and a lost packet holds up only the streams whose bytes it carried. Header fields are compressed with tables that both sides keep.",
		Stream:      true,
		Multistream: true,
		Announced:   []string{"h3", "h3-29", "h3-30", "h3-31", "h3-32", "h3-27", "h3-28"},
		New:         func(dissect.Context) dissect.Dissector { return newDissector(scratch) },
	}
}

// WebTransport returns the registry's entry of WebTransport over HTTP/3
// (draft-ietf-webtrans-http3): its streams and datagrams carry whatever the
// application likes.
func WebTransport() dissect.Protocol {
	return dissect.Protocol{
		Name:      WebTransportName,
		OSI:       osi,
		About:     "WebTransport opens streams and datagrams of an application inside an HTTP/3 connection: what a browser needs for games, media and other live data.",
		Stream:    true,
		Datagram:  true,
		Announced: []string{string(WebTransportName)},
		New:       func(dissect.Context) dissect.Dissector { return &session{} },
	}
}
