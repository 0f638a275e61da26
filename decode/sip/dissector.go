package sip

import (
	"bytes"
	"strconv"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
)

type dissector struct {
	datagram bool
	in       [2]stream.Buffer
	lost     [2]bool
	packets  flow.Packets
	seen     []uint64 // transactions that are open, newest last
}

// maxOpen bounds the open transactions that are remembered, to tell a request
// that comes again from a new one.
const maxOpen = 256

func newDissector(c dissect.Context) *dissector { return &dissector{datagram: c.Datagram} }

// Feed implements dissect.Dissector.
func (d *dissector) Feed(out dissect.Sink, c dissect.Chunk) {
	if d.datagram || c.Datagram {
		d.packets.Reset()
		d.packets.Add(c.At.Number)
		d.one(out, c)
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

// one reads a datagram.
func (d *dissector) one(out dissect.Sink, c dissect.Chunk) {
	m, ok := parse(c.Data)
	switch {
	case len(bytes.Trim(c.Data, "\r\n\x00")) == 0:
		d.keepAlive(out, c.Dir, c.At, len(c.Data))
	case !ok:
		out.Problem(Name, "no SIP message where one should begin")
	case m.size == 0:
		out.Problem(Name, "SIP message without the end of its header")
	default:
		body := c.Data[m.size:]
		if m.body >= 0 {
			body = body[:min(len(body), m.body)]
		}
		d.say(out, &m, c.Data[:m.size], body, c.Dir, c.At, c.At)
	}
}

// keepAlive says the empty lines by which a client keeps its way through a
// NAT open (RFC 5626 section 3.5.1).
func (d *dissector) keepAlive(out dissect.Sink, dir layer.Direction, at layer.PacketRef, n int) {
	out.Message(&flow.Message{Protocol: Name, Kind: "keep-alive", Dir: dir, First: at, Last: at, Packets: d.packets, Bytes: int64(n)})
	out.Layer(Name, func() layer.Layer {
		return layer.Layer{Protocol: Name, OSI: osi, Source: layer.Reassembled, Length: n, Summary: "keep-alive"}
	})
}

// next reads a message from a stream, whose Content-Length tells its end (RFC
// 3261 section 18.3).
func (d *dissector) next(out dissect.Sink, in *stream.Buffer, dir layer.Direction) bool {
	b := in.Bytes()
	empty := len(b) - len(bytes.TrimLeft(b, "\r\n"))
	if empty > 0 {
		in.Take(empty, nil)
		return true
	}
	if len(b) == 0 {
		return false
	}
	m, ok := parse(b)
	if !ok || m.size == 0 && len(b) > maxHead {
		out.Problem(Name, "no SIP message where one should begin")
		in.Reset()
		d.lost[dir] = true
		return false
	}
	size := m.size + max(m.body, 0)
	if m.size == 0 || len(b) < size {
		return false
	}
	d.packets.Reset()
	first, last := in.Take(size, &d.packets)
	d.say(out, &m, b[:m.size], b[m.size:size], dir, first, last)
	return true
}

// say hands out a message.
func (d *dissector) say(out dissect.Sink, m *message, head, body []byte, dir layer.Direction, first, last layer.PacketRef) {
	f := flow.Message{
		Protocol: Name, Kind: "request", Dir: dir, Key: m.transaction(), First: first, Last: last, Packets: d.packets,
		Bytes: int64(len(head) + len(body)), Facts: m.facts(),
	}
	switch {
	case m.status >= 200:
		f.Kind, f.Role, f.Status = "response", flow.Response, strconv.Itoa(m.status)
		d.close(f.Key)
	case m.status > 0:
		f.Kind, f.Name, f.Keep = "interim", strconv.Itoa(m.status)+" "+layer.Clip(m.reason, maxText), true
	default:
		f.Name = layer.Clip(m.method, maxText) + " " + layer.Clip(m.uri, maxText)
		// An ACK is never answered (RFC 3261 section 17.1.1.3), and a request that
		// comes again over UDP is the same transaction (section 17.1.1.2).
		switch again := !d.open(f.Key); {
		case string(m.method) == "ACK":
			f.Kind = "ack"
		case again:
			f.Kind = "retransmission"
		default:
			f.Role = flow.Request
		}
	}
	out.Message(&f)
	out.Layer(Name, func() layer.Layer { return describe(m, head, body) })
	if len(body) > 0 && bytes.HasPrefix(bytes.ToLower(m.contentType), []byte("application/sdp")) {
		out.Inner("sdp", dissect.Chunk{Dir: dir, Data: body, At: last, Datagram: true})
	}
}

// open notes a transaction and reports whether it is new.
func (d *dissector) open(key uint64) bool {
	for _, k := range d.seen {
		if k == key {
			return false
		}
	}
	if len(d.seen) >= maxOpen {
		d.seen = d.seen[:copy(d.seen, d.seen[1:])]
	}
	d.seen = append(d.seen, key)
	return true
}

// close forgets a transaction that was answered.
func (d *dissector) close(key uint64) {
	for i, k := range d.seen {
		if k == key {
			d.seen = append(d.seen[:i], d.seen[i+1:]...)
			return
		}
	}
}

func (m *message) facts() (facts []flow.Fact) {
	for _, f := range [...]struct {
		key   string
		value []byte
	}{
		{"call-id", m.callID}, {"cseq", m.cseq}, {"from", address(m.from)}, {"to", address(m.to)}, {"content-type", m.contentType},
		{"reason", m.reason}, {"to-tag", parameter(m.to, "tag=")}, {"contact", address(m.contact)},
	} {
		if len(f.value) > 0 {
			facts = append(facts, flow.Fact{Key: f.key, Value: layer.Clip(f.value, maxText)})
		}
	}
	if m.credentials {
		facts = append(facts, flow.Fact{Key: "credentials", Value: "digest"})
	}
	return facts
}

// Finish implements dissect.Dissector.
func (d *dissector) Finish(dissect.Sink, bool) {}
