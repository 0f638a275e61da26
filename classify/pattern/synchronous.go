package pattern

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// SynchronousLesson teaches waiting.
var SynchronousLesson = claim.Lesson{
	ID: "synchronous", Title: "The client waits for each answer",
	About: "Whoever asks does nothing else with that server until it has the answer. Simple to write and to follow; but the time of each answer adds to the whole, " +
		"and while one service waits for another it holds its own callers.",
	Is:      "Four or more exchanges of a client with one server, over all of its connections, of which none began before the one before it was answered in full.",
	IsNot:   "Messages by a broker or a WebSocket, which nobody waits for; several connections or streams at once; 202 Accepted, where the answer says that the work is still to be done.",
	Sources: []string{"RFC 9110 section 3.4", "Hohpe and Woolf, Enterprise Integration Patterns: Request-Reply"},
}

const leastSynchronous = 4

// Synchronous claims it for a client and a server's port.
func Synchronous(p *Pair, out *claim.Sink) {
	var all []try
	for _, c := range p.Conversations {
		if len(all)+len(c.Exchanges) > maxTries || speaksFreely(c) {
			return
		}
		for _, x := range c.Exchanges {
			if x.Request.Seen() && x.Dir == layer.ToServer && x.Protocol != "stun" && x.Name != "PINGREQ" {
				all = append(all, try{x, c})
			}
		}
	}
	if len(all) < leastSynchronous {
		return
	}
	if len(p.Conversations) > 1 {
		slices.SortStableFunc(all, func(a, b try) int { return cmp.Compare(a.x.Request.First.Number, b.x.Request.First.Number) })
	}
	var e evidence
	var waiting float64
	for i, t := range all {
		if i+1 == len(all) {
			break
		}
		if t.x.Status == "101" || t.x.Status == "202" || !answered(t.x) || t.x.Response.State != flow.Complete || t.ended().Number > all[i+1].x.Request.First.Number {
			return
		}
		waiting += flow.Seconds(max(0, t.x.Response.Last.Nanos-t.x.Request.First.Nanos))
		if i < 3 {
			e.add(t.x.Request.First.Number, "asks: "+clipped(t.x.Name))
			e.add(t.x.Response.Last.Number, "has the answer, and only then goes on")
		}
	}
	confidence := 0.9
	if len(all) >= 8 {
		confidence = 0.94
	}
	out.Pattern(claim.Pattern{ID: SynchronousLesson.ID, Confidence: confidence, Basis: claim.Decoded, Evidence: e, Conversations: ids(p.Conversations),
		Because: fmt.Sprintf("The client had nothing else open with this server while it waited for each of %s; it waited %.3f s in all.", count(len(all), "answer"), waiting),
		Metrics: []claim.Metric{{Name: "exchanges", Value: float64(len(all))}, {Name: "waited_s", Value: waiting}, {Name: "connections", Value: float64(len(p.Conversations))}}})
}

// speaksFreely reports whether a conversation has messages that are neither
// question nor answer.
func speaksFreely(c *flow.Conversation) bool {
	for i := range c.Events {
		if v := &c.Events[i]; spoken(v) || actOf(v) != noAct {
			return true
		}
	}
	return false
}
