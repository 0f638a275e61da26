package http1

import (
	"bytes"
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
		f.value = trimBlank(line)
		return f, false, true
	}
	f.name, f.value = line[:i], trimBlank(raw[i+1:])
	if i > 0 && blank(line[i-1]) {
		f.name, f.spaced = trimBlank(f.name), true
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

func trimBlank(b []byte) []byte {
	for len(b) > 0 && (blank(b[0]) || b[0] == '\r' || b[0] == '\n') {
		b = b[1:]
	}
	for len(b) > 0 && (blank(b[len(b)-1]) || b[len(b)-1] == '\r' || b[len(b)-1] == '\n') {
		b = b[:len(b)-1]
	}
	return b
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

// foldEqual reports whether b is name, which is in lower case, in any case.
func foldEqual(b []byte, name string) bool {
	if len(b) != len(name) {
		return false
	}
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != name[i] {
			return false
		}
	}
	return true
}

// elements calls each for the members of a comma-separated list (RFC 9110
// section 5.6.1) until it returns false.
func elements(list []byte, each func([]byte) bool) {
	for len(list) > 0 {
		e, rest, _ := bytes.Cut(list, []byte(","))
		list = rest
		if e = trimBlank(e); len(e) > 0 && !each(e) {
			return
		}
	}
}
