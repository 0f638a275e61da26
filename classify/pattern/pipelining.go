package pattern

import (
	"fmt"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
)

// PipeliningLesson teaches pipelining.
var PipeliningLesson = claim.Lesson{
	ID: timing.Pipelining, Title: "Requests sent ahead of the answers",
	About:   "The client sends further requests without waiting for answers; the server answers in the same order. That saves round trips, but a slow answer holds up all behind it.",
	Is:      "On one stream without ids, a request whose first byte was captured before the first byte of the answer to the one before it; answers in order.",
	IsNot:   "Multiplexing, where ids tell the answers apart and they may overtake each other.",
	Sources: []string{"RFC 9112 section 9.3.2"},
}

// Pipeline claims pipelining.
func Pipeline(v *timing.View, out *claim.Sink) {
	list := v.Conversation.Exchanges
	if len(list) < 2 {
		return
	}
	ahead, open, peak, n := 0, 0, 1, 0
	var e evidence
	for i := range list {
		x := list[i]
		if !answered(x) || !timing.Ordered(v.Conversation, x) || numbered(x) {
			continue
		}
		n++
		for open < i && (!answered(list[open]) || list[open].Response.First.Number <= x.Request.First.Number) {
			open++
		}
		if i == open || list[open].Dir != x.Dir || list[open].Response.First.Number > x.Response.First.Number {
			continue
		}
		if ahead == 0 {
			e.add(list[open].Request.First.Number, "a request")
		}
		ahead++
		peak = max(peak, i-open+1)
		if ahead <= 4 {
			e.add(x.Request.First.Number, "another request, before the answer to the first open one")
		}
		if ahead == 1 {
			e.add(list[open].Response.First.Number, "that answer")
		}
	}
	if ahead == 0 {
		return
	}
	confidence := 0.9
	if ahead >= 2 {
		confidence = 0.95
	}
	out.Pattern(claim.Pattern{
		ID: timing.Pipelining, Confidence: confidence, Basis: claim.Decoded,
		Because:  fmt.Sprintf("%d of %d requests left before the answers to earlier ones had come, at most %d open at once; the answers came in order.", ahead, n, peak),
		Evidence: e, Metrics: []claim.Metric{{Name: "ahead", Value: float64(ahead)}, {Name: "peak_open", Value: float64(peak)}},
	})
}
