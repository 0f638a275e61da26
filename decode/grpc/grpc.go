// Package grpc reads the messages of remote procedure calls in the bodies that
// HTTP hands over: gRPC, gRPC-Web in binary and in text, and Connect's streams.
// Each message is kept as an event with its packets; its content is described
// as Protocol Buffers, with a schema where the user or a server's reflection
// gave one. The calls themselves, with names and statuses, are exchanges that
// whoever reads HTTP tells: see package http.
package grpc

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
)

// Name is the protocol's name.
const Name layer.Protocol = http.RPC

const osi = 7

// Protocol returns the registry's entry.
func Protocol() dissect.Protocol {
	return dissect.Protocol{
		Name:   Name,
		OSI:    osi,
		About:  "gRPC calls a function on another machine: the call is a stream of HTTP/2, its arguments and results are messages, one or many in each direction, and a status ends it.",
		Stream: true,
		New:    func(c dissect.Context) dissect.Dissector { return newDissector(c) },
	}
}
