package tls

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
)

// dissector reads both directions of one connection.
type dissector struct {
	half    [2]half
	facts   facts
	keys    keys
	wait    waiting
	inner   inner
	scratch []byte       // content of the record that was opened
	msg     flow.Message // reused: a record costs no allocation
	rec     current
	sealRec sealedRecord // reused, too

	describe, describeOpened func() layer.Layer // bound once, describe rec
}

// half is one direction.
type half struct {
	in       stream.Buffer
	messages assembler
	opaque   bool   // an encrypted record is being passed over
	header   header // of that record
	rest     int    // its bytes to come
	start    int64  // its stream offset
	first    layer.PacketRef
	packets  flow.Packets

	records int    // complete ones
	version uint16 // of the last record header
	ssl2    bool
	ccs     bool // a ChangeCipherSpec went this way
	lost    bool // bytes are missing; looking for a record's beginning
	edge    bool // the unread bytes follow the missing ones
	gap     bool // bytes were missing at some time
}

// current is the record that is being said.
type current struct {
	header  header
	raw     []byte // the whole record, where it was kept together
	body    []byte // what follows the header; the content of a record that was opened
	sealed  bool   // encrypted
	opened  bool   // it was encrypted: body is the content, kind its type
	hidden  bool   // its header does not tell kind (TLS 1.3)
	kind    uint8
	parts   []part
	rest    int           // bytes of a message that goes on in the next record
	packets *flow.Packets // that carried it
}

func newDissector(c dissect.Context) *dissector {
	d := &dissector{}
	d.keys.store, d.keys.work = c.Secrets, firstWork
	d.describe, d.describeOpened = d.layer, d.openedLayer
	return d
}

// Feed implements dissect.Dissector.
func (d *dissector) Feed(out dissect.Sink, c dissect.Chunk) {
	h := &d.half[c.Dir]
	if c.Gap > 0 {
		d.skipGap(out, h, c)
	}
	h.in.Append(c)
	for (!h.lost || h.resync()) && d.next(out, h, c.Dir) {
	}
	h.in.Keep()
	d.tell(out)
}

// tell hands out the facts that changed.
func (d *dissector) tell(out dissect.Sink) {
	d.facts.keyProblem(&d.keys)
	d.facts.tell(out)
}

// skipGap passes over missing bytes. Those of an encrypted record do no harm
// but to that record's own bytes.
func (d *dissector) skipGap(out dissect.Sink, h *half, c dissect.Chunk) {
	h.gap = true
	if h.lost {
		d.lastRecord(out, h, c.Dir)
	}
	h.messages.reset()
	if !h.opaque && !h.lost {
		d.passRest(out, h, c.Dir)
	}
	if h.opaque && h.in.Len() == 0 && c.Gap <= h.rest {
		h.rest -= c.Gap
		if h.rest == 0 {
			d.opaqueDone(out, h, c.Dir, c.At)
		}
		return
	}
	d.cut(out, h, c.Dir)
	h.in.Reset()
	h.lost, h.edge = true, true
}

// passRest passes over an encrypted record of which a part is there and the
// next bytes are missing.
func (d *dissector) passRest(out dissect.Sink, h *half, dir layer.Direction) {
	b := h.in.Bytes()
	if len(b) < headerSize {
		return
	}
	rec, state := h.nextHeader(b)
	if state == headerOK && d.sealed(h, dir, rec, b[rec.size:]) {
		h.pass(rec)
		d.passSome(out, h, dir)
	}
}

// pass begins to pass over an encrypted record.
func (h *half) pass(rec header) {
	h.opaque, h.header, h.rest, h.start = true, rec, rec.length, h.in.Offset()
	h.packets.Reset()
	h.first, _ = h.in.Take(rec.size, &h.packets)
}

// next reads one record, or as much of one as there is. It reports whether to
// go on.
func (d *dissector) next(out dissect.Sink, h *half, dir layer.Direction) bool {
	if h.opaque {
		return d.passSome(out, h, dir)
	}
	b := h.in.Bytes()
	if len(b) == 0 {
		return false
	}
	rec, state := h.nextHeader(b)
	switch state {
	case headerShort:
		return false
	case headerBad:
		out.Problem(Name, "no TLS record where one should begin")
		h.messages.reset()
		h.lost, h.edge = true, false
		return true
	}
	h.version = rec.version
	size := rec.size + rec.length
	if d.sealed(h, dir, rec, b[rec.size:]) {
		if rec.ssl2 || !d.keys.wanted() {
			h.pass(rec)
			if h.rest == 0 {
				d.opaqueDone(out, h, dir, h.first)
			}
			return true
		}
		if len(b) < size {
			return false
		}
		d.whole(out, h, dir, rec, b[:size])
		return true
	}
	if len(b) < size {
		return false
	}
	h.packets.Reset()
	first, last := h.in.Take(size, &h.packets)
	h.records++
	d.rec = current{header: rec, raw: b[:size], body: b[rec.size:size], parts: d.rec.parts[:0], packets: &h.packets}
	d.plain(out, h, dir, first, last)
	d.rec.body, d.rec.raw, d.rec.packets = nil, nil, nil
	clear(d.rec.parts)
	return true
}

// whole takes an encrypted record that may be opened.
func (d *dissector) whole(out dissect.Sink, h *half, dir layer.Direction, rec header, raw []byte) {
	r := &d.sealRec
	r.dir, r.header, r.raw, r.start = dir, rec, raw, h.in.Offset()
	r.packets.Reset()
	r.first, r.last = h.in.Take(len(raw), &r.packets)
	h.records++
	d.protected(out, r)
	r.raw = nil
}

// The answers of nextHeader.
const (
	headerOK = iota
	headerShort
	headerBad
)

func (h *half) nextHeader(b []byte) (header, int) {
	if h.records == 0 && len(b) >= 5 && b[0]&0x80 != 0 && (b[2] == ssl2ClientHello || b[2] == ssl2ServerHello) {
		h.ssl2 = true
	}
	if h.ssl2 && !plausibleStart(b[:min(len(b), headerSize)]) {
		if len(b) < 3 {
			return header{}, headerShort
		}
		rec, ok := parseSSL2(b)
		if !ok {
			return rec, headerBad
		}
		return rec, headerOK
	}
	if len(b) < headerSize {
		if plausibleStart(b) || h.records == 0 && b[0]&0x80 != 0 {
			return header{}, headerShort
		}
		return header{}, headerBad
	}
	rec, ok := parseHeader(b)
	if !ok {
		return rec, headerBad
	}
	return rec, headerOK
}

// sealed reports whether a record's content cannot be read. body is what is
// there of it.
func (d *dissector) sealed(h *half, dir layer.Direction, rec header, body []byte) bool {
	if rec.ssl2 {
		return h.records > 0
	}
	if d.keys.protects(dir) {
		return true
	}
	switch rec.kind {
	case typeApplicationData:
		return true
	case typeAlert:
		return rec.length != 2
	case typeHandshake:
		if len(h.messages.data) > 0 || h.messages.skip > 0 {
			return false
		}
		if h.ccs && !d.facts.mayRetry() {
			return true
		}
		if len(body) < min(rec.length, handshakeHeader+1) {
			return false // too few bytes to tell yet
		}
		if !plausibleMessage(body, rec.length) {
			return h.ccs || !d.facts.seen || h.gap || d.facts.sealedSoon()
		}
		return h.ccs && body[0] != clientHello && body[0] != serverHello
	case typeHeartbeat:
		return true
	}
	return false
}

// passSome goes on over an encrypted record.
func (d *dissector) passSome(out dissect.Sink, h *half, dir layer.Direction) bool {
	n := min(h.rest, h.in.Len())
	if n == 0 {
		return false
	}
	_, last := h.in.Take(n, &h.packets)
	h.rest -= n
	if h.rest > 0 {
		return false
	}
	d.opaqueDone(out, h, dir, last)
	return true
}

// opaqueDone says an encrypted record that was passed over.
func (d *dissector) opaqueDone(out dissect.Sink, h *half, dir layer.Direction, last layer.PacketRef) {
	h.opaque = false
	h.records++
	rec := h.header
	d.keys.side[dir].pass(h.start, h.start+int64(rec.size+rec.length))
	d.keys.sealed = true
	d.rec = current{header: rec, sealed: true, parts: d.rec.parts[:0]}
	d.unread(out, dir, rec, h.first, last, h.packets)
	out.Layer(Name, d.describe)
}

func sealedName(rec header) string {
	if rec.kind == typeHandshake {
		return "encrypted_handshake_message"
	}
	return rec.kindName()
}

// plain takes a record whose content can be read.
func (d *dissector) plain(out dissect.Sink, h *half, dir layer.Direction, first, last layer.PacketRef) {
	rec, body := d.rec.header, d.rec.body
	d.facts.first, d.facts.last = first, last
	h.first = first
	switch {
	case rec.ssl2:
		d.ssl2(out, h, dir, last)
		return
	case rec.kind == typeHandshake:
		d.handshakeRecord(out, dir, body, first, last, &h.packets)
		return
	case rec.kind == typeChangeCipherSpec:
		h.ccs = true
		h.messages.reset()
		d.facts.changeCipherSpec(d, dir)
		d.keys.changed(dir)
	case rec.kind == typeAlert:
		level := alertLevel(body[0])
		d.rec.sealed = level == ""
		if level == "" {
			d.facts.alert(dir, "", "encrypted")
		} else {
			d.facts.alert(dir, level, AlertName(body[1]))
		}
	}
	d.sayRecord(out, h, dir, rec.kindName(), last)
	out.Layer(Name, d.describe)
}

// sayRecord says a record as a message.
func (d *dissector) sayRecord(out dissect.Sink, h *half, dir layer.Direction, kind string, last layer.PacketRef) {
	d.say(out, flow.Message{
		Kind: kind, Dir: dir, First: h.first, Last: last, Packets: h.packets,
		Bytes: int64(d.rec.header.size + d.rec.header.length),
	})
}

func (d *dissector) say(out dissect.Sink, m flow.Message) {
	m.Protocol = Name
	d.msg = m
	out.Message(&d.msg)
}

// Close implements dissect.Closer.
func (d *dissector) Close(out dissect.Sink, dir layer.Direction) {
	h := &d.half[dir]
	d.lastRecord(out, h, dir)
	h.in.Keep()
	if len(d.wait.records) == 0 {
		d.endData(out, dir, d.facts.last)
	}
	d.tell(out)
}

// lastRecord reads a record behind a gap that no second one can confirm.
func (d *dissector) lastRecord(out dissect.Sink, h *half, dir layer.Direction) {
	if h.settle(); !h.lost {
		for d.next(out, h, dir) && !h.lost {
		}
	}
}

// Finish implements dissect.Dissector: what is open ends here.
func (d *dissector) Finish(out dissect.Sink, _ bool) {
	d.wait.over = true
	d.release(out, true)
	for dir := range d.half {
		h := &d.half[dir]
		d.lastRecord(out, h, layer.Direction(dir))
		if !h.opaque && !h.lost {
			d.passRest(out, h, layer.Direction(dir))
		}
		d.cut(out, h, layer.Direction(dir))
		h.in.Reset()
		h.messages.reset()
	}
	d.inner.settled = true // the client sent its early data, whatever came of it
	d.decideEarly(out)
	d.tell(out)
}

// cut says the record that is open in one direction as far as it was read.
func (d *dissector) cut(out dissect.Sink, h *half, dir layer.Direction) {
	m := flow.Message{Dir: dir, State: flow.Cut}
	switch {
	case h.opaque:
		h.opaque = false
		m.Kind, m.First, m.Last, m.Packets = sealedName(h.header), h.first, h.first, h.packets
		m.Bytes = int64(h.header.size + h.header.length - h.rest)
	case h.in.Len() >= headerSize:
		rec, state := h.nextHeader(h.in.Bytes())
		if state != headerOK || h.lost {
			return
		}
		d.partialHello(out, dir, rec, h.in.Bytes()[rec.size:])
		h.packets.Reset()
		m.Kind, m.Bytes = cutName(rec, h.in.Bytes()[rec.size:]), int64(h.in.Len())
		m.First, m.Last = h.in.Take(h.in.Len(), &h.packets)
		m.Packets = h.packets
	default:
		return
	}
	d.say(out, m)
}

// cutName names a record of which a part is missing; of one that holds handshake
// messages the first one.
func cutName(rec header, body []byte) string {
	if rec.kind == typeHandshake && !rec.ssl2 && plausibleMessage(body, rec.length) {
		return messageNames[body[0]][0]
	}
	return rec.kindName()
}

// partialHello takes from a ClientHello that was cut off what is there.
func (d *dissector) partialHello(out dissect.Sink, dir layer.Direction, rec header, body []byte) {
	if rec.kind != typeHandshake || rec.ssl2 || d.facts.seen || len(body) < 40 || body[0] != clientHello {
		return
	}
	hello, _ := ParseClientHello(body[handshakeHeader:])
	d.facts.first = d.half[dir].in.At(0)
	d.facts.partial(out, hello)
}
