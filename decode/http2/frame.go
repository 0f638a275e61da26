package http2

import "encoding/binary"

// frameType is a frame's type (RFC 9113 section 11.2 and its registry).
type frameType uint8

const (
	frameData           frameType = 0x0
	frameHeaders        frameType = 0x1
	framePriority       frameType = 0x2
	frameReset          frameType = 0x3
	frameSettings       frameType = 0x4
	framePushPromise    frameType = 0x5
	framePing           frameType = 0x6
	frameGoAway         frameType = 0x7
	frameWindowUpdate   frameType = 0x8
	frameContinuation   frameType = 0x9
	frameAltSvc         frameType = 0xa  // RFC 7838
	frameOrigin         frameType = 0xc  // RFC 8336
	framePriorityUpdate frameType = 0x10 // RFC 9218
)

// frameNames are the names of the frame types; kinds are the messages' kinds.
var frameNames = [...]struct{ name, kind string }{
	frameData:           {"DATA", "data"},
	frameHeaders:        {"HEADERS", "headers"},
	framePriority:       {"PRIORITY", "priority"},
	frameReset:          {"RST_STREAM", "rst_stream"},
	frameSettings:       {"SETTINGS", "settings"},
	framePushPromise:    {"PUSH_PROMISE", "push_promise"},
	framePing:           {"PING", "ping"},
	frameGoAway:         {"GOAWAY", "goaway"},
	frameWindowUpdate:   {"WINDOW_UPDATE", "window_update"},
	frameContinuation:   {"CONTINUATION", "continuation"},
	frameAltSvc:         {"ALTSVC", "altsvc"},
	frameOrigin:         {"ORIGIN", "origin"},
	framePriorityUpdate: {"PRIORITY_UPDATE", "priority_update"},
}

func (t frameType) known() bool { return int(t) < len(frameNames) && frameNames[t].name != "" }

func (t frameType) String() string {
	if t.known() {
		return frameNames[t].name
	}
	return "unknown frame"
}

func (t frameType) kind() string {
	if t.known() {
		return frameNames[t].kind
	}
	return "unknown" // section 5.5: ignored
}

// flags are a frame's flags; END_STREAM and ACK are the same bit.
type flags uint8

const (
	flagEndStream  flags = 0x1
	flagACK        flags = 0x1
	flagEndHeaders flags = 0x4
	flagPadded     flags = 0x8
	flagPriority   flags = 0x20
)

// defined are the flags that a frame of each type may have.
var defined = [...]flags{
	frameData:         flagEndStream | flagPadded,
	frameHeaders:      flagEndStream | flagEndHeaders | flagPadded | flagPriority,
	frameSettings:     flagACK,
	framePushPromise:  flagEndHeaders | flagPadded,
	framePing:         flagACK,
	frameContinuation: flagEndHeaders,
}

// Sizes of frames (section 4).
const (
	headerSize   = 9
	usualMost    = 16384     // SETTINGS_MAX_FRAME_SIZE's initial value
	mostOfAll    = 1<<24 - 1 // what the length can say
	maxBuffered  = 256 << 10 // bytes of a frame, DATA aside, that are waited for
	prioritySize = 5
	settingSize  = 6
)

// frame is a frame's header (section 4.1).
type frame struct {
	length   int
	kind     frameType
	flags    flags
	reserved bool
	stream   uint32
}

// parseFrame reads a header; b holds headerSize bytes.
func parseFrame(b []byte) frame {
	id := binary.BigEndian.Uint32(b[5:])
	return frame{
		length: int(b[0])<<16 | int(b[1])<<8 | int(b[2]),
		kind:   frameType(b[3]), flags: flags(b[4]), reserved: id>>31 != 0, stream: id &^ (1 << 31),
	}
}

// plausible reports whether a frame's header is one that a careful sender
// sends: of a known type, with defined flags, a length and a stream that fit
// the type. Where the place of frames is not known, this tells them from other
// bytes.
func (f *frame) plausible(most int) bool {
	if f.reserved || !f.kind.known() || f.length > most {
		return false
	}
	allowed := flags(0)
	if int(f.kind) < len(defined) {
		allowed = defined[f.kind]
	}
	if f.flags&^allowed != 0 {
		return false
	}
	return f.fault() == ""
}

// fault says what breaks the rules of a frame's type (section 6), "" for
// nothing.
func (f *frame) fault() string {
	onStream, size := true, -1
	switch f.kind {
	case frameData, frameContinuation, framePushPromise, frameHeaders:
	case framePriority:
		size = prioritySize
	case frameReset:
		size = 4
	case frameWindowUpdate:
		size, onStream = 4, f.stream != 0 // of either
	case frameSettings:
		onStream = false
		if f.length%settingSize != 0 || f.flags&flagACK != 0 && f.length != 0 {
			return f.kind.String() + " frame of a wrong size (RFC 9113 section 6.5)"
		}
	case framePing:
		onStream, size = false, 8
	case frameGoAway:
		onStream = false
		if f.length < 8 {
			return "GOAWAY frame of a wrong size (RFC 9113 section 6.8)"
		}
	case frameOrigin, framePriorityUpdate:
		onStream = false
	default:
		return ""
	}
	switch {
	case onStream && f.stream == 0:
		return f.kind.String() + " frame on no stream (RFC 9113 section 6)"
	case !onStream && f.stream != 0:
		return f.kind.String() + " frame on a stream (RFC 9113 section 6)"
	case size >= 0 && f.length != size:
		return f.kind.String() + " frame of a wrong size (RFC 9113 section 4.2)"
	}
	return ""
}

// unpad returns a payload without its padding (section 6.1); ok is false where
// there is more padding than payload.
func unpad(f frame, payload []byte) (content []byte, ok bool) {
	if f.flags&flagPadded == 0 {
		return payload, true
	}
	if len(payload) == 0 || int(payload[0]) >= len(payload) {
		return nil, false
	}
	return payload[1 : len(payload)-int(payload[0])], true
}

// errorNames are the error codes (section 7).
var errorNames = [...]string{
	"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR",
	"REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
}
