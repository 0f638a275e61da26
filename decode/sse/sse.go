// Package sse reads event streams (server-sent events, section 9.2 of the HTML
// standard): bodies of type text/event-stream that HTTP of any version hands
// over as they come. Each event and each comment is a message with the packets
// that carried it. Content codings are undone while the stream runs.
package sse

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/http"
)

// Name is the protocol's name.
const Name = http.EventStream

const osi = 7

// Protocol returns the registry's entry. It has no probe: HTTP announces it.
func Protocol() dissect.Protocol {
	return dissect.Protocol{
		Name:   Name,
		OSI:    osi,
		About:  "An event stream is an HTTP response that does not end: the server appends an event, a few lines of text, whenever it has news. Comment lines in between keep the connection alive.",
		Stream: true,
		New:    func(c dissect.Context) dissect.Dissector { return newDissector(&c) },
	}
}
