package http1

import (
	"bytes"

	"github.com/wiresight/wiresight/decode/dissect"
)

// phase is where one direction is in its messages.
type phase uint8

const (
	atStart    phase = iota // before or within a header section
	inBody                  // of known length
	untilClose              // a body that the connection's end ends
	chunkSize               // before or within a chunk's size line (RFC 9112 section 7.1)
	chunkData
	chunkEnd // before the line end behind a chunk's data
	inTrailer
	waiting  // behind a CONNECT request whose answer decides what follows
	inTunnel // bytes of the protocol inside
	lost     // looking for a start line
)

// bodyPhase tells how a message's body is framed (RFC 9112 section 6.3);
// atStart where there is none.
func (d *dissector) bodyPhase(out dissect.Sink, h *head, toHead bool) (p phase, length int64) {
	if h.response && (toHead || h.status < 200 || h.status == 204 || h.status == 304) {
		return atStart, 0
	}
	if h.chunked || h.coded {
		if h.length != noLength {
			out.Problem(Name, "both Transfer-Encoding and Content-Length (RFC 9112 section 6.1)")
		}
		if h.chunked {
			return chunkSize, 0
		}
		if h.response {
			return untilClose, 0
		}
		out.Problem(Name, "the request's last transfer coding is not chunked (RFC 9112 section 6.3)")
		return atStart, 0
	}
	if h.length == badLength {
		out.Problem(Name, "Content-Length is no number (RFC 9112 section 6.3)")
	}
	switch {
	case h.length > 0:
		return inBody, h.length
	case h.length == 0, !h.response:
		return atStart, 0
	}
	return untilClose, 0
}

// maxChunkLine bounds a chunk's size line with its extensions.
const maxChunkLine = 4096

// chunkLine reads a chunk's size line; size is the line's own. ok is false
// where it is malformed, size 0 where it is not complete.
func chunkLine(b []byte) (length int64, size int, ok bool) {
	i := bytes.IndexByte(b[:min(len(b), maxChunkLine)], '\n')
	if i < 0 {
		return 0, 0, len(b) < maxChunkLine && (len(b) == 0 || hexValue(b[0]) >= 0)
	}
	line := bytes.TrimRight(b[:i], " \t\r")
	n := 0
	for n < len(line) && hexValue(line[n]) >= 0 {
		if length >= 1<<58 {
			return 0, 0, false
		}
		length = length<<4 | int64(hexValue(line[n]))
		n++
	}
	if n == 0 || n < len(line) && line[n] != ';' && !blank(line[n]) {
		return 0, 0, false
	}
	return length, i + 1, true
}

func hexValue(c byte) int {
	switch {
	case digit(c):
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
