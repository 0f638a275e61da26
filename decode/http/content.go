package http

import (
	"slices"
	"strings"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Content returns the protocol that reads a body with a Content-Type (RFC 9110
// section 8.3), "" where none does.
func Content(contentType string) layer.Protocol {
	switch t := mediaType(contentType); {
	case t == "text/event-stream":
		return EventStream
	case t == "application/sdp":
		return SDP
	case IsRPC(t):
		return RPC
	}
	return ""
}

// IsRPC reports whether a Content-Type is that of a remote procedure call whose
// messages carry their lengths: gRPC, gRPC-Web, or Connect's streams.
func IsRPC(contentType string) bool {
	t := mediaType(contentType)
	for _, prefix := range [...]string{"application/grpc-web-text", "application/grpc-web", "application/grpc", "application/connect"} {
		if rest, ok := strings.CutPrefix(t, prefix); ok {
			return rest == "" && prefix != "application/connect" || strings.HasPrefix(rest, "+")
		}
	}
	return false
}

// mediaType returns a Content-Type's type without its parameters, in lower case.
func mediaType(contentType string) string {
	t, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// Tunnel returns the protocol that a connection or a stream goes on with, by
// the token of an Upgrade field or of a :protocol pseudo-header field (RFC 9110
// section 7.8, RFC 8441); announced is Sink.Announced. For a token that names
// no registered protocol it is the token itself.
func Tunnel(announced func(string) layer.Protocol, token []byte) layer.Protocol {
	first := token
	Elements(token, func(e []byte) bool { first = e; return false })
	name := strings.ToLower(layer.Clip(first, MaxMethod))
	if p := announced(name); p != "" {
		return p
	}
	return layer.Protocol(name)
}

// Announcement returns the facts that tell the protocol inside a message what
// it needs: those of the message that announced it (content-type,
// content-encoding, grpc-encoding, sec-websocket-extensions, ...), and the
// request's name as "request", where it is known.
func Announcement(message []flow.Fact, request string) []flow.Fact {
	facts := make([]flow.Fact, 0, len(message)+1)
	if request != "" {
		facts = append(facts, flow.Fact{Key: "request", Value: request})
	}
	return slices.Concat(facts, message)
}

// Fact returns the value of the first of a message's facts named key, or "".
func Fact(facts []flow.Fact, key string) string {
	for i := range facts {
		if facts[i].Key == key {
			return facts[i].Value
		}
	}
	return ""
}
