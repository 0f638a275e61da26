package tls

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

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
