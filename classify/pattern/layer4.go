package pattern

import (
	"fmt"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
)

// Layer4Lesson teaches balancing by connections.
var Layer4Lesson = claim.Lesson{
	ID: "layer4-load-balancer", Title: "Connections are passed on as they are",
	About:   "A host takes connections and joins each to one of its own to a server, without reading what flows: cheap, good for any protocol, and TLS stays closed to it. It cannot choose by request, and the server sees its address instead of the client's, unless it sends a PROXY header. Look at the distribution over the servers and at the extra connection's set-up.",
	Is:      "Two connections of one host that carry the same: a PROXY header that names the other one's client, the same ClientHello, or the same number of bytes each way at the same time.",
	IsNot:   "A reverse proxy, which makes requests of its own; a packet captured twice on its way; address translation, which leaves one connection.",
	Sources: []string{"PROXY protocol (HAProxy, proxy-protocol.txt)", "RFC 8446 section 4.1.2"},
}

const leastBySizes = 2 // connections that must agree where only sizes say so

// Layer4Balancer claims it for each place that passes connections on.
func Layer4Balancer(w *Capture, out *claim.Sink) {
	for _, p := range w.between() {
		shown := map[string]int{}
		s := &choices{}
		var e evidence
		var legs []*flow.Conversation
		for i := range p.passed {
			t := &p.passed[i]
			shown[t.by]++
			s.add(choice{begin: t.outside.First.Nanos, end: t.outside.Last.Nanos, client: t.inside.Client.Addr, leg: t.inside}, at(&t.outside.Server))
			legs = append(legs, t.inside, t.outside)
			if i < 4 {
				t.cite(&e)
			}
		}
		n := len(p.passed)
		if n == 0 || shown[bySizes] == n && n < leastBySizes {
			continue
		}
		confidence := 0.95
		if shown[bySizes]*2 > n {
			confidence = 0.75
		}
		if len(s.servers) < 2 {
			confidence -= 0.15
		}
		because := fmt.Sprintf("%s passed on %s to %s: %s; %s.", p.front, count(n, "connection"), count(len(s.servers), "server"), s.distribution(), because(shown))
		if len(s.servers) < 2 {
			because += " With one server seen it may pass on without balancing."
		}
		s.claim(claim.Pattern{ID: Layer4Lesson.ID, Confidence: confidence, Basis: claim.Decoded, Evidence: e, Conversations: ids(legs),
			Metrics: []claim.Metric{{Name: "proxy_headers", Value: float64(shown[byHeader])}, {Name: "same_hello", Value: float64(shown[byHello])}, {Name: "same_sizes", Value: float64(shown[bySizes])}},
		}, because, out)
	}
}

// because tells how many connections each sign shows.
func because(shown map[string]int) string {
	text := ""
	for _, sign := range [...]struct{ by, says string }{
		{byHeader, "PROXY headers name the clients of %s"},
		{byHello, "the ClientHello of %s is the same one"},
		{bySizes, "%s carried the same number of bytes each way at the same time, which is likely no accident"},
	} {
		if n := shown[sign.by]; n > 0 {
			if text != "" {
				text += "; "
			}
			text += fmt.Sprintf(sign.says, count(n, "connection"))
		}
	}
	return text
}

// cite names the packets of both connections.
func (t *passage) cite(e *evidence) {
	e.add(t.inside.First.Number, "a client connects")
	e.add(t.outside.First.Number, "the same host connects to "+at(&t.outside.Server).String())
	switch t.by {
	case byHeader:
		e.add(t.header, "a PROXY header names that client")
	case byHello:
		e.add(t.outside.TLS.ClientHello.Number, "the ClientHello that came in goes out as it was")
	}
}
