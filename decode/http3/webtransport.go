package http3

import (
	"strconv"

	"github.com/quic-go/quic-go/quicvarint"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// transport makes a side WebTransport's: all that follows is the application's.
func (d *dissector) transport(x *side, session uint64) {
	x.kind, x.phase, x.session = transportStream, raw, session
}

// transportStream begins a bidirectional stream of a WebTransport session. Its
// opener says so; the other side sends plain bytes at once.
func (d *dissector) transportStream(out dissect.Sink, x *side) bool {
	d.shown = described{x: x, frame: frame{kind: frameWebTransport, size: x.frame.size}, id: x.frame.length, opens: true, size: x.frame.size}
	x.in.Take(x.frame.size, nil)
	session := x.frame.length // no length, but the session's id
	d.transport(x, session)
	out.Layer(Name, d.describe)
	if y := &x.s.side[x.dir.Reverse()]; y.phase != over && !y.final {
		d.transport(y, session)
	}
	x.s.client = false
	return true
}

// carry hands on bytes of a WebTransport stream.
func (d *dissector) carry(out dissect.Sink, x *side, b []byte) {
	at := x.in.At(0)
	out.Inner(WebTransportName, dissect.Chunk{
		Dir: x.dir, Data: b, At: at, Offset: x.offset, Gap: x.gap, Stream: x.s.id, Connection: d.serial,
	})
	x.offset += int64(x.gap) + int64(len(b))
	x.gap = 0
	x.in.Take(len(b), nil)
}

// endTransport ends one direction of a WebTransport stream.
func (d *dissector) endTransport(out dissect.Sink, x *side) {
	end := dissect.Chunk{Dir: x.dir, At: x.at, Stream: x.s.id, Connection: d.serial, End: true, Reset: x.reset}
	out.Inner(WebTransportName, end)
	if x.s.id&unidirectional != 0 {
		end.Dir = x.dir.Reverse()
		out.Inner(WebTransportName, end)
	}
}

// datagram takes an HTTP datagram (RFC 9297 section 2.1): it belongs to a
// request stream.
func (d *dissector) datagram(out dissect.Sink, c *dissect.Chunk) {
	quarter, n, err := quicvarint.Parse(c.Data)
	if err != nil || quarter >= 1<<60 {
		out.Problem(Name, "malformed HTTP datagram (RFC 9297 section 2.1)")
		return
	}
	id := quarter * 4
	m := flow.Message{Protocol: Name, Kind: "datagram", Dir: c.Dir, Stream: id, First: c.At, Last: c.At, Bytes: int64(len(c.Data))}
	out.Message(&m)
	d.shown = described{bytes: c.Data, id: id, datagram: true}
	out.Layer(Name, d.describe)
	if s := d.streams[id]; s != nil && s.inner != "" {
		out.Inner(s.inner, dissect.Chunk{
			Dir: c.Dir, Data: c.Data[n:], At: c.At, Stream: id, Connection: d.serial, Datagram: true,
		})
	}
}

// session reads one stream, or the datagrams, of a WebTransport session: they
// are counted, what they carry is the application's own.
type session struct {
	begun  [2]flow.Message
	ended  [2]bool
	stream uint64
}

// Feed implements dissect.Dissector.
func (s *session) Feed(out dissect.Sink, c dissect.Chunk) {
	s.stream = c.Stream
	if c.Datagram {
		s.say(out, &flow.Message{Kind: "datagram", Dir: c.Dir, First: c.At, Last: c.At, Bytes: int64(len(c.Data))})
		s.layer(out, "Datagram", len(c.Data), c.Data)
		return
	}
	m := &s.begun[c.Dir]
	if !m.First.Valid() {
		*m = flow.Message{Kind: "stream", Dir: c.Dir, First: c.At}
	}
	m.Last = c.At
	m.Bytes += int64(len(c.Data))
	m.Packets.Add(c.At.Number)
	s.layer(out, "Stream", len(c.Data), c.Data)
}

// Close implements dissect.Closer.
func (s *session) Close(out dissect.Sink, dir layer.Direction) { s.end(out, dir, flow.Complete) }

func (s *session) end(out dissect.Sink, dir layer.Direction, state flow.State) {
	m := &s.begun[dir]
	if s.ended[dir] || !m.First.Valid() {
		return
	}
	s.ended[dir] = true
	m.State = state
	s.say(out, m)
}

func (s *session) say(out dissect.Sink, m *flow.Message) {
	m.Protocol, m.Stream = WebTransportName, s.stream
	out.Message(m)
}

func (s *session) layer(out dissect.Sink, what string, n int, b []byte) {
	out.Layer(WebTransportName, func() layer.Layer {
		return layer.Layer{
			Protocol: WebTransportName, OSI: osi, Source: layer.Reassembled, Length: n, Data: append([]byte(nil), b[:min(n, layer.KeepData)]...),
			Summary: what + "(" + strconv.FormatUint(s.stream, 10) + "), " + strconv.Itoa(n) + " bytes",
		}
	})
}

// Finish implements dissect.Dissector.
func (s *session) Finish(out dissect.Sink, _ bool) {
	s.end(out, layer.ToServer, flow.Cut)
	s.end(out, layer.ToClient, flow.Cut)
}
