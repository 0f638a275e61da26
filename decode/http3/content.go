package http3

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
)

// beginData begins a DATA frame (RFC 9114 section 7.2.1), whose payload is taken
// as it comes.
func (d *dissector) beginData(out dissect.Sink, x *side, b []byte) bool {
	if !x.final && !x.missing {
		out.Problem(Name, "DATA frame before HEADERS (RFC 9114 section 4.1)")
	}
	x.rest, x.phase = x.frame.length, inData
	x.kept = x.kept[:0]
	if out.Recording() {
		x.kept = append(x.kept, b[:x.frame.size]...)
	}
	x.first, x.last = x.take(x.frame.size)
	if x.rest == 0 {
		d.endData(out, x)
	}
	return true
}

// content takes what is there of a DATA frame's payload. It reports whether to go
// on.
func (d *dissector) content(out dissect.Sink, x *side, b []byte) bool {
	n := int(min(uint64(len(b)), x.rest))
	body, at := b[:n], x.in.At(0)
	if out.Recording() && len(x.kept)+n <= layer.KeepData {
		x.kept = append(x.kept, body...)
	}
	x.rest -= uint64(n)
	_, x.last = x.take(n)
	if x.rest > 0 {
		d.body(out, x, body, at)
		return false
	}
	d.sayData(out, x)
	d.body(out, x, body, at)
	d.endData(out, x)
	return true
}

// sayData describes a DATA frame before what it carries speaks.
func (d *dissector) sayData(out dissect.Sink, x *side) {
	d.shown = described{x: x, frame: x.frame, bytes: x.kept}
	out.Layer(Name, d.describe)
	x.shown = true
}

func (d *dissector) endData(out dissect.Sink, x *side) {
	x.phase = atFrame
	if !x.shown {
		d.sayData(out, x)
	}
	d.count(out, x, x.first, x.last, nil)
}

// Bounds of what is kept of bodies.
const (
	maxTunnel = 16 << 10 // bytes sent into a tunnel before its answer
	maxBody   = layer.KeepData
)

// body takes bytes of a message's content.
func (d *dissector) body(out dissect.Sink, x *side, b []byte, at layer.PacketRef) {
	s := x.s
	if !x.open || len(b) == 0 {
		return
	}
	if out.Recording() && len(x.whole)+len(b) <= maxBody {
		x.whole = append(x.whole, b...)
	}
	if s.call != nil {
		s.call.Feed(x.dir, b)
	}
	switch {
	case s.inner == WebTransportName: // capsules, which nobody reads
	case s.inner != "" || s.tunnel && s.side[layer.ToClient].final:
		out.Inner(s.inner, dissect.Chunk{Dir: x.dir, Data: b, At: at, Offset: x.body, Gap: x.gap, Stream: s.id, Connection: d.serial})
		x.gap = 0
	case s.tunnel && len(s.waiting)+len(b) <= maxTunnel:
		s.waiting = append(s.waiting, b...)
	}
	x.body += int64(len(b))
}

// beginInner looks which protocol reads a stream's bodies; x is the message that
// tells it.
func (d *dissector) beginInner(out dissect.Sink, x *side) {
	s := x.s
	if s.inner != "" || s.tunnel {
		return
	}
	p := http.Content(http.Fact(x.msg.Facts, "content-type"))
	if p == "" || p == http.EventStream && x.msg.Role != flow.Response {
		return
	}
	s.inner = p
	out.Announce(p, s.id, http.Announcement(x.msg.Facts, s.name))
}

// answered goes on with what a response begins: its body, or a tunnel (RFC 9114
// section 4.4, RFC 9220).
func (d *dissector) answered(out dissect.Sink, x *side, section *http.Section) {
	s := x.s
	if !s.tunnel {
		d.beginInner(out, x)
		return
	}
	if !section.Succeeds() {
		s.tunnel, s.waiting = false, nil
		return
	}
	asked := &s.side[layer.ToServer]
	if token := http.Fact(asked.msg.Facts, "protocol"); token != "" {
		s.inner = http.Tunnel(out.Announced, []byte(token))
	}
	if s.inner == WebTransportName {
		return
	}
	if s.inner != "" {
		out.Announce(s.inner, s.id, http.Announcement(x.msg.Facts, s.name))
	}
	if len(s.waiting) > 0 {
		out.Inner(s.inner, dissect.Chunk{Dir: layer.ToServer, Data: s.waiting, At: asked.msg.Last, Stream: s.id, Connection: d.serial})
		s.waiting = nil
	}
}

// endInner tells the protocol inside that nothing follows in one direction. What
// the response began has nothing in the other.
func (d *dissector) endInner(out dissect.Sink, x *side) {
	s := x.s
	if x.kind != messageStream || s.inner == "" && !s.tunnel || s.inner == WebTransportName || x.missing {
		return
	}
	end := dissect.Chunk{Dir: x.dir, At: x.at, Stream: s.id, Connection: d.serial, End: true, Reset: x.reset, Code: x.code}
	out.Inner(s.inner, end)
	if x.dir == layer.ToClient && s.inner == http.EventStream {
		end.Dir = layer.ToServer
		out.Inner(s.inner, end)
	}
}
