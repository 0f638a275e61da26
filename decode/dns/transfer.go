package dns

import (
	"encoding/binary"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
)

// transfer joins the messages of a zone transfer, which answers one query with
// as many as it needs (RFC 5936 section 2.2, RFC 1995 section 4).
type transfer struct {
	key     uint64
	id      uint16
	msg     flow.Message // the response so far
	began   bool
	serial  uint32 // of the zone, from the first SOA record
	records int
}

// inTransfer takes the messages of a zone transfer and says them as one
// response. It reports whether it took this one.
func (d *dissector) inTransfer(out dissect.Sink, f *facts) bool {
	if d.half == nil || f.header.opcode() != opQuery {
		return false
	}
	if !f.header.response() {
		if f.hasName && (f.asked.kind == typeAXFR || f.asked.kind == typeIXFR) {
			d.endTransfer(out)
			d.transfer = &transfer{key: d.msg.Key, id: f.header.id}
		}
		return false
	}
	t := d.transfer
	if t == nil || t.id != f.header.id || f.hasName && t.key != d.msg.Key {
		return false
	}
	t.add(&d.msg)
	if f.rcode() == 0 && d.msg.State == flow.Complete && !t.complete(f) {
		t.msg.State = flow.Head
	} else {
		d.transfer = nil
	}
	out.Message(&t.msg)
	return true
}

// add joins a message to those before it.
func (t *transfer) add(m *flow.Message) {
	if !t.began {
		t.began, t.msg = true, *m
		t.msg.Packets, t.msg.Key = m.Packets.Clone(), t.key
		return
	}
	t.msg.Last, t.msg.State = m.Last, m.State
	t.msg.Bytes += m.Bytes
	for _, n := range m.Packets.List() {
		t.msg.Packets.Add(int(n))
	}
}

// complete reports whether this message ends the transfer: its last record is
// the SOA record with which the transfer began.
func (t *transfer) complete(f *facts) bool {
	if f.total == 0 {
		return true
	}
	first := t.records == 0
	t.records += f.total
	if first {
		serial, ok := serialOf(f.m, &f.answers[0])
		if !ok || f.asked.kind == typeIXFR && f.total == 1 { // up to date already
			return true
		}
		t.serial = serial
	}
	serial, ok := serialOf(f.m, &f.last)
	return ok && serial == t.serial && t.records > 1
}

// serialOf returns an SOA record's serial number.
func serialOf(m []byte, e *entry) (uint32, bool) {
	if e.kind != typeSOA {
		return 0, false
	}
	off, err := skipName(m, e.data)
	if err == nil {
		off, err = skipName(m, off)
	}
	if err != nil || off+4 > e.end {
		return 0, false
	}
	return binary.BigEndian.Uint32(m[off:]), true
}

// endTransfer says a transfer that did not come to its end.
func (d *dissector) endTransfer(out dissect.Sink) {
	if t := d.transfer; t != nil && t.began {
		t.msg.State = flow.Cut
		out.Message(&t.msg)
	}
	d.transfer = nil
}
