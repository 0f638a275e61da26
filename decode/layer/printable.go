package layer

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable makes captured bytes harmless on a terminal and in an export:
// control characters, invalid UTF-8, bidirectional overrides and zero-width
// characters become visible escapes such as \r, \x1b or \u202e. Text that is
// already harmless is returned as it is.
func Printable(s string) string {
	clean := true
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= 0x7f {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 8)
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			b.WriteString(`\x`)
			b.WriteByte(hex[s[0]>>4])
			b.WriteByte(hex[s[0]&15])
		case r < 0x20 || r == 0x7f || !unicode.IsPrint(r):
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		default:
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// Clip is Printable for bytes of unknown length: at most max bytes of b are
// shown, and an ellipsis says that there were more.
func Clip(b []byte, max int) string {
	if len(b) <= max {
		return Printable(string(b))
	}
	return Printable(string(b[:max])) + "…"
}

const hex = "0123456789abcdef"
