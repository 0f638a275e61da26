package postgresql

import (
	"encoding/binary"
	"strings"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
	"github.com/wiresight/wiresight/decode/wire"
)

// begin takes a message without a type: a StartupMessage, or a request for
// encryption or to cancel.
func (d *dissector) begin(u *stream.Unit) {
	if len(u.Head) < startFixed {
		return
	}
	q := &d.request
	switch binary.BigEndian.Uint32(u.Head[4:]) {
	case codeSSL, codeGSS:
		q.add(u)
		q.kind, q.name = "ssl-request", "SSLRequest"
		if binary.BigEndian.Uint32(u.Head[4:]) == codeGSS {
			q.kind, q.name = "gssenc-request", "GSSENCRequest"
		}
		d.asking = true
		d.ask()
	case codeCancel:
		d.single(u, "cancel-request", "", true)
	default:
		d.started = true
		q.add(u)
		q.kind, q.name = "startup", "startup"
		d.parameters(wire.NewReader(u.Head[startFixed:]))
		d.ask()
	}
}

// parameters notes who connects to what (StartupMessage).
func (d *dissector) parameters(r wire.Reader) {
	q := &d.request
	user, database := "", ""
	for r.Len() > 1 {
		name, value := r.ZeroEnded(), r.ZeroEnded()
		if !r.OK() {
			break
		}
		switch string(name) {
		case "user":
			user = layer.Clip(value, maxText)
			q.fact("user", user)
		case "database":
			database = layer.Clip(value, maxText)
			q.fact("database", database)
		case "application_name":
			q.fact("application", layer.Clip(value, maxText))
		case "replication":
			q.fact("replication", layer.Clip(value, maxText))
		}
	}
	if database == "" {
		database = user
	}
	q.name = strings.TrimSpace("startup " + database)
}

// granted takes the byte that answers an SSLRequest.
func (d *dissector) granted(u *stream.Unit) {
	d.asking = false
	d.answer.add(u)
	d.tag = "refused"
	if u.Head[0] != 'N' {
		d.tag = "granted"
		d.secured = u.Head[0] == 'S'
	}
	d.respond()
	if d.secured {
		d.units[0].Stop()
		d.units[1].Stop()
	}
}
