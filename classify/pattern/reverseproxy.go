package pattern

import (
	"fmt"
	"slices"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
)

// ReverseProxyLesson teaches what stands before a server.
var ReverseProxyLesson = claim.Lesson{
	ID: "reverse-proxy", Title: "A proxy stands before the server",
	About:   "Clients talk to a host that makes the same requests again to the server behind it and hands back the answers. It can end TLS, cache, limit and spread the load; it costs its own time on each exchange, and one more set-up where it does not keep its connections. Look at the time spent in it, and whether its connections to the server are kept.",
	Is:      "The same method and target on two connections of one host: the second request begins after the first has come and is answered before it; Via, Forwarded, X-Forwarded-For or X-Real-IP name the client, or both carry one request id.",
	IsNot:   "A service that asks another one for something else to make its answer; two services that happen to be called in turn.",
	Sources: []string{"RFC 9110 section 3.7", "RFC 9110 section 7.6.3", "RFC 7239"},
}

const (
	leastHops      = 2 // pairs that are needed where header fields name the client
	leastUnnamed   = 4 // and where only target and time agree
	unpairedFactor = 2 // at most so many requests for each pair, where header fields do not name the client
)

// reverse returns the hops of a proxy that are those of a reverse proxy, and
// whether there are enough of them to say so.
func (p *proxy) reverse() (hops []hop, ok bool) {
	named := 0
	for _, h := range p.hops {
		if h.in != nil && absolute(h.in.Name) {
			continue
		}
		hops = append(hops, h)
		if h.named {
			named++
		}
	}
	if named >= leastHops {
		return hops, true
	}
	return hops, len(hops) >= leastUnnamed && p.asked <= len(hops)*unpairedFactor
}

// ReverseProxy claims it for each place that was paired.
func ReverseProxy(w *Capture, out *claim.Sink) {
	for _, p := range w.between() {
		hops, ok := p.reverse()
		if !ok {
			continue
		}
		var e evidence
		named, ambiguous, encrypted := 0, 0, 0
		var inside []time.Duration
		for i, h := range hops {
			if i < 3 {
				h.cite(&e)
			}
			switch {
			case h.in == nil:
				encrypted++
			default:
				inside = append(inside, h.spent())
			}
			if h.named {
				named++
			}
			if h.ambiguous {
				ambiguous++
			}
		}
		confidence, basis := 0.8, claim.Decoded
		because := fmt.Sprintf("%s at %s came out of that host again, asked of %s", count(len(hops), "request"), p.front, servers(hops))
		if named > 0 {
			confidence = 0.95
			because += fmt.Sprintf("; %d of them name the client, or carry the same id", named)
		} else if len(hops) >= 8 {
			confidence = 0.85
		}
		if ambiguous*4 > len(hops) {
			confidence -= 0.1
			because += fmt.Sprintf("; %d could be paired in more than one way", ambiguous)
		}
		metrics := []claim.Metric{{Name: "exchanges", Value: float64(len(hops))}, {Name: "named", Value: float64(named)}, {Name: "ambiguous", Value: float64(ambiguous)}}
		if len(inside) > 0 {
			m := half(inside)
			because += fmt.Sprintf("; half of them spent %s or more in between", short(m))
			metrics = append(metrics, claim.Metric{Name: "in_proxy_s", Value: m.Seconds()})
		} else {
			confidence, basis = min(confidence, 0.8)-0.1, claim.Turns
			because += "; the clients' side is encrypted"
		}
		out.Pattern(claim.Pattern{
			ID: ReverseProxyLesson.ID, Confidence: confidence, Basis: basis, Because: because + ".",
			Evidence: e, Metrics: metrics, Conversations: legIDs(hops),
		})
	}
}

// cite names the packets of both legs.
func (h *hop) cite(e *evidence) {
	if h.in != nil {
		e.add(h.in.Request.First.Number, "the request "+h.in.Name+" comes in")
	}
	shows := "the same request goes out to " + at(&h.outside.Server).String()
	switch {
	case h.in == nil:
		shows = "a request goes out to " + at(&h.outside.Server).String() + " while the encrypted side waits"
	case h.named:
		shows += ", with fields that tie it to the one that came in"
	}
	e.add(h.out.Request.First.Number, shows)
	e.add(h.out.Response.First.Number, "is answered")
	if h.in != nil {
		e.add(h.in.Response.First.Number, "and so is the one that came in")
	}
}

// spent is how much longer the client's side waited than the server's.
func (h *hop) spent() time.Duration {
	return max(0, h.in.Response.First.Since(h.in.Request.Last)-h.out.Response.First.Since(h.out.Request.Last))
}

// absolute reports whether a request names its server as one to a forward proxy
// does.
func absolute(name string) bool { return originForm(name) != name }

// servers names those behind a proxy.
func servers(hops []hop) string {
	var list []endpoint
	for _, h := range hops {
		if e := at(&h.outside.Server); !slices.Contains(list, e) {
			if len(list) == 16 {
				return "more than 16 servers"
			}
			list = append(list, e)
		}
	}
	if len(list) == 1 {
		return list[0].String()
	}
	return count(len(list), "server")
}

// legIDs lists the conversations of hops, each once.
func legIDs(hops []hop) []int {
	var l []*flow.Conversation
	seen := map[*flow.Conversation]bool{}
	for _, h := range hops {
		for _, c := range [...]*flow.Conversation{h.inside, h.outside} {
			if !seen[c] && len(l) < maxIDs {
				seen[c] = true
				l = append(l, c)
			}
		}
	}
	return ids(l)
}

func half(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}

// short writes a duration with a unit that fits.
func short(d time.Duration) string {
	if d < time.Millisecond {
		return fmt.Sprintf("%d µs", d.Microseconds())
	}
	return fmt.Sprintf("%.1f ms", float64(d)/1e6)
}
