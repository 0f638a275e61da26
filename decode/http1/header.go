package http1

import (
	"bytes"

	"github.com/wiresight/wiresight/decode/http"
)

// section walks the field lines of a header section (RFC 9112 section 5).
type section struct {
	rest []byte // behind the start line, up to and with the empty line
	base int    // offset of rest from the start line's first byte
}

// field is one field line, folded lines joined. Its slices borrow the section.
type field struct {
	name, value []byte
	offset      int // from the start line's first byte
	length      int // with its line end
	folded      bool
	spaced      bool // white space stands before the colon
}

// next returns the next field line; colon is false for a line without one.
func (s *section) next() (f field, colon, ok bool) {
	line, size := cutLine(s.rest)
	if len(line) == 0 {
		return f, false, false
	}
	f.offset = s.base
	raw := line
	at := size
	for at < len(s.rest) && blank(s.rest[at]) { // obsolete line folding, section 5.2
		_, n := cutLine(s.rest[at:])
		at += n
		f.folded = true
	}
	if f.folded {
		raw = s.rest[:at]
	}
	f.length = at
	s.rest = s.rest[at:]
	s.base += at
	i := bytes.IndexByte(line, ':')
	if i < 0 {
		f.value = http.TrimSpace(line)
		return f, false, true
	}
	f.name, f.value = line[:i], http.TrimSpace(raw[i+1:])
	if i > 0 && blank(line[i-1]) {
		f.name, f.spaced = http.TrimSpace(f.name), true
	}
	return f, true, true
}

// cutLine returns the first line without its end, and its size with it.
func cutLine(b []byte) (line []byte, size int) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return b, len(b)
	}
	if i > 0 && b[i-1] == '\r' {
		return b[:i-1], i + 1
	}
	return b[:i], i + 1
}

// sectionEnd looks for the empty line that ends a header section, from index
// from on. It returns the index behind it, or -1 and where to look next time.
func sectionEnd(b []byte, from int) (end, again int) {
	for {
		i := bytes.IndexByte(b[from:], '\n')
		if i < 0 {
			return -1, len(b)
		}
		i += from
		switch {
		case i+1 < len(b) && b[i+1] == '\n':
			return i + 2, 0
		case i+2 < len(b) && b[i+1] == '\r' && b[i+2] == '\n':
			return i + 3, 0
		case i+1 == len(b), i+2 == len(b) && b[i+1] == '\r':
			return -1, i
		}
		from = i + 1
	}
}

// unfold joins a folded value's lines by a space (RFC 9112 section 5.2).
func unfold(b []byte) []byte { return bytes.Join(bytes.Fields(b), []byte(" ")) }
