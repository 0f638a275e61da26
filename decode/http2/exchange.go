package http2

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
)

// exchange is one stream (RFC 9113 section 5): a request and its response.
type exchange struct {
	id       uint32
	side     [2]side // by the direction of the bytes; a pushed request is the server's, too
	protocol layer.Protocol
	name     string // of the request
	call     *http.Call
	json     *http.JSONRPC  // looks at the request's body
	inner    layer.Protocol // that reads the bodies, "" for none
	tunnel   bool           // CONNECT
	waiting  []byte         // sent into a tunnel before its answer
	oneWay   bool           // only the response has content for inner
}

// side is one direction of a stream.
type side struct {
	open    bool // msg is being read
	said    bool // its Head was said
	ended   bool // nothing follows
	final   bool // its header section was read, interim responses aside
	missing bool // frames may be missing
	foreign bool // its content is of another type than what inner reads
	msg     flow.Message
	packets flow.Packets // of msg
	body    int64
	gap     int // bytes of the body that were lost since inner got some
	window  window
	kept    []byte // the body, while somebody looks
	coding  string // of kept
}

// open makes a stream. The oldest is cut off where there are too many.
func (d *dissector) open(out dissect.Sink, id uint32, opener layer.Direction) *exchange {
	if len(d.streams) >= maxStreams {
		if oldest, ok := d.order.Oldest(d.isOpen); ok {
			d.cut(out, d.streams[oldest])
		}
	}
	s := d.room()
	s.id, s.protocol = id, Name
	for dir := range s.side {
		s.side[dir].window = d.newWindow(layer.Direction(dir))
	}
	d.streams[id] = s
	d.order.Add(id, d.isOpen)
	d.newest[opener] = max(d.newest[opener], id)
	d.conn.Streams[opener]++
	return s
}

func (d *dissector) isOpen(id uint32) bool { return d.streams[id] != nil }

// room returns an empty exchange, in the memory of one that is over.
func (d *dissector) room() *exchange {
	n := len(d.spare)
	if n == 0 {
		return new(exchange)
	}
	s := d.spare[n-1]
	d.spare = d.spare[:n-1]
	var empty exchange
	for dir := range empty.side {
		old, x := &s.side[dir], &empty.side[dir]
		x.msg.Facts, x.packets = old.msg.Facts[:0], old.packets
		x.packets.Reset()
	}
	*s = empty
	return s
}

// maxSpare bounds the memory that a connection holds on to for its streams.
const maxSpare = 16

// gone reports whether a stream that is not open was open before: frames may
// still come for it (section 5.1).
func (d *dissector) gone(id uint32, opener layer.Direction) bool {
	if d.half[0].late || d.half[1].late {
		return d.closed.has(id)
	}
	return id <= d.newest[opener]
}

// opener returns who opens streams with a number (section 5.1.1).
func opener(id uint32) layer.Direction {
	if id%2 == 0 {
		return layer.ToClient
	}
	return layer.ToServer
}

// begin begins a message with a header section, of which the frames were
// first to last.
func (x *side) begin(p layer.Protocol, dir layer.Direction, id uint32, b *block) {
	x.open, x.said, x.missing = true, false, false
	x.msg = flow.Message{Protocol: p, Dir: dir, Key: uint64(id), Stream: uint64(id), Facts: x.msg.Facts[:0], First: b.first}
	x.packets.Reset()
	x.add(b)
}

// add counts a header section's frames to the message.
func (x *side) add(b *block) {
	x.msg.Last = b.last
	x.msg.Bytes += b.bytes
	for _, n := range b.packets.List() {
		x.packets.Add(int(n))
	}
}

func (x *side) say(out dissect.Sink, s flow.State) {
	x.msg.State = s
	x.msg.Packets = x.packets
	out.Message(&x.msg)
}

// sayHeads says what is known of messages that began in this packet.
func (d *dissector) sayHeads(out dissect.Sink, dir layer.Direction) {
	for _, x := range d.begun {
		if x.open && !x.said {
			x.said = true
			x.say(out, flow.Head)
		}
	}
	d.begun = d.begun[:0]
}

// end ends one direction of a stream with the frame that says END_STREAM.
func (d *dissector) end(out dissect.Sink, s *exchange, dir layer.Direction) {
	x := &s.side[dir]
	x.ended = true
	state := flow.Complete
	if x.missing {
		state = flow.Cut
	}
	d.finish(out, s, dir, state)
	d.endInner(out, s, dir)
	if s.side[dir.Reverse()].ended {
		d.forget(s)
	}
}

func (d *dissector) forget(s *exchange) {
	delete(d.streams, s.id)
	d.closed.add(s.id)
	for dir := range d.half {
		if x := d.half[dir].sent; x == &s.side[dir] {
			d.half[dir].sent = nil
		}
	}
	if len(d.spare) < maxSpare {
		d.spare = append(d.spare, s)
	}
}

// finish says a message that has ended.
func (d *dissector) finish(out dissect.Sink, s *exchange, dir layer.Direction, state flow.State) {
	x := &s.side[dir]
	if !x.open {
		return
	}
	x.open = false
	f := &x.msg.Facts
	if x.body > 0 {
		*f = append(*f, flow.Fact{Key: "body-bytes", Value: strconv.FormatInt(x.body, 10)})
	}
	if x.missing {
		*f = append(*f, flow.Fact{Key: "missing", Value: "present"})
		if s.call != nil {
			s.call.Lost(dir)
		}
	}
	if x.msg.Role == flow.Request {
		*f = s.json.Facts(*f)
	}
	if s.call != nil {
		*f = s.call.Facts(dir, *f)
		if x.msg.Role == flow.Response && s.call.IsGRPC() {
			x.msg.Status = http.CallStatus(*f)
		}
	}
	x.say(out, state)
	if state == flow.Complete {
		d.showBody(out, s, dir)
	}
}

// cut ends a stream whose end was not seen.
func (d *dissector) cut(out dissect.Sink, s *exchange) {
	for dir := range s.side {
		d.finish(out, s, layer.Direction(dir), flow.Cut)
	}
	d.forget(s)
}

// cutAll ends all streams, the oldest first.
func (d *dissector) cutAll(out dissect.Sink) {
	for _, id := range slices.SortedFunc(maps.Keys(d.streams), cmp.Compare[uint32]) {
		d.cut(out, d.streams[id])
	}
}

// recent remembers the streams that were closed last.
type recent struct {
	ids  [256]uint32
	next int
}

func (r *recent) add(id uint32) {
	r.ids[r.next%len(r.ids)] = id
	r.next++
}

func (r *recent) has(id uint32) bool { return slices.Contains(r.ids[:], id) }
