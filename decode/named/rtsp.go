package named

import (
	"bytes"
	"encoding/binary"
	"strconv"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

const rtspVersion = "RTSP/1.0"

// rtsp is the Real Time Streaming Protocol (RFC 2326), with interleaved media
// behind a dollar sign (section 10.12).
func rtsp() dissect.Protocol {
	s := &shape{name: "rtsp", osi: 7, need: maxLine, size: rtspSize, read: readRTSP}
	return s.entry("RTSP sets up and steers media streams: describe, setup, play. The media come by RTP, beside it or interleaved on the same connection.",
		true, false, []uint16{554, 8554}, func(b []byte, _ bool) dissect.Verdict {
			line := firstLine(b)
			switch {
			case hasAnyPrefix(b, rtspVersion+" "):
				return verdict(true, dissect.Receiver)
			case bytes.HasSuffix(line, []byte(" "+rtspVersion)):
				return verdict(true, dissect.Sender)
			}
			return dissect.Verdict{}
		})
}

func rtspSize(b []byte) int {
	if b[0] == '$' {
		if len(b) < 4 {
			return 0
		}
		return 4 + int(binary.BigEndian.Uint16(b[2:]))
	}
	end := bytes.Index(b[:min(len(b), maxLine)], []byte("\r\n\r\n"))
	if end < 0 {
		if !printable(b[:min(len(b), 64)]) {
			return -1
		}
		return 0
	}
	n, _ := strconv.Atoi(rtspField(b[:end+2], "content-length"))
	if n < 0 || n > maxUnit/2 {
		return -1
	}
	return end + 4 + n
}

// rtspField returns the value of a header field, name in lower case.
func rtspField(head []byte, name string) string {
	for line := range bytes.Lines(head) {
		key, value, ok := bytes.Cut(line, []byte{':'})
		if ok && len(key) == len(name) && bytes.EqualFold(key, []byte(name)) {
			return string(bytes.TrimSpace(value))
		}
	}
	return ""
}

func readRTSP(b []byte, _ layer.Direction) unit {
	if b[0] == '$' {
		return unit{kind: "interleaved"}
	}
	line := firstLine(b)
	key, _ := strconv.ParseUint(rtspField(b, "cseq"), 10, 64)
	if hasAnyPrefix(line, rtspVersion+" ") {
		status, _ := word(line[len(rtspVersion):])
		return unit{kind: "response", role: flow.Response, key: key, status: clip(status)}
	}
	method, rest := word(line)
	target, _ := word(rest)
	return unit{kind: "request", role: flow.Request, key: key, name: clip(method) + " " + clip(target)}
}
