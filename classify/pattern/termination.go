package pattern

import (
	"fmt"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
)

// TerminationLesson teaches where TLS ends.
var TerminationLesson = claim.Lesson{
	ID: "tls-termination", Title: "TLS ends before the server",
	About:   "A proxy holds the certificate and ends the clients' TLS; behind it goes plain text, or TLS of the proxy's own. The server need not bear the handshakes, and the proxy can read what it passes on. What lies behind must be trusted: look at whether plain text leaves the host.",
	Is:      "Requests behind a proxy that are those of a leg with TLS before it, without TLS or within another one.",
	IsNot:   "TLS that a balancer passes through closed: the same ClientHello on both sides.",
	Sources: []string{"RFC 8446", "RFC 9110 section 3.7"},
}

// Termination claims it for each place with TLS before it.
func Termination(w *Capture, out *claim.Sink) {
	for _, p := range w.between() {
		var ended []hop
		plain, named, read := 0, 0, 0
		for _, h := range p.hops {
			if h.inside.TLS == nil && h.inside.QUIC == nil {
				continue
			}
			ended = append(ended, h)
			if h.outside.TLS == nil && h.outside.QUIC == nil {
				plain++
			}
			if h.named {
				named++
			}
			if h.in != nil {
				read++
			}
		}
		if len(ended) == 0 || named == 0 && len(ended) < leastNested {
			continue
		}
		var e evidence
		for i := range ended[:min(len(ended), 3)] {
			h := &ended[i]
			if i == 0 {
				e.add(hello(h.inside), "the client begins TLS")
			}
			h.cite(&e)
		}
		confidence, basis := 0.95, claim.Decoded
		words := "were read on both sides"
		if read*2 < len(ended) {
			confidence, basis, words = 0.85, claim.Turns, "name the client whose side is encrypted"
			if named == 0 {
				confidence, words = 0.65, "lie within the turns of the encrypted side, which is an inference"
			}
		}
		behind := "in plain text"
		if plain == 0 {
			behind = "within TLS of the proxy's own"
		}
		out.Pattern(claim.Pattern{
			ID: TerminationLesson.ID, Confidence: confidence, Basis: basis, Evidence: e, Conversations: legIDs(ended),
			Because: fmt.Sprintf("TLS ends at %s: %s went on to %s %s; they %s.", p.front, count(len(ended), "request"), servers(ended), behind, words),
			Metrics: []claim.Metric{{Name: "exchanges", Value: float64(len(ended))}, {Name: "plain", Value: float64(plain)}},
		})
	}
}

// hello is the packet in which a conversation's encryption begins.
func hello(c *flow.Conversation) int {
	if c.TLS != nil {
		return c.TLS.ClientHello.Number
	}
	return c.First.Number
}
