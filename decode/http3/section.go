package http3

import (
	"slices"
	"strconv"

	"github.com/quic-go/quic-go/quicvarint"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/http3/qpack"
	"github.com/wiresight/wiresight/decode/layer"
)

// section takes a HEADERS or PUSH_PROMISE frame, or makes its side wait for the
// entries that its field section refers to. It reports whether to go on.
func (d *dissector) section(out dissect.Sink, x *side, b []byte) bool {
	block := b[x.frame.size:]
	promised, n := uint64(0), 0
	if x.frame.kind == framePushPromise {
		var err error
		if promised, n, err = quicvarint.Parse(block); err != nil {
			out.Problem(Name, "malformed PUSH_PROMISE frame")
			x.take(len(b))
			return true
		}
		block = block[n:]
	}
	t := &d.decoders[x.dir]
	if x.phase != blocked && !t.Ready(block) && len(d.waiting) < maxWaiting && d.held < maxHeld {
		x.phase, x.held = blocked, x.in.Len()
		d.held += x.held
		d.waiting = append(d.waiting, x)
		return false
	}
	x.phase = atFrame
	d.shown = described{x: x, frame: x.frame, bytes: b, id: promised, head: out.Recording()}
	var s http.Section
	err := t.Decode(block, func(f *qpack.Field) {
		if d.shown.head {
			d.shown.field(f)
		}
		s.Field(d.notes, version, f.Name, f.Value, !f.Hidden, f.HasValue)
	})
	s.End(d.notes, version)
	if err != nil {
		out.Problem(Name, "field section: "+err.Error())
	}
	x.first, x.last = layer.PacketRef{}, layer.PacketRef{}
	d.message(out, x, &s, len(b), promised)
	d.count(out, x, x.first, x.last, nil)
	out.Layer(Name, d.describe)
	d.shown.fields = nil
	return true
}

// unblock takes up the sides that wait for a table, in order, as far as it has
// grown; with all, those that wait in vain, too.
func (d *dissector) unblock(out dissect.Sink, dir layer.Direction, all bool) {
	for i := 0; i < len(d.waiting); i++ {
		x := d.waiting[i]
		if x.dir != dir || !all && !d.ready(x) {
			continue
		}
		d.waiting = slices.Delete(d.waiting, i, i+1)
		i--
		d.resume(out, x)
	}
}

// complete reports whether the frame that a side is at is all there.
func (x *side) complete() bool { return x.in.Len() >= x.frame.size+int(x.frame.length) }

// ready reports whether the section that a side waits with can be decoded now.
func (d *dissector) ready(x *side) bool {
	if !x.complete() {
		return true // nothing is left to wait for
	}
	b := x.in.Bytes()
	block := b[x.frame.size : x.frame.size+int(x.frame.length)]
	if x.frame.kind == framePushPromise {
		_, n, _ := quicvarint.Parse(block)
		block = block[n:]
	}
	return d.decoders[x.dir].Ready(block)
}

// hold counts bytes that wait behind a section. Where they are too many, the
// section is read as far as the table is known.
func (d *dissector) hold(out dissect.Sink, x *side, n int) {
	x.held += n
	d.held += n
	if d.held > maxHeld {
		d.giveUp(out, x)
	}
}

// giveUp reads the section that a side waits with, whatever is in its table.
func (d *dissector) giveUp(out dissect.Sink, x *side) {
	if i := slices.Index(d.waiting, x); i >= 0 {
		d.waiting = slices.Delete(d.waiting, i, i+1)
		d.resume(out, x)
	}
}

// resume reads the section that a side waited with, and what came behind it. A
// stream that was given up meanwhile has nothing left to read.
func (d *dissector) resume(out dissect.Sink, x *side) {
	d.held -= x.held
	x.held = 0
	if !x.complete() {
		return
	}
	d.section(out, x, x.in.Bytes()[:x.frame.size+int(x.frame.length)])
	d.run(out, x)
}

// message finds out what a section is: a request, an interim or final response,
// trailers, a promise. n is the size of its frame.
func (d *dissector) message(out dissect.Sink, x *side, s *http.Section, n int, promised uint64) {
	e := x.s
	switch {
	case x.frame.kind == framePushPromise:
		x.first, x.last = x.take(n)
		d.promise(out, x, s, promised)
	case x.final:
		d.trailers(x, n)
	case x.kind != messageStream:
		out.Problem(Name, "HEADERS frame on a control stream (RFC 9114 section 7.2.2)")
		x.take(n)
	case x.dir == layer.ToServer && (s.Method != nil || s.HiddenPseudo):
		d.request(out, x, s, n)
	case x.dir == layer.ToServer || s.Status == nil && !s.HiddenPseudo:
		out.Problem(Name, "field section that is neither request nor response (RFC 9114 section 4.3)")
		x.take(n)
	case s.Interim():
		x.first, x.last = x.take(n)
		m := flow.Message{Protocol: Name, Kind: "interim", Dir: x.dir, Key: e.key, Stream: e.id, First: x.first, Last: x.last, Bytes: int64(n)}
		m.Status, m.Facts = d.notes.Take(nil)
		out.Message(&m)
	default:
		d.respond(out, x, s, n)
	}
}

// trailers adds a trailer section to its message.
func (d *dissector) trailers(x *side, n int) {
	x.first, x.last = x.take(n)
	_, facts := d.notes.Take(nil)
	if !x.open {
		return
	}
	x.msg.Facts = append(x.msg.Facts, flow.Fact{Key: "trailers", Value: "present"})
	for _, f := range facts {
		if len(x.msg.Facts) < http.MaxFacts {
			x.msg.Facts = append(x.msg.Facts, f)
		}
	}
}

// request begins a request.
func (d *dissector) request(out dissect.Sink, x *side, s *http.Section, n int) {
	e := x.s
	x.final = true
	x.begin(n)
	d.ask(x)
	if name := http.HostName(s.Authority); len(name) > 0 && !s.Connects() && string(name) != d.host {
		d.host = string(name)
		out.ServerName(d.host)
	}
	e.tunnel = s.Connects()
	d.beginInner(out, x)
}

// ask fills in what a request's section says.
func (d *dissector) ask(x *side) {
	m := &x.msg
	m.Kind, m.Role = "request", flow.Request
	m.Name, m.Facts = d.notes.Take(m.Facts)
	x.s.name = m.Name
	d.rpc(x)
	m.Protocol, m.Name = x.s.protocol, x.s.name
}

// rpc finds out whether a stream is a remote procedure call.
func (d *dissector) rpc(x *side) {
	e := x.s
	if e.call != nil {
		return
	}
	if e.call = http.CallOf(x.msg.Facts); e.call != nil {
		e.protocol, e.name = http.RPC, http.CallName(e.name)
	}
}

// respond begins a response.
func (d *dissector) respond(out dissect.Sink, x *side, s *http.Section, n int) {
	e := x.s
	x.final = true
	x.begin(n)
	m := &x.msg
	m.Kind, m.Role = "response", flow.Response
	m.Status, m.Facts = d.notes.Take(m.Facts)
	if !e.side[layer.ToServer].final && !e.pushed { // what it answers was not seen
		d.rpc(x)
		m.Protocol = e.protocol
	}
	if e.call != nil {
		m.Facts = append(m.Facts, flow.Fact{Key: "http-status", Value: m.Status})
		m.Status = http.CallStatus(m.Facts)
	}
	d.answered(out, x, s)
}

// promise says the request of a push (RFC 9114 section 4.6), which the server
// sends, too. One push may be promised on several streams.
func (d *dissector) promise(out dissect.Sink, x *side, s *http.Section, id uint64) {
	p := d.push(id)
	if p == nil || p.pushed || x.dir != layer.ToClient {
		return
	}
	p.pushed = true
	m := flow.Message{
		Protocol: Name, Kind: "request", Role: flow.Request, Dir: x.dir, Key: p.key, Stream: x.s.id,
		First: x.first, Last: x.last, Bytes: int64(x.frame.size) + int64(x.frame.length),
	}
	m.Packets.Add(x.last.Number)
	m.Name, m.Facts = d.notes.Take(nil)
	m.Facts = append(m.Facts,
		flow.Fact{Key: "pushed", Value: strconv.FormatUint(x.s.id, 10)}, flow.Fact{Key: "push-id", Value: strconv.FormatUint(id, 10)})
	p.name = m.Name
	out.Message(&m)
}

// push returns the exchange of a push; nil where there are too many.
func (d *dissector) push(id uint64) *exchange {
	if p := d.pushes[id]; p != nil {
		return p
	}
	if len(d.pushes) >= maxPushes {
		return nil
	}
	if d.pushes == nil {
		d.pushes = map[uint64]*exchange{}
	}
	p := &exchange{key: 1<<63 | uint64(d.serial)<<48 ^ id, protocol: Name}
	d.pushes[id] = p
	return p
}

// pushed begins a push stream: it answers what was promised.
func (d *dissector) pushed(x *side, id uint64) {
	if p := d.push(id); p != nil {
		x.s.key, x.s.name, x.s.pushed = p.key, p.name, true
	}
}
