package postgresql

import (
	"strconv"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/sqltext"
	"github.com/wiresight/wiresight/decode/stream"
	"github.com/wiresight/wiresight/decode/wire"
)

// errorFields are Wireshark's names of the fields of an error or a notice.
var errorFields = map[byte]string{
	'S': "pgsql.severity", 'V': "pgsql.severity", 'C': "pgsql.code", 'M': "pgsql.message", 'D': "pgsql.detail", 'H': "pgsql.hint",
	'P': "pgsql.position", 'p': "pgsql.internal_position", 'q': "pgsql.internal_query", 'W': "pgsql.where", 's': "pgsql.schema_name",
	't': "pgsql.table_name", 'c': "pgsql.column_name", 'd': "pgsql.type_name", 'n': "pgsql.constraint_name", 'F': "pgsql.file",
	'L': "pgsql.line", 'R': "pgsql.routine",
}

// layer describes the current message. Offsets count from its first byte.
func (d *dissector) layer() layer.Layer {
	u := d.now
	t := tree{wire.NewTree(u.Head, 0)}
	l := layer.Layer{Protocol: Name, OSI: osi, Source: layer.Reassembled, Length: len(u.Head)}
	t.Add("pgsql.frontend", strconv.FormatBool(u.Dir == layer.ToServer), 0)
	if d.start {
		l.Summary = describeStart(t, u)
	} else {
		kind := t.U8()
		l.Summary = messages(u.Dir)[kind]
		t.Add("pgsql.type", l.Summary, 1)
		t.Number("pgsql.length", uint64(t.U32()), 4)
		if u.Dir == layer.ToServer {
			describeFrontend(t, kind)
		} else {
			describeBackend(t, kind)
		}
	}
	l.Fields = t.Fields
	return l
}

// describeStart notes a message without a type.
func describeStart(t tree, u *stream.Unit) string {
	if u.Dir == layer.ToClient {
		granted := t.U8()
		t.Text("pgsql.type", []byte{granted})
		return "SSL response"
	}
	t.Number("pgsql.length", uint64(t.U32()), 4)
	switch code := t.U32(); code {
	case codeSSL:
		return "SSL request"
	case codeGSS:
		return "GSS encrypt request"
	case codeCancel:
		t.Number("pgsql.pid", uint64(t.U32()), 4)
		t.Rest()
		t.Hidden("pgsql.key", 4)
		return "Cancel request"
	default:
		t.Number("pgsql.version_major", uint64(code>>16), 4)
		t.Number("pgsql.version_minor", uint64(code&0xffff), 4)
	}
	for t.Len() > 1 && t.OK() {
		t.text("pgsql.parameter_name")
		t.text("pgsql.parameter_value")
	}
	return "Startup message"
}

func describeFrontend(t tree, kind byte) {
	switch kind {
	case 'Q':
		t.query()
	case 'P':
		t.text("pgsql.statement")
		t.query()
		for n := t.U16(); n > 0 && t.Len() > 0; n-- {
			t.Number("pgsql.oid.type", uint64(t.U32()), 4)
		}
	case 'B':
		t.text("pgsql.portal")
		t.text("pgsql.statement")
		for n := t.U16(); n > 0 && t.Len() > 0; n-- {
			t.Number("pgsql.format", uint64(t.U16()), 2)
		}
		t.values()
	case 'E':
		t.text("pgsql.portal")
		t.Number("pgsql.returns", uint64(t.U32()), 4)
	case 'D', 'C':
		name := "pgsql.portal"
		if t.U8() == 'S' {
			name = "pgsql.statement"
		}
		t.text(name)
	case 'p':
		t.Hidden("pgsql.password", len(t.Rest()))
	case 'd':
		t.Text("pgsql.copydata", t.Rest())
	case 'f':
		t.text("pgsql.error")
	}
}

func describeBackend(t tree, kind byte) {
	switch kind {
	case 'R':
		t.Number("pgsql.authtype", uint64(t.U32()), 4)
	case 'S':
		t.text("pgsql.parameter_name")
		t.text("pgsql.parameter_value")
	case 'K':
		t.Number("pgsql.pid", uint64(t.U32()), 4)
		t.Hidden("pgsql.key", len(t.Rest()))
	case 'Z':
		t.Number("pgsql.status", uint64(t.U8()), 1)
	case 'C':
		t.text("pgsql.tag")
	case 'T':
		for n := t.Number("pgsql.field.count", uint64(t.U16()), 2); n > 0 && t.Len() > 0; n-- {
			t.column()
		}
	case 'D':
		t.values()
	case 't':
		for n := t.U16(); n > 0 && t.Len() > 0; n-- {
			t.Number("pgsql.oid.type", uint64(t.U32()), 4)
		}
	case 'E', 'N':
		for t.Len() > 1 && t.OK() {
			name := errorFields[t.U8()]
			if name == "" {
				name = "pgsql.text"
			}
			t.text(name)
		}
	case 'A':
		t.Number("pgsql.pid", uint64(t.U32()), 4)
		t.text("pgsql.condition")
		t.text("pgsql.text")
	case 'd':
		t.Text("pgsql.copydata", t.Rest())
	}
}

// tree adds what PostgreSQL's messages are made of.
type tree struct{ *wire.Tree }

// text notes a text that ends with a zero byte.
func (t tree) text(name string) {
	b := t.ZeroEnded()
	t.Add(name, layer.Clip(b, 2*maxText), len(b)+1)
}

func (t tree) query() {
	b := t.ZeroEnded()
	t.Add("pgsql.query", sqltext.Text(b), len(b)+1)
}

// column notes one column of a RowDescription.
func (t tree) column() {
	t.Group("pgsql.col.name", layer.Clip(zeroEnded(t.Peek()), maxText), 0, func() {
		t.ZeroEnded()
		t.Number("pgsql.oid.table", uint64(t.U32()), 4)
		t.Number("pgsql.col.index", uint64(t.U16()), 2)
		t.Number("pgsql.oid.type", uint64(t.U32()), 4)
		t.Signed("pgsql.val.length", int64(int16(t.U16())), 2)
		t.Signed("pgsql.col.typemod", int64(int32(t.U32())), 4)
		t.Number("pgsql.format", uint64(t.U16()), 2)
	})
}

func zeroEnded(b []byte) []byte {
	r := wire.NewReader(b)
	return r.ZeroEnded()
}

// values notes the values of a row, or of a statement's parameters.
func (t tree) values() {
	for n := t.Number("pgsql.field.count", uint64(t.U16()), 2); n > 0 && t.Len() > 0; n-- {
		size := int32(t.U32())
		t.Signed("pgsql.val.length", int64(size), 4)
		if size > 0 {
			t.Text("pgsql.val.data", t.Bytes(int(size)))
		}
	}
}
