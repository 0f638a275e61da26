package http3

import (
	"slices"
	"strconv"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
)

// exchange is one stream: usually a request and its response (RFC 9114 section
// 4.1).
type exchange struct {
	id       uint64
	key      uint64 // of its messages
	client   bool   // a bidirectional stream that the client opened: a request is due
	side     [2]side
	protocol layer.Protocol
	name     string // of the request
	call     *http.Call
	inner    layer.Protocol // that reads the bodies, "" for none
	tunnel   bool           // CONNECT
	waiting  []byte         // sent into a tunnel before its answer
	pushed   bool           // the server said the request, too
}

// phase is where one side is in its frames.
type phase uint8

const (
	atFrame  phase = iota // before or within a frame that is read as a whole
	atType                // before or within a unidirectional stream's type
	inData                // in a DATA frame's payload
	skipping              // in a frame that is passed over
	blocked               // before a section that waits for its table
	raw                   // there are no frames
	lost                  // bytes are missing, and no frame can be found behind them
	over                  // nothing follows
)

// kind is what a stream carries.
type kind uint8

const (
	messageStream kind = iota
	controlStream
	encoderStream
	transportStream // WebTransport's
	unreadStream    // of a type that is not read: QPACK's decoder stream, GREASE
)

// side is one direction of a stream.
type side struct {
	s     *exchange
	dir   layer.Direction
	in    stream.Buffer
	kind  kind
	phase phase
	frame frame // the one that is read
	rest  uint64
	first layer.PacketRef // of the frame
	last  layer.PacketRef
	shown bool   // the frame was described
	kept  []byte // the frame, while somebody looks
	ended bool   // nothing follows what in holds
	reset bool   // its sender gave it up
	code  uint64
	held  int             // bytes that wait behind a blocked section
	at    layer.PacketRef // of the newest chunk

	open    bool // msg is being read
	said    bool // its Head was said
	final   bool // its header section was read, interim responses aside
	missing bool // bytes of it are
	msg     flow.Message
	packets flow.Packets // of msg
	body    int64
	gap     int    // bytes of the body that were lost since inner got some
	whole   []byte // the body, while somebody looks
	session uint64 // of WebTransport
	offset  int64  // of its bytes
}

// take consumes bytes of the open message.
func (x *side) take(n int) (first, last layer.PacketRef) {
	if !x.open {
		return x.in.Take(n, nil)
	}
	first, last = x.in.Take(n, &x.packets)
	x.msg.Last = last
	x.msg.Bytes += int64(n)
	return first, last
}

// begin begins a message with a frame of n bytes, which it consumes.
func (x *side) begin(n int) {
	x.open, x.said = true, false
	x.packets.Reset()
	x.msg = flow.Message{Protocol: x.s.protocol, Dir: x.dir, Key: x.s.key, Stream: x.s.id, Facts: x.msg.Facts[:0]}
	x.first, x.last = x.take(n)
	x.msg.First = x.first
}

func (x *side) say(out dissect.Sink, state flow.State) {
	x.msg.State = state
	x.msg.Packets = x.packets
	out.Message(&x.msg)
}

// sayHead says what is known of a message at the end of a packet.
func (x *side) sayHead(out dissect.Sink) {
	if x.open && !x.said {
		x.said = true
		x.say(out, flow.Head)
	}
}

// end ends a side: nothing follows.
func (d *dissector) end(out dissect.Sink, x *side) {
	if x.phase == over {
		return
	}
	state := flow.Complete
	if x.reset || x.missing || x.phase == inData || x.phase == skipping || x.phase == lost || x.in.Len() > 0 {
		state = flow.Cut
	}
	if state == flow.Cut && !x.reset && !x.missing && x.phase != lost && x.kind == messageStream {
		out.Problem(Name, "stream ends within a frame (RFC 9114 section 7.1)")
	}
	d.cutFrame(out, x)
	x.phase = over
	x.in.Reset()
	if x.kind == transportStream {
		d.endTransport(out, x)
	}
	s := x.s
	if x.reset && x.kind == messageStream {
		d.resetSide(out, x)
	}
	d.finish(out, x, state)
	d.endInner(out, x)
	if s.side[0].phase == over && s.side[1].phase == over {
		d.forget(s)
	}
}

func (d *dissector) forget(s *exchange) { delete(d.streams, s.id) }

// resetSide tells of a side that its sender gave up. A response of which nothing
// was seen is said, too: none will come.
func (d *dissector) resetSide(out dissect.Sink, x *side) {
	by := "client"
	if x.dir == layer.ToClient {
		by = "server"
	}
	facts := []flow.Fact{{Key: "reset", Value: ErrorName(x.code)}, {Key: "reset-by", Value: by}}
	if x.open {
		x.msg.Facts = append(x.msg.Facts, facts...)
		return
	}
	s := x.s
	if x.final || x.dir != layer.ToClient || !s.client || s.name == "" {
		return
	}
	m := flow.Message{
		Protocol: s.protocol, Kind: "response", Dir: x.dir, Role: flow.Response, State: flow.Cut, Key: s.key, Stream: s.id,
		Facts: facts, First: x.at, Last: x.at,
	}
	m.Packets.Add(x.at.Number)
	out.Message(&m)
}

// finish says a message that has ended.
func (d *dissector) finish(out dissect.Sink, x *side, state flow.State) {
	if !x.open {
		return
	}
	x.open = false
	f := &x.msg.Facts
	if x.body > 0 {
		*f = append(*f, flow.Fact{Key: "body-bytes", Value: strconv.FormatInt(x.body, 10)})
	}
	s := x.s
	if x.missing {
		*f = append(*f, flow.Fact{Key: "missing", Value: "present"})
		if s.call != nil {
			s.call.Lost(x.dir)
		}
	}
	if s.call != nil {
		*f = s.call.Facts(x.dir, *f)
		if x.msg.Role == flow.Response {
			x.msg.Status = http.CallStatus(*f)
		}
	}
	x.say(out, state)
	if state == flow.Complete {
		d.showBody(out, x)
	}
}

// cutFrame tells of a frame that was begun and has not ended.
func (d *dissector) cutFrame(out dissect.Sink, x *side) {
	if x.phase == inData || x.phase == skipping {
		d.count(out, x, x.first, x.last, nil)
		x.phase = atFrame
	}
}

// cut ends a stream whose end was not seen.
func (d *dissector) cut(out dissect.Sink, s *exchange) {
	for dir := range s.side {
		x := &s.side[dir]
		if x.kind == transportStream && x.phase != over {
			d.endTransport(out, x)
		}
		state := flow.Cut
		if x.atLength() {
			state = flow.Complete
		}
		d.cutFrame(out, x)
		d.finish(out, x, state)
		x.phase = over
		x.in.Reset()
	}
	d.forget(s)
}

// atLength reports whether a message has all the content that it announced:
// then it is whole, though the end of its stream was not seen.
func (x *side) atLength() bool {
	length := http.Fact(x.msg.Facts, "content-length")
	return x.phase == atFrame && x.in.Len() == 0 && !x.missing && length != "" && http.ParseLength([]byte(length)) == x.body
}

// maxSpared is how many of the oldest streams may stay because the connection
// hangs on them: each side has one control stream and one for its encoder.
const maxSpared = 4

// cutOldest makes room for another stream.
func (d *dissector) cutOldest(out dissect.Sink) {
	for spared := 0; ; spared++ {
		id, ok := d.order.Oldest(d.isOpen)
		if !ok {
			return
		}
		s := d.streams[id]
		if spared < maxSpared && (s.of(controlStream) || s.of(encoderStream)) {
			d.order.Add(id, d.isOpen)
			continue
		}
		d.giveUp(out, &s.side[0])
		d.giveUp(out, &s.side[1])
		d.cut(out, s)
		return
	}
}

func (d *dissector) isOpen(id uint64) bool { return d.streams[id] != nil }

// of reports whether a side of the stream is of a kind.
func (s *exchange) of(k kind) bool { return s.side[0].kind == k || s.side[1].kind == k }

// cutAll ends all streams, in order.
func (d *dissector) cutAll(out dissect.Sink) {
	ids := make([]uint64, 0, len(d.streams))
	for id := range d.streams {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		d.cut(out, d.streams[id])
	}
}

// skipGap passes over missing bytes. Those of a body cost only the body.
func (d *dissector) skipGap(out dissect.Sink, x *side, c *dissect.Chunk) {
	if x.phase == blocked {
		d.giveUp(out, x)
	}
	gap := uint64(c.Gap)
	x.missing = true
	if x.kind == encoderStream {
		d.decoders[x.dir].Lose()
		x.in.Reset()
		x.phase = lost
		return
	}
	switch {
	case x.phase == inData && x.in.Len() == 0 && gap <= x.rest:
		x.rest -= gap
		x.body += int64(gap)
		x.gap += c.Gap
		x.msg.Bytes += int64(gap)
		if x.s.call != nil {
			x.s.call.Lost(x.dir)
		}
		if x.rest == 0 {
			x.phase = atFrame
			d.count(out, x, x.first, x.last, nil)
		}
	case x.phase == skipping && x.in.Len() == 0 && gap <= x.rest:
		if x.rest -= gap; x.rest == 0 {
			x.phase = atFrame
		}
	case x.phase == raw && x.kind != transportStream:
	case x.phase == raw:
		x.gap += c.Gap
	default:
		d.cutFrame(out, x)
		x.phase = lost
		x.in.Reset()
		if x.s.call != nil {
			x.s.call.Lost(x.dir)
		}
	}
}
