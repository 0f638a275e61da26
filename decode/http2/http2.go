// Package http2 reads HTTP/2 (RFC 9113) from both directions of one connection:
// frames, header compression (RFC 7541), streams as exchanges, flow control.
// What the messages mean is package http's; what they carry goes on to the
// protocols inside. Bodies are counted and never kept, except while somebody
// looks at the packets.
//
// x/net's http2.Framer is not used: it reads from a connection that it can end.
// It blocks until a frame is whole, gives up at the first one that breaks a
// rule, and knows neither packets nor missing bytes, where a capture must be
// read on.
package http2

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
)

// Name is the protocol's name.
const Name layer.Protocol = "http2"

const osi = 7

// Protocol returns the registry's entry.
func Protocol() dissect.Protocol {
	scratch := new(http.Notes) // for all connections of one chain, which reads one block at a time
	return dissect.Protocol{
		Name:      Name,
		OSI:       osi,
		About:     "HTTP/2 carries many requests and answers at once on one connection: each has a stream of its own, cut into frames that take turns. Header fields are compressed with a table that both sides keep.",
		Stream:    true,
		Announced: []string{"h2", "h2c"},
		Probe:     probe,
		New:       func(c dissect.Context) dissect.Dissector { return newDissector(c, scratch) },
	}
}
