package http1

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
)

// beginInner looks which protocol reads the body of the message that begins. a
// is the message itself where it is a request, else the one that it answers.
func (d *dissector) beginInner(out dissect.Sink, h *half, a asked) {
	if h.msg.Role == flow.Response {
		h.answers = a
	}
	h.call = a.call
	if !h.framed {
		return
	}
	if h.msg.Role == flow.Request {
		h.json = http.JSONRPCOf(h.msg.Facts)
	}
	p := http.Content(http.Fact(h.msg.Facts, "content-type"))
	if p == "" || p == http.EventStream && h.msg.Role != flow.Response {
		return
	}
	if p == http.RPC && http.Coded(http.Fact(h.msg.Facts, "content-encoding")) {
		return // messages are compressed one by one, not all together
	}
	h.inner = p
	if h.msg.Role == flow.Request {
		h.pending[len(h.pending)-1].inner = p
	}
	if h.msg.Role == flow.Request || a.inner != p { // one announcement for both bodies
		out.Announce(p, h.msg.Key, http.Announcement(h.msg.Facts, a.name))
	}
}

// content takes n bytes of a body.
func (h *half) content(out dissect.Sink, n int) {
	if h.inner != "" && n > 0 {
		out.Inner(h.inner, dissect.Chunk{
			Dir: h.msg.Dir, Data: h.in.Bytes()[:n], At: h.in.At(0), Offset: h.body, Gap: h.innerGap, Stream: h.msg.Key,
		})
		h.innerGap = 0
		if h.call != nil {
			h.call.Feed(h.msg.Dir, h.in.Bytes()[:n])
		}
	}
	h.json.Feed(h.in.Bytes()[:n])
	if out.Recording() && h.missing == 0 && int64(len(h.whole)) == h.body && len(h.whole)+n <= layer.KeepData {
		h.whole = append(h.whole, h.in.Bytes()[:n]...)
	}
	h.body += int64(n)
	h.take(n)
}

// endInner tells the protocols inside that their bodies are complete. One that
// only the response carries has nothing in the other direction.
func (d *dissector) endInner(out dissect.Sink, h *half) {
	if h.inner != "" {
		d.end(out, h.inner, h, h.msg.Dir)
		if h.msg.Role == flow.Response && h.answers.inner != h.inner {
			d.end(out, h.inner, h, h.msg.Dir.Reverse())
		}
	}
	if h.msg.Role == flow.Response && h.answers.inner != "" && h.answers.inner != h.inner {
		d.end(out, h.answers.inner, h, h.msg.Dir)
	}
	h.inner = ""
}

// answer makes a response that of a call, where its request is one or was not
// seen.
func (h *half) answer(call *http.Call, asked bool) *http.Call {
	m := &h.msg
	if !asked {
		call = http.CallOf(m.Facts)
	}
	if call.IsGRPC() {
		m.Protocol = http.RPC
		m.Facts = append(m.Facts, flow.Fact{Key: "http-status", Value: m.Status})
		m.Status = http.CallStatus(m.Facts)
	}
	return call
}

// endCall adds what the body of a call's message told.
func (h *half) endCall() {
	h.msg.Facts = h.json.Facts(h.msg.Facts)
	if h.call == nil {
		return
	}
	if h.missing > 0 {
		h.call.Lost(h.msg.Dir)
	}
	h.msg.Facts = h.call.Facts(h.msg.Dir, h.msg.Facts)
	if h.msg.Role == flow.Response && h.call.IsGRPC() {
		h.msg.Status = http.CallStatus(h.msg.Facts)
	}
	h.call = nil
}

func (d *dissector) end(out dissect.Sink, p layer.Protocol, h *half, dir layer.Direction) {
	out.Inner(p, dissect.Chunk{Dir: dir, At: h.msg.Last, Stream: h.msg.Key, End: true})
}
