package http3

import (
	"github.com/quic-go/quic-go/quicvarint"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/http3/qpack"
	"github.com/wiresight/wiresight/decode/layer"
)

// dissector reads all streams of one connection. The client is who opens the
// streams whose ids end with 0 bits (RFC 9000 section 2.1): it sends ToServer.
type dissector struct {
	serial   uint32 // of the connection, see Chunk.Connection
	streams  map[uint64]*exchange
	order    http.Order[uint64]   // in which they were opened
	pushes   map[uint64]*exchange // by push id
	decoders [2]qpack.Decoder     // of the sections that each direction carries
	waiting  []*side              // for entries of their table, in the order in which they came
	held     int                  // bytes of those
	host     string
	notes    *http.Notes
	shown    described
	describe func() layer.Layer
}

// Bounds of what waits in memory.
const (
	maxStreams = 4096      // open at once
	maxPushes  = 1024      // promised and not begun
	maxFrame   = 256 << 10 // bytes of a frame that is read as a whole
	maxHeld    = 1 << 20   // bytes behind sections that wait for their table
	maxWaiting = 512       // sides that wait
)

func newDissector(scratch *http.Notes) *dissector {
	d := &dissector{notes: scratch, streams: map[uint64]*exchange{}}
	d.describe = d.layer
	return d
}

// The bits of a stream's id.
const (
	byServer       = 1
	unidirectional = 2
)

// Feed implements dissect.Dissector: c is of one of the connection's streams.
func (d *dissector) Feed(out dissect.Sink, c dissect.Chunk) {
	d.serial = c.Connection
	if c.Datagram {
		d.datagram(out, &c)
		return
	}
	s := d.streams[c.Stream]
	if s == nil {
		if c.End && len(c.Data) == 0 && !c.Reset {
			return
		}
		if s = d.open(out, c.Stream, c.Dir); s == nil {
			return
		}
	}
	x := &s.side[c.Dir]
	if x.phase == over {
		return
	}
	if c.Gap > 0 {
		d.skipGap(out, x, &c)
	}
	if x.phase != lost && len(c.Data) > 0 {
		x.in.Append(c)
	}
	if x.phase == blocked {
		d.hold(out, x, len(c.Data))
	}
	x.ended, x.reset, x.code = c.End, c.Reset, c.Code
	x.at = c.At
	d.run(out, x)
	if x.kind == encoderStream {
		d.unblock(out, c.Dir, false)
	}
}

// open makes a stream; nil for one that nobody can have opened.
func (d *dissector) open(out dissect.Sink, id uint64, dir layer.Direction) *exchange {
	opener := layer.ToServer
	if id&byServer != 0 {
		opener = layer.ToClient
	}
	if id&unidirectional != 0 && dir != opener {
		return nil
	}
	if len(d.streams) >= maxStreams {
		d.cutOldest(out)
	}
	s := &exchange{id: id, key: uint64(d.serial)<<48 ^ id, protocol: Name, client: id&(byServer|unidirectional) == 0}
	for side := range s.side {
		x := &s.side[side]
		x.s, x.dir = s, layer.Direction(side)
		switch {
		case id&unidirectional == 0:
			x.kind = messageStream
		case x.dir == opener:
			x.phase = atType
		default:
			x.phase = over
		}
	}
	d.streams[id] = s
	d.order.Add(id, d.isOpen)
	return s
}

// run reads as much of a side as there is.
func (d *dissector) run(out dissect.Sink, x *side) {
	for d.step(out, x) {
	}
	if x.phase == blocked {
		x.in.Keep()
		return
	}
	if x.ended {
		d.end(out, x)
	} else {
		x.sayHead(out)
	}
	x.in.Keep()
}

// step reads one frame, or part of one. It reports whether to go on.
func (d *dissector) step(out dissect.Sink, x *side) bool {
	b := x.in.Bytes()
	if len(b) == 0 {
		return false
	}
	switch x.phase {
	case atType:
		return d.streamType(out, x, b)
	case atFrame:
		return d.frame(out, x, b)
	case inData:
		return d.content(out, x, b)
	case skipping:
		return d.skip(out, x, len(b))
	case raw:
		d.raw(out, x, b)
	case lost, over:
		x.in.Reset()
	}
	return false
}

// streamType reads what a unidirectional stream is for (RFC 9114 section 6.2).
func (d *dissector) streamType(out dissect.Sink, x *side, b []byte) bool {
	kind, n, err := quicvarint.Parse(b)
	if err != nil {
		return false
	}
	id, m := uint64(0), 0
	if kind == streamPush || kind == streamWebTransport { // a push id, a session id
		if id, m, err = quicvarint.Parse(b[n:]); err != nil {
			return false
		}
	}
	x.in.Take(n+m, &x.packets)
	x.phase = atFrame
	d.shown = described{x: x, stream: kind, opens: true, size: n + m, id: id}
	switch kind {
	case streamControl:
		x.kind = controlStream
	case streamEncoder:
		x.kind, x.phase = encoderStream, raw
	case streamPush:
		x.kind = messageStream
		d.pushed(x, id)
	case streamWebTransport:
		d.transport(x, id)
	default:
		x.kind, x.phase = unreadStream, raw
	}
	out.Layer(Name, d.describe)
	return true
}

// frame reads a frame's header, and the frame where it is read as a whole.
func (d *dissector) frame(out dissect.Sink, x *side, b []byte) bool {
	f, ok := parseFrame(b)
	if !ok {
		return false
	}
	x.frame, x.shown = f, false
	if x.foreign() {
		x.phase = lost
		return true
	}
	switch {
	case f.kind == frameWebTransport && x.kind == messageStream && !x.final && x.s.id&unidirectional == 0:
		return d.transportStream(out, x)
	case f.kind == frameData && x.kind == messageStream:
		return d.beginData(out, x, b)
	case f.length > maxFrame || frames[f.kind][0] == "":
		if frames[f.kind][0] != "" {
			out.Problem(Name, f.title()+" frame of more than 256 KiB passed over")
		}
		x.first, x.last = x.take(f.size)
		x.rest, x.phase = f.length, skipping
		if x.rest == 0 {
			d.skipped(out, x)
		}
		return true
	}
	if uint64(len(b)-f.size) < f.length {
		return false
	}
	return d.whole(out, x, b[:f.size+int(f.length)])
}

// foreign reports whether the first frame of a side shows that the stream is
// none of HTTP/3's messages. Where the other side, which may have said what it
// is, is missing in the capture, that is nobody's fault.
func (x *side) foreign() bool {
	if x.kind != messageStream || x.final || x.dir == layer.ToServer || x.s.side[layer.ToServer].final || x.s.id&unidirectional != 0 {
		return false
	}
	return x.frame.kind != frameHeaders && x.frame.kind != framePushPromise && !reserved(x.frame.kind) && x.frame.kind != frameWebTransport
}

// skip passes over bytes of a frame.
func (d *dissector) skip(out dissect.Sink, x *side, n int) bool {
	n = int(min(uint64(n), x.rest))
	_, x.last = x.take(n)
	if x.rest -= uint64(n); x.rest == 0 {
		d.skipped(out, x)
	}
	return x.rest == 0
}

func (d *dissector) skipped(out dissect.Sink, x *side) {
	x.phase = atFrame
	d.count(out, x, x.first, x.last, nil)
	d.shown = described{x: x, frame: x.frame}
	out.Layer(Name, d.describe)
}

// whole takes a frame that was read as a whole, header and payload. It reports
// whether to go on.
func (d *dissector) whole(out dissect.Sink, x *side, b []byte) bool {
	payload := b[x.frame.size:]
	if x.frame.kind == frameHeaders || x.frame.kind == framePushPromise {
		return d.section(out, x, b)
	}
	first, last := x.take(len(b))
	d.shown = described{x: x, frame: x.frame, bytes: b}
	facts := d.control(out, x, payload)
	d.count(out, x, first, last, facts)
	out.Layer(Name, d.describe)
	return true
}

// count tells of a frame as a message; one with facts is kept.
func (d *dissector) count(out dissect.Sink, x *side, first, last layer.PacketRef, facts []flow.Fact) {
	kind := frames[x.frame.kind][0]
	if kind == "" {
		if kind = "unknown"; reserved(x.frame.kind) {
			kind = "reserved"
		}
	}
	out.Message(&flow.Message{
		Protocol: Name, Kind: kind, Dir: x.dir, Stream: x.s.id, First: first, Last: last,
		Bytes: int64(x.frame.size) + int64(min(x.frame.length, 1<<62)), Facts: facts, Keep: facts != nil,
	})
}

// raw takes bytes of a stream that has no frames.
func (d *dissector) raw(out dissect.Sink, x *side, b []byte) {
	switch x.kind {
	case encoderStream:
		d.instructions(out, x)
	case transportStream:
		d.carry(out, x, b)
	default:
		x.in.Take(len(b), nil)
	}
}

// instructions reads the encoder stream (RFC 9204 section 4.3).
func (d *dissector) instructions(out dissect.Sink, x *side) {
	t := &d.decoders[x.dir]
	read := 0
	for b := x.in.Bytes(); len(b) > 0; {
		n, err := t.Instruction(b)
		if n == 0 {
			break
		}
		if err != nil {
			out.Problem(Name, "QPACK encoder stream: "+err.Error())
		}
		read += n
		b = b[n:]
	}
	if read == 0 {
		return
	}
	d.shown = described{x: x, stream: streamEncoder, size: read}
	x.in.Take(read, nil)
	out.Layer(Name, d.describe)
}

// Finish implements dissect.Dissector: what is open is cut off.
func (d *dissector) Finish(out dissect.Sink, closed bool) {
	d.unblock(out, layer.ToServer, true)
	d.unblock(out, layer.ToClient, true)
	d.cutAll(out)
}
