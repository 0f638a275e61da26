package pattern

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// LongPollingLesson teaches long polling.
var LongPollingLesson = claim.Lesson{
	ID: "long-polling", Title: "The server holds each request until it has news",
	About: "The client asks, the server answers only when there is something or a time limit has passed, and the client asks again at once. News come nearly as fast as with a push, over plain HTTP; " +
		"each client holds a connection and a place on the server, and each piece of news costs a request. Where the client can read a stream, server-sent events cost less.",
	Is: "Two or more requests for one target that the server holds in silence, far longer than it needs for others, each followed by the next within a round trip and a little. " +
		"Holds of different lengths, answers that say nothing after the same time, and parameters such as wait, timeout or since make it surer.",
	IsNot:   "A slow endpoint, which takes about the same time for each call and has always something to say; polling, where the client waits; an event stream, whose answer does not end.",
	Sources: []string{"RFC 6202 section 2.1", "RFC 6202 section 5.5"},
}

// LongPollTimeoutsLesson teaches what time limits of long polling cost.
var LongPollTimeoutsLesson = claim.Lesson{
	ID: "long-poll-timeouts", Title: "Long polls end with nothing",
	About:   "A held request that reaches the server's time limit is answered with nothing and asked again. Between news this is all that the two ends do; where a gateway's limit is shorter than the server's, it cuts the polls and news may be lost.",
	Is:      "Two or more held requests, at least half of them, answered with nothing (204, 304, 408, 504, or no content) after about the same time.",
	IsNot:   "A long poll that brings news.",
	Sources: []string{"RFC 6202 section 5.5"},
}

const (
	leastHold  = 100 * time.Millisecond // and five quick answers
	surelyHeld = time.Second
	think      = 50 * time.Millisecond // between an answer and the next request, besides a round trip
)

// held is a request that the server kept.
type held struct {
	x    *flow.Exchange
	hold time.Duration
}

// LongPolling claims it for each target of a conversation.
func LongPolling(v *timing.View, out *claim.Sink) {
	if len(v.Conversation.Exchanges) == 0 {
		heldTurns(v, out)
		return
	}
	if !holds(v) {
		return
	}
	last := map[string]held{}
	groups := map[string][]held{}
	var order []string
	quick := quickAnswer50(v)
	for i, x := range v.Conversation.Exchanges {
		if !strings.HasPrefix(string(x.Protocol), "http") || !answered(x) || streams(x) || !v.Exchanges[i].HasService {
			continue
		}
		t := target(x.Name)
		h := held{x, v.Exchanges[i].Service}
		prior, known := last[t]
		last[t] = h
		if !known || !isHeld(prior, quick) {
			continue
		}
		if pause := x.Request.First.Since(prior.x.Response.Last); pause < 0 || pause > v.Path.RTT+think {
			continue
		}
		g := groups[t]
		if len(g) == 0 {
			order = append(order, t)
			g = append(g, prior)
		}
		if isHeld(h, quick) {
			g = append(g, h)
		}
		groups[t] = g
	}
	for _, t := range order {
		longPoll(v, t, groups[t], quick, out)
	}
}

// holds is soon said: without two slow answers there is no long polling.
func holds(v *timing.View) bool {
	slow := 0
	for i := range v.Exchanges {
		if x := &v.Exchanges[i]; x.HasService && x.Service >= leastHold {
			slow++
		}
	}
	return slow >= 2
}

// streams reports whether an answer is a stream by its type.
func streams(x *flow.Exchange) bool {
	return x.Status == "101" || strings.HasPrefix(x.Name, "CONNECT ") || strings.HasPrefix(x.Response.Fact("content-type"), "text/event-stream")
}

// quickAnswer50 returns how long the quick half of a conversation's answers
// took at most: the third part of them, sorted.
func quickAnswer50(v *timing.View) time.Duration {
	var all []time.Duration
	for i := range v.Exchanges {
		if v.Exchanges[i].HasService {
			all = append(all, v.Exchanges[i].Service)
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/3]
}

// isHeld reports whether a server's time is no mere work: long by itself, or
// against what its other answers take; and the rest came at once.
func isHeld(h held, quick time.Duration) bool {
	if h.hold < leastHold || h.hold < surelyHeld && h.hold < 5*quick && quick < h.hold/2 {
		return false
	}
	return h.x.Response.Last.Since(h.x.Response.First) <= max(h.hold/5, 20*time.Millisecond)
}

// longPoll judges the held requests of one target.
func longPoll(v *timing.View, name string, list []held, quick time.Duration, out *claim.Sink) {
	if len(list) < 2 {
		return
	}
	var holds []float64
	nothing := 0
	var empty []held
	for _, h := range list {
		holds = append(holds, h.hold.Seconds())
		if saysNothing(h.x) {
			nothing++
			empty = append(empty, h)
		}
	}
	middle := median(holds)
	confidence := 0.4
	var signs []string
	if asksToWait(list) {
		confidence += 0.25
		signs = append(signs, "the request says how long to wait or since when")
	}
	if nothing > 0 {
		confidence += 0.2
		signs = append(signs, count(nothing, "answer")+" said nothing")
	}
	if len(holds) >= 3 && variation(holds) > 0.25 {
		confidence += 0.15
		signs = append(signs, "the holds differ, as news do")
	}
	if quick > 0 && time.Duration(middle*1e9) > 10*quick {
		confidence += 0.05
	}
	if len(list) >= 4 {
		confidence += 0.1
	}
	if len(signs) == 0 || confidence < 0.6 {
		return // as well a slow endpoint
	}
	var e evidence
	for _, h := range list[:min(4, len(list))] {
		e.add(h.x.Request.First.Number, "asks for "+clipped(name))
		e.add(h.x.Response.First.Number, fmt.Sprintf("is answered %.2f s later: %s", h.hold.Seconds(), h.x.Status))
	}
	out.Pattern(claim.Pattern{
		ID: LongPollingLesson.ID, Confidence: min(confidence, 0.96), Basis: claim.Decoded, Evidence: e,
		Because: fmt.Sprintf("The server held %s for %s, %.2f s in the middle, and the next followed at once; %s.", count(len(list), "request"), clipped(name), middle, strings.Join(signs, ", ")),
		Metrics: []claim.Metric{{Name: "polls", Value: float64(len(list))}, {Name: "hold_s", Value: middle}, {Name: "hold_max_s", Value: slices.Max(holds)}, {Name: "empty", Value: float64(nothing)}},
	})
	timeouts(name, list, empty, out)
}

// timeouts finds polls that ended for their time limit.
func timeouts(name string, list, empty []held, out *claim.Sink) {
	if len(empty) < 2 || len(empty)*2 < len(list) {
		return
	}
	var limits []float64
	var bytes int64
	f := claim.Finding{ID: LongPollTimeoutsLesson.ID, Severity: claim.Info, Explanation: LongPollTimeoutsLesson.About}
	gateway := false
	for _, h := range empty {
		limits = append(limits, h.hold.Seconds())
		bytes += h.x.Request.Bytes + h.x.Response.Bytes
		gateway = gateway || h.x.Status == "504" || h.x.Status == "502"
		f.Occurrences = append(f.Occurrences, claim.Occurrence{Packets: packets(h.x), Shows: fmt.Sprintf("held for %.2f s, and answered %s with nothing", h.hold.Seconds(), h.x.Status)})
	}
	if variation(limits) > 0.2 {
		return
	}
	f.Title = fmt.Sprintf("%d of %d long polls for %s ended with nothing after about %.2f s, at %d bytes", len(empty), len(list), name, median(limits), bytes)
	f.Advice = "An event stream would cost nothing between news but a comment now and then; else let the server hold requests as long as the proxies between allow."
	if gateway {
		f.Severity = claim.Warning
		f.Advice = "A gateway ended the polls before the server did: make the server's limit the shorter one."
	}
	out.Finding(f)
}

// saysNothing reports whether an answer has no content.
func saysNothing(x *flow.Exchange) bool {
	switch x.Status {
	case "204", "304", "408", "504":
		return true
	}
	n := x.Response.Fact("body-bytes")
	return x.Status == "200" && (n == "0" || n == "" && x.Response.Fact("content-length") == "0")
}

// waits are the usual parts of a request that asks to be held.
var waits = []string{"wait", "timeout", "poll", "since=", "cursor", "lastevent", "block="}

func asksToWait(list []held) bool {
	name := strings.ToLower(list[0].x.Name)
	for _, w := range waits {
		if strings.Contains(name, w) {
			return true
		}
	}
	return list[0].x.Request.Fact("prefer") != "" || list[0].x.Name != list[1].x.Name // what changes is where to go on
}

// heldTurns infers it from turns: small questions, long silences of different
// lengths, and the next question at once.
func heldTurns(v *timing.View, out *claim.Sink) {
	t, ok := applicationTurns(v)
	if !ok || v.TLS == nil || t.First != layer.ToServer || t.Crossed > 0 {
		return
	}
	var holds []float64
	var e evidence
	for i := 1; i < len(t.Runs); i += 2 {
		asked, told := &t.Runs[i-1], &t.Runs[i]
		hold := told.First.Since(asked.Last) - v.Path.Server
		if i+1 < len(t.Runs) && t.Runs[i+1].First.Since(told.Last) > v.Path.RTT+think || asked.Bytes > 4096 || hold < leastHold {
			return
		}
		holds = append(holds, hold.Seconds())
		e.add(asked.First.Number, "the client speaks")
		e.add(told.First.Number, fmt.Sprintf("the server answers %.2f s later", hold.Seconds()))
	}
	if len(holds) < 4 || variation(holds) < 0.25 || median(holds) < surelyHeld.Seconds() && median(holds) < 10*v.Path.RTT.Seconds() {
		return
	}
	out.Pattern(claim.Pattern{
		ID: LongPollingLesson.ID, Confidence: 0.5, Basis: claim.Turns, Evidence: e,
		Because: fmt.Sprintf("Inside TLS, the server answered %s after silences of different lengths, %.2f s in the middle, and the client spoke again at once; possibly long polling.", count(len(holds), "small message"), median(holds)),
		Metrics: []claim.Metric{{Name: "polls", Value: float64(len(holds))}, {Name: "hold_s", Value: median(holds)}},
	})
}
