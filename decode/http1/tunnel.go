package http1

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
)

// tunnel is what HTTP/1 has made way for: a CONNECT that was granted (RFC 9110
// section 9.3.6) or another protocol (section 7.8).
type tunnel struct {
	open     bool
	protocol layer.Protocol // as the Upgrade field names it, "" where nothing does
}

// unseen is called where no start line is. The client may speak another
// protocol: it does so only after an answer that the capture does not have. The
// facts are then the request's.
func (d *dissector) unseen(out dissect.Sink, h *half) bool {
	n := len(h.pending)
	if n == 0 || h.pending[n-1].upgrade == "" {
		return false
	}
	a := &h.pending[n-1]
	facts := append([]flow.Fact{{Key: http.AnswerFact, Value: "not seen"}}, h.msg.Facts...)
	out.Announce(a.upgrade, 0, http.Announcement(facts, a.name))
	d.upgrade(out, a.upgrade)
	return true
}

// upgrade ends HTTP/1 on the connection. A direction that is within a message
// ends that first.
func (d *dissector) upgrade(out dissect.Sink, p layer.Protocol) {
	d.tunnel = tunnel{true, p}
	for dir := range d.half {
		if h := &d.half[dir]; !h.open {
			if h.phase == lost {
				h.missed++ // nobody knows how many
			}
			h.phase = inTunnel
			d.drain(out, h, layer.Direction(dir))
		}
	}
}

// drain hands on what waits in the buffer.
func (d *dissector) drain(out dissect.Sink, h *half, dir layer.Direction) {
	b := h.in.Bytes()
	if len(b) == 0 {
		return
	}
	c := dissect.Chunk{Dir: dir, Data: b, At: h.in.At(0), Offset: h.in.Offset(), Gap: h.missed}
	h.missed = 0
	h.in.Take(len(b), nil)
	out.Inner(d.tunnel.protocol, c)
	h.in.Keep()
}

// refuse is called when a CONNECT was not granted: what the client sent behind
// it is HTTP again.
func (d *dissector) refuse(out dissect.Sink, dir layer.Direction) {
	h := &d.half[dir]
	if h.phase != waiting {
		return
	}
	h.next()
	if h.missed > 0 {
		h.missed = 0
		h.lose()
		return
	}
	d.read(out, h, dir)
}
