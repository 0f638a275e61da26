package postgresql

import (
	"strconv"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
	"github.com/wiresight/wiresight/decode/wire"
)

// backend takes a message of the server.
func (d *dissector) backend(u *stream.Unit, kind byte, r wire.Reader) {
	switch kind {
	case 'A':
		r.U32()
		channel, payload := r.ZeroEnded(), r.ZeroEnded()
		d.single(u, "notification", layer.Clip(channel, maxText), true,
			flow.Fact{Key: "payload-bytes", Value: strconv.Itoa(len(payload))}, flow.Fact{Key: "digest", Value: wire.Digest(payload, int64(len(payload)))})
		return
	case 'N':
		d.single(u, "notice", "", false)
		return
	case 'S':
		if len(d.pending) == 0 && !d.answer.open {
			d.single(u, "parameter-status", "", false)
			return
		}
	}
	if len(d.pending) == 0 && d.request.open { // a Flush has brought it before its end
		d.number()
		m := d.request.message(layer.ToServer, flow.Request)
		m.State = flow.Head
		d.out.Message(&m)
	}
	a := &d.answer
	a.add(u)
	switch kind {
	case 'D':
		d.rows++
	case 'd':
		d.copied++
		d.copyBytes += u.Size - fixed
	case 'C':
		d.tag = layer.Clip(r.ZeroEnded(), maxText)
	case 'I':
		d.tag = "empty query"
	case 'R':
		if name := authentications[r.U32()]; name != "" && r.OK() {
			a.fact("authentication", name)
		}
	case 'E':
		if d.failure(&r) { // the server ends the connection
			d.respond()
		}
	case 'Z':
		if d.tag == "" {
			d.tag = "ready"
		}
		d.respond()
	}
}

// authentications are the methods that a server may ask for, and what follows.
var authentications = map[uint32]string{
	2: "Kerberos V5", 3: "cleartext password", 5: "MD5 password", 7: "GSSAPI", 9: "SSPI", 10: "SASL",
}

// failure notes an error: its SQLSTATE is the answer's status. It reports
// whether the error is the connection's end.
func (d *dissector) failure(r *wire.Reader) (fatal bool) {
	for r.Len() > 1 {
		field, text := r.U8(), r.ZeroEnded()
		if !r.OK() {
			break
		}
		switch field {
		case 'C':
			d.code = layer.Clip(text, maxText)
		case 'M':
			d.answer.fact("error", layer.Clip(text, maxText))
		case 'S', 'V':
			fatal = fatal || string(text) == "FATAL" || string(text) == "PANIC"
		}
	}
	return fatal
}
