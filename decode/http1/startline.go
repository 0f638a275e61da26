package http1

import (
	"bytes"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/http"
)

// start is a request line or a status line (RFC 9112 sections 3 and 4). Its
// slices borrow the line.
type start struct {
	response bool
	minor    byte   // the digit after "HTTP/1."
	method   []byte // request
	target   []byte // request, as sent
	status   int    // response, 0 to 999
	code     []byte // response, three digits
	reason   []byte // response
}

const (
	versionPrefix = "HTTP/1."
	versionSize   = len(versionPrefix) + 1
	statusSize    = versionSize + 4 // "HTTP/1.1 200"
)

// parseStart reads a whole line without its end. It is as lenient as
// RFC 9112 section 3 allows: more spaces than one, spaces in the target.
func parseStart(line []byte) (start, bool) {
	line = bytes.TrimRight(line, " \t\r")
	if len(line) >= statusSize && string(line[:len(versionPrefix)]) == versionPrefix {
		return parseStatus(line)
	}
	n := len(line) - versionSize
	if n < 4 || string(line[n:n+len(versionPrefix)]) != versionPrefix || !digit(line[len(line)-1]) || !blank(line[n-1]) {
		return start{}, false
	}
	method := http.TokenLength(line)
	if method == 0 || method > http.MaxMethod || line[method] != ' ' {
		return start{}, false
	}
	target := bytes.Trim(line[method:n], " \t")
	if len(target) == 0 || !textual(target) {
		return start{}, false
	}
	return start{minor: line[len(line)-1], method: line[:method], target: target}, true
}

func parseStatus(line []byte) (start, bool) {
	code := bytes.TrimLeft(line[versionSize:], " \t")
	if !digit(line[versionSize-1]) || !blank(line[versionSize]) || !digits(code, 3) {
		return start{}, false
	}
	rest := code[3:]
	if len(rest) > 0 && !blank(rest[0]) {
		return start{}, false
	}
	return start{
		response: true, minor: line[versionSize-1], code: code[:3],
		status: int(code[0]-'0')*100 + int(code[1]-'0')*10 + int(code[2]-'0'),
		reason: bytes.Trim(rest, " \t"),
	}, true
}

// digits reports whether b begins with n digits.
func digits(b []byte, n int) bool {
	for i := range n {
		if i == len(b) || !digit(b[i]) {
			return false
		}
	}
	return true
}

// judge tells whether b begins with a start line: More where it ends within
// what may become one.
func judge(b []byte) (m dissect.Match, response bool) {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		s, ok := parseStart(b[:i])
		if !ok {
			return dissect.No, false
		}
		return dissect.Yes, s.response
	}
	if len(b) >= len("HTTP/") && string(b[:len("HTTP/")]) == "HTTP/" {
		return judgeStatus(b), true
	}
	n := http.TokenLength(b[:min(len(b), http.MaxMethod+1)])
	switch {
	case n > http.MaxMethod, n == 0 && len(b) > 0:
		return dissect.No, false
	case n == len(b):
		return dissect.More, false
	case b[n] != ' ' || !textual(bytes.TrimRight(b[n:], "\r")):
		return dissect.No, false
	}
	return dissect.More, false
}

// judgeStatus judges the beginning of a status line. The three digits of the
// status make it certain.
func judgeStatus(b []byte) dissect.Match {
	n := min(len(b), len(versionPrefix))
	if string(b[:n]) != versionPrefix[:n] {
		return dissect.No
	}
	b = b[n:]
	if len(b) > 0 && !digit(b[0]) || len(b) > 1 && !blank(b[1]) {
		return dissect.No
	}
	b = bytes.TrimLeft(b[min(len(b), 1):], " \t")
	switch {
	case !digits(b, min(len(b), 3)):
		return dissect.No
	case len(b) <= 3:
		return dissect.More
	case blank(b[3]) || b[3] == '\r':
		return dissect.Yes
	}
	return dissect.No
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func blank(c byte) bool { return c == ' ' || c == '\t' }

// textual reports whether b holds no control character but tabs.
func textual(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
