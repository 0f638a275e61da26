package decode

import (
	"net/netip"
	"strings"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// sink is what dissectors speak to. The chain has one and points it at the
// conversation and application at work.
type sink struct {
	chain   *Chain
	conv    *conversation
	app     *application
	swapped bool
	seen    []layer.Protocol // application layers of the current packet
	layers  []layer.Layer    // their descriptions, when recording
}

func (s *sink) begin() {
	s.seen, s.layers, s.app = s.seen[:0], s.layers[:0], nil
}

// name puts the application's protocol into the conversation's stack the
// first time it says something, behind those that carry it.
func (s *sink) name() { s.nameAll(s.app) }

func (s *sink) nameAll(a *application) {
	if a == nil || a.named || a.protocol == nil {
		return
	}
	a.named = true
	s.nameAll(a.parent)
	s.stack(a.protocol.Name)
}

// stack puts a protocol into the conversation's stack.
func (s *sink) stack(p layer.Protocol) {
	if m := s.conv.m; !m.Has(p) {
		m.Stack = append(m.Stack[:len(m.Stack):len(m.Stack)], p)
	}
}

// Message implements dissect.Sink.
func (s *sink) Message(m *flow.Message) {
	s.name()
	s.conv.m.Add(m, s.chain.store)
	if s.chain.opt.Message != nil && m.State != flow.Head {
		s.chain.opt.Message(m)
	}
}

// Layer implements dissect.Sink.
func (s *sink) Layer(p layer.Protocol, describe func() layer.Layer) {
	s.name()
	if a := s.app; a != nil && a.protocol != nil && p != a.protocol.Name {
		s.stack(p) // what runs inside the same dissector, as data channels do in SCTP
	}
	if s.app != nil {
		s.outer(s.app.parent)
	}
	s.chain.result.Top = p
	s.sight(p)
	if s.chain.opt.Record && len(s.layers) < maxDescribed {
		s.layers = append(s.layers, describe())
	}
}

// sight counts a protocol for the current packet, once.
func (s *sink) sight(p layer.Protocol) (first bool) {
	for _, q := range s.seen {
		if q == p {
			return false
		}
	}
	s.seen = append(s.seen, p)
	s.chain.tally.count(p, s.chain.wire)
	return true
}

// outer names the protocols that carry the one that spoke: a tunnel is part
// of each packet that completes something in it.
func (s *sink) outer(a *application) {
	if a == nil {
		return
	}
	s.outer(a.parent)
	if a.protocol == nil || a.protocol.GivesWay || !s.sight(a.protocol.Name) || !s.chain.opt.Record || len(s.layers) >= maxDescribed {
		return
	}
	s.layers = append(s.layers, layer.Layer{Protocol: a.protocol.Name, OSI: a.protocol.OSI, Source: layer.Reassembled})
}

// maxDescribed bounds the application layers described for one packet.
const maxDescribed = 256

// Inner implements dissect.Sink.
func (s *sink) Inner(p layer.Protocol, c dissect.Chunk) {
	if s.app == nil {
		return
	}
	parent := s.app
	k := s.child(parent, p, c.Connection, c.Stream, nil)
	if k == nil {
		return
	}
	if c.Datagram {
		k.datagram = true
	}
	if follow := s.chain.opt.Follow; follow != nil && parent.protocol != nil && (len(c.Data) > 0 || c.Gap > 0) {
		follow(s.conv.m.ID, parent.protocol.Name, c)
	}
	if len(c.Data) > 0 || c.Gap > 0 || c.End && k.multistream() {
		s.feed(k, c)
	}
	if c.End && !k.multistream() {
		s.endOf(parent, k, c.Dir)
	}
}

// Announce implements dissect.Sink.
func (s *sink) Announce(p layer.Protocol, stream uint64, facts []flow.Fact) {
	if s.app != nil {
		s.child(s.app, p, 0, stream, facts)
	}
}

// Announced implements dissect.Sink.
func (s *sink) Announced(name string) layer.Protocol {
	for i := range s.chain.registry {
		for _, known := range s.chain.registry[i].Announced {
			if strings.EqualFold(known, name) {
				return s.chain.registry[i].Name
			}
		}
	}
	return ""
}

// Expect implements dissect.Sink.
func (s *sink) Expect(at netip.AddrPort, p layer.Protocol) {
	c := s.chain
	if c.expected == nil {
		c.expected = map[netip.AddrPort]layer.Protocol{}
	}
	if len(c.expected) < maxExpected {
		c.expected[at] = p
	}
}

// ConnectionID implements dissect.Sink.
func (s *sink) ConnectionID(id []byte, dir layer.Direction) {
	s.chain.routes.add(id, route{s.conv, dir})
}

// Withdraw implements dissect.Sink.
func (s *sink) Withdraw() {
	if s.app != nil {
		s.app.withdrawn = true
	}
}

// Problem implements dissect.Sink.
func (s *sink) Problem(p layer.Protocol, text string) {
	s.chain.problem(p, text)
	if m := s.conv.m; len(m.Problems) < flow.MaxProblems {
		m.Problems = append(m.Problems, layer.Problem{Packet: s.chain.now.Number, Layer: p, Text: text})
	}
}

// Recording implements dissect.Sink.
func (s *sink) Recording() bool { return s.chain.opt.Record }

// TLS implements dissect.Sink.
func (s *sink) TLS(t *flow.TLS) { s.conv.m.TLS = t; s.conv.m.Version++ }

// QUIC implements dissect.Sink.
func (s *sink) QUIC(q *flow.QUIC) { s.conv.m.QUIC = q; s.conv.m.Version++ }

// HTTP2 implements dissect.Sink.
func (s *sink) HTTP2(h *flow.HTTP2) { s.conv.m.HTTP2 = h; s.conv.m.Version++ }

// RTP implements dissect.Sink.
func (s *sink) RTP(r *flow.RTP) { s.conv.m.RTP = r; s.conv.m.Version++ }

// DTLS implements dissect.Sink.
func (s *sink) DTLS(t *flow.TLS) { s.conv.m.DTLS = t; s.conv.m.Version++ }

// ServerName implements dissect.Sink.
func (s *sink) ServerName(name string) {
	if name != "" {
		s.conv.m.Server.Name = name
	}
}

// Resolved implements dissect.Sink.
func (s *sink) Resolved(name, addr string) {
	if a, err := netip.ParseAddr(addr); err == nil {
		s.chain.Name(a, name)
	}
}
