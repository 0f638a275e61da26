package http2

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
)

// beginData begins a DATA frame (RFC 9113 section 6.1), whose payload is taken
// as it comes.
func (d *dissector) beginData(out dissect.Sink, h *half, dir layer.Direction, f frame, b []byte) bool {
	size := headerSize
	h.data, h.rest, h.pad, h.sent = f, int64(f.length), 0, nil
	if f.flags&flagPadded != 0 && f.length > 0 {
		if len(b) == headerSize {
			return false
		}
		size++
		h.rest--
		if h.pad = int64(b[headerSize]); h.pad > h.rest {
			out.Problem(Name, "more padding than payload (RFC 9113 section 6.1)")
			h.pad = h.rest
		}
	}
	h.kept = h.kept[:0]
	if out.Recording() {
		h.kept = append(h.kept, b[:size]...)
	}
	if s := d.streams[f.stream]; s != nil && s.side[dir].final {
		h.sent = &s.side[dir]
	}
	h.first, h.last = h.take(size)
	h.phase = inData
	if h.rest == 0 {
		d.endData(out, h, dir)
	}
	return true
}

// take consumes bytes of a DATA frame.
func (h *half) take(n int) (first, last layer.PacketRef) {
	if h.sent != nil && h.sent.open {
		first, last = h.in.Take(n, &h.sent.packets)
		h.sent.msg.Last = last
		h.sent.msg.Bytes += int64(n)
		return first, last
	}
	return h.in.Take(n, nil)
}

// content takes what is there of a DATA frame's payload.
func (d *dissector) content(out dissect.Sink, h *half, dir layer.Direction, b []byte) bool {
	n := int(min(int64(len(b)), h.rest))
	body := b[:min(int64(n), max(0, h.rest-h.pad))]
	at := h.in.At(0)
	if out.Recording() && len(h.kept)+n <= layer.KeepData+headerSize {
		h.kept = append(h.kept, b[:n]...)
	}
	h.rest -= int64(n)
	_, h.last = h.take(n)
	if h.rest > 0 {
		d.body(out, h, dir, body, at)
		return false
	}
	d.sayData(out, h, dir)
	d.body(out, h, dir, body, at)
	d.endData(out, h, dir)
	return true
}

// sayData describes a DATA frame before what it carries speaks.
func (d *dissector) sayData(out dissect.Sink, h *half, dir layer.Direction) {
	d.shown = described{dir: dir, frame: h.data, bytes: h.kept, last: h.last}
	out.Layer(Name, d.describe)
	h.said = true
}

// endData ends a DATA frame.
func (d *dissector) endData(out dissect.Sink, h *half, dir layer.Direction) {
	h.phase = atFrame
	if !h.said {
		d.sayData(out, h, dir)
	}
	h.said = false
	d.count(out, h.data, dir, h.first, h.last)
	d.flowed(out, h, h.data, dir, h.last)
	h.sent = nil
	if h.data.flags&flagEndStream == 0 {
		return
	}
	if s := d.streams[h.data.stream]; s != nil {
		d.end(out, s, dir)
	}
}

// body takes bytes of a message's content.
func (d *dissector) body(out dissect.Sink, h *half, dir layer.Direction, b []byte, at layer.PacketRef) {
	x := h.sent
	if x == nil || len(b) == 0 {
		return
	}
	s := d.streams[h.data.stream]
	if out.Recording() && len(x.kept)+len(b) <= maxBody {
		x.kept = append(x.kept, b...)
	}
	if dir == layer.ToServer {
		s.json.Feed(b)
	}
	if s.call != nil && !x.foreign {
		s.call.Feed(dir, b)
	}
	switch {
	case x.foreign:
	case s.inner != "" || s.tunnel && s.side[layer.ToClient].final:
		out.Inner(s.inner, dissect.Chunk{Dir: dir, Data: b, At: at, Offset: x.body, Gap: x.gap, Stream: uint64(s.id)})
		x.gap = 0
	case s.tunnel && len(s.waiting)+len(b) <= maxWaiting:
		s.waiting = append(s.waiting, b...)
	}
	x.body += int64(len(b))
}

// Bounds of what is kept of bodies.
const (
	maxWaiting = 16 << 10 // sent into a tunnel before its answer
	maxBody    = layer.KeepData
)

// missData passes over missing bytes of a DATA frame's payload.
func (d *dissector) missData(out dissect.Sink, h *half, dir layer.Direction, gap int64) {
	body := min(gap, max(0, h.rest-h.pad))
	h.rest -= gap
	if x := h.sent; x != nil {
		x.body += body
		x.gap = min(x.gap+int(body), dissect.UnknownGap)
		x.missing = true
		x.msg.Bytes += gap
		if s := d.streams[h.data.stream]; s.call != nil {
			s.call.Lost(dir)
		}
	}
	if h.rest == 0 {
		h.phase, h.said = atFrame, false
		d.flowed(out, h, h.data, dir, h.last)
		if s := d.streams[h.data.stream]; s != nil && h.data.flags&flagEndStream != 0 {
			d.end(out, s, dir)
		}
		h.sent = nil
	}
}

// beginInner looks which protocol reads a stream's bodies. x is the message that
// tells it.
func (d *dissector) beginInner(out dissect.Sink, s *exchange, x *side) {
	contentType := http.Fact(x.msg.Facts, "content-type")
	p := http.Content(contentType)
	if p == http.RPC && http.Coded(x.coding) {
		p, x.foreign = "", true // messages are compressed one by one, not all together
	}
	if s.inner != "" || s.tunnel {
		x.foreign = contentType != "" && p != s.inner
		return
	}
	if p == "" || p == http.EventStream && x.msg.Role != flow.Response {
		return
	}
	s.inner = p
	s.oneWay = x.msg.Role == flow.Response && s.side[layer.ToServer].ended
	out.Announce(p, uint64(s.id), http.Announcement(x.msg.Facts, s.name))
}

// answered goes on with what a response begins: its body, or a tunnel (RFC 9110
// section 9.3.6, RFC 8441). last tells that no content follows.
func (d *dissector) answered(out dissect.Sink, s *exchange, x *side, hd *head, last bool) {
	if !s.tunnel {
		if !last {
			d.beginInner(out, s, x)
		}
		return
	}
	if len(hd.status) != 3 || hd.status[0] != '2' { // refused
		s.tunnel, s.waiting = false, nil
		return
	}
	if token := http.Fact(s.side[layer.ToServer].msg.Facts, "protocol"); token != "" {
		if s.inner = http.Tunnel(out.Announced, []byte(token)); s.inner != "" {
			out.Announce(s.inner, uint64(s.id), http.Announcement(x.msg.Facts, s.name))
		}
	}
	if len(s.waiting) > 0 {
		sent := &s.side[layer.ToServer]
		out.Inner(s.inner, dissect.Chunk{Data: s.waiting, At: sent.msg.Last, Gap: sent.gap, Stream: uint64(s.id)})
		s.waiting, sent.gap = nil, 0
	}
}

// endInner tells the protocol inside that nothing follows in one direction. One
// that the response began has nothing in the other.
func (d *dissector) endInner(out dissect.Sink, s *exchange, dir layer.Direction) {
	if s.inner == "" && !s.tunnel || s.side[dir].missing || dir == layer.ToClient && !s.side[dir].final {
		return
	}
	end := dissect.Chunk{Dir: dir, At: s.side[dir].msg.Last, Stream: uint64(s.id), End: true}
	out.Inner(s.inner, end)
	if dir == layer.ToClient && s.oneWay {
		end.Dir = layer.ToServer
		out.Inner(s.inner, end)
	}
}
