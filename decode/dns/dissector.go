package dns

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
)

// dissector reads both directions of one conversation.
type dissector struct {
	protocol layer.Protocol
	half     *[2]half // on a stream only
	recent   []asked  // queries, for responses that do not repeat the question
	oldest   int      // of recent, once it is full
	transfer *transfer
	msg      flow.Message // reused
	now      current
	describe func() layer.Layer // bound once, describes now
}

// half is one direction of a stream.
type half struct {
	in   stream.Buffer
	lost bool // bytes are missing; looking for a message's beginning
}

// current is the message that is being said.
type current struct {
	m      []byte // without the length before it
	prefix int    // bytes of that length: 0 or lengthSize
	cut    int    // bytes missing at the end
}

func newDissector(p layer.Protocol, c dissect.Context) *dissector {
	d := &dissector{protocol: p}
	if !c.Datagram {
		d.half = new([2]half)
	}
	d.describe = d.layer
	return d
}

// Feed implements dissect.Dissector.
func (d *dissector) Feed(out dissect.Sink, c dissect.Chunk) {
	if d.half == nil {
		d.begin(c.Dir, c.At, c.At)
		d.msg.Packets.Add(c.At.Number)
		d.message(out, c.Data, 0, c.Cut)
		return
	}
	h := &d.half[c.Dir]
	if c.Gap > 0 {
		d.cut(out, c.Dir)
		h.in.Reset()
		h.lost = true
	}
	if h.lost {
		if probe(c.Data, false).Match != dissect.Yes {
			return
		}
		h.lost = false
	}
	h.in.Append(c)
	for d.next(out, h, c.Dir) {
	}
	h.in.Keep()
}

// next reads one message of a stream. It reports whether to go on.
func (d *dissector) next(out dissect.Sink, h *half, dir layer.Direction) bool {
	b := h.in.Bytes()
	if len(b) < lengthSize {
		return false
	}
	size := lengthSize + int(binary.BigEndian.Uint16(b))
	if size < lengthSize+headerSize {
		out.Problem(d.protocol, fmt.Sprintf("a message of %d bytes is announced: too short for a header", size-lengthSize))
		h.in.Reset()
		h.lost = true
		return false
	}
	if len(b) < size {
		return false
	}
	d.begin(dir, layer.PacketRef{}, layer.PacketRef{})
	d.msg.First, d.msg.Last = h.in.Take(size, &d.msg.Packets)
	d.message(out, b[lengthSize:size], lengthSize, 0)
	return true
}

// cut says the message that is open on a stream as far as it was read.
func (d *dissector) cut(out dissect.Sink, dir layer.Direction) {
	in := &d.half[dir].in
	b := in.Bytes()
	if len(b) < lengthSize+headerSize {
		return
	}
	missing := lengthSize + int(binary.BigEndian.Uint16(b)) - len(b)
	d.begin(dir, layer.PacketRef{}, layer.PacketRef{})
	d.msg.First, d.msg.Last = in.Take(len(b), &d.msg.Packets)
	d.say(out, b[lengthSize:], lengthSize, missing)
}

// Finish implements dissect.Dissector: a message that is open ends here.
func (d *dissector) Finish(out dissect.Sink, _ bool) {
	if d.half == nil {
		return
	}
	for dir := range d.half {
		d.cut(out, layer.Direction(dir))
		d.half[dir].in.Reset()
	}
	d.endTransfer(out)
}

func (d *dissector) begin(dir layer.Direction, first, last layer.PacketRef) {
	packets := d.msg.Packets
	packets.Reset()
	d.msg = flow.Message{Protocol: d.protocol, Dir: dir, First: first, Last: last, Packets: packets}
}

// message says a message with its layer.
func (d *dissector) message(out dissect.Sink, m []byte, prefix, cut int) {
	if len(m) < headerSize {
		if cut == 0 {
			out.Problem(d.protocol, fmt.Sprintf("a message of %d bytes is too short for a header", len(m)))
		}
	} else {
		d.say(out, m, prefix, cut)
	}
	d.now = current{m, prefix, cut}
	out.Layer(d.protocol, d.describe)
	d.now.m = nil
}

// say says a message, of which cut bytes are missing at the end.
func (d *dissector) say(out dissect.Sink, m []byte, prefix, cut int) {
	var f facts
	err := f.read(m)
	if err != nil && !(cut > 0 && errors.Is(err, errShort)) {
		out.Problem(d.protocol, err.Error())
	}
	msg := &d.msg
	msg.Bytes = int64(prefix + len(m))
	if cut > 0 {
		msg.State = flow.Cut
	}
	msg.Key = f.key()
	if f.header.response() {
		msg.Kind, msg.Role, msg.Status = "response", flow.Response, RcodeName(f.rcode())
		if f.header.counts[question] == 0 {
			msg.Key = d.askedWith(f.header.id, msg.Key)
		}
		msg.Facts = f.ofResponse(d.wasAsked(msg.Key))
	} else {
		msg.Kind, msg.Role, msg.Name = "query", flow.Request, f.title()
		d.remember(f.header.id, msg.Key)
		msg.Facts = f.ofQuery()
	}
	if f.broken != nil && cut == 0 {
		out.Problem(d.protocol, f.broken.Error())
	}
	if d.protocol == MDNSName { // everybody asks everybody: no exchanges
		msg.Role, msg.Key = flow.Single, 0
	}
	if !d.inTransfer(out, &f) {
		out.Message(msg)
	}
	if f.header.response() {
		f.resolve(out, d.protocol == MDNSName)
	}
}

// asked is a query's id and key.
type asked struct {
	id  uint16
	key uint64
}

// maxRecent bounds the queries remembered for responses without a question.
const maxRecent = 32

func (d *dissector) remember(id uint16, key uint64) {
	if len(d.recent) < maxRecent {
		d.recent = append(d.recent, asked{id, key})
		return
	}
	d.recent[d.oldest] = asked{id, key}
	d.oldest = (d.oldest + 1) % maxRecent
}

// askedWith returns the key of a query with this id, or otherwise.
func (d *dissector) askedWith(id uint16, otherwise uint64) uint64 {
	for i := range d.recent {
		// From the latest to the oldest.
		a := d.recent[(d.oldest+len(d.recent)-1-i)%len(d.recent)]
		if a.id == id {
			return a.key
		}
	}
	return otherwise
}

// wasAsked reports whether a query of this key is remembered.
func (d *dissector) wasAsked(key uint64) bool {
	for _, a := range d.recent {
		if a.key == key {
			return true
		}
	}
	return false
}
