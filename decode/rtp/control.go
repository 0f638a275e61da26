package rtp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// The packet types (RFC 3550 section 12.1, RFC 4585 section 6.1, RFC 3611).
const (
	senderReport   = 200
	receiverReport = 201
	description    = 202
	goodbye        = 203
	application    = 204
	feedback       = 205 // of the transport layer
	mediaFeedback  = 206
	extended       = 207
)

var controlKinds = map[uint8]string{
	senderReport: "sender_report", receiverReport: "receiver_report", description: "source_description", goodbye: "bye",
	application: "app", feedback: "transport_feedback", mediaFeedback: "payload_feedback", extended: "extended_report",
}

// feedbackKinds name the formats of RFC 4585 section 6, RFC 5104 and
// draft-holmer-rmcat-transport-wide-cc by type and format.
var feedbackKinds = map[[2]uint8]string{
	{feedback, 1}: "nack", {feedback, 15}: "transport_cc", {feedback, 3}: "tmmbr", {feedback, 4}: "tmmbn",
	{mediaFeedback, 1}: "pli", {mediaFeedback, 2}: "sli", {mediaFeedback, 4}: "fir", {mediaFeedback, 15}: "remb",
}

// control reads RTCP packets.
type control struct {
	packets flow.Packets
}

// maxCompound bounds the packets read in one datagram.
const maxCompound = 64

// part is one packet of a compound packet.
type part struct {
	kind   string
	offset int
	b      []byte
}

// Feed implements dissect.Dissector.
func (d *control) Feed(out dissect.Sink, c dissect.Chunk) {
	d.packets.Reset()
	d.packets.Add(c.At.Number)
	parts := split(c.Data)
	if len(parts) == 0 {
		out.Problem(Control, "no RTCP packet where one should be")
		return
	}
	for _, p := range parts {
		out.Message(&flow.Message{
			Protocol: Control, Kind: p.kind, Dir: c.Dir, First: c.At, Last: c.At, Packets: d.packets, Bytes: int64(len(p.b)),
			Facts: p.facts(), Keep: p.b[1] == senderReport || p.b[1] == receiverReport,
		})
	}
	out.Layer(Control, func() layer.Layer { return describeControl(parts, c.Data) })
}

// split divides a compound packet. Behind an encrypted first packet nothing can
// be told apart (RFC 3711 section 3.4).
func split(b []byte) (parts []part) {
	all := b
	for len(b) >= 8 && b[0]>>6 == 2 && len(parts) < maxCompound {
		n := 4 + 4*int(binary.BigEndian.Uint16(b[2:]))
		if n < 8 {
			break
		}
		n = min(n, len(b))
		kind := feedbackKinds[[2]uint8{b[1], b[0] & 31}]
		if kind == "" {
			kind = controlKinds[b[1]]
		}
		if kind == "" {
			break
		}
		parts = append(parts, part{kind, len(all) - len(b), b[:n]})
		b = b[n:]
	}
	return parts
}

// facts tells what the first report block of a report says (RFC 3550 section
// 6.4.1).
func (p *part) facts() []flow.Fact {
	at := p.blocks()
	if at == 0 || len(p.b) < at+24 || p.b[0]&31 == 0 {
		return nil
	}
	block := p.b[at:]
	lost := int32(binary.BigEndian.Uint32(block[4:])<<8) >> 8
	return []flow.Fact{
		{Key: "about", Value: fmt.Sprintf("0x%08x", binary.BigEndian.Uint32(block))},
		{Key: "fraction-lost", Value: strconv.FormatFloat(float64(block[4])/256, 'f', 3, 64)},
		{Key: "lost", Value: strconv.Itoa(int(lost))},
		{Key: "jitter", Value: strconv.FormatUint(uint64(binary.BigEndian.Uint32(block[12:])), 10)},
	}
}

// blocks returns where the report blocks begin, 0 for no report.
func (p *part) blocks() int {
	switch p.b[1] {
	case senderReport:
		return 28
	case receiverReport:
		return 8
	}
	return 0
}

// Finish implements dissect.Dissector.
func (d *control) Finish(dissect.Sink, bool) {}

func describeControl(parts []part, b []byte) layer.Layer {
	l := layer.Layer{Protocol: Control, OSI: osi, Source: layer.Reassembled, Length: len(b), Data: bytes.Clone(b)}
	for i, p := range parts {
		if i > 0 {
			l.Summary += ", "
		}
		l.Summary += p.kind
		f := layer.Field{Name: "rtcp.pt", Value: strconv.Itoa(int(p.b[1])) + " " + p.kind, Offset: p.offset, Length: len(p.b), Children: []layer.Field{
			{Name: "rtcp.version", Value: "2", Offset: p.offset, Length: 1},
			{Name: "rtcp.rc", Value: strconv.Itoa(int(p.b[0] & 31)), Offset: p.offset, Length: 1},
			{Name: "rtcp.length", Value: strconv.Itoa(len(p.b)/4 - 1), Offset: p.offset + 2, Length: 2},
			{Name: "rtcp.senderssrc", Value: fmt.Sprintf("0x%08x", binary.BigEndian.Uint32(p.b[4:])), Offset: p.offset + 4, Length: 4},
		}}
		for _, fact := range p.facts() {
			f.Children = append(f.Children, layer.Field{Name: "rtcp.ssrc." + fact.Key, Value: fact.Value, Offset: p.offset + p.blocks(), Length: 24})
		}
		l.Fields = append(l.Fields, f)
	}
	return l
}
