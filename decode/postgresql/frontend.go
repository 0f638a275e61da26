package postgresql

import (
	"strconv"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/sqltext"
	"github.com/wiresight/wiresight/decode/stream"
	"github.com/wiresight/wiresight/decode/wire"
)

// frontend takes a message of the client.
func (d *dissector) frontend(u *stream.Unit, kind byte, r wire.Reader) {
	q := &d.request
	switch kind {
	case 'Q':
		q.add(u)
		q.kind, q.name = "query", d.shape(u, r.Peek())
		d.ask()
	case 'P', 'B', 'E', 'D', 'C', 'F', 'S':
		q.add(u)
		d.extended(u, kind, &r)
		if kind == 'S' || kind == 'F' {
			d.ask()
		}
	case 'H':
		if q.open { // answers may come before the batch ends
			q.add(u)
		}
	case 'd':
		d.copied++
		d.copyBytes += u.Size - fixed
	case 'X':
		d.single(u, "terminate", "", false)
	}
}

// shape is what a statement does. Its text ends with a zero byte.
func (d *dissector) shape(u *stream.Unit, b []byte) string {
	text := b
	r := wire.NewReader(b)
	if s := r.ZeroEnded(); r.OK() {
		text = s
	}
	return sqltext.Shape(text, !u.Whole())
}

// extended takes a message of the extended protocol into its batch, which is
// named after its first statement.
func (d *dissector) extended(u *stream.Unit, kind byte, r *wire.Reader) {
	q := &d.request
	if q.kind == "" {
		q.kind = "sync"
	}
	switch kind {
	case 'P':
		name := string(r.ZeroEnded())
		text := d.shape(u, r.Peek())
		if len(d.statements) < maxStatements || d.statements[name] != "" {
			d.statements[layer.Clip([]byte(name), maxText)] = text
		}
		d.title("parse", text)
		if name != "" {
			q.fact("statement", layer.Clip([]byte(name), maxText))
		}
	case 'B':
		r.ZeroEnded() // the portal
		name := layer.Clip(r.ZeroEnded(), maxText)
		d.title("bind", d.statements[name])
		r.Bytes(2 * int(r.U16()))
		if n := r.U16(); r.OK() {
			q.fact("parameters", strconv.Itoa(int(n)))
		}
	case 'F':
		d.title("function-call", "FunctionCall")
	case 'D':
		what := r.U8()
		if name := layer.Clip(r.ZeroEnded(), maxText); what == 'S' {
			d.title("describe", d.statements[name])
		}
	case 'E':
		q.fact("execute", "true")
	case 'C':
		if r.U8() == 'S' {
			name := layer.Clip(r.ZeroEnded(), maxText)
			d.title("close", "CLOSE "+name)
			delete(d.statements, name)
		}
	}
}

// title names the batch by the first message that tells a statement.
func (d *dissector) title(kind, text string) {
	if q := &d.request; q.name == "" {
		q.kind, q.name = kind, text
	}
}
