// Package sqltext shortens SQL statements to what they do: literals, which are
// data, become question marks, and white space and comments become spaces.
// Statements of one program that differ in their data alone look the same.
package sqltext

import (
	"bytes"

	"github.com/wiresight/wiresight/decode/layer"
)

// maxShape and maxLook bound the result, and the bytes of a statement that are
// looked at for it.
const (
	maxShape = 160
	maxLook  = 2048
)

// Shape returns what a statement does, in at most 160 bytes. More tells that b
// is the beginning of a longer statement.
func Shape(b []byte, more bool) string {
	if len(b) > maxLook {
		b, more = b[:maxLook], true
	}
	out := make([]byte, 0, maxShape+8)
	for len(b) > 0 && len(out) < maxShape {
		n, text := next(b)
		switch {
		case text == nil: // a space, once
			if len(out) > 0 && out[len(out)-1] != ' ' {
				out = append(out, ' ')
			}
		default:
			out = append(out, text...)
		}
		b = b[n:]
	}
	out = bytes.TrimRight(out, " ;\x00")
	if len(b) > 0 || more {
		return layer.Printable(string(out)) + "…"
	}
	return layer.Printable(string(out))
}

var mark = []byte("?")

// next returns the size of the token that b begins with and what stands for it,
// nil for white space.
func next(b []byte) (n int, text []byte) {
	c := b[0]
	switch {
	case c <= ' ':
		return 1, nil
	case c == '\'':
		return quoted(b, c), mark
	case c == '"' || c == '`': // names in standard SQL
		n = quoted(b, c)
		return n, b[:n]
	case bytes.HasPrefix(b, []byte("--")):
		return comment(b, "\n"), nil
	case bytes.HasPrefix(b, []byte("/*")):
		return comment(b, "*/"), nil
	case c >= '0' && c <= '9':
		n = word(b)
		return n, mark
	case c == '$': // a parameter, or text in dollars
		return dollars(b)
	case letter(c):
		n = word(b)
		return n, b[:n]
	}
	return 1, b[:1]
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80 }

func word(b []byte) int {
	n := 1
	for n < len(b) && (letter(b[n]) || b[n] >= '0' && b[n] <= '9' || b[n] == '.' && b[0] >= '0' && b[0] <= '9') {
		n++
	}
	return n
}

// quoted returns the size of a text in quotes; two of them, or one behind a
// backslash, do not end it.
func quoted(b []byte, quote byte) int {
	for i := 1; i < len(b); i++ {
		switch {
		case b[i] == '\\' && quote == '\'':
			i++
		case b[i] == quote && i+1 < len(b) && b[i+1] == quote:
			i++
		case b[i] == quote:
			return i + 1
		}
	}
	return len(b)
}

func comment(b []byte, end string) int {
	if i := bytes.Index(b, []byte(end)); i >= 0 {
		return i + len(end)
	}
	return len(b)
}

// dollars takes $1 as it is, and $tag$text$tag$ as a literal (PostgreSQL).
func dollars(b []byte) (n int, text []byte) {
	n = word(b)
	if n < len(b) && b[n] == '$' && (n == 1 || letter(b[1])) {
		tag := b[:n+1]
		if i := bytes.Index(b[len(tag):], tag); i >= 0 {
			return len(tag) + i + len(tag), mark
		}
		return len(b), mark
	}
	return n, b[:n]
}

// Text returns a statement as it is, in at most 256 bytes, or its shape where
// it speaks of a password.
func Text(b []byte) string {
	const most = 256
	lower := bytes.ToLower(b[:min(len(b), maxLook)])
	for _, word := range [][]byte{[]byte("passw"), []byte("identified"), []byte("encrypted"), []byte("secret")} {
		if bytes.Contains(lower, word) {
			return Shape(b, false)
		}
	}
	return layer.Clip(b, most)
}
