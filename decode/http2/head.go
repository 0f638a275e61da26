package http2

import (
	"bytes"
	"strconv"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
)

// head is a header section. Its slices borrow the block or the table.
type head struct {
	method, path, authority, scheme, protocol, status []byte // pseudo-header fields (RFC 9113 section 8.3)

	regular bool // a field that is no pseudo-header field was read
	hidden  int  // fields that are not known, or their values
	// hiddenPseudo tells that one of those stands where a pseudo-header field
	// does.
	hiddenPseudo bool
}

// decode reads a header block. What is worth keeping goes to the notes.
func (d *dissector) decode(out dissect.Sink, h *half, b []byte) *head {
	d.head = head{}
	hd := &d.head
	bad := h.decoder.decode(b, d.onField)
	if !hd.regular {
		d.title(hd)
	}
	if bad != "" {
		if !h.late {
			out.Problem(Name, string(bad))
		}
		h.decoder.table.forget()
		h.late = true
	}
	if hd.hidden > 0 {
		d.conn.HeadersHidden += int64(hd.hidden)
		d.notes.Add("fields-unknown", strconv.AppendInt(nil, int64(hd.hidden), 10))
		out.HTTP2(d.conn)
	}
	return hd
}

// field takes one field.
func (d *dissector) field(f *field) {
	hd := &d.head
	if d.shown.head {
		d.shown.field(f)
	}
	switch {
	case f.hidden || !f.hasValue:
		hd.hidden++
		if !hd.regular && len(f.name) == 0 {
			hd.hiddenPseudo = true
		}
	case len(f.name) > 0 && f.name[0] == ':':
		hd.pseudo(f)
	default:
		if !hd.regular {
			hd.regular = true
			d.title(hd)
		}
		if k := http.Lookup(f.name); k != nil {
			d.notes.Field(k, f.value)
			if k.Mean == http.Host && hd.authority == nil {
				hd.authority = f.value
			}
		}
	}
}

// pseudo takes a pseudo-header field.
func (hd *head) pseudo(f *field) {
	for _, p := range [...]struct {
		name  string
		value *[]byte
	}{
		{":method", &hd.method}, {":path", &hd.path}, {":authority", &hd.authority}, {":scheme", &hd.scheme},
		{":protocol", &hd.protocol}, {":status", &hd.status},
	} {
		if string(f.name) == p.name && *p.value == nil {
			*p.value = f.value[:len(f.value):len(f.value)]
			return
		}
	}
}

// title begins the notes, once the pseudo-header fields are known.
func (d *dissector) title(hd *head) {
	n := d.notes
	switch {
	case hd.status != nil:
		n.Status(hd.status)
	case hd.method != nil && hd.target() != nil:
		n.Request(hd.method, hd.target())
	default:
		n.Status(nil) // trailers, or a name that is not known
		if hd.method != nil {
			n.Add("method", hd.method)
		}
	}
	if hd.status != nil || hd.method != nil {
		n.Set("version", "HTTP/2")
	}
	if hd.authority != nil {
		n.Add("host", hd.authority)
	}
	if hd.scheme != nil {
		n.Add("scheme", hd.scheme)
	}
	if hd.protocol != nil {
		n.Add("protocol", hd.protocol)
	}
}

// asks reports whether there is a request's pseudo-header field.
func (hd *head) asks() bool {
	return hd.method != nil || hd.path != nil || hd.scheme != nil || hd.authority != nil && !hd.regular
}

// target is what the request's name tells: the path, or whom CONNECT wants to
// reach.
func (hd *head) target() []byte {
	if hd.path == nil && bytes.Equal(hd.method, []byte("CONNECT")) {
		return hd.authority
	}
	return hd.path
}

// message finds out what a header section is (section 8.1): a request, an
// interim or final response, or trailers. It returns the stream and the message
// that the section belongs to, nil where nothing may be said.
func (d *dissector) message(out dissect.Sink, h *half, dir layer.Direction, hd *head) (*exchange, *side) {
	k := &h.block
	id := k.frame.stream
	if k.promised != 0 {
		return d.promise(out, k, hd, dir)
	}
	s := d.streams[id]
	if s == nil {
		hidden := hd.hiddenPseudo && k.frame.flags&flagEndStream == 0 // else it may be a trailer section
		asks := dir == layer.ToServer && (hd.asks() || hidden && hd.status == nil)
		answers := dir == layer.ToClient && (hd.status != nil || hidden && !hd.asks())
		if d.gone(id, opener(id)) || !asks && !answers {
			return nil, nil
		}
		s = d.open(out, id, opener(id))
		s.side[dir.Reverse()].missing = answers
	}
	x := &s.side[dir]
	switch {
	case x.final:
		return s, d.trailers(x, k)
	case dir == layer.ToServer && (x.ended || s.side[layer.ToClient].final): // a request that was not seen
		return s, nil
	case dir == layer.ToServer:
		d.request(out, s, x, k, hd)
	case interim(hd):
		d.interim(out, k, id)
		return s, nil
	default:
		d.respond(out, s, x, k, hd)
	}
	return s, x
}

func interim(hd *head) bool { return len(hd.status) == 3 && hd.status[0] == '1' }

// interim tells of a 1xx response.
func (d *dissector) interim(out dissect.Sink, k *block, id uint32) {
	m := flow.Message{Protocol: Name, Kind: "interim", Dir: layer.ToClient, Key: uint64(id), Stream: uint64(id), First: k.first, Last: k.last, Bytes: k.bytes}
	m.Status, m.Facts = d.notes.Take(nil)
	m.Keep = true
	out.Message(&m)
}

// trailers adds a trailer section to its message.
func (d *dissector) trailers(x *side, k *block) *side {
	if !x.open {
		return nil
	}
	x.add(k)
	_, facts := d.notes.Take(nil)
	x.msg.Facts = append(x.msg.Facts, flow.Fact{Key: "trailers", Value: "present"})
	for _, f := range facts {
		if len(x.msg.Facts) < http.MaxFacts {
			x.msg.Facts = append(x.msg.Facts, f)
		}
	}
	return x
}

// request begins a request.
func (d *dissector) request(out dissect.Sink, s *exchange, x *side, k *block, hd *head) {
	x.final = true
	x.begin(Name, layer.ToServer, s.id, k)
	d.ask(s, x, hd)
	if name := http.HostName(hd.authority); len(name) > 0 && string(hd.method) != "CONNECT" && string(name) != d.host {
		d.host = string(name)
		out.ServerName(d.host)
	}
	s.tunnel = string(hd.method) == "CONNECT"
	if k.frame.flags&flagEndStream == 0 {
		s.json = http.JSONRPCOf(x.msg.Facts)
		d.beginInner(out, s, x)
	}
}

// ask fills in what a request's section says.
func (d *dissector) ask(s *exchange, x *side, hd *head) {
	m := &x.msg
	m.Kind, m.Role = "request", flow.Request
	m.Name, m.Facts = d.notes.Take(m.Facts)
	s.name = m.Name
	x.coding = http.Fact(m.Facts, "content-encoding")
	d.rpc(s, x)
	m.Protocol, m.Name = s.protocol, s.name
}

// rpc finds out whether a stream is a remote procedure call.
func (d *dissector) rpc(s *exchange, x *side) {
	if s.call != nil {
		return
	}
	if s.call = http.CallOf(x.msg.Facts); s.call.IsGRPC() {
		s.protocol, s.name = http.RPC, http.CallName(s.name)
	}
}

// respond begins a response.
func (d *dissector) respond(out dissect.Sink, s *exchange, x *side, k *block, hd *head) {
	x.final = true
	x.begin(s.protocol, layer.ToClient, s.id, k)
	m := &x.msg
	m.Kind, m.Role = "response", flow.Response
	m.Status, m.Facts = d.notes.Take(m.Facts)
	x.coding = http.Fact(m.Facts, "content-encoding")
	if !s.side[layer.ToServer].final {
		d.rpc(s, x)
		m.Protocol, m.Name = s.protocol, s.name // RFC 9113 section 3.1: asked in HTTP/1.1
	}
	if s.call.IsGRPC() {
		m.Facts = append(m.Facts, flow.Fact{Key: "http-status", Value: m.Status})
		m.Status = http.CallStatus(m.Facts)
	}
	d.answered(out, s, x, hd, k.frame.flags&flagEndStream != 0)
}

// promise begins the exchange that a PUSH_PROMISE announces (section 8.4): the
// server says the request, and answers it.
func (d *dissector) promise(out dissect.Sink, k *block, hd *head, dir layer.Direction) (*exchange, *side) {
	if dir != layer.ToClient || d.streams[k.promised] != nil || d.gone(k.promised, layer.ToClient) {
		return nil, nil
	}
	s := d.open(out, k.promised, layer.ToClient)
	x := &s.side[layer.ToServer]
	x.final = true
	x.begin(Name, layer.ToClient, s.id, k)
	d.ask(s, x, hd)
	x.msg.Facts = append(x.msg.Facts, flow.Fact{Key: "pushed", Value: strconv.FormatUint(uint64(k.frame.stream), 10)})
	x.ended = true
	d.finish(out, s, layer.ToServer, flow.Complete)
	return nil, nil
}

// upgrade makes the stream on which a request of HTTP/1.1 is answered
// (RFC 7540 section 3.2).
func (d *dissector) upgrade(request string) {
	s := &exchange{id: 1, protocol: Name, name: request}
	for dir := range s.side {
		s.side[dir].window = d.newWindow(layer.Direction(dir))
	}
	s.side[layer.ToServer].ended = true
	d.upgraded = true
	d.streams[1] = s
	d.newest[layer.ToServer] = 1
}
