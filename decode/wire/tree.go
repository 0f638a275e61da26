package wire

import (
	"fmt"
	"strconv"

	"github.com/wiresight/wiresight/decode/layer"
)

// maxText and maxFields bound what is shown of one text, and of one message.
const (
	maxText   = 256
	maxFields = 1024
)

// Tree reads bytes and notes what it read as fields.
type Tree struct {
	Reader
	Fields []layer.Field
	base   int // offset of the bytes in the layer
}

// NewTree returns a Tree of b, whose first byte has this offset in the layer.
func NewTree(b []byte, offset int) *Tree { return &Tree{Reader: NewReader(b), base: offset} }

// At returns the offset in the layer of the next byte.
func (t *Tree) At() int { return t.base + t.Offset() }

// Add notes a field with a value of the caller's, made of the last size bytes
// read. It must be printable.
func (t *Tree) Add(name, value string, size int) {
	if len(t.Fields) < maxFields && t.OK() {
		t.Fields = append(t.Fields, layer.Field{Name: name, Value: value, Offset: t.At() - size, Length: size})
	}
}

// Number notes a number made of the last size bytes read, and returns it.
func (t *Tree) Number(name string, v uint64, size int) uint64 {
	t.Add(name, strconv.FormatUint(v, 10), size)
	return v
}

// Signed notes a number that may be negative.
func (t *Tree) Signed(name string, v int64, size int) int64 {
	t.Add(name, strconv.FormatInt(v, 10), size)
	return v
}

// Text notes captured bytes, the last that were read.
func (t *Tree) Text(name string, b []byte) []byte {
	t.Add(name, layer.Clip(b, maxText), len(b))
	return b
}

// Hidden notes that there are bytes which are not shown.
func (t *Tree) Hidden(name string, size int) {
	t.Add(name, fmt.Sprintf("%d bytes, not shown", size), size)
}

// Flag notes one bit of the last byte read.
func (t *Tree) Flag(name string, set bool) {
	v := "0"
	if set {
		v = "1"
	}
	t.Add(name, v, 1)
}

// Group puts the fields that f notes under one of the given name, which spans
// what f reads, and the last before bytes that were read already.
func (t *Tree) Group(name, value string, before int, f func()) {
	outer, at := t.Fields, t.At()-before
	t.Fields = nil
	f()
	children := t.Fields
	t.Fields = outer
	if len(t.Fields) < maxFields {
		t.Fields = append(t.Fields, layer.Field{Name: name, Value: value, Offset: at, Length: t.At() - at, Children: children})
	}
}
