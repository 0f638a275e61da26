package websocket

import (
	"slices"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
)

// What is kept of payload while its frame or message is read. More is counted
// only.
const (
	maxPiece   = 64 << 10 // that waits before it is handed to the protocol inside
	maxShown   = layer.KeepData
	keepBuffer = 4 << 10 // capacity that is held on to between messages
)

// dissector reads both directions of one connection.
type dissector struct {
	half     [2]half
	agreed   extensions
	inside   layer.Protocol // that the subprotocol names, "" where nobody reads it
	stream   uint64         // of the connection that carries this one
	mid      bool           // the beginning was not seen
	scratch  *scratch
	said     *half // whose frame describe describes
	describe func() layer.Layer
}

// half is one direction.
type half struct {
	in    stream.Buffer
	phase phase
	begun bool

	header      header
	at          int64 // payload bytes of the frame so far
	missing     int64 // of them, lost
	bytes       int64 // of the frame as captured, header included
	first, last layer.PacketRef
	packets     flow.Packets
	control     []byte // payload of a control frame
	message     message
	inflater    inflater
	said        flow.Message // the frame, while it is said
	facts       []flow.Fact
	resumed     bool // frames were missed: a fragment's beginning may be among them
	closed      bool // a Close frame was sent
	complained  bool // of what came behind it

	inner int64 // bytes handed to the protocol inside
	gap   int   // bytes that could not be handed to it since
}

type phase uint8

const (
	atHeader phase = iota
	inPayload
	lost // looking for a packet that begins with a frame
)

// message is a data message, which may consist of several frames.
type message struct {
	open       bool
	opcode     opcode
	compressed bool
	headless   bool // its first frame was not seen
	frames     int
	bytes      int64 // on the wire, headers included
	size       int64 // of the payload of whole frames; in the end of the message, inflated
	first      layer.PacketRef
	payload    []byte // in clear, still compressed; as much as is wanted
	whole      bool   // payload is all of it
	given      int    // bytes of payload that the protocol inside has
	plain      []byte // inflated, while its last frame is described
	failed     error  // why it could not be inflated
}

func newDissector(c dissect.Context, s *scratch) *dissector {
	d := &dissector{agreed: agreed(&c), mid: unknown(&c), scratch: s}
	for dir := range d.half {
		d.half[dir].inflater.fresh = d.agreed.fresh[dir]
		d.half[dir].inflater.partial = d.mid
	}
	d.describe = d.layer
	if c.Fact(http.AnswerFact) == "" {
		d.inside = layer.Protocol(c.Fact(subprotocolFact)) // resolved with the first chunk
	}
	return d
}

// Feed implements dissect.Dissector.
func (d *dissector) Feed(out dissect.Sink, c dissect.Chunk) {
	h := &d.half[c.Dir]
	d.begin(out, h, &c)
	if c.Gap > 0 {
		d.skip(out, h, &c)
	}
	if h.phase == lost {
		if !d.resumes(h, &c) {
			return
		}
		h.phase = atHeader
	}
	h.in.Append(c)
	for d.step(out, h, c.Dir) {
	}
	h.in.Keep()
}

// begin looks at the first chunk of all, and of a direction.
func (d *dissector) begin(out dissect.Sink, h *half, c *dissect.Chunk) {
	if !d.half[0].begun && !d.half[1].begun {
		d.stream = c.Stream
		if d.inside != "" {
			d.inside = out.Announced(string(d.inside))
		}
	}
	if !h.begun {
		h.begun = true
		if d.mid {
			h.phase, h.resumed = lost, true
		}
	}
}

// step reads a header, or payload. It reports whether to go on.
func (d *dissector) step(out dissect.Sink, h *half, dir layer.Direction) bool {
	b := h.in.Bytes()
	switch h.phase {
	case atHeader:
		head, ok := parseHeader(b)
		if !ok {
			out.Problem(Name, "a frame of more than 2^63 bytes (RFC 6455 section 5.2)")
			h.lose()
			return false
		}
		if head.size == 0 {
			return false
		}
		d.frame(out, h, dir, head)
		return true
	case inPayload:
		if n := min(h.header.length-h.at, int64(len(b))); n > 0 {
			d.payload(out, h, dir, b[:n])
		} else if h.at < h.header.length {
			return false
		}
		if h.at == h.header.length {
			d.frameDone(out, h, dir)
		}
		return true
	}
	return false
}

// frame begins a frame.
func (d *dissector) frame(out dissect.Sink, h *half, dir layer.Direction, head header) {
	h.header, h.phase = head, inPayload
	h.at, h.missing, h.bytes = 0, 0, 0
	h.packets.Reset()
	h.control = h.control[:0]
	h.take(head.size)
	d.judge(out, h, dir)
	if head.opcode().control() {
		return
	}
	m := &h.message
	if head.opcode() != continuation || !m.open {
		m.begin(head, h.first)
	}
}

// begin makes m ready for a message whose first frame has the header.
func (m *message) begin(head header, at layer.PacketRef) {
	*m = message{
		open: true, opcode: head.opcode(), compressed: head.rsv()&rsv1 != 0,
		headless: head.opcode() == continuation, first: at, payload: m.payload[:0], whole: true,
	}
}

// take consumes n bytes of the frame.
func (h *half) take(n int) {
	first, last := h.in.Take(n, &h.packets)
	if h.bytes == 0 {
		h.first = first
	}
	h.last = last
	h.bytes += int64(n)
}

// payload takes in the next bytes of a frame's payload.
func (d *dissector) payload(out dissect.Sink, h *half, dir layer.Direction, b []byte) {
	if h.header.opcode().control() {
		h.control = h.header.unmask(h.control, b[:min(len(b), max(0, maxPiece-len(h.control)))], h.at)
		h.consume(len(b))
		return
	}
	m := &h.message
	at := h.at
	for len(b) > 0 {
		wanted := min(len(b), d.wanted(out, m)-len(m.payload))
		if wanted <= 0 && d.inside != "" && !m.compressed {
			d.pour(out, h, dir, m.payload)
			m.payload, m.given, m.whole = m.payload[:0], 0, false
			continue
		}
		if wanted <= 0 {
			m.whole = false
			break
		}
		m.payload = h.header.unmask(m.payload, b[:wanted], at)
		b, at = b[wanted:], at+int64(wanted)
		h.consume(wanted)
	}
	h.consume(len(b))
}

// consume passes n bytes of the payload.
func (h *half) consume(n int) {
	if n > 0 {
		h.take(n)
		h.at += int64(n)
	}
}

// wanted returns how many bytes of a message's payload are to be kept.
func (d *dissector) wanted(out dissect.Sink, m *message) int {
	switch {
	case m.compressed:
		return maxCompressed
	case out.Recording():
		return maxShown
	case d.inside != "":
		return maxPiece
	case m.opcode == text:
		return http.MaxText + 1 // one more tells that there is more
	}
	return 0
}

// skip passes over missing bytes. Within a frame's payload they do no harm to
// the framing.
func (d *dissector) skip(out dissect.Sink, h *half, c *dissect.Chunk) {
	gap := int64(c.Gap)
	if h.phase != inPayload || gap > h.header.length-h.at {
		d.cut(out, h, c.Dir)
		h.lose()
		return
	}
	h.at += gap
	h.missing += gap
	h.bytes += gap
	m := &h.message
	if h.header.opcode().control() {
		return
	}
	d.pour(out, h, c.Dir, m.payload)
	m.payload, m.given, m.whole = m.payload[:0], 0, false
	h.gap += c.Gap
}

// lose gives up: the next frame's beginning is not known.
func (h *half) lose() {
	h.in.Reset()
	h.phase = lost
	h.message.open, h.resumed = false, true
	h.inflater.lose()
	h.gap++ // nobody knows how many
}

// cut says a frame that ended early.
func (d *dissector) cut(out dissect.Sink, h *half, dir layer.Direction) {
	if h.phase == inPayload {
		d.say(out, h, dir, flow.Cut)
	}
}

// Finish implements dissect.Dissector.
func (d *dissector) Finish(out dissect.Sink, _ bool) {
	for dir := range d.half {
		h := &d.half[dir]
		if h.phase == inPayload && d.inside != "" && !h.message.compressed && !h.header.opcode().control() {
			d.pour(out, h, layer.Direction(dir), h.message.payload)
		}
		d.cut(out, h, layer.Direction(dir))
		h.lose()
	}
}

// pour hands the rest of payload to the protocol inside.
func (d *dissector) pour(out dissect.Sink, h *half, dir layer.Direction, payload []byte) {
	m := &h.message
	if d.inside == "" || m.compressed || m.given >= len(payload) {
		return
	}
	d.inner(out, h, dir, payload[m.given:])
	m.given = len(payload)
}

func (d *dissector) inner(out dissect.Sink, h *half, dir layer.Direction, b []byte) {
	h.inner += int64(h.gap)
	c := dissect.Chunk{Dir: dir, Data: b, At: h.last, Offset: h.inner, Gap: h.gap}
	h.gap = 0
	h.inner += int64(len(b))
	out.Inner(d.inside, c)
}

// resumes reports whether a chunk behind missing bytes begins with a frame. A
// frame has no mark, so the whole chunk must be made of frames that could come
// from this side, which chance hardly does.
func (d *dissector) resumes(h *half, c *dissect.Chunk) bool {
	b := c.Data
	short := true
	for len(b) > 0 {
		head, ok := parseHeader(b)
		if !ok || head.size == 0 || !d.plausible(&head, c.Dir) || head.length > int64(len(b)-head.size) {
			return false
		}
		if head.length >= length16 {
			short = false
		}
		b = b[head.size+int(head.length):]
	}
	// Of a few bytes, chance makes a frame too often: a Close, a Ping, or text
	// that begins a message is asked for.
	return len(c.Data) > 0 && (!short || slices.Contains([]opcode{text, closing, ping, pong}, opcode(c.Data[0]&0xf)))
}

// plausible reports whether a header keeps the rules that can be checked.
func (d *dissector) plausible(h *header, dir layer.Direction) bool {
	o, rsv := h.opcode(), h.rsv()
	if d.agreed.deflate && !o.control() && o != continuation {
		rsv &^= rsv1
	}
	return !o.reserved() && (rsv == 0 || d.agreed.other) && h.masked == (dir == layer.ToServer) && !h.longer &&
		(!o.control() || h.fin() && h.length <= maxControl)
}
