package tls

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

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

// unread says an encrypted record that cannot be read.
func (d *dissector) unread(out dissect.Sink, dir layer.Direction, rec header, first, last layer.PacketRef, packets flow.Packets) {
	d.facts.first, d.facts.last = first, last
	switch rec.kind {
	case typeApplicationData:
		d.facts.applicationData(d, dir, rec.length)
	case typeHandshake:
		d.facts.sealedHandshake(dir)
	case typeAlert:
		d.facts.alert(dir, "", "encrypted")
	}
	d.say(out, flow.Message{
		Kind: sealedName(rec), Dir: dir, First: first, Last: last, Packets: packets, Bytes: int64(rec.size + rec.length),
	})
}
