package timing

import (
	"strings"
	"time"

	"github.com/wiresight/wiresight/decode/layer"
)

// Setup is how a conversation came to its first application bytes.
type Setup struct {
	Way           []string // ids of the catalogue, the plain one first: "tcp+tls1.3", "tcp+tls1.3-psk"
	MutualTLS     bool     // the client showed a certificate, too
	RoundTrips    int      // network round trips before the client's first application byte could leave
	HasRoundTrips bool     // false where the beginning was not seen

	TimeToRequest      time.Duration // first packet -> first byte of the first request
	TimeToFirstByte    time.Duration // first packet -> first byte that answers it, as the client felt it: the way from the capture point back to the client is added where it is known; under TLS 1.3 without keys the answer is the first record after the request, which may be a session ticket
	HasTimeToRequest   bool
	HasTimeToFirstByte bool

	RTT      time.Duration // the path's round trip
	HasRTT   bool
	RTTBasis string // "handshake", "data-ack" or "quic-handshake"
	Vantage  string // "client", "server", "middle" or "unknown"

	Phases []Phase
	WhatIf []WhatIf

	packets []int // what the phases' lists are cut from
}

// Phase is one step of a set-up or of the first exchange.
type Phase struct {
	Name       string        // dns, tcp, tls, quic, proxy, request, server, transfer
	Start      int64         // nanoseconds since the Unix epoch
	Duration   time.Duration // at the capture point; that of "server" is Exchange.Service, corrected for the path where it is known
	RoundTrips int           // network round trips that the phase is made of
	Packets    []int         // those that begin and end it
}

// WhatIf is an estimate: the same path and the same server by another way.
type WhatIf struct {
	Way             string
	RoundTrips      int
	TimeToFirstByte time.Duration
	Assumes         string // what must be there for it
}

// Phase returns the phase with a name, or nil.
func (s *Setup) Phase(name string) *Phase {
	for i := range s.Phases {
		if s.Phases[i].Name == name {
			return &s.Phases[i]
		}
	}
	return nil
}

// add appends a phase from one packet to another; it is left out where one of
// them was not seen or they are not in this order.
func (s *Setup) add(name string, from, to layer.PacketRef, roundTrips int) {
	if !from.Valid() || !to.Valid() || to.Nanos < from.Nanos {
		return
	}
	s.phase(Phase{Name: name, Start: from.Nanos, Duration: to.Since(from), RoundTrips: roundTrips}, from, to)
}

// maxPhases is how many a set-up has at most, each with two packets.
const maxPhases = 8

// phase appends a phase with its packets. One allocation serves them all:
// there may be a million set-ups.
func (s *Setup) phase(p Phase, from, to layer.PacketRef) {
	if s.Phases == nil {
		s.Phases, s.packets = make([]Phase, 0, 5), make([]int, 0, 2*maxPhases)
	}
	n := len(s.packets)
	s.packets = append(s.packets, from.Number)
	if to.Number != from.Number {
		s.packets = append(s.packets, to.Number)
	}
	p.Packets = s.packets[n:len(s.packets):len(s.packets)]
	s.Phases = append(s.Phases, p)
}

// setup splits a conversation's beginning into its phases. It returns nil for
// transports that have no set-up to speak of.
func setup(v *View, lookup *Lookup) *Setup {
	if v.TCP == nil && v.Transport != layer.UDP {
		return nil
	}
	s := &Setup{RTT: v.Path.RTT, HasRTT: v.Path.HasRTT, RTTBasis: v.Path.Basis, Vantage: v.Path.Vantage}
	s.ways(v)
	if lookup != nil {
		s.add("dns", lookup.Query, lookup.Answer, 0)
	}
	if v.TCP != nil {
		s.tcp(v)
	}
	if q := v.QUIC; q != nil {
		end := q.First1RTT[layer.ToServer]
		s.add("quic", q.FirstInitial[layer.ToServer], end, s.RoundTrips)
	}
	s.proxy(v)
	s.application(v)
	s.whatIf(v)
	return s
}

// tcp adds the handshakes of TCP and TLS.
func (s *Setup) tcp(v *View) {
	trips := 1
	if v.TCP.FastOpen.Accepted {
		trips = 0
	}
	if h := &v.TCP.Handshake; v.TCP.FastOpen.Accepted && h.SYN.Valid() && h.ACK.Valid() { // the server speaks before the handshake ends
		s.add("tcp", h.SYN, h.ACK, trips)
	} else if t := v.tracker; t != nil && t.syn.valid() && t.ack.valid() {
		s.add("tcp", t.syn.ref(), t.ack.ref(), trips)
	}
	tls := v.TLS
	if tls == nil {
		return
	}
	end := tls.ClientFinished
	if data := tls.FirstAppData[layer.ToServer]; data.Valid() && (!end.Valid() || data.Nanos < end.Nanos) {
		end = data
	}
	s.add("tls", tls.ClientHello, end, tlsTrips(tls))
}

// proxy adds the wait for a proxy's answer to CONNECT (RFC 9110 section 9.3.6).
func (s *Setup) proxy(v *View) {
	if len(v.Conversation.Exchanges) == 0 {
		return
	}
	e := v.Conversation.Exchanges[0]
	if connects(e.Name) && strings.HasPrefix(e.Status, "2") {
		s.add("proxy", e.Request.First, e.Response.First, 1)
		s.RoundTrips++
	}
}

func connects(name string) bool { return strings.HasPrefix(name, "CONNECT ") }

// application adds the phases of the first exchange, and the times to it.
func (s *Setup) application(v *View) {
	var request, answer layer.PacketRef
	first := firstExchange(v)
	switch {
	case first >= 0:
		e, x := v.Conversation.Exchanges[first], &v.Exchanges[first]
		request, answer = e.Request.First, e.Response.First
		s.add("request", e.Request.First, e.Request.Last, 0)
		if x.HasService {
			s.phase(Phase{Name: "server", Start: e.Request.Last.Nanos, Duration: x.Service}, e.Request.Last, e.Response.First)
			s.add("transfer", e.Response.First, e.Response.Last, 0)
			if p := s.Phase("transfer"); p != nil {
				p.Duration += x.Repaired
			}
		}
	case len(v.Conversation.Exchanges) > 0:
		return // questions without answers, or the other way round
	case v.TLS != nil:
		request, answer = v.TLS.FirstAppData[layer.ToServer], v.TLS.FirstAppData[layer.ToClient]
	case v.QUIC != nil:
		request = v.QUIC.First1RTT[layer.ToServer]
	case v.tracker != nil:
		request, answer = v.tracker.turns.opened(layer.ToServer)
	}
	if request.Valid() && s.HasRoundTrips {
		s.TimeToRequest, s.HasTimeToRequest = max(0, request.Since(v.First)), true
		if answer.Valid() && answer.Nanos >= request.Nanos {
			s.TimeToFirstByte, s.HasTimeToFirstByte = answer.Since(v.First)+v.Path.Client, true
		}
	}
}

// firstExchange returns the first exchange whose two sides were seen, a proxy's
// CONNECT left out; -1 where there is none.
func firstExchange(v *View) int {
	for i := range v.Conversation.Exchanges {
		if e := v.Conversation.Exchanges[i]; e.Request.Seen() && !connects(e.Name) {
			return i
		}
	}
	return -1
}
