package http1

import (
	"bytes"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
)

// Bounds of what waits in memory.
const (
	maxHeader  = 256 << 10 // of a header section or a trailer section
	maxWaiting = 64 << 10  // sent behind CONNECT before its answer
	maxKept    = 16 << 10  // of a header section, for describing it later
	startProbe = 128       // bytes of a start line that are looked at before it is complete
)

// dissector reads both directions of one connection.
type dissector struct {
	half       [2]half
	exchanges  uint64 // begun so far
	pipelining bool   // a response came while more requests than one waited
	midStream  bool
	tunnel     tunnel
	host       string // of the last request
	notes      *http.Notes
	said       *half // whose message describe describes
	describe   func() layer.Layer
}

func newDissector(c dissect.Context, scratch *http.Notes) *dissector {
	d := &dissector{midStream: c.MidStream, notes: scratch}
	d.describe = d.layer
	return d
}

// Feed implements dissect.Dissector.
func (d *dissector) Feed(out dissect.Sink, c dissect.Chunk) {
	h := &d.half[c.Dir]
	if h.phase == inTunnel && h.in.Len() == 0 {
		c.Gap += h.missed
		h.missed = 0
		out.Inner(d.tunnel.protocol, c)
		return
	}
	if !h.begun {
		h.begun, h.late = true, d.midStream || c.Offset > 0
	}
	if c.Gap > 0 {
		d.skipGap(out, h, c)
	}
	if h.phase == lost {
		if !resumes(c.Data) {
			return
		}
		h.next()
	}
	behind, read := h.in.Len() > 0, h.read
	h.in.Append(c)
	d.read(out, h, c.Dir)
	if h.phase == lost && behind && h.read == read && resumes(c.Data) { // only what came before was no message
		h.next()
		h.in.Append(c)
		d.read(out, h, c.Dir)
	}
}

// read takes as many messages from the buffer as there are.
func (d *dissector) read(out dissect.Sink, h *half, dir layer.Direction) {
	for d.step(out, h, dir) {
	}
	h.sayHead(out)
	if h.head != nil && h.open {
		h.keepHead(out.Recording())
	}
	h.in.Keep()
}

// step reads one part of a message. It reports whether to go on.
func (d *dissector) step(out dissect.Sink, h *half, dir layer.Direction) bool {
	b := h.in.Bytes()
	if len(b) == 0 {
		return false
	}
	switch h.phase {
	case atStart:
		return d.begin(out, h, dir, b)
	case inBody, chunkData:
		return d.pass(out, h, dir, len(b))
	case untilClose:
		h.content(out, len(b))
		return false
	case chunkSize:
		return d.chunk(out, h, dir, b)
	case chunkEnd:
		return d.chunkEnd(out, h, dir, b)
	case inTrailer:
		return d.trailer(out, h, dir, b)
	case waiting:
		if len(b) <= maxWaiting {
			return false
		}
		d.upgrade(out, "") // nobody answers in this capture
	case inTunnel:
		d.drain(out, h, dir)
	}
	return false
}

// begin reads a header section once it is complete.
func (d *dissector) begin(out dissect.Sink, h *half, dir layer.Direction, b []byte) bool {
	if b[0] == '\r' || b[0] == '\n' { // RFC 9112 section 2.2
		h.in.Take(len(b)-len(bytes.TrimLeft(b, "\r\n")), nil)
		h.scanned = 0
		return true
	}
	end, again := sectionEnd(b, h.scanned)
	if end > maxHeader || end < 0 && len(b) > maxHeader {
		return d.malformed(out, h, dir, "header section of more than 256 KiB")
	}
	if end < 0 {
		if h.scanned < startProbe {
			if m, _ := judge(b[:min(len(b), startProbe)]); m == dissect.No {
				if d.unseen(out, h) {
					return false
				}
				return d.malformed(out, h, dir, "no HTTP/1 start line where one should begin")
			}
		}
		h.scanned = again
		return false
	}
	line, size := cutLine(b)
	s, ok := parseStart(line)
	if !ok && d.unseen(out, h) {
		return false
	}
	if !ok {
		return d.malformed(out, h, dir, "no HTTP/1 start line where one should begin")
	}
	d.message(out, h, dir, s, b[:end], size)
	return true
}

// malformed gives up what is there and looks for a start line. In a capture
// that began late, what comes before the first one is nobody's fault.
func (d *dissector) malformed(out dissect.Sink, h *half, dir layer.Direction, text string) bool {
	if !h.late {
		out.Problem(Name, text)
	}
	d.done(out, h, dir, flow.Cut)
	h.lose()
	return false
}

func (h *half) lose() {
	h.in.Reset()
	h.next()
	h.phase, h.skipped = lost, true
}

// message begins a message with its header section b and looks for what
// follows it.
func (d *dissector) message(out dissect.Sink, h *half, dir layer.Direction, s start, b []byte, size int) {
	hd, a := d.head(out, h, dir, s, b, size)
	h.take(len(b))
	d.body(out, h, dir, &hd, a)
}

// head begins a message: s is its start line of size bytes, b holds that and
// the field lines.
func (d *dissector) head(out dissect.Sink, h *half, dir layer.Direction, s start, b []byte, size int) (head, asked) {
	hd := parseHead(out, s, b, size, d.notes)
	h.open, h.said, h.late = true, false, false
	h.read++
	h.framed, h.body, h.missing = false, 0, 0
	h.whole, h.trailers = nil, nil
	h.inner, h.innerGap, h.answers, h.call, h.json = "", 0, asked{}, nil, nil
	h.packets.Reset()
	h.msg = flow.Message{Protocol: Name, Dir: dir, Facts: h.msg.Facts[:0]}
	h.head = b
	if s.response {
		return hd, d.respond(h, &d.half[dir.Reverse()], &hd)
	}
	return hd, d.request(out, h, &hd)
}

// Finish implements dissect.Dissector: the close completes a body that it
// ends, and cuts off all others.
func (d *dissector) Finish(out dissect.Sink, closed bool) {
	for dir := range d.half {
		d.finish(out, layer.Direction(dir), closed)
	}
}

// Close implements dissect.Closer: it completes a body that ends with the
// connection (RFC 9112 section 6.3).
func (d *dissector) Close(out dissect.Sink, dir layer.Direction) {
	if h := &d.half[dir]; h.phase == untilClose {
		d.done(out, h, dir, flow.Complete)
	}
}

// finish ends one direction.
func (d *dissector) finish(out dissect.Sink, dir layer.Direction, closed bool) {
	h := &d.half[dir]
	switch h.phase {
	case atStart:
		d.cutHead(out, h, dir)
	case untilClose:
		if closed {
			d.done(out, h, dir, flow.Complete)
		}
	case waiting:
		if h.in.Len() > 0 {
			d.upgrade(out, "")
		}
	}
	d.done(out, h, dir, flow.Cut)
	h.lose()
}

// cutHead says a message whose header section is not complete, if its start
// line is.
func (d *dissector) cutHead(out dissect.Sink, h *half, dir layer.Direction) {
	b := h.in.Bytes()
	s, ok := parseStart(b[:max(0, bytes.IndexByte(b, '\n'))])
	if !ok {
		return
	}
	_, size := cutLine(b)
	d.head(out, h, dir, s, b[:bytes.LastIndexByte(b, '\n')+1], size)
	h.take(len(b))
	d.done(out, h, dir, flow.Cut)
}
