package redis

import (
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
)

// Bounds of what is kept of a value.
const (
	maxNesting  = 32
	maxElements = 16   // of the outermost aggregate
	maxElement  = 1024 // bytes of one of them
	maxShown    = 64   // elements described
)

// value is a whole value while its tokens arrive.
type value struct {
	open    bool
	kind    byte
	size    int64 // of the outermost: bytes of a string, elements of an aggregate
	null    bool
	depth   int
	left    [maxNesting]int64 // elements to come at each depth; streamed until the end is told
	kinds   [maxNesting]byte
	args    []element // the first elements of the outermost aggregate, or the value itself
	text    []byte    // of all args
	shown   []shown
	first   layer.PacketRef
	last    layer.PacketRef
	packets flow.Packets
	bytes   int64
	missing bool
	errors  int // errors among the elements
}

// element is one value that holds no others.
type element struct {
	kind     byte
	from, to int // into value.text
	size     int64
}

// shown is a token that will be described.
type shown struct {
	kind         byte
	arg          int // index into args, or -1
	depth        int
	size         int64
	offset, span int64 // in the value
}

func (v *value) reset() {
	v.packets.Reset()
	*v = value{args: v.args[:0], text: v.text[:0], shown: v.shown[:0], packets: v.packets}
}

// arg returns the bytes of an element, cut to maxElement.
func (v *value) arg(i int) []byte {
	if i >= len(v.args) {
		return nil
	}
	return v.text[v.args[i].from:v.args[i].to]
}

// add takes the next token. It reports whether the value is complete, and
// whether the token may stand here.
func (v *value) add(t *token, u *stream.Unit, describe bool) (complete, ok bool) {
	if !v.open {
		v.reset()
		v.open, v.kind, v.size, v.first = true, t.kind, t.size, u.First
		v.null = t.isNull()
	} else if v.depth == 0 { // what came before were attributes of this one
		v.kind, v.size, v.null = t.kind, t.size, t.isNull()
		v.args, v.text = v.args[:0], v.text[:0]
		for i := range v.shown {
			v.shown[i].arg = -1
		}
	}
	if describe && len(v.shown) < maxShown {
		v.shown = append(v.shown, shown{t.kind, -1, v.depth, t.size, v.bytes, u.Size})
	}
	for _, n := range u.Packets.List() {
		v.packets.Add(int(n))
	}
	v.last = u.Last
	v.bytes += u.Size - u.Missing
	v.missing = v.missing || u.Missing > 0
	switch {
	case t.kind == inline:
		return true, v.depth == 0
	case t.kind == end:
		if v.depth == 0 || v.left[v.depth-1] != streamed {
			return false, false
		}
		v.depth--
		return v.closed(v.kinds[v.depth]), true
	case t.kind == chunk:
		if v.depth == 0 || v.kinds[v.depth-1] != chunk {
			return false, false
		}
		if t.size > 0 {
			v.size += t.size
			return false, true
		}
		v.depth--
		return v.closed(bulkString), true
	case t.size == streamed && isString(t.kind):
		v.size = 0
		return false, v.nest(chunk, streamed)
	case isAggregate(t.kind) && t.size != -1 && (t.size != 0 || t.kind == attribute):
		n := t.size
		if t.kind == mapping || t.kind == attribute {
			n = max(n*2, streamed)
		}
		if n == 0 { // an empty attribute
			return false, true
		}
		return false, v.nest(t.kind, n)
	}
	v.keep(t)
	return v.closed(t.kind), true
}

func (v *value) nest(kind byte, n int64) bool {
	if v.depth == maxNesting {
		return false
	}
	v.kinds[v.depth], v.left[v.depth] = kind, n
	v.depth++
	return true
}

// closed counts a complete element. It reports whether that completes the
// outermost value.
func (v *value) closed(kind byte) bool {
	for v.depth > 0 {
		if kind == attribute { // stands before the value that it belongs to
			return false
		}
		left := &v.left[v.depth-1]
		if *left == streamed {
			return false
		}
		if *left--; *left > 0 {
			return false
		}
		v.depth--
		kind = v.kinds[v.depth]
	}
	return kind != attribute
}

// keep copies what may be wanted of an element.
func (v *value) keep(t *token) {
	if t.kind == simpleError || t.kind == bulkError {
		v.errors++
	}
	if v.depth > 1 || len(v.args) >= maxElements {
		return
	}
	var b []byte
	if !isAggregate(t.kind) {
		b = t.text()
	}
	from := len(v.text)
	v.text = append(v.text, b[:min(len(b), maxElement)]...)
	size := t.size
	if !isString(t.kind) {
		size = int64(len(b))
	}
	v.args = append(v.args, element{t.kind, from, len(v.text), size})
	if n := len(v.shown); n > 0 {
		v.shown[n-1].arg = len(v.args) - 1
	}
}
