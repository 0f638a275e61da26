package flow

import "github.com/wiresight/wiresight/decode/layer"

// HTTP2 is what an HTTP/2 connection's frames said about the connection itself
// (RFC 9113).
type HTTP2 struct {
	Settings [2]HTTP2Settings // as each side announced them, by the direction of its frames
	Streams  Counts           // opened by each side; pushes are the server's
	Resets   Counts           // RST_STREAM frames
	GoAways  []GoAway         // at most MaxGoAways
	// Blocked are the times when a sender that had more to send was held up by
	// flow control (section 5.2), at most MaxBlocked; BlockedTotal counts all.
	Blocked      []FlowBlock
	BlockedTotal int64
	// HeadersHidden counts the header fields that refer to table entries which
	// were inserted out of the capture's sight (RFC 7541).
	HeadersHidden int64
}

// Limits of what one connection keeps.
const (
	MaxGoAways = 8
	MaxBlocked = 64
)

// HTTP2Settings are the SETTINGS of one side (RFC 9113 section 6.5.2). Those
// that it left out have their initial values; Seen tells whether it was seen to
// send any.
type HTTP2Settings struct {
	Seen            bool
	Acknowledged    layer.PacketRef // by the other side; invalid where not seen
	HeaderTableSize uint32
	EnablePush      bool
	MaxStreams      uint32 // concurrent; 0 where no limit was announced and LimitsStreams is false
	LimitsStreams   bool
	InitialWindow   uint32 // bytes that the other side may send on a new stream
	MaxFrameSize    uint32
	MaxHeaderList   uint32 // 0 for no limit
	ConnectProtocol bool   // extended CONNECT (RFC 8441)
	NoPriorities    bool   // RFC 9218 instead of RFC 7540's tree
}

// FlowBlock is a time in which a sender could send no DATA of a stream, or of
// any stream, because the receiver had not opened the window further.
type FlowBlock struct {
	Dir      layer.Direction // of the DATA
	Stream   uint64          // 0 for the connection's window
	From, To layer.PacketRef // the DATA that used up the window, the WINDOW_UPDATE or SETTINGS that opened it
}

// GoAway is a GOAWAY frame (RFC 9113 section 6.8).
type GoAway struct {
	Dir        layer.Direction
	At         layer.PacketRef
	LastStream uint64 // the last one that its sender may have acted on
	Code       string // NO_ERROR ...
}
