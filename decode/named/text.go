package named

import (
	"bytes"
	"strings"
)

// hasAnyPrefix reports whether b begins with one of the texts.
func hasAnyPrefix(b []byte, texts ...string) bool {
	for _, t := range texts {
		if len(b) >= len(t) && string(b[:len(t)]) == t {
			return true
		}
	}
	return false
}

// firstLine returns b up to its first line end, at most maxLine bytes.
func firstLine(b []byte) []byte {
	b = b[:min(len(b), maxLine)]
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		b = b[:i]
	}
	return bytes.TrimRight(b, "\r")
}

// isCode reports whether b begins with a reply's code and a space or hyphen.
func isCode(b []byte, code string) bool {
	return len(b) > 3 && string(b[:3]) == code && (b[3] == ' ' || b[3] == '-')
}

func digits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// printable reports whether b holds nothing but printable ASCII and line ends.
func printable(b []byte) bool {
	for _, c := range b {
		if (c < ' ' || c >= 0x7f) && c != '\r' && c != '\n' && c != '\t' {
			return false
		}
	}
	return len(b) > 0
}

// upper is the short captured word in capitals.
func upper(b []byte) string { return strings.ToUpper(clip(b[:min(len(b), 24)])) }
