package sctp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

type dissector struct {
	half    [2]half
	labels  map[uint16]string
	packets flow.Packets
}

// half is one direction: the chunks that wait for the others of their message.
type half struct {
	waiting map[uint32]part // by TSN
	bytes   int
	seen    uint32 // the highest TSN whose message was told
	begun   bool
}

// part is a DATA chunk that is not a whole message.
type part struct {
	first, last bool
	stream      uint16
	ppid        uint32
	data        []byte
	at          layer.PacketRef
}

// Bounds of what one direction keeps.
const (
	maxWaiting = 1 << 20 // bytes
	maxParts   = 4096
	maxLabels  = 1024
	maxText    = 255
)

func newDissector() *dissector { return &dissector{labels: map[uint16]string{}} }

// Feed implements dissect.Dissector: c is one packet.
func (d *dissector) Feed(out dissect.Sink, c dissect.Chunk) {
	if len(c.Data) < headerSize {
		out.Problem(Name, "no SCTP packet where one should be")
		return
	}
	var list []chunk
	if !chunks(c.Data, func(k chunk) { list = append(list, k) }) {
		out.Problem(Name, "SCTP chunk of unknown type, or cut off")
	}
	d.packets.Reset()
	d.packets.Add(c.At.Number)
	out.Layer(Name, func() layer.Layer { return describe(list, c.Data) })
	for i := range list {
		k := &list[i]
		out.Message(&flow.Message{
			Protocol: Name, Kind: chunkNames[k.kind], Dir: c.Dir, First: c.At, Last: c.At, Packets: d.packets, Bytes: int64(len(k.b)),
		})
		if k.kind == data || k.kind == idata {
			d.data(out, k, c.Dir, c.At)
		}
	}
}

// data takes a DATA or I-DATA chunk: a message, or a part of one. The parts of
// a message have consecutive TSNs (RFC 9260 section 6.9).
func (d *dissector) data(out dissect.Sink, k *chunk, dir layer.Direction, at layer.PacketRef) {
	const begins, ends = 2, 1
	header, ppidAt := dataHeader, atPPID
	if k.kind == idata {
		header, ppidAt = idataHeader, idataPPID
	}
	if len(k.b) < header {
		out.Problem(Name, "DATA chunk without its header")
		return
	}
	h := &d.half[dir]
	tsn := binary.BigEndian.Uint32(k.b[atTSN:])
	p := part{
		first: k.flags&begins != 0, last: k.flags&ends != 0, stream: binary.BigEndian.Uint16(k.b[atStream:]),
		ppid: binary.BigEndian.Uint32(k.b[ppidAt:]), data: k.b[header:], at: at,
	}
	if k.kind == idata && !p.first { // later parts have a fragment number there
		p.ppid = 0
	}
	if h.old(tsn) {
		return // sent again
	}
	if p.first && p.last {
		h.told(tsn)
		d.message(out, &p, dir, []layer.PacketRef{at})
		return
	}
	d.join(out, h, tsn, p, dir)
}

// join keeps a part and tells the message that it completes.
func (d *dissector) join(out dissect.Sink, h *half, tsn uint32, p part, dir layer.Direction) {
	if h.bytes+len(p.data) > maxWaiting || len(h.waiting) >= maxParts {
		clear(h.waiting)
		h.bytes = 0
	}
	if h.waiting == nil {
		h.waiting = map[uint32]part{}
	}
	if _, known := h.waiting[tsn]; known {
		return
	}
	p.data = bytes.Clone(p.data)
	h.waiting[tsn] = p
	h.bytes += len(p.data)
	begin, end := tsn, tsn
	for !h.waiting[begin].first {
		if _, ok := h.waiting[begin-1]; !ok {
			return
		}
		begin--
	}
	for !h.waiting[end].last {
		if _, ok := h.waiting[end+1]; !ok {
			return
		}
		end++
	}
	whole := h.waiting[begin]
	whole.data = nil
	var refs []layer.PacketRef
	for n := begin; n != end+1; n++ {
		q := h.waiting[n]
		whole.data = append(whole.data, q.data...)
		refs = append(refs, q.at)
		h.bytes -= len(q.data)
		delete(h.waiting, n)
	}
	h.told(end)
	d.message(out, &whole, dir, refs)
}

// told and old tell chunks that come again. Messages may be told out of order,
// so that only what lies far back counts as old beside the last one.
func (h *half) told(tsn uint32) {
	if !h.begun || int32(tsn-h.seen) > 0 {
		h.begun, h.seen = true, tsn
	}
}

func (h *half) old(tsn uint32) bool {
	return h.begun && int32(tsn-h.seen) <= 0 && int32(h.seen-tsn) < 1<<16 && !h.gap(tsn)
}

// gap reports whether a part at tsn may still complete a message that waits.
func (h *half) gap(tsn uint32) bool {
	_, before := h.waiting[tsn-1]
	_, after := h.waiting[tsn+1]
	return before || after
}

// The payload protocol ids of data channels (RFC 8831 section 8).
const (
	control     = 50
	text        = 51
	binaryData  = 53
	emptyText   = 56
	emptyBinary = 57
)

// message tells a whole message.
func (d *dissector) message(out dissect.Sink, p *part, dir layer.Direction, refs []layer.PacketRef) {
	d.packets.Reset()
	for _, r := range refs {
		d.packets.Add(r.Number)
	}
	m := flow.Message{
		Protocol: Channel, Dir: dir, First: refs[0], Last: refs[len(refs)-1], Packets: d.packets, Bytes: int64(len(p.data)),
		Stream: uint64(p.stream), Keep: true,
	}
	switch p.ppid {
	case control:
		d.control(p, &m)
	case text, emptyText:
		m.Kind = "text"
	case binaryData, emptyBinary, 52, 54: // 52 and 54 are the parts of old drafts
		m.Kind = "binary"
	default:
		return // no data channel
	}
	if m.Name == "" {
		m.Name = d.labels[p.stream]
	}
	out.Message(&m)
	out.Layer(Channel, func() layer.Layer { return describeMessage(&m, p) })
}

// control reads DCEP: a channel is opened, or its opening acknowledged (RFC 8832
// section 5).
func (d *dissector) control(p *part, m *flow.Message) {
	const open, ack, header = 3, 2, 12
	m.Kind = "control"
	if len(p.data) == 0 {
		return
	}
	switch p.data[0] {
	case ack:
		m.Kind = "ack"
	case open:
		m.Kind = "open"
		if len(p.data) < header {
			return
		}
		n := int(binary.BigEndian.Uint16(p.data[8:]))
		label := layer.Clip(p.data[header:min(len(p.data), header+n)], maxText)
		if len(d.labels) < maxLabels {
			d.labels[p.stream] = label
		}
		m.Name = label
		m.Facts = append(m.Facts, flow.Fact{Key: "reliability", Value: reliability(p.data[1])})
	}
}

// reliability tells a channel's type (RFC 8832 section 5.1).
func reliability(kind byte) string {
	order := "ordered"
	if kind&0x80 != 0 {
		order = "unordered"
	}
	switch kind & 0x7f {
	case 1:
		return order + ", limited retransmissions"
	case 2:
		return order + ", limited lifetime"
	}
	return order + ", reliable"
}

// Finish implements dissect.Dissector.
func (d *dissector) Finish(dissect.Sink, bool) {}

// describe builds the layer of a packet.
func describe(list []chunk, b []byte) layer.Layer {
	l := layer.Layer{Protocol: Name, OSI: osi, Source: layer.Reassembled, Length: len(b), Data: bytes.Clone(b), Fields: []layer.Field{
		{Name: "sctp.srcport", Value: strconv.Itoa(int(binary.BigEndian.Uint16(b))), Length: 2},
		{Name: "sctp.dstport", Value: strconv.Itoa(int(binary.BigEndian.Uint16(b[2:]))), Offset: 2, Length: 2},
		{Name: "sctp.verification_tag", Value: fmt.Sprintf("0x%08x", binary.BigEndian.Uint32(b[atTag:])), Offset: atTag, Length: 4},
	}}
	var names []string
	for _, k := range list {
		name := strings.ToUpper(chunkNames[k.kind])
		names = append(names, name)
		f := layer.Field{Name: "sctp.chunk_type", Value: name, Offset: k.offset, Length: len(k.b)}
		if k.kind == data && len(k.b) >= dataHeader {
			f.Children = []layer.Field{
				{Name: "sctp.data_tsn_raw", Value: strconv.FormatUint(uint64(binary.BigEndian.Uint32(k.b[atTSN:])), 10), Offset: k.offset + atTSN, Length: 4},
				{Name: "sctp.data_sid", Value: strconv.Itoa(int(binary.BigEndian.Uint16(k.b[atStream:]))), Offset: k.offset + atStream, Length: 2},
				{Name: "sctp.data_ssn", Value: strconv.Itoa(int(binary.BigEndian.Uint16(k.b[atSequence:]))), Offset: k.offset + atSequence, Length: 2},
				{Name: "sctp.data_payload_proto_id", Value: strconv.FormatUint(uint64(binary.BigEndian.Uint32(k.b[atPPID:])), 10), Offset: k.offset + atPPID, Length: 4},
			}
		}
		l.Fields = append(l.Fields, f)
	}
	l.Summary = strings.Join(names, " ")
	return l
}

func describeMessage(m *flow.Message, p *part) layer.Layer {
	l := layer.Layer{Protocol: Channel, OSI: channelOSI, Source: layer.Reassembled, Length: len(p.data)}
	l.Data = bytes.Clone(p.data[:min(len(p.data), layer.KeepData)])
	l.Summary = fmt.Sprintf("%s on channel %d", m.Kind, p.stream)
	if m.Name != "" {
		l.Summary += " " + strconv.Quote(m.Name)
	}
	if m.Kind == "text" {
		l.Fields = []layer.Field{{Name: "datachannel.text", Value: layer.Clip(p.data, maxText), Length: len(p.data)}}
	}
	for _, n := range m.Packets.List() {
		l.Packets = append(l.Packets, int(n))
	}
	return l
}
