// Package http1 reads HTTP/1.0 and HTTP/1.1 (RFC 9110, RFC 9112) from both
// directions of one connection: it pairs requests and responses in order,
// follows the framing of bodies and hands on what a tunnel or an upgrade
// carries. Bodies are counted and never kept; the values of cookies and
// credentials are never stored.
package http1

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
)

// Name is the protocol's name.
const Name layer.Protocol = "http1"

const osi = 7

// Protocol returns the registry's entry.
func Protocol() dissect.Protocol {
	scratch := new(http.Notes) // for all connections of one chain, which reads one message at a time
	return dissect.Protocol{
		Name:   Name,
		OSI:    osi,
		About:  "HTTP/1 is the web's first protocol and still common between servers: a request in text, an answer in text, one after the other on a connection. Header lines come first, then the body.",
		Stream: true,
		// http, squid, http-alt, and ports that are customary.
		Ports:     []uint16{80, 591, 3128, 8000, 8008, 8080, 8081, 8888},
		Announced: []string{"http/1.1", "http/1.0", "HTTP/1.1"},
		Probe:     probe,
		New:       func(c dissect.Context) dissect.Dissector { return newDissector(c, scratch) },
	}
}
