package http3

import (
	"strconv"

	"github.com/quic-go/quic-go/quicvarint"
)

// Frame types (RFC 9114 section 7.2, RFC 9218 section 7.2, RFC 9412, and
// draft-ietf-webtrans-http3).
const (
	frameData           = 0x00
	frameHeaders        = 0x01
	frameCancelPush     = 0x03
	frameSettings       = 0x04
	framePushPromise    = 0x05
	frameGoAway         = 0x07
	frameOrigin         = 0x0c
	frameMaxPushID      = 0x0d
	frameWebTransport   = 0x41 // no frame: the rest of the stream is WebTransport's
	framePriorityUpdate = 0xf0700
	framePriorityPush   = 0xf0701
)

// frames are the message kinds, and the names of a packet list.
var frames = map[uint64][2]string{
	frameData: {"data", "DATA"}, frameHeaders: {"headers", "HEADERS"}, frameCancelPush: {"cancel_push", "CANCEL_PUSH"},
	frameSettings: {"settings", "SETTINGS"}, framePushPromise: {"push_promise", "PUSH_PROMISE"}, frameGoAway: {"goaway", "GOAWAY"},
	frameOrigin: {"origin", "ORIGIN"}, frameMaxPushID: {"max_push_id", "MAX_PUSH_ID"},
	framePriorityUpdate: {"priority_update", "PRIORITY_UPDATE"}, framePriorityPush: {"priority_update", "PRIORITY_UPDATE"},
	frameWebTransport: {"webtransport_stream", "WEBTRANSPORT_STREAM"},
}

// Unidirectional stream types (RFC 9114 section 6.2, RFC 9204 section 4.2).
const (
	streamControl      = 0x00
	streamPush         = 0x01
	streamEncoder      = 0x02
	streamDecoder      = 0x03
	streamWebTransport = 0x54
)

var streamNames = map[uint64]string{
	streamControl: "Control", streamPush: "Push", streamEncoder: "QPACK Encoder", streamDecoder: "QPACK Decoder",
	streamWebTransport: "WebTransport",
}

// reserved reports whether a type exists to keep receivers from choking on
// unknown ones (RFC 9114 section 7.2.8).
func reserved(v uint64) bool { return v >= 0x21 && (v-0x21)%0x1f == 0 }

// frame is a frame's header.
type frame struct {
	kind   uint64
	length uint64
	size   int // of the header
}

func (f *frame) title() string {
	if n := frames[f.kind]; n[1] != "" {
		return n[1]
	}
	if reserved(f.kind) {
		return "Reserved (GREASE)"
	}
	return "Unknown 0x" + strconv.FormatUint(f.kind, 16)
}

// parseFrame parses the header at the start of b; ok is false where it is not
// whole.
func parseFrame(b []byte) (f frame, ok bool) {
	kind, n, err := quicvarint.Parse(b)
	if err != nil {
		return f, false
	}
	length, m, err := quicvarint.Parse(b[n:])
	if err != nil {
		return f, false
	}
	return frame{kind, length, n + m}, true
}

// Setting identifiers (RFC 9114 section 7.2.4.1, RFC 9204 section 5, RFC 9220,
// RFC 9297, draft-ietf-webtrans-http3).
const (
	settingTableCapacity   = 0x01
	settingFieldSection    = 0x06
	settingBlockedStreams  = 0x07
	settingConnectProtocol = 0x08
	settingDatagram        = 0x33
	settingWebTransport    = 0x2b603742
	settingWTSessions      = 0xc671706a
	settingWTSessions2     = 0x14e9cd29
)

var settingNames = map[uint64]string{
	settingTableCapacity: "qpack-max-table-capacity", settingFieldSection: "max-field-section-size",
	settingBlockedStreams: "qpack-blocked-streams", settingConnectProtocol: "enable-connect-protocol",
	settingDatagram: "h3-datagram", settingWebTransport: "enable-webtransport",
	settingWTSessions: "webtransport-max-sessions", settingWTSessions2: "webtransport-max-sessions",
}

// setting is one parameter of a SETTINGS frame; at is its place in the payload.
type setting struct {
	id, value uint64
	at, size  int
}

// maxSettings bounds what is looked at.
const maxSettings = 128

// parseSettings parses a SETTINGS frame's payload; ok is false where it ends
// within a parameter.
func parseSettings(b []byte) (list []setting, ok bool) {
	for at := 0; at < len(b) && len(list) < maxSettings; {
		id, n, err := quicvarint.Parse(b[at:])
		if err != nil {
			return list, false
		}
		value, m, err := quicvarint.Parse(b[at+n:])
		if err != nil {
			return list, false
		}
		list = append(list, setting{id, value, at, n + m})
		at += n + m
	}
	return list, true
}

// errorNames are the error codes from 0x100 on (RFC 9114 section 8.1), and from
// 0x200 on (RFC 9204 section 6).
var errorNames = [...]string{
	"H3_NO_ERROR", "H3_GENERAL_PROTOCOL_ERROR", "H3_INTERNAL_ERROR", "H3_STREAM_CREATION_ERROR", "H3_CLOSED_CRITICAL_STREAM",
	"H3_FRAME_UNEXPECTED", "H3_FRAME_ERROR", "H3_EXCESSIVE_LOAD", "H3_ID_ERROR", "H3_SETTINGS_ERROR", "H3_MISSING_SETTINGS",
	"H3_REQUEST_REJECTED", "H3_REQUEST_CANCELLED", "H3_REQUEST_INCOMPLETE", "H3_MESSAGE_ERROR", "H3_CONNECT_ERROR", "H3_VERSION_FALLBACK",
}

var qpackErrors = [...]string{"QPACK_DECOMPRESSION_FAILED", "QPACK_ENCODER_STREAM_ERROR", "QPACK_DECODER_STREAM_ERROR"}

// ErrorName returns an error code's name, the number for an unknown one.
func ErrorName(code uint64) string {
	const http, qpack = 0x100, 0x200
	switch {
	case code >= http && code < http+uint64(len(errorNames)):
		return errorNames[code-http]
	case code >= qpack && code < qpack+uint64(len(qpackErrors)):
		return qpackErrors[code-qpack]
	case code == 0x33:
		return "H3_DATAGRAM_ERROR" // RFC 9297 section 5.2
	}
	return "0x" + strconv.FormatUint(code, 16)
}
