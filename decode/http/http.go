// Package http holds what HTTP/1, HTTP/2 and HTTP/3 have in common (RFC 9110):
// which header fields become facts and which are never stored, how a request
// is named, and which protocol reads what a message carries. It parses no
// framing: packages http1, http2 and http3 do, and hand over each field line as
// they read it.
//
// A reader of one version works so:
//
//   - for each header section it calls Notes.Request or Notes.Status, then
//     Notes.Field for each field line, then Notes.Take, which gives the message's
//     name or status and its facts;
//   - Content and Tunnel name the protocol inside; where there is one, the reader
//     calls Sink.Announce with Announcement's facts and hands over the bytes by
//     Sink.Inner with Chunk.Stream (HTTP/1: the exchange's key, 0 behind an
//     upgrade of the connection) and Chunk.End;
//   - where CallOf finds one, the exchange is a remote procedure call: the Call
//     is fed its bodies, and Call.Facts says how it went. Where Call.IsGRPC, its
//     messages have Protocol RPC, CallName's name and CallStatus's status, and
//     the HTTP status is the response's fact "http-status".
package http

import "github.com/wiresight/wiresight/decode/layer"

// The protocols that messages of HTTP carry.
const (
	EventStream layer.Protocol = "sse"       // text/event-stream
	WebSocket   layer.Protocol = "websocket" // RFC 6455, RFC 8441, RFC 9220
	SDP         layer.Protocol = "sdp"       // application/sdp (WHIP, WHEP)
	RPC         layer.Protocol = "grpc"      // gRPC, gRPC-Web and Connect
)

// AnswerFact is announced, with any value, to a protocol inside whose facts are
// those of the request, because the response was not seen.
const AnswerFact = "response"

// Bounds of what is kept of one message.
const (
	MaxFacts = 48
	MaxName  = 2048 // bytes of "METHOD target"
	MaxValue = 512  // bytes of a fact

	// MaxMethod bounds a method; the longest registered one is UPDATEREDIRECTREF.
	MaxMethod = 64
)
