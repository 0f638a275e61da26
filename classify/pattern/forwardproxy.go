package pattern

import (
	"fmt"
	"strings"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
)

// ForwardProxyLesson teaches proxies that clients choose.
var ForwardProxyLesson = claim.Lesson{
	ID: "forward-proxy", Title: "The client asks a proxy to go for it",
	About:   "The client does not connect to the server but to a proxy, and tells it where to go: CONNECT for a tunnel, a whole URL for a request, or SOCKS. The proxy resolves the name and connects; its time for that is part of the wait for the first byte.",
	Is:      "A CONNECT that was granted, a request whose target is a whole http:// URL, or a SOCKS request.",
	IsNot:   "Extended CONNECT, which opens a WebSocket over HTTP/2; a reverse proxy, of which the client knows nothing.",
	Sources: []string{"RFC 9110 section 9.3.6", "RFC 9112 section 3.2.2", "RFC 1928"},
}

// route is what one proxy was asked for.
type route struct {
	front         endpoint
	tunnels, urls int
	socks         int
	waits         []time.Duration
	conversations []*flow.Conversation
	evidence      evidence
}

// ForwardProxy claims it for each proxy that clients spoke to.
func ForwardProxy(w *Capture, out *claim.Sink) {
	index := map[endpoint]*route{}
	var list []*route
	for _, c := range w.Conversations {
		said := false
		for _, x := range c.Exchanges {
			tunnel, url, socks := towards(x)
			if !tunnel && !url && !socks {
				if x.ID > 8 && !said {
					break // a client that speaks to a proxy does so from the beginning
				}
				continue
			}
			r := index[at(&c.Server)]
			if r == nil {
				r = &route{front: at(&c.Server)}
				index[r.front] = r
				list = append(list, r)
			}
			if !said {
				said = true
				r.conversations = append(r.conversations, c)
			}
			r.take(x, tunnel, url, socks)
		}
	}
	for _, r := range list {
		r.claim(w, out)
	}
}

// towards tells in which of three ways an exchange asks a proxy to go on.
func towards(x *flow.Exchange) (tunnel, url, socks bool) {
	if !answered(x) {
		return
	}
	switch {
	case x.Protocol == "socks":
		return false, false, true
	case !strings.HasPrefix(string(x.Protocol), "http"):
		return
	}
	if method, authority, ok := strings.Cut(x.Name, " "); ok && method == "CONNECT" {
		granted := len(x.Status) == 3 && x.Status[0] == '2'
		return granted && !strings.HasPrefix(authority, "/"), false, false
	}
	return false, x.Protocol == "http1" && absolute(x.Name), false
}

// tunnels reports whether a connection's client asked a forward proxy to go on:
// that the proxy passes on what follows goes without saying.
func tunnels(c *flow.Conversation) bool {
	for _, x := range c.Exchanges[:min(len(c.Exchanges), 8)] {
		if tunnel, url, socks := towards(x); tunnel || url || socks {
			return true
		}
	}
	return false
}

func (r *route) take(x *flow.Exchange, tunnel, url, socks bool) {
	switch {
	case tunnel:
		r.tunnels++
	case url:
		r.urls++
	case socks:
		r.socks++
	}
	if tunnel || socks {
		r.waits = append(r.waits, max(0, x.Response.First.Since(x.Request.Last)))
	}
	if len(r.evidence) < 6 {
		r.evidence.add(x.Request.First.Number, "the client asks for "+x.Name)
		r.evidence.add(x.Response.First.Number, "the proxy answers "+x.Status)
	}
}

func (r *route) claim(w *Capture, out *claim.Sink) {
	var parts []string
	for _, p := range [...]struct {
		n    int
		noun string
	}{{r.tunnels, "CONNECT tunnel"}, {r.urls, "whole URL"}, {r.socks, "SOCKS request"}} {
		if p.n > 0 {
			parts = append(parts, count(p.n, p.noun))
		}
	}
	because := fmt.Sprintf("%s was asked to go on to others: %s.", r.front, strings.Join(parts, ", "))
	metrics := []claim.Metric{{Name: "tunnels", Value: float64(r.tunnels)}, {Name: "urls", Value: float64(r.urls)}, {Name: "socks", Value: float64(r.socks)}}
	if len(r.waits) > 0 {
		m := half(r.waits)
		because += fmt.Sprintf(" Half of the tunnels were open after %s or more; that holds the proxy's own lookup and connection.", short(m))
		metrics = append(metrics, claim.Metric{Name: "connect_s", Value: m.Seconds()})
	}
	confidence := 0.97
	if r.tunnels+r.socks == 0 {
		confidence = 0.9
		if r.front.port == 80 {
			confidence = 0.6
			because += " Some clients write whole URLs to the server itself, so that this is a guess."
		}
	}
	conversations := r.conversations
	if onward := r.onward(w, &r.evidence); len(onward) > 0 {
		because += fmt.Sprintf(" The capture holds %s of its own to servers, too.", count(len(onward), "connection"))
		metrics = append(metrics, claim.Metric{Name: "onward", Value: float64(len(onward))})
		conversations = append(conversations, onward...)
	}
	out.Pattern(claim.Pattern{
		ID: ForwardProxyLesson.ID, Confidence: confidence, Basis: claim.Decoded, Because: because,
		Evidence: r.evidence, Metrics: metrics, Conversations: ids(conversations),
	})
}

// onward finds the connections that the proxy opened while clients waited for
// it: its legs to the servers.
func (r *route) onward(w *Capture, e *evidence) (list []*flow.Conversation) {
	first, last := r.conversations[0].First.Number, 0
	for _, c := range r.conversations {
		last = max(last, c.Last.Number)
	}
	for _, c := range w.Conversations {
		if c.TCP == nil || c.Client.Addr != r.front.addr || at(&c.Server) == r.front || c.First.Number < first || c.First.Number > last {
			continue
		}
		list = append(list, c)
		if len(list) <= 2 {
			e.add(c.First.Number, "the proxy connects to "+at(&c.Server).String())
		}
	}
	return list
}
