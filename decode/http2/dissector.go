package http2

import (
	"bytes"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
)

// phase is where one direction is in its frames.
type phase uint8

const (
	atPreface phase = iota // before or within the client's preface
	atFrame                // before or within a frame that is read as a whole
	inData                 // in a DATA frame's payload
	skipping               // in a frame that is passed over
	lost                   // looking for a frame
)

// Bounds of what waits in memory.
const (
	maxBlock   = 256 << 10 // bytes of a header block, all its frames together
	maxSearch  = 64 << 10  // bytes that are kept while looking for a frame
	maxStreams = 1024      // open at once; the oldest are cut off beyond it
)

// half is one direction.
type half struct {
	in    stream.Buffer
	phase phase
	begun bool
	late  bool  // the beginning was not seen, or something in between
	long  int64 // offset of the last frame longer than allowed that was named

	// While lost: scanned bytes of in were looked at, and frames may begin at the
	// candidates.
	scanned    int
	candidates []int

	data frame // the DATA frame, or the one that is passed over
	rest int64 // bytes of its payload to come
	pad  int64 // of them padding
	kept []byte
	sent *side // whose body the DATA frame is, nil for none
	said bool  // the DATA frame was described

	first, last layer.PacketRef // of the DATA frame

	decoder decoder
	block   block

	window window // of the connection, for what this direction sends
}

// dissector reads both directions of one connection.
type dissector struct {
	half      [2]half
	streams   map[uint32]*exchange
	order     http.Order[uint32] // in which they were opened
	spare     []*exchange        // that are over
	newest    [2]uint32          // highest stream opened by each direction's sender
	closed    recent
	conn      *flow.HTTP2
	midStream bool
	upgraded  bool
	host      string
	notes     *http.Notes
	begun     []*side // whose messages began in this packet
	head      head    // of the block that is read
	onField   func(*field)
	counted   flow.Message // the last frame

	shown    described // what describe tells of
	describe func() layer.Layer
}

func newDissector(c dissect.Context, scratch *http.Notes) *dissector {
	d := &dissector{
		midStream: c.MidStream, notes: scratch, conn: &flow.HTTP2{}, streams: map[uint32]*exchange{},
	}
	d.describe, d.onField = d.layer, d.field
	for dir := range d.half {
		d.half[dir].window = window{left: initialWindow, known: !c.MidStream}
	}
	if c.Fact("upgrade") != "" {
		d.upgrade(c.Fact("request"))
	}
	return d
}

// Feed implements dissect.Dissector.
func (d *dissector) Feed(out dissect.Sink, c dissect.Chunk) {
	h := &d.half[c.Dir]
	if !h.begun {
		d.begin(h, c)
	}
	if c.Gap > 0 {
		d.skipGap(out, h, c)
	}
	h.in.Append(c)
	for d.step(out, h, c.Dir) {
	}
	d.sayHeads(out, c.Dir)
	h.in.Keep()
}

// begin looks where a direction begins. A capture may begin late for TCP and
// yet in time for HTTP/2.
func (d *dissector) begin(h *half, c dissect.Chunk) {
	h.begun = true
	if c.Dir == layer.ToClient {
		h.phase = atFrame
	}
	if d.midStream && c.Dir == layer.ToServer && bytes.HasPrefix(c.Data, []byte(preface)) {
		d.midStream = false
		for dir := range d.half {
			d.half[dir].window.known = true
		}
	}
	if d.midStream || c.Offset > 0 && c.Gap == 0 && !d.upgraded {
		d.lose(h)
	}
}

// step reads one frame, or part of one. It reports whether to go on.
func (d *dissector) step(out dissect.Sink, h *half, dir layer.Direction) bool {
	b := h.in.Bytes()
	if len(b) == 0 {
		return false
	}
	switch h.phase {
	case atPreface:
		return d.preface(out, h, b)
	case atFrame:
		return d.frame(out, h, dir, b)
	case inData:
		return d.content(out, h, dir, b)
	case skipping:
		return d.skip(out, h, dir, len(b))
	}
	return d.search(h, dir, b)
}

// preface reads the client's first bytes. A capture that begins late may have
// begun exactly behind them.
func (d *dissector) preface(out dissect.Sink, h *half, b []byte) bool {
	n := min(len(b), len(preface))
	if string(b[:n]) != preface[:n] {
		out.Problem(Name, "the client's preface is missing (RFC 9113 section 3.4)")
		d.lose(h)
		return true
	}
	if n < len(preface) {
		return false
	}
	h.phase = atFrame
	d.shown = described{dir: layer.ToServer, preface: true}
	_, last := h.in.Take(len(preface), nil)
	d.shown.last = last
	out.Layer(Name, d.describe)
	return true
}

// frame reads a frame's header, and the frame where it is read as a whole.
func (d *dissector) frame(out dissect.Sink, h *half, dir layer.Direction, b []byte) bool {
	if len(b) < headerSize {
		return false
	}
	f := parseFrame(b)
	if f.length > d.most(dir) && (h.late || !f.plausible(mostOfAll)) {
		return d.malformed(out, h, longFrame)
	}
	if h.block.open && (f.kind != frameContinuation || f.stream != h.block.frame.stream) {
		return d.malformed(out, h, "header block interrupted by another frame (RFC 9113 section 6.10)")
	}
	if f.length > d.most(dir) && h.in.Offset() != h.long {
		h.long = h.in.Offset() // said once, however often more of it comes
		out.Problem(Name, longFrame)
	}
	if f.kind == frameData && f.stream != 0 {
		return d.beginData(out, h, dir, f, b)
	}
	if f.length > maxBuffered {
		out.Problem(Name, "frame of more than 256 KiB passed over")
		if f.kind == frameHeaders || f.kind == frameContinuation || f.kind == framePushPromise {
			h.decoder.table.forget()
			h.block.open = false
		}
		h.data, h.rest, h.phase = f, int64(headerSize+f.length), skipping
		return true
	}
	if len(b) < headerSize+f.length {
		return false
	}
	d.whole(out, h, dir, f, b[:headerSize+f.length])
	return true
}

const longFrame = "frame longer than SETTINGS_MAX_FRAME_SIZE allows (RFC 9113 section 4.2)"

// whole takes a frame that was read as a whole, header and payload.
func (d *dissector) whole(out dissect.Sink, h *half, dir layer.Direction, f frame, b []byte) {
	payload := b[headerSize:]
	d.shown = described{dir: dir, frame: f, bytes: b}
	if f.kind == frameHeaders || f.kind == frameContinuation || f.kind == framePushPromise {
		d.headers(out, h, dir, f, b)
		return
	}
	first, last := h.in.Take(len(b), nil)
	d.shown.last = last
	out.Layer(Name, d.describe)
	var facts []flow.Fact
	if bad := f.fault(); bad != "" {
		out.Problem(Name, bad)
	} else {
		facts = d.control(out, f, payload, dir, first, last)
	}
	d.count(out, f, dir, first, last, facts...)
}

// count tells of a frame as a message. One with facts is kept.
func (d *dissector) count(out dissect.Sink, f frame, dir layer.Direction, first, last layer.PacketRef, facts ...flow.Fact) {
	d.counted = flow.Message{
		Protocol: Name, Kind: f.kind.kind(), Dir: dir, Stream: uint64(f.stream), First: first, Last: last, Bytes: int64(headerSize + f.length),
		Facts: facts, Keep: len(facts) > 0,
	}
	out.Message(&d.counted)
}

// skip passes over bytes of a frame.
func (d *dissector) skip(out dissect.Sink, h *half, dir layer.Direction, n int) bool {
	n = int(min(int64(n), h.rest))
	first, last := h.in.Take(n, nil)
	if h.rest -= int64(n); h.rest > 0 {
		return false
	}
	h.phase = atFrame
	d.count(out, h.data, dir, first, last)
	return true
}

// malformed gives up what is there and looks for a frame. In a direction whose
// beginning was not seen it may be nobody's fault.
func (d *dissector) malformed(out dissect.Sink, h *half, text string) bool {
	if !h.late {
		out.Problem(Name, text)
	}
	d.lose(h)
	if b := h.in.Bytes(); len(b) > 0 {
		h.in.Take(1, nil) // whatever begins here is no frame
	}
	return true
}

// Finish implements dissect.Dissector: what is open is cut off.
func (d *dissector) Finish(out dissect.Sink, closed bool) {
	for dir := range d.half {
		h := &d.half[dir]
		if h.phase == inData && h.sent != nil {
			h.sent.missing = true
		}
	}
	d.cutAll(out)
}
