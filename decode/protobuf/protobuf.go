// Package protobuf describes messages in Protocol Buffers' wire format as
// fields: with a schema by the names in it, without one by numbers, where what
// a length-delimited field holds is guessed from its bytes and the guess stays
// visible as such. It does no I/O: whoever has .proto files or descriptors
// hands them over.
package protobuf

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/wiresight/wiresight/decode/layer"
)

// Bounds of what is described of one message.
const (
	maxDepth  = 16
	maxFields = 1024
	maxText   = 512 // bytes of a string
	maxBytes  = 64  // bytes shown in hexadecimal
	maxPacked = 32  // numbers of a packed field
)

// describer describes one message and those within it.
type describer struct {
	schema *Schema
	left   int // fields that may still be described
}

// Describe returns the fields of a message; at is the offset of its first byte
// from where the fields' offsets count. d is the message's type, nil where it
// is not known. ok is false where b is no message: the fields are those before
// the fault.
func (s *Schema) Describe(b []byte, at int, d protoreflect.MessageDescriptor) (fields []layer.Field, ok bool) {
	x := describer{schema: s, left: maxFields}
	return x.message(b, at, d, 0)
}

// message describes the fields of a message.
func (x *describer) message(b []byte, at int, d protoreflect.MessageDescriptor, depth int) (fields []layer.Field, ok bool) {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fields, false
		}
		m := protowire.ConsumeFieldValue(number, kind, b[n:])
		if m < 0 {
			return fields, false
		}
		if x.left--; x.left < 0 {
			return fields, true
		}
		var f protoreflect.FieldDescriptor
		if d != nil {
			f = d.Fields().ByNumber(number)
		}
		l := x.field(number, kind, b[n:n+m], at+n, f, depth)
		l.Offset, l.Length = at, n+m
		fields = append(fields, l)
		b, at = b[n+m:], at+n+m
	}
	return fields, true
}

// field describes one field by its value b.
func (x *describer) field(number protowire.Number, kind protowire.Type, b []byte, at int, f protoreflect.FieldDescriptor, depth int) layer.Field {
	name := strconv.Itoa(int(number))
	if f != nil {
		name = layer.Clip([]byte(f.Name()), maxText)
		if secret(f) {
			return layer.Field{Name: "protobuf.field.value", Value: fmt.Sprintf("%s: %d bytes, not shown", name, len(b))}
		}
	}
	l := layer.Field{Name: "protobuf.field.value"}
	switch kind {
	case protowire.VarintType:
		v, _ := protowire.ConsumeVarint(b)
		l.Value = name + ": " + varint(v, f)
	case protowire.Fixed32Type:
		v, _ := protowire.ConsumeFixed32(b)
		l.Value = name + ": " + fixed32(v, f)
	case protowire.Fixed64Type:
		v, _ := protowire.ConsumeFixed64(b)
		l.Value = name + ": " + fixed64(v, f)
	case protowire.BytesType:
		v, n := protowire.ConsumeBytes(b)
		x.bytes(&l, name, v, at+n-len(v), f, depth)
	case protowire.StartGroupType:
		v, _ := protowire.ConsumeGroup(number, b)
		l.Name, l.Value = "protobuf.message", name+": group"
		if depth < maxDepth {
			l.Children, _ = x.message(v, at, messageOf(x.schema, f), depth+1)
		}
	}
	return l
}

// bytes describes a length-delimited field: text, bytes, a message or packed
// numbers.
func (x *describer) bytes(l *layer.Field, name string, b []byte, at int, f protoreflect.FieldDescriptor, depth int) {
	if f == nil {
		x.guess(l, name, b, at, depth)
		return
	}
	switch f.Kind() {
	case protoreflect.StringKind:
		l.Value = name + ": " + quote(b)
	case protoreflect.BytesKind:
		l.Value = name + ": " + binary(b)
	case protoreflect.MessageKind, protoreflect.GroupKind:
		d := messageOf(x.schema, f)
		l.Name, l.Value = "protobuf.message", name+": "+layer.Clip([]byte(f.Message().FullName()), maxText)
		if depth < maxDepth {
			ok := true
			if l.Children, ok = x.message(b, at, d, depth+1); !ok {
				l.Value += " (malformed)"
			}
		}
	default:
		l.Value = name + ": " + packed(b, f)
	}
}

// guess describes a length-delimited field of an unknown type: as text where it
// reads as text, as a message where it reads as one to its end, else as bytes.
func (x *describer) guess(l *layer.Field, name string, b []byte, at, depth int) {
	if textual(b) {
		l.Value = name + ": " + quote(b)
		return
	}
	if depth < maxDepth && plausible(b) {
		l.Name, l.Value = "protobuf.message", name+": message, likely"
		l.Children, _ = x.message(b, at, nil, depth+1)
		return
	}
	l.Value = name + ": " + binary(b)
}

// plausible reports whether bytes read as a message to their end, with field
// numbers as people give them.
func plausible(b []byte) bool {
	const usual = 1 << 15
	if len(b) == 0 {
		return false
	}
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 || number > usual || kind == protowire.StartGroupType {
			return false
		}
		m := protowire.ConsumeFieldValue(number, kind, b[n:])
		if m < 0 {
			return false
		}
		b = b[n+m:]
	}
	return true
}

// textual reports whether bytes are printable text.
func textual(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 || !unicode.IsPrint(r) {
			return false
		}
		b = b[n:]
	}
	return true
}

func quote(b []byte) string { return `"` + layer.Clip(b, maxText) + `"` }

func binary(b []byte) string {
	text := fmt.Sprintf("%d bytes", len(b))
	if len(b) > 0 {
		text += ": " + hex.EncodeToString(b[:min(len(b), maxBytes)])
	}
	if len(b) > maxBytes {
		text += "…"
	}
	return text
}

// varint tells a number by its type; without one it may be anything.
func varint(v uint64, f protoreflect.FieldDescriptor) string {
	if f == nil {
		return strconv.FormatUint(v, 10)
	}
	switch f.Kind() {
	case protoreflect.BoolKind:
		return strconv.FormatBool(v != 0)
	case protoreflect.Sint32Kind, protoreflect.Sint64Kind:
		return strconv.FormatInt(protowire.DecodeZigZag(v), 10)
	case protoreflect.Int32Kind:
		return strconv.FormatInt(int64(int32(v)), 10)
	case protoreflect.Int64Kind:
		return strconv.FormatInt(int64(v), 10)
	case protoreflect.EnumKind:
		if e := f.Enum(); e != nil && !e.IsPlaceholder() {
			if value := e.Values().ByNumber(protoreflect.EnumNumber(int32(v))); value != nil {
				return layer.Clip([]byte(value.Name()), maxText)
			}
		}
		return strconv.FormatInt(int64(int32(v)), 10)
	}
	return strconv.FormatUint(v, 10)
}

func fixed32(v uint32, f protoreflect.FieldDescriptor) string {
	float := strconv.FormatFloat(float64(math.Float32frombits(v)), 'g', -1, 32)
	switch {
	case f == nil:
		return fmt.Sprintf("%d (or %s)", v, float)
	case f.Kind() == protoreflect.FloatKind:
		return float
	case f.Kind() == protoreflect.Sfixed32Kind:
		return strconv.FormatInt(int64(int32(v)), 10)
	}
	return strconv.FormatUint(uint64(v), 10)
}

func fixed64(v uint64, f protoreflect.FieldDescriptor) string {
	float := strconv.FormatFloat(math.Float64frombits(v), 'g', -1, 64)
	switch {
	case f == nil:
		return fmt.Sprintf("%d (or %s)", v, float)
	case f.Kind() == protoreflect.DoubleKind:
		return float
	case f.Kind() == protoreflect.Sfixed64Kind:
		return strconv.FormatInt(int64(v), 10)
	}
	return strconv.FormatUint(v, 10)
}

// packed tells the numbers of a packed repeated field.
func packed(b []byte, f protoreflect.FieldDescriptor) string {
	text, n := "[", 0
	for ; len(b) > 0; n++ {
		var v string
		var size int
		switch f.Kind() {
		case protoreflect.FloatKind, protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind:
			var number uint32
			number, size = protowire.ConsumeFixed32(b)
			v = fixed32(number, f)
		case protoreflect.DoubleKind, protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind:
			var number uint64
			number, size = protowire.ConsumeFixed64(b)
			v = fixed64(number, f)
		default:
			var number uint64
			number, size = protowire.ConsumeVarint(b)
			v = varint(number, f)
		}
		if size < 0 {
			return text + " (malformed)"
		}
		b = b[size:]
		if n < maxPacked {
			if n > 0 {
				text += ", "
			}
			text += v
		}
	}
	if n > maxPacked {
		text += fmt.Sprintf(", … %d in all", n)
	}
	return text + "]"
}
