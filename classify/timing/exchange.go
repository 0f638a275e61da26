package timing

import (
	"time"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Exchange is what was measured of one exchange, in time.
type Exchange struct {
	Kind       string        // of the pattern catalogue: "request-response", "pipelining"; "" where question or answer is missing
	Service    time.Duration // last request byte to first response byte, less the path between the capture point and the server and the waits for retransmission timers; never negative
	Total      time.Duration // first request byte until the answer was whole, at the capture point
	Repaired   time.Duration // how much later than the packet with its last byte the answer was whole: bytes before that one had been lost, or were late
	Opening    time.Duration // how long a request in a SYN waited for the handshake, because the server did not take it there
	Waited     time.Duration // how long a pipelined request stood behind the answers to earlier ones
	HasService bool
	HasTotal   bool
	Ledger     Sums // of Total; what the way took is the part between the capture point and the server
	Corrected  bool // the path's part was subtracted from Service; false where the path is not known
}

// The kinds of exchanges.
const (
	RequestResponse = "request-response"
	Pipelining      = "pipelining"
)

// Ordered reports whether an exchange belongs to a protocol whose answers come
// in the order of the questions on one stream, so that several open ones are
// pipelined rather than multiplexed.
func Ordered(c *flow.Conversation, e *flow.Exchange) bool {
	return e.Stream == 0 && c.Transport == layer.TCP && e.Protocol != "dns"
}

// exchanges measures a conversation's exchanges.
func exchanges(c *flow.Conversation, p *Path, waits []wait) []Exchange {
	if len(c.Exchanges) == 0 {
		return nil
	}
	list := make([]Exchange, len(c.Exchanges))
	t, _ := c.Tracker.(*Tracker)
	var answered [2]layer.PacketRef // last byte of the latest answer to each direction's ordered requests
	for i := range c.Exchanges {
		e, x := c.Exchanges[i], &list[i]
		if !e.Request.Seen() || !e.Response.Seen() {
			continue
		}
		x.Kind = RequestResponse
		floor, known := p.Server, p.HasServer
		if e.Dir == layer.ToClient { // the server asks
			floor, known = p.Client, p.HasClient
		}
		asked := e.Request.Last
		if again, ok := refusedOpening(c, e); ok {
			asked, x.Opening = again, max(0, again.Since(e.Request.Last))
		}
		x.Service, x.HasService, x.Corrected = e.Response.First.Since(asked), true, known
		ordered := Ordered(c, e)
		if ordered {
			// A request that reached the server while it still answered earlier
			// ones can only be served after them.
			if prior := answered[e.Dir]; prior.Valid() && prior.Nanos > e.Request.Last.Nanos && prior.Number > e.Request.Last.Number {
				x.Kind = Pipelining
				x.Waited = prior.Since(e.Request.Last)
				x.Service, floor, x.Corrected = e.Response.First.Since(prior), 0, known
			}
			if e.Response.State == flow.Complete {
				answered[e.Dir] = e.Response.Last
			}
		}
		x.Service = max(0, x.Service-floor-within(waits, e.Response.First.Nanos-int64(x.Service), e.Response.First.Nanos))
		if e.Response.State != flow.Head {
			x.Repaired = t.repaired(e.Dir^1, e.Response.Last)
			x.Total, x.HasTotal = max(0, e.Response.Last.Since(e.Request.First)+x.Repaired), true
			x.account(e, floor, waits)
		}
	}
	return list
}

// refusedOpening returns when a request really went whose bytes the server did
// not take with the SYN: with the handshake's last ACK (RFC 7413 section 4.2).
func refusedOpening(c *flow.Conversation, e *flow.Exchange) (again layer.PacketRef, ok bool) {
	if c.TCP == nil || !c.TCP.FastOpen.DataInSYN || c.TCP.FastOpen.Accepted {
		return again, false
	}
	h := &c.TCP.Handshake
	return h.ACK, h.ACK.Valid() && e.Request.Last == h.SYN
}

// account splits the exchange's time. An answer that begins before the request
// has ended is being transferred from there on.
func (x *Exchange) account(e *flow.Exchange, way time.Duration, waits []wait) {
	if x.Total == 0 {
		return
	}
	asked := min(max(0, e.Request.Last.Since(e.Request.First)), x.Total)
	answer := min(max(0, e.Response.First.Since(e.Request.Last)), x.Total-asked)
	s := &x.Ledger
	s[Request] = asked
	s[Transfer] = x.Total - asked - answer
	s[Handshake] = min(x.Opening, answer)
	s[Waited] = min(x.Waited, answer-s[Handshake])
	if len(waits) > 0 {
		begin := e.Request.First.Nanos
		from, to := begin+int64(asked), begin+int64(asked+answer)
		up, down := within(waits, begin, from), within(waits, to, begin+int64(x.Total))
		s[Request] -= up
		s[Transfer] -= down
		still := min(within(waits, from, to), answer-s[Handshake]-s[Waited])
		s[Repair] = up + still + down
		answer -= still
	}
	s[Network] = min(way, answer-s[Waited]-s[Handshake])
	s[Server] = answer - s[Waited] - s[Handshake] - s[Network]
}
