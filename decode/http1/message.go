package http1

import (
	"slices"
	"strconv"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
)

// half is one direction.
type half struct {
	in      stream.Buffer
	phase   phase
	begun   bool  // bytes came
	late    bool  // they may begin within a message, and no start line was read yet
	read    int   // messages begun
	skipped bool  // messages may have been lost since the last one
	scanned int   // bytes of a header section that hold no end of it
	rest    int64 // bytes of the body or chunk to come; of the trailer read so far
	missed  int   // bytes given up while waiting for a tunnel

	open     bool // msg is being read
	said     bool // its Head was said
	msg      flow.Message
	packets  flow.Packets   // of msg
	framed   bool           // msg has a body
	body     int64          // its bytes, without chunk framing
	missing  int64          // bytes of it that were lost
	inner    layer.Protocol // that reads the body, "" for none
	innerGap int            // bytes of the body that were lost since inner got some
	json     *http.JSONRPC  // looks at a request's body
	call     *http.Call     // that msg belongs to
	answers  asked          // the request that msg answers
	head     []byte         // the header section, for describing; borrowed from in until Feed returns
	whole    []byte         // the body, while somebody looks
	trailers []layer.Field  // describe the trailer section, likewise
	kept     []byte         // storage for head beyond that

	pending []asked       // requests of this direction that wait for their answers
	held    *flow.Message // a response's end that waits for its request's
}

// asked is a request that was not answered yet.
type asked struct {
	key     uint64
	kind    askedKind
	inner   layer.Protocol // that reads its body
	name    string
	upgrade layer.Protocol // that it asks for, "" for none
	call    *http.Call     // nil for what is no remote procedure call
}

type askedKind uint8

const (
	other askedKind = iota
	headRequest
	connectRequest
)

// maxPending bounds the requests that wait for answers; the oldest are
// forgotten beyond it.
const maxPending = 1024

// ask makes a request wait for its answer.
func (h *half) ask(a asked) {
	if len(h.pending) >= maxPending {
		h.pending = h.pending[:copy(h.pending, h.pending[1:])]
	}
	h.pending = append(h.pending, a)
}

// answered returns the request that the next response answers. An interim
// response leaves it waiting.
func (h *half) answered(interim bool) (a asked, ok bool) {
	if len(h.pending) == 0 {
		return asked{}, false
	}
	a = h.pending[0]
	if !interim {
		h.pending = h.pending[:copy(h.pending, h.pending[1:])]
	}
	return a, true
}

// skipAnswers is called when responses may have been lost. Unless the client
// was seen to pipeline, it sent its last request after the answers to all
// earlier ones, so the next response answers the last one.
func (d *dissector) skipAnswers(requests *half) {
	if n := len(requests.pending); n > 1 && !d.pipelining {
		requests.pending[0] = requests.pending[n-1]
		requests.pending = requests.pending[:1]
	}
}

// take consumes n bytes of the open message.
func (h *half) take(n int) {
	first, last := h.in.Take(n, &h.packets)
	if n > 0 {
		if h.msg.Bytes == 0 {
			h.msg.First = first
		}
		h.msg.Last = last
		h.msg.Bytes += int64(n)
	}
}

// sayHead says what is known of an open message at the end of a packet.
func (h *half) sayHead(out dissect.Sink) {
	if h.open && !h.said {
		h.said = true
		h.say(out, flow.Head)
	}
}

func (h *half) say(out dissect.Sink, s flow.State) {
	h.msg.State = s
	h.msg.Packets = h.packets
	out.Message(&h.msg)
}

// done ends the open message.
func (d *dissector) done(out dissect.Sink, h *half, dir layer.Direction, s flow.State) {
	if !h.open {
		return
	}
	h.open = false
	if h.framed {
		h.msg.Facts = append(h.msg.Facts, flow.Fact{Key: "body-bytes", Value: h.count()})
	}
	if h.missing > 0 {
		h.msg.Facts = append(h.msg.Facts, flow.Fact{Key: "missing", Value: strconv.FormatInt(h.missing, 10)})
	}
	if s == flow.Complete {
		d.endInner(out, h)
	}
	h.endCall()
	h.next()
	if d.tunnel.open {
		h.phase = inTunnel
	}
	other := &d.half[dir.Reverse()]
	if h.msg.Role == flow.Response && other.open && other.msg.Role == flow.Request && other.msg.Key == h.msg.Key {
		d.hold(out, h, s)
	} else {
		h.say(out, s)
	}
	if s == flow.Complete && h.missing == 0 {
		d.said = h
		out.Layer(Name, d.describe)
		d.said = nil
		h.showBody(out)
	}
	h.head, h.whole, h.trailers = nil, nil, nil
	if h.msg.Role == flow.Request && other.held != nil {
		out.Message(other.held)
		other.held = nil
	}
}

// next makes h ready for the next message.
func (h *half) next() { h.phase, h.scanned, h.rest = atStart, 0, 0 }

// hold keeps a response's end until its request's, so that the exchange is
// over only when both are.
func (d *dissector) hold(out dissect.Sink, h *half, s flow.State) {
	h.sayHead(out)
	m := h.msg
	m.State, m.Packets, m.Facts = s, h.packets.Clone(), slices.Clone(h.msg.Facts)
	h.held = &m
}

// count returns the body's size as text, the Content-Length's where it is the
// same.
func (h *half) count() string {
	for _, f := range h.msg.Facts {
		if f.Key == "content-length" {
			if v := http.ParseLength([]byte(f.Value)); v == h.body {
				return f.Value
			}
		}
	}
	return strconv.FormatInt(h.body, 10)
}
