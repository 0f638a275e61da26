package quic

import "strconv"

// frameNames are the RFCs' names; see frameName for those with bits.
var frameNames = map[uint64]string{
	framePadding: "PADDING", framePing: "PING", frameACK: "ACK", frameACKECN: "ACK", frameResetStream: "RESET_STREAM",
	frameStopSending: "STOP_SENDING", frameCrypto: "CRYPTO", frameNewToken: "NEW_TOKEN", frameMaxData: "MAX_DATA",
	frameMaxStreamData: "MAX_STREAM_DATA", frameMaxStreamsBidi: "MAX_STREAMS", frameMaxStreamsUni: "MAX_STREAMS",
	frameDataBlocked: "DATA_BLOCKED", frameStreamDataBlocked: "STREAM_DATA_BLOCKED",
	frameStreamsBlockedBidi: "STREAMS_BLOCKED", frameStreamsBlockedUni: "STREAMS_BLOCKED",
	frameNewConnectionID: "NEW_CONNECTION_ID", frameRetireConnectionID: "RETIRE_CONNECTION_ID",
	framePathChallenge: "PATH_CHALLENGE", framePathResponse: "PATH_RESPONSE", frameClose: "CONNECTION_CLOSE",
	frameCloseApp: "CONNECTION_CLOSE", frameHandshakeDone: "HANDSHAKE_DONE", frameImmediateACK: "IMMEDIATE_ACK",
	frameResetStreamAt: "RESET_STREAM_AT", frameDatagram: "DATAGRAM", frameDatagramLength: "DATAGRAM",
	frameACKFrequency: "ACK_FREQUENCY",
}

func frameName(kind uint64) string {
	if kind >= frameStream && kind < frameStream+8 {
		return "STREAM"
	}
	if n := frameNames[kind]; n != "" {
		return n
	}
	return "frame 0x" + strconv.FormatUint(kind, 16)
}

// errorNames are the transport error codes (RFC 9000 section 20.1, RFC 9368).
var errorNames = [...]string{
	"NO_ERROR", "INTERNAL_ERROR", "CONNECTION_REFUSED", "FLOW_CONTROL_ERROR", "STREAM_LIMIT_ERROR", "STREAM_STATE_ERROR",
	"FINAL_SIZE_ERROR", "FRAME_ENCODING_ERROR", "TRANSPORT_PARAMETER_ERROR", "CONNECTION_ID_LIMIT_ERROR",
	"PROTOCOL_VIOLATION", "INVALID_TOKEN", "APPLICATION_ERROR", "CRYPTO_BUFFER_EXCEEDED", "KEY_UPDATE_ERROR",
	"AEAD_LIMIT_REACHED", "NO_VIABLE_PATH", "VERSION_NEGOTIATION_ERROR",
}

// cryptoError is the first of the codes that carry a TLS alert (RFC 9001
// section 4.8).
const cryptoError = 0x100

// ErrorName returns the name of a transport error code, "" for an unknown one.
func ErrorName(code uint64) string {
	switch {
	case code < uint64(len(errorNames)):
		return errorNames[code]
	case code >= cryptoError && code < 2*cryptoError:
		return "CRYPTO_ERROR"
	}
	return ""
}
