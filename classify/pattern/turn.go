package pattern

import (
	"fmt"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// RequestResponseLesson teaches the plainest of all patterns.
var RequestResponseLesson = claim.Lesson{
	ID: timing.RequestResponse, Title: "Question and answer in turn",
	About:   "The client asks, waits for the answer, and only then asks again. Simple and robust; each exchange costs at least one round trip.",
	Is:      "Exchanges that strictly alternate: no request leaves before the answer to the one before it has begun to arrive.",
	IsNot:   "Polling, which repeats one question at a steady period; pipelining and multiplexing, where several requests are open at once.",
	Sources: []string{"RFC 9110 section 3.4"},
}

// Alternation claims request-response: by the messages where they were read,
// else by who spoke when. It runs after Polling: where most exchanges are polls,
// that says more.
func Alternation(v *timing.View, out *claim.Sink) {
	if len(v.Conversation.Exchanges) == 0 {
		byTurns(v, out)
		return
	}
	n, open := 0, 0
	var e evidence
	var prior *flow.Exchange
	for i := range v.Conversation.Exchanges {
		x := v.Conversation.Exchanges[i]
		if !answered(x) || x.Protocol == "stun" {
			continue
		}
		if prior != nil && x.Dir == layer.ToServer && !waited(v, x.Request.First, prior.Response.First) {
			open++
		}
		prior = x
		if n++; n <= 3 {
			e.add(x.Request.First.Number, "a request")
			e.add(x.Response.First.Number, "its answer")
		}
	}
	if n < 2 || open*10 > n || polled(out)*5 >= n*4 {
		return
	}
	confidence := 0.9
	if n >= 4 {
		confidence = 0.95
	}
	because := fmt.Sprintf("Each of %d requests was answered before the next one left.", n)
	if open > 0 {
		because = fmt.Sprintf("Of %d requests all but %d were answered before the next one left.", n, open)
	}
	out.Pattern(claim.Pattern{
		ID: timing.RequestResponse, Confidence: confidence, Basis: claim.Decoded,
		Because:  because,
		Evidence: e, Metrics: []claim.Metric{{Name: "exchanges", Value: float64(n)}},
	})
}

const (
	leastPairs  = 3  // turns back and forth from which on alternation is no accident
	crossedPart = 20 // at most one turn in so many may cross the other side's
)

// byTurns reads alternation from directions alone. A turn counts as an answer
// only where its sender had acknowledged all that the other side had said.
func byTurns(v *timing.View, out *claim.Sink) {
	t, ok := applicationTurns(v)
	if polled(out) > 0 {
		return
	}
	if !ok || t.Count/2 < leastPairs || t.Crossed*crossedPart > t.Count || t.First != layer.ToServer {
		return
	}
	var e evidence
	e.turns(t, "the server speaks, having had all of that")
	confidence := 0.5
	if t.Count/2 >= 10 {
		confidence = 0.65
	}
	what := "unknown"
	if v.TLS != nil {
		what = "encrypted"
	}
	out.Pattern(claim.Pattern{
		ID: timing.RequestResponse, Confidence: confidence, Basis: claim.Turns,
		Because:  fmt.Sprintf("Client and server took turns %d times; what they said is %s, so that these are likely requests and answers.", t.Count/2, what),
		Evidence: e, Metrics: []claim.Metric{{Name: "turns", Value: float64(t.Count)}},
	})
}

// applicationTurns returns a TCP conversation's turns without those of a TLS
// handshake. HTTP/2 is left out: its control frames take turns of their own.
func applicationTurns(v *timing.View) (timing.Turns, bool) {
	t, ok := timing.TurnsOf(v.Conversation)
	if !ok || v.TLS == nil {
		return t, ok
	}
	first := v.TLS.FirstAppData[layer.ToServer]
	if v.TLS.ALPN == "h2" || !first.Valid() {
		return t, false
	}
	dir := t.First
	for len(t.Runs) > 0 && (t.Runs[0].First.Number < first.Number || dir != layer.ToServer) {
		if len(t.Runs) > 1 && t.Runs[1].First.Number > first.Number && dir == layer.ToServer {
			t.Runs[0].First = first // Finished and request went in one turn
			break
		}
		t.Runs, t.Count, dir = t.Runs[1:], t.Count-1, dir.Reverse()
	}
	t.First = dir
	return t, len(t.Runs) > 0
}
