package redis

import (
	"bytes"
	"strconv"
)

// A token is a line, or a line with the bytes that it announces: a value that
// holds no others, or the head of one that does.
type token struct {
	kind byte   // the first byte of the line; inline for a command without one
	line []byte // without the kind and the line's end
	data []byte // of a string, what is there of it
	size int64  // of a string, in bytes; of an aggregate, in elements; -1 for null or unknown
}

// The kinds of values (RESP3 specification). Aggregates announce elements,
// strings bytes.
const (
	simpleString = '+'
	simpleError  = '-'
	integer      = ':'
	bulkString   = '$'
	array        = '*'
	null         = '_'
	double       = ','
	boolean      = '#'
	bulkError    = '!'
	verbatim     = '='
	bigNumber    = '('
	mapping      = '%'
	set          = '~'
	push         = '>'
	attribute    = '|'
	chunk        = ';' // of a streamed string
	end          = '.' // of a streamed aggregate
	inline       = 0
)

// streamed is the announced size of a streamed value.
const streamed = -2

// maxLine bounds a line (the inline limit of Redis is 64 KiB, but only lines
// of commands and errors are ever longer than a few bytes).
const maxLine = 8 << 10

func isKind(c byte) bool { return bytes.IndexByte([]byte("+-:$*_,#!=(%~>|;."), c) >= 0 }

func isString(kind byte) bool {
	return kind == bulkString || kind == bulkError || kind == verbatim || kind == chunk
}

func isAggregate(kind byte) bool {
	switch kind {
	case array, mapping, set, push, attribute:
		return true
	}
	return false
}

// measure returns the size of the token that b begins with, 0 where b is too
// short, and -1 where none begins so. Commands may be inline.
func measure(b []byte, command bool) int64 {
	if !isKind(b[0]) && !(command && inlineByte(b[0])) {
		return -1
	}
	end := bytes.IndexByte(b[:min(len(b), maxLine)], '\n')
	if end < 0 {
		if len(b) >= maxLine {
			return -1
		}
		return 0
	}
	t, ok := parseLine(b[:end+1])
	switch {
	case !ok:
		return -1
	case isString(t.kind) && t.size > 0, isString(t.kind) && t.size == 0 && t.kind != chunk:
		return int64(end+1) + t.size + 2
	}
	return int64(end + 1)
}

// inlineByte reports whether an inline command may begin with c: a letter, or
// the end of an empty line.
func inlineByte(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '\r' || c == '\n' }

// maxSize is far beyond the 512 MiB that Redis allows, and keeps sums small.
const maxSize = 1 << 40

// parseLine reads a token's line with its end.
func parseLine(line []byte) (t token, ok bool) {
	text := bytes.TrimSuffix(line, []byte("\n"))
	text = bytes.TrimSuffix(text, []byte("\r"))
	if len(line) == 0 || !isKind(line[0]) {
		return token{kind: inline, line: text}, true
	}
	t.kind, t.line = line[0], text[min(1, len(text)):]
	if !isString(t.kind) && !isAggregate(t.kind) {
		return t, true
	}
	if string(t.line) == "?" {
		t.size = streamed
		return t, true
	}
	n, err := strconv.ParseInt(string(t.line[:min(len(t.line), 20)]), 10, 64)
	t.size = n
	return t, err == nil && n >= -1 && n <= maxSize
}

// parseToken reads a token of which b holds the beginning.
func parseToken(b []byte) (t token, ok bool) {
	n := bytes.IndexByte(b, '\n') + 1
	t, ok = parseLine(b[:n])
	if ok && isString(t.kind) && t.size > 0 {
		t.data = b[n:]
		t.data = t.data[:min(int64(len(t.data)), t.size)]
	}
	return t, ok
}

// text is what a value that holds no others says.
func (t *token) text() []byte {
	if isString(t.kind) {
		return t.data
	}
	return t.line
}

func (t *token) isNull() bool {
	return t.kind == null || t.size == -1 && (isString(t.kind) || isAggregate(t.kind))
}
