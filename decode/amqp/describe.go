package amqp

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/wire"
)

// layer describes the current frame. Offsets count from its first byte.
func (d *dissector) layer() layer.Layer {
	n := &d.now
	t := wire.NewTree(n.unit.Head, 0)
	l := layer.Layer{Protocol: Name, OSI: osi, Source: layer.Reassembled, Length: len(n.unit.Head)}
	switch {
	case isProtocolHeader(n.unit.Head):
		l.Summary = describeProtocolHeader(t, n.unit.Head)
	case d.dialect == dialect10:
		l.Summary = describeFrame10(t)
	default:
		l.Summary = n.frame(t)
	}
	l.Fields = t.Fields
	return l
}

func describeProtocolHeader(t *wire.Tree, b []byte) string {
	t.Text("amqp.init.protocol", t.Bytes(len(magic)))
	names := [...]string{"amqp.init.id_major", "amqp.init.id_minor", "amqp.init.version_major", "amqp.init.version_minor"}
	if b[4] != 1 {
		names = [...]string{"amqp.init.id", "amqp.init.version_major", "amqp.init.version_minor", "amqp.init.version_revision"}
	}
	for _, name := range names {
		t.Number(name, uint64(t.U8()), 1)
	}
	return "Protocol-Header " + versionName(b)
}

func describeFrame10(t *wire.Tree) string {
	t.Number("amqp.length", uint64(t.U32()), 4)
	offset := int(t.Number("amqp.doff", uint64(t.U8()), 1)) * 4
	t.Number("amqp.type", uint64(t.U8()), 1)
	t.Number("amqp.channel", uint64(t.U16()), 2)
	t.Bytes(max(0, offset-frame1Fixed))
	name, descriptor := performative(t.Peek())
	if descriptor != 0 {
		t.Number("amqp.performative", descriptor, 0)
	}
	return name
}

// frame notes a frame of AMQP 0-9-1.
func (n *current) frame(t *wire.Tree) string {
	kind := t.U8()
	t.Number("amqp.type", uint64(kind), 1)
	t.Number("amqp.channel", uint64(t.U16()), 2)
	t.Number("amqp.length", uint64(t.U32()), 4)
	end := t.Len() - 1
	if !n.unit.Whole() {
		end++
	}
	t.Limit(end)
	switch kind {
	case frameMethod:
		return n.describeMethod(t)
	case frameHeader:
		describeHeader(t)
		return "Content-Header"
	case frameBody:
		t.Text("amqp.payload", t.Rest())
		return "Content-Body"
	}
	return "Heartbeat"
}

func (n *current) describeMethod(t *wire.Tree) string {
	t.Number("amqp.method.class", uint64(t.U16()), 2)
	t.Number("amqp.method.method", uint64(t.U16()), 2)
	if n.method == nil {
		return "Method"
	}
	var about methodArguments
	t.Group("amqp.method.arguments", "", 0, func() {
		a := arguments{r: &t.Reader, list: n.method.arguments}
		for v, ok := a.next(); ok; v, ok = a.next() {
			about.take(&v)
			describeValue(t, "amqp.method.arguments.", &v)
		}
	})
	return about.title(n.method)
}

func describeHeader(t *wire.Tree) {
	h := wire.NewReader(t.Peek())
	header := parseContentHeader(&h)
	t.Number("amqp.header.class", uint64(t.U16()), 2)
	t.Number("amqp.header.weight", uint64(t.U16()), 2)
	t.Number("amqp.header.body-size", t.U64(), 8)
	t.Add("amqp.header.property-flags", fmt.Sprintf("0x%04x", t.U16()), 2)
	t.Group("amqp.header.properties", "", 0, func() {
		for i := range header.properties {
			if v := &header.properties[i]; v.argument != nil {
				t.Bytes(v.size)
				describeValue(t, "amqp.method.properties.", v)
			}
		}
	})
}

// describeValue notes an argument that was just read.
func describeValue(t *wire.Tree, prefix string, v *value) {
	name := prefix + strings.ReplaceAll(v.name, "-", "_")
	switch v.form {
	case secret:
		t.Hidden(name, v.size)
	case table:
		describeTable(t, name, v)
	case bit:
		t.Add(name, strconv.FormatUint(v.number, 10), v.size)
	default:
		t.Add(name, v.show(), v.size)
	}
}

func describeTable(t *wire.Tree, name string, v *value) {
	t.Add(name, v.show(), v.size)
	if !t.OK() || len(t.Fields) == 0 {
		return
	}
	f := &t.Fields[len(t.Fields)-1]
	at := f.Offset + f.Length - len(v.text)
	for e := tableOf(v.text); len(f.Children) < maxNames; {
		from := e.r.Offset()
		name, text, ok := e.next()
		if !ok {
			return
		}
		value := layer.Clip(name, maxText)
		switch {
		case text != nil && wire.Secret(name):
			value += fmt.Sprintf(": %d bytes, not shown", len(text))
		case text != nil:
			value += ": " + layer.Clip(text, maxText)
		}
		f.Children = append(f.Children, layer.Field{Name: "amqp.field", Value: value, Offset: at + from, Length: e.r.Offset() - from})
	}
}
