package stun

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"
	"strconv"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
)

// maxMessage bounds a message on a stream, maxOpen the transactions that are
// remembered.
const (
	maxMessage = 16 << 10
	maxOpen    = 256
)

type dissector struct {
	datagram bool
	in       [2]stream.Buffer
	lost     [2]bool
	open     []uint64 // transactions without an answer, newest last
	packets  flow.Packets
	facts    []flow.Fact
}

func newDissector(c dissect.Context) *dissector { return &dissector{datagram: c.Datagram} }

// Feed implements dissect.Dissector.
func (d *dissector) Feed(out dissect.Sink, c dissect.Chunk) {
	if d.datagram || c.Datagram {
		d.packets.Reset()
		d.packets.Add(c.At.Number)
		d.one(out, c.Data, c.Dir, c.At, c.At)
		return
	}
	in := &d.in[c.Dir]
	if c.Gap > 0 {
		in.Reset()
		d.lost[c.Dir] = true
	}
	if d.lost[c.Dir] {
		if probe(c.Data, false).Match != dissect.Yes {
			return
		}
		d.lost[c.Dir] = false
	}
	in.Append(c)
	for d.next(out, in, c.Dir) {
	}
	in.Keep()
}

// next reads a message from a stream (RFC 8489 section 6.2.2), where
// ChannelData is padded to four bytes (RFC 8656 section 12.5).
func (d *dissector) next(out dissect.Sink, in *stream.Buffer, dir layer.Direction) bool {
	b := in.Bytes()
	if len(b) < channelHeader {
		return false
	}
	size := 0
	switch {
	case b[0] < 4:
		size = headerSize + int(binary.BigEndian.Uint16(b[atLength:]))
	case b[0] >= 0x40 && b[0] <= 0x4f:
		size = channelHeader + (int(binary.BigEndian.Uint16(b[2:]))+3)&^3
	}
	if size == 0 || size > maxMessage && b[0] < 4 {
		out.Problem(Name, "no STUN message where one should begin")
		in.Reset()
		d.lost[dir] = true
		return false
	}
	if len(b) < size {
		return false
	}
	d.packets.Reset()
	first, last := in.Take(size, &d.packets)
	d.one(out, b[:size], dir, first, last)
	return true
}

// one reads a message.
func (d *dissector) one(out dissect.Sink, b []byte, dir layer.Direction, first, last layer.PacketRef) {
	m := flow.Message{Protocol: Name, Dir: dir, First: first, Last: last, Packets: d.packets, Bytes: int64(len(b))}
	if len(b) >= channelHeader && b[0] >= 0x40 && b[0] <= 0x4f {
		d.channelData(out, b, m)
		return
	}
	h, ok := parseHeader(b)
	if !ok {
		out.Problem(Name, "no STUN message where one should begin")
		return
	}
	whole := b[:min(len(b), headerSize+h.length)]
	d.say(out, &h, whole, m)
	if h.method == send || h.method == data {
		attributes(whole, func(a attribute) {
			if a.kind == dataAttribute {
				relay(out, a.value, m.Dir, last)
			}
		})
	}
}

// say hands out a message: a request with its answer is an exchange.
func (d *dissector) say(out dissect.Sink, h *header, b []byte, m flow.Message) {
	name := methods[h.method]
	if name == "" {
		name = "method 0x" + strconv.FormatUint(uint64(h.method), 16)
	}
	m.Key = transaction(b)
	status := "success"
	d.facts = d.facts[:0]
	whole := attributes(b, func(a attribute) {
		if a.kind == errorCode {
			status = failureText(a.value)
		}
		if key := factNames[a.kind]; key != "" && len(d.facts) < 16 {
			d.facts = append(d.facts, flow.Fact{Key: key, Value: fact(b, &a)})
		}
	})
	if !whole {
		out.Problem(Name, "STUN attribute cut off")
	}
	m.Facts = d.facts
	switch h.class {
	case request:
		m.Kind, m.Name = "request", name
		if d.again(m.Key) { // RFC 8489 section 6.2.1: over UDP a request is sent again until it is answered
			m.Kind = "retransmission"
		} else {
			m.Role = flow.Request
		}
	case indication:
		m.Kind, m.Name, m.Key = "indication", name, 0
	default:
		m.Kind, m.Role, m.Status = "response", flow.Response, status
		if !d.answered(m.Key) && len(d.open) > 0 {
			m.Kind, m.Role = "retransmission", flow.Single // a second answer to the same request
		}
	}
	out.Message(&m)
	out.Layer(Name, func() layer.Layer { return describe(h, name, status, b) })
}

// transaction folds the 96-bit id; messages of RFC 3489 have 32 bits more in
// the cookie's place.
func transaction(b []byte) uint64 {
	f := fnv.New64a()
	f.Write(b[atCookie:headerSize])
	return f.Sum64()
}

// again notes a transaction and reports whether it was open already.
func (d *dissector) again(key uint64) bool {
	for _, k := range d.open {
		if k == key {
			return true
		}
	}
	if len(d.open) >= maxOpen {
		d.open = d.open[:copy(d.open, d.open[1:])]
	}
	d.open = append(d.open, key)
	return false
}

// answered forgets a transaction and reports whether it was open.
func (d *dissector) answered(key uint64) bool {
	for i, k := range d.open {
		if k == key {
			d.open = append(d.open[:i], d.open[i+1:]...)
			return true
		}
	}
	return false
}

// channelData says data on a channel and hands them on.
func (d *dissector) channelData(out dissect.Sink, b []byte, m flow.Message) {
	n := int(binary.BigEndian.Uint16(b[2:]))
	inner := b[channelHeader:min(len(b), channelHeader+n)]
	m.Kind = "channel_data"
	out.Message(&m)
	out.Layer(Name, func() layer.Layer {
		channel := binary.BigEndian.Uint16(b)
		return layer.Layer{
			Protocol: Name, OSI: osi, Source: layer.Reassembled, Length: len(b), Data: bytes.Clone(b),
			Summary: "ChannelData on 0x" + strconv.FormatUint(uint64(channel), 16) + ", " + strconv.Itoa(n) + " bytes",
			Fields: []layer.Field{
				{Name: "stun.channel", Value: "0x" + strconv.FormatUint(uint64(channel), 16), Length: 2},
				{Name: "stun.length", Value: strconv.Itoa(n), Offset: 2, Length: 2},
			},
		}
	})
	relay(out, inner, m.Dir, m.Last)
}

// relay hands on what a relay carries, by its first byte (RFC 7983 section 7).
func relay(out dissect.Sink, b []byte, dir layer.Direction, at layer.PacketRef) {
	if len(b) == 0 {
		return
	}
	var p layer.Protocol
	switch first := b[0]; {
	case first < 4:
		p = Name
	case first >= 20 && first <= 63:
		p = "dtls"
	case first >= 128 && first <= 191:
		p = "rtp"
	default:
		return
	}
	out.Inner(p, dissect.Chunk{Dir: dir, Data: b, At: at, Datagram: true})
}

// Finish implements dissect.Dissector.
func (d *dissector) Finish(dissect.Sink, bool) {}
