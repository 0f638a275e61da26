package report

import (
	"encoding/hex"
	"io"
	"math"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"
)

// flushAt is how many bytes an encoder gathers before it writes them.
const flushAt = 64 << 10

// encoder writes JSON piece by piece: a report may have hundreds of thousands
// of exchanges, so nothing is built in memory and nothing goes through
// reflection. The first error of the writer stays, and ends all writing.
type encoder struct {
	w     io.Writer
	b     []byte
	err   error
	comma bool // a value stands before the place that is written next

	second int64  // of the time written last
	prefix []byte // its text up to the second
}

func newEncoder(w io.Writer) *encoder {
	return &encoder{w: w, b: make([]byte, 0, flushAt+flushAt/4), second: math.MinInt64}
}

// flush writes what was gathered.
func (e *encoder) flush() error {
	if e.err == nil && len(e.b) > 0 {
		_, e.err = e.w.Write(e.b)
	}
	e.b = e.b[:0]
	return e.err
}

// next begins a value or a key.
func (e *encoder) next() {
	if e.comma {
		e.b = append(e.b, ',')
		e.comma = false
	}
	if len(e.b) >= flushAt {
		e.flush()
	}
}

// newline begins a line, so that documents can be read and searched by lines.
func (e *encoder) newline() {
	e.next()
	e.b = append(e.b, '\n')
}

func (e *encoder) open(c byte)  { e.next(); e.b = append(e.b, c) }
func (e *encoder) close(c byte) { e.b = append(e.b, c); e.comma = true }

// key begins a member of an object. Keys are our own words: nothing in them
// needs escaping.
func (e *encoder) key(k string) {
	e.next()
	e.b = append(e.b, '"')
	e.b = append(e.b, k...)
	e.b = append(e.b, '"', ':')
}

// keyText begins a member whose name may come from the wire.
func (e *encoder) keyText(k string) {
	e.next()
	e.b = appendString(e.b, k)
	e.b = append(e.b, ':')
}

func (e *encoder) object(k string) { e.key(k); e.open('{') }
func (e *encoder) array(k string)  { e.key(k); e.open('[') }

func (e *encoder) string(s string) {
	e.next()
	e.b = appendString(e.b, s)
	e.comma = true
}

// hex writes bytes as text in hexadecimal.
func (e *encoder) hex(b []byte) {
	e.next()
	e.b = append(e.b, '"')
	e.b = hex.AppendEncode(e.b, b)
	e.b = append(e.b, '"')
	e.comma = true
}

func (e *encoder) int(n int64) {
	e.next()
	e.b = strconv.AppendInt(e.b, n, 10)
	e.comma = true
}

// number writes a fraction; JSON has no word for infinity, so a value without
// size is 0.
func (e *encoder) number(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		f = 0
	}
	e.next()
	e.b = strconv.AppendFloat(e.b, f, 'g', -1, 64)
	e.comma = true
}

// seconds writes nanoseconds as seconds, exactly.
func (e *encoder) seconds(nanos int64) {
	e.next()
	e.b = appendSeconds(e.b, nanos)
	e.comma = true
}

func appendSeconds(b []byte, nanos int64) []byte {
	if nanos < 0 {
		b = append(b, '-')
	}
	size := uint64(nanos)
	if nanos < 0 {
		size = -size
	}
	b = strconv.AppendUint(b, size/1e9, 10)
	if size%1e9 == 0 {
		return b
	}
	b = appendFraction(b, size%1e9)
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}

// appendFraction writes a point and nine digits.
func appendFraction(b []byte, nanos uint64) []byte {
	var digits [10]byte
	for i := 9; i > 0; i-- {
		digits[i] = byte('0' + nanos%10)
		nanos /= 10
	}
	digits[0] = '.'
	return append(b, digits[:]...)
}

// time writes a time stamp of RFC 3339 with nanoseconds, in UTC. Neighbours
// share their second, so its text is kept.
func (e *encoder) time(nanos int64) {
	e.next()
	second, rest := nanos/1e9, nanos%1e9
	if rest < 0 {
		second, rest = second-1, rest+1e9
	}
	if second != e.second {
		e.second = second
		e.prefix = time.Unix(second, 0).UTC().AppendFormat(e.prefix[:0], "2006-01-02T15:04:05")
	}
	e.b = append(e.b, '"')
	e.b = append(e.b, e.prefix...)
	e.b = appendFraction(e.b, uint64(rest))
	e.b = append(e.b, 'Z', '"')
	e.comma = true
}

// Members that are absent where they say nothing.

func (e *encoder) text(k, s string) {
	if s != "" {
		e.key(k)
		e.string(s)
	}
}

func (e *encoder) count(k string, n int64) {
	if n != 0 {
		e.key(k)
		e.int(n)
	}
}

func (e *encoder) yes(k string, v bool) {
	if v {
		e.key(k)
		e.next()
		e.b = append(e.b, "true"...)
		e.comma = true
	}
}

func (e *encoder) bool(k string, v bool) {
	e.key(k)
	e.b = strconv.AppendBool(e.b, v)
	e.comma = true
}

func (e *encoder) duration(k string, d time.Duration) {
	e.key(k)
	e.seconds(int64(d))
}

func (e *encoder) at(k string, nanos int64) {
	e.key(k)
	e.time(nanos)
}

func (e *encoder) texts(k string, list []string) {
	if len(list) == 0 {
		return
	}
	e.array(k)
	for _, s := range list {
		e.string(s)
	}
	e.close(']')
}

func (e *encoder) ints(k string, list []int) {
	if len(list) == 0 {
		return
	}
	e.array(k)
	for _, n := range list {
		e.int(int64(n))
	}
	e.close(']')
}

const hexDigits = "0123456789abcdef"

// plain tells the bytes that stand for themselves inside quotes.
var plain = func() (t [256]bool) {
	for c := 0x20; c < 0x7f; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// appendString writes a JSON string. What is no UTF-8 becomes U+FFFD, and what
// is not printable is escaped, so that a report can be shown in a terminal
// whatever was captured.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		if plain[s[i]] {
			i++
			continue
		}
		b = append(b, s[from:i]...)
		r, n := utf8.DecodeRuneInString(s[i:])
		b = appendRune(b, r)
		i += n
		from = i
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

func appendRune(b []byte, r rune) []byte {
	switch {
	case r == '"', r == '\\':
		return append(b, '\\', byte(r))
	case r == '\n':
		return append(b, `\n`...)
	case r == '\r':
		return append(b, `\r`...)
	case r == '\t':
		return append(b, `\t`...)
	case unicode.IsPrint(r):
		return utf8.AppendRune(b, r)
	case r > 0xffff: // a pair of surrogates
		r -= 0x10000
		return appendUnit(appendUnit(b, 0xd800|r>>10), 0xdc00|r&0x3ff)
	}
	return appendUnit(b, r)
}

func appendUnit(b []byte, r rune) []byte {
	return append(b, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
