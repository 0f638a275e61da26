package tls

import (
	"bytes"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/tls/suite"
)

// sealedRecord is a whole record whose content is encrypted.
type sealedRecord struct {
	dir         layer.Direction
	header      header
	raw         []byte // header included
	start       int64  // stream offset
	first, last layer.PacketRef
	packets     flow.Packets
}

// waiting are records whose keys may still come: a program writes its key log
// while it runs.
type waiting struct {
	records []sealedRecord
	bytes   int
	over    bool // no more are kept
}

// Bounds of what waits for keys in one connection.
const (
	maxWaiting      = 64
	maxWaitingBytes = 32 << 10
)

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

// protected takes a whole record that is encrypted: it is opened, kept until
// its key comes, or passed over.
func (d *dissector) protected(out dissect.Sink, r *sealedRecord) {
	absent := !d.wait.over && d.absent(r)
	if len(d.wait.records) > 0 {
		d.release(out, false)
	}
	if len(d.wait.records) > 0 || absent {
		d.hold(out, r)
		return
	}
	d.read(out, r, true)
}

// hold keeps a record, or gives up waiting where there are too many.
func (d *dissector) hold(out dissect.Sink, r *sealedRecord) {
	d.begin(r)
	out.Layer(Name, d.describe)
	w := &d.wait
	w.bytes += len(r.raw)
	kept := *r
	kept.raw, kept.packets = bytes.Clone(r.raw), r.packets.Clone()
	w.records = append(w.records, kept)
	if w.bytes > maxWaitingBytes || len(w.records) >= maxWaiting {
		w.over = true
		d.release(out, true)
	}
}

// absent reports whether there is no key for a record yet.
func (d *dissector) absent(r *sealedRecord) bool {
	return !d.keys.come(r.dir) && !d.keys.adopt(d.scratch, r)
}

// release reads the records that waited, up to the first one that still has to.
func (d *dissector) release(out dissect.Sink, all bool) {
	w := &d.wait
	for len(w.records) > 0 && (all || !d.absent(&w.records[0])) {
		r := &w.records[0]
		w.records = w.records[1:]
		w.bytes -= len(r.raw)
		d.read(out, r, false)
	}
	if len(w.records) == 0 {
		w.records = nil
	}
}

// begin makes an encrypted record the current one.
func (d *dissector) begin(r *sealedRecord) {
	d.rec = current{header: r.header, raw: r.raw, body: r.raw[r.header.size:], sealed: true, parts: d.rec.parts[:0], packets: &r.packets}
	d.facts.first, d.facts.last = r.first, r.last
}

// read opens a record and takes its content, or says it as it is on the wire.
// fresh tells that its packet is the current one.
func (d *dissector) read(out dissect.Sink, r *sealedRecord, fresh bool) {
	d.begin(r)
	var head suite.Header
	copy(head[:], r.raw)
	plain, kind, ok := d.keys.open(d.scratch, r.dir, head, d.rec.body, r.start)
	if cap(plain) > cap(d.scratch) {
		d.scratch = plain[:0]
	}
	d.rec.opened, d.rec.kind = ok, kind
	d.rec.hidden = d.keys.version == 0 || is13(d.keys.version)
	if fresh {
		out.Layer(Name, d.describe)
	}
	if ok {
		d.facts.decrypted(&d.keys)
		d.rec.sealed, d.rec.body = false, plain
		d.content(out, r)
	} else {
		d.unread(out, r.dir, r.header, r.first, r.last, r.packets)
	}
	d.rec.body, d.rec.raw, d.rec.packets = nil, nil, nil
	clear(d.rec.parts)
}

// content takes what was inside a record.
func (d *dissector) content(out dissect.Sink, r *sealedRecord) {
	plain := d.rec.body
	kind := (header{kind: d.rec.kind}).kindName()
	switch d.rec.kind {
	case typeHandshake:
		d.handshakeRecord(out, r.dir, plain, r.first, r.last, &r.packets)
		return
	case typeApplicationData:
		d.openedData(r.dir, len(plain))
		d.sayContent(out, r, kind)
		out.Layer(Name, d.describeOpened)
		d.applicationData(out, r.dir, plain, r.last)
		return
	case typeAlert:
		if len(plain) == 2 {
			d.facts.alert(r.dir, alertLevel(plain[0]), AlertName(plain[1]))
		}
	case typeChangeCipherSpec: // within a handshake begun anew
		d.half[r.dir].messages.reset()
		d.facts.changeCipherSpec(d, r.dir)
		d.keys.changed(r.dir)
	case typeHeartbeat:
	default:
		out.Problem(Name, "decrypted record of unknown content")
	}
	d.sayContent(out, r, kind)
	out.Layer(Name, d.describeOpened)
	if d.rec.kind == typeAlert && len(plain) == 2 && plain[1] == closeNotify {
		d.endData(out, r.dir, r.last)
	}
}

// openedData notes where application data begins.
func (d *dissector) openedData(dir layer.Direction, length int) {
	f := &d.facts
	switch {
	case f.version != 0 && !is13(f.version):
		f.applicationData(d, dir, length)
	case d.keys.side[dir].epoch != epochEarly || f.out.EarlyData != "rejected":
		f.appData(dir)
	}
}

func (d *dissector) sayContent(out dissect.Sink, r *sealedRecord, kind string) {
	d.say(out, flow.Message{
		Kind: kind, Dir: r.dir, First: r.first, Last: r.last, Packets: r.packets, Bytes: int64(r.header.size + r.header.length),
	})
}
