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
