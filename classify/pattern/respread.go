package pattern

import (
	"fmt"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// The lessons of proxies that change how exchanges share connections.
var (
	ToPoolLesson = claim.Lesson{
		ID: "http2-to-pool", Title: "One multiplexed connection becomes several",
		About:   "Clients speak HTTP/2 or HTTP/3 to a proxy, with many requests at once on one connection; behind it each request in flight needs an HTTP/1.1 connection of its own. Look at how large the pool behind grows, and whether its connections are kept.",
		Is:      "Streams of one connection that were paired with requests on two HTTP/1.1 connections or more.",
		IsNot:   "A multiplexed connection whose streams go to several services, each by one connection.",
		Sources: []string{"RFC 9113 section 5", "RFC 9112 section 9.4"},
	}
	FoldedLesson = claim.Lesson{
		ID: "http1-to-http2", Title: "Several connections become one",
		About:   "Clients with HTTP/1.1 connections are served through a proxy that sends their requests as streams of one HTTP/2 connection. That saves connections behind the proxy; what one lost packet holds up is shared by all.",
		Is:      "Requests of two HTTP/1.1 connections or more that were paired with streams of one connection.",
		IsNot:   "An HTTP/2 connection for each of the clients' connections.",
		Sources: []string{"RFC 9113 section 5", "RFC 9112 section 9.4"},
	}
)

// share is a connection and those that its exchanges were paired with.
type share struct {
	one    *flow.Conversation
	others map[*flow.Conversation]bool
	hops   []hop
}

// Respread claims both ways of changing it.
func Respread(w *Capture, out *claim.Sink) {
	for _, p := range w.between() {
		apart := shares(p.hops, func(h *hop) (one, other *flow.Conversation, ok bool) {
			return h.inside, h.outside, many(h.inside, h.in) && !many(h.outside, h.out)
		})
		respread(ToPoolLesson.ID, apart, "The streams of conversation %d went on by %s at %s.", p, out)
		folded := shares(p.hops, func(h *hop) (one, other *flow.Conversation, ok bool) {
			return h.outside, h.inside, !many(h.inside, h.in) && many(h.outside, h.out)
		})
		respread(FoldedLesson.ID, folded, "Conversation %d carried on the requests of %s at %s.", p, out)
	}
}

// many reports whether a leg carries streams: by what was read, else by what
// TLS agreed on.
func many(c *flow.Conversation, x *flow.Exchange) bool {
	if x == nil {
		return c.QUIC != nil || c.TLS != nil && c.TLS.ALPN == "h2"
	}
	return c.HTTP2 != nil || c.QUIC != nil || x.Protocol == "http2" || x.Protocol == layer.Protocol("http3")
}

func shares(hops []hop, tell func(*hop) (one, other *flow.Conversation, ok bool)) (list []*share) {
	index := map[*flow.Conversation]*share{}
	for i := range hops {
		one, other, ok := tell(&hops[i])
		if !ok {
			continue
		}
		s := index[one]
		if s == nil {
			s = &share{one: one, others: map[*flow.Conversation]bool{}}
			index[one] = s
			list = append(list, s)
		}
		s.others[other] = true
		s.hops = append(s.hops, hops[i])
	}
	return list
}

// respread claims it once for a proxy, of the connection with the most others.
func respread(id string, list []*share, says string, p *proxy, out *claim.Sink) {
	var most *share
	all := 0
	for _, s := range list {
		if len(s.others) < 2 {
			continue
		}
		all++
		if most == nil || len(s.others) > len(most.others) {
			most = s
		}
	}
	if most == nil {
		return
	}
	var e evidence
	cited := map[*flow.Conversation]bool{}
	for i := range most.hops {
		h := &most.hops[i]
		if cited[h.inside] && cited[h.outside] {
			continue
		}
		cited[h.inside], cited[h.outside] = true, true
		if h.in != nil {
			e.add(h.in.Request.First.Number, h.in.Name+" on one side")
		}
		e.add(h.out.Request.First.Number, h.out.Name+" on the other side, on a connection of its own port "+fmt.Sprint(h.outside.Client.Port))
	}
	confidence, basis := 0.93, claim.Decoded
	if most.hops[0].in == nil {
		confidence, basis = 0.75, claim.Turns
	}
	out.Pattern(claim.Pattern{
		ID: id, Confidence: confidence, Basis: basis, Evidence: e, Conversations: legIDs(most.hops),
		Because: fmt.Sprintf(says, most.one.ID, count(len(most.others), "HTTP/1.1 connection"), p.front),
		Metrics: []claim.Metric{{Name: "connections", Value: float64(len(most.others))}, {Name: "exchanges", Value: float64(len(most.hops))}, {Name: "multiplexed", Value: float64(all)}},
	})
}
