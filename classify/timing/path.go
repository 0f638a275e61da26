package timing

import (
	"time"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Path is the way between client and server as the capture point cuts it.
type Path struct {
	Client    time.Duration // floor of the round trips between the capture point and the client
	Server    time.Duration // and of those between it and the server
	RTT       time.Duration // of the whole path: the two floors together
	HasClient bool
	HasServer bool
	HasRTT    bool
	Basis     string // of RTT: "handshake", "data-ack", "quic-handshake"; "" where nothing is known. A handshake that was held up is corrected by the data after it
	Vantage   string // where the capture stood: "client", "server", "middle" or "unknown"
}

// The vantages: where on the path the capture stood.
const (
	AtClient = "client"
	AtServer = "server"
	InMiddle = "middle"
	Unknown  = "unknown"
)

// The bases of a path's round trip.
const (
	ByHandshake = "handshake"
	ByData      = "data-ack"
	ByQUIC      = "quic-handshake"
)

// part is one of the two parts of a path: its round trip in the handshake and
// the floor of all its samples.
type part struct {
	handshake, floor time.Duration
	shaken, known    bool
}

func (p *part) shake(d time.Duration) {
	if d >= 0 {
		p.handshake, p.floor, p.shaken, p.known = d, d, true, true
	}
}

// sampled takes the data's round trips. A packet that its capture point stamped
// late makes a sample too short: where the least lies far below all others, it
// does not count against the handshake.
func (p *part) sampled(s *side) {
	if s.count == 0 {
		return
	}
	least := s.floor
	if p.shaken && s.count > 1 && int64(s.above)*10 > least {
		least += int64(s.above)
	}
	if f := time.Duration(least); !p.known || f < p.floor {
		p.floor = f
	}
	p.known = true
}

// measure finds a conversation's path.
func measure(c *flow.Conversation) Path {
	var client, server part
	basis := ByHandshake
	t, _ := c.Tracker.(*Tracker)
	switch {
	case c.TCP != nil:
		client, server = shaken(c.TCP, t)
	case c.QUIC != nil:
		client, server = initials(c.QUIC)
		basis = ByQUIC
	}
	if t != nil {
		server.sampled(&t.side[layer.ToServer])
		client.sampled(&t.side[layer.ToClient])
	}
	p := Path{Client: client.floor, Server: server.floor, HasClient: client.known, HasServer: server.known, Vantage: Unknown}
	switch {
	case client.shaken && server.shaken:
		p.RTT, p.HasRTT, p.Basis = client.floor+server.floor, true, basis
		p.Vantage = vantage(client.handshake, server.handshake, p.Client < quiet && p.Server < quiet)
	case client.known && server.known:
		p.RTT, p.HasRTT, p.Basis = client.floor+server.floor, true, ByData
		p.Vantage = vantage(client.floor, server.floor, p.Client < quiet && p.Server < quiet)
	}
	return p
}

// shaken reads TCP's handshake: SYN to SYN-ACK is the server's part, SYN-ACK
// to ACK the client's. A SYN sent more than once leaves open which one was
// answered, unless the SYN-ACK echoes its time stamp; an ACK that carries data
// may have waited for the application (Karn's rule; RFC 7323).
func shaken(f *flow.TCP, t *Tracker) (client, server part) {
	h := &f.Handshake
	if h.SYN.Valid() && h.SYNACK.Valid() && (f.SYNs[layer.ToServer] <= 1 || t != nil && t.proven) {
		server.shake(h.SYNACK.Since(h.SYN))
	}
	if h.SYNACK.Valid() && h.ACK.Valid() && !h.ACKData && f.SYNs[layer.ToClient] <= 1 {
		client.shake(h.ACK.Since(h.SYNACK))
	}
	return client, server
}

// initials reads QUIC's handshake in the same way (RFC 9312 section 3.8.1).
func initials(q *flow.QUIC) (client, server part) {
	answer := q.FirstInitial[layer.ToClient]
	if q.RetryAt.Valid() {
		answer = q.RetryAt
	}
	if q.FirstInitial[layer.ToServer].Valid() && answer.Valid() && !q.VersionNegotiation {
		server.shake(answer.Since(q.FirstInitial[layer.ToServer]))
	}
	if answer.Valid() && q.FirstFlight2.Valid() {
		client.shake(q.FirstFlight2.Since(answer))
	}
	return client, server
}

const (
	shortPath = time.Millisecond       // below this the two ends may share a host
	quiet     = 200 * time.Microsecond // and the parts are noise
)

// vantage tells where the capture stood from the two parts of the path.
func vantage(client, server time.Duration, still bool) string {
	whole := client + server
	switch {
	case whole <= 0, whole < shortPath && still:
		return Unknown
	case client*5 < whole:
		return AtClient
	case client*5 > whole*4:
		return AtServer
	}
	return InMiddle
}

// PathOf finds the way between a conversation's ends, as NewView does.
func PathOf(c *flow.Conversation) Path { return measure(c) }
