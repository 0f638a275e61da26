// Package websocket reads WebSocket connections (RFC 6455) once HTTP has made
// way for them: over HTTP/1.1 by Upgrade, over HTTP/2 and HTTP/3 by extended
// CONNECT (RFC 8441, RFC 9220). It unmasks frames, joins fragments, undoes
// permessage-deflate (RFC 7692) within bounds, and hands the payload to the
// protocol that Sec-WebSocket-Protocol names. Frames are counted by opcode;
// whole messages are kept as events. Payload is shown to whoever looks at a
// packet, and never kept.
package websocket

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/http"
)

// Name is the protocol's name.
const Name = http.WebSocket

const osi = 7

// The facts that HTTP announces: the values of the response's header fields,
// which say what was agreed on.
const (
	extensionsFact  = "sec-websocket-extensions"
	subprotocolFact = "sec-websocket-protocol"
)

// Protocol returns the registry's entry. HTTP announces a WebSocket; the probe
// finds those whose beginning is not in the capture.
func Protocol() dissect.Protocol {
	scratch := new(scratch) // for all connections of one chain, which reads one frame at a time
	return dissect.Protocol{
		Name:      Name,
		OSI:       osi,
		About:     "WebSocket turns an HTTP connection into one where both sides may send messages at any time: chats, games, live dashboards. A message is one frame or several; small control frames ping, and close.",
		Stream:    true,
		Announced: []string{"websocket"},
		Probe:     probe,
		New:       func(c dissect.Context) dissect.Dissector { return newDissector(c, scratch) },
	}
}
