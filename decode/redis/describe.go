package redis

import (
	"fmt"
	"strconv"

	"github.com/wiresight/wiresight/decode/layer"
)

// fieldName is Wireshark's name of a value; it knows RESP2 only.
func fieldName(kind byte) string {
	switch kind {
	case simpleError, bulkError:
		return "resp.error"
	case integer:
		return "resp.integer"
	case bulkString, verbatim:
		return "resp.bulk_string"
	case array, mapping, set, push, attribute:
		return "resp.array"
	}
	return "resp.string"
}

// layer describes the current value. Offsets count from its first byte.
func (d *dissector) layer() layer.Layer {
	v := d.now
	l := layer.Layer{Protocol: Name, OSI: osi, Source: layer.Reassembled, Length: int(v.bytes), Summary: d.title(v)}
	var open [maxNesting + 1][]layer.Field
	depth := 0
	unwind := func(to int) {
		for ; depth > to; depth-- {
			parent := open[depth-1]
			parent[len(parent)-1].Children = append(parent[len(parent)-1].Children, open[depth]...)
			open[depth] = nil
		}
	}
	for i := range v.shown {
		s := &v.shown[i]
		unwind(s.depth)
		depth = s.depth
		open[depth] = append(open[depth], d.field(v, s))
	}
	unwind(0)
	l.Fields = open[0]
	return l
}

// field describes one token.
func (d *dissector) field(v *value, s *shown) layer.Field {
	f := layer.Field{Name: fieldName(s.kind), Offset: int(s.offset), Length: int(s.span)}
	switch {
	case isAggregate(s.kind):
		f.Children = []layer.Field{{Name: "resp.array.length", Value: size(s.size), Offset: f.Offset, Length: f.Length}}
		return f
	case s.arg >= d.secret && v.kind == array:
		f.Value = fmt.Sprintf("%d bytes, not shown", max(0, s.size))
	case s.arg >= 0:
		f.Value = layer.Clip(v.arg(s.arg), maxText)
	}
	if isString(s.kind) {
		f.Children = []layer.Field{
			{Name: "resp.bulk_string.length", Value: size(s.size), Offset: f.Offset, Length: f.Length},
			{Name: "resp.bulk_string.value", Value: f.Value, Offset: f.Offset, Length: f.Length},
		}
	}
	return f
}

func size(n int64) string {
	if n == streamed {
		return "?"
	}
	return strconv.FormatInt(n, 10)
}

// title is the value in a line.
func (d *dissector) title(v *value) string {
	switch {
	case d.msg.Name != "":
		return d.msg.Name
	case d.msg.Status != "":
		return d.msg.Status
	case v.kind == inline || isAggregate(v.kind):
		return fmt.Sprintf("%s of %s", kindNames[v.kind], size(v.size))
	case isString(v.kind):
		return fmt.Sprintf("%s of %d bytes", kindNames[v.kind], v.size)
	}
	return layer.Clip(v.arg(0), maxText)
}
