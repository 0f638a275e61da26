package websocket

// codes names the status codes of Close frames (RFC 6455 section 7.4.1 and the
// IANA registry that it made).
var codes = map[uint16]string{
	1000: "normal closure",
	1001: "going away",
	1002: "protocol error",
	1003: "unsupported data",
	1005: "no status received",
	1006: "abnormal closure",
	1007: "invalid payload data",
	1008: "policy violation",
	1009: "message too big",
	1010: "mandatory extension missing",
	1011: "internal error",
	1012: "service restart",
	1013: "try again later",
	1014: "bad gateway",
	1015: "TLS handshake failed",
}

// neverSent reports whether a code only stands for what happened, and must not
// be in a frame.
func neverSent(code uint16) bool {
	return code < 1000 || code == 1004 || code == 1005 || code == 1006 || code == 1015
}
