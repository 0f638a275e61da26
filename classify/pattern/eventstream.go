package pattern

import (
	"fmt"
	"strings"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// EventStreamLesson teaches server-sent events.
var EventStreamLesson = claim.Lesson{
	ID: "server-sent-events", Title: "One answer that stays open and carries events",
	About: "The client asks once, and the server writes events into the answer as they happen. It is plain HTTP, goes one way only, and clients come back by themselves with the last event's id. " +
		"It costs a connection (or an HTTP/2 stream) a client, and proxies that buffer or time out get in its way. Language models send their words like this, as the answer to a POST.",
	Is:      "Content-Type: text/event-stream; without keys: one small request, and then small pieces of an answer at the server's pace.",
	IsNot:   "A chunked download, which is as fast as the network; long polling, where each answer ends.",
	Sources: []string{"HTML Living Standard section 9.2", "RFC 6202 section 2.2"},
}

// ChunkedLesson teaches answers that are sent while they are made.
var ChunkedLesson = claim.Lesson{
	ID: "chunked-streaming", Title: "An answer is sent while it is made",
	About: "The server writes a piece of the answer as soon as it has it: rows as JSON lines, a page's head before its body, a video's parts. The first byte comes early and nobody holds the whole; " +
		"but an error that comes late cannot change the status any more.",
	Is:      "An answer without a length whose pieces are spaced by the server: pauses behind segments that were not full.",
	IsNot:   "A chunked download that comes as fast as the network lets it; server-sent events; a remote procedure call's stream.",
	Sources: []string{"RFC 9112 section 7.1", "RFC 6202 section 2.2"},
}

const (
	fewestPieces = 3
	tokensFrom   = 20 // events from which on a stream at a reader's pace is likely a language model's
)

// EventStreams claims server-sent events by their media type, else by turns.
func EventStreams(v *timing.View, out *claim.Sink) {
	if len(v.Conversation.Exchanges) == 0 {
		trickle(v, out)
		return
	}
	for _, x := range v.Conversation.Exchanges {
		if !x.Response.Seen() || x.Response.Fact("content-type") == "" || !strings.HasPrefix(x.Response.Fact("content-type"), "text/event-stream") {
			continue
		}
		out.Pattern(eventStream(v.Conversation, x))
	}
}

// eventStream claims one stream of events.
func eventStream(c *flow.Conversation, x *flow.Exchange) claim.Pattern {
	var e evidence
	if x.Request.Seen() {
		e.add(x.Request.First.Number, "asks: "+clipped(x.Name))
	}
	e.add(x.Response.First.Number, "the answer begins: text/event-stream")
	var gaps []float64
	var first, last layer.PacketRef
	n := 0
	for i := range c.Events {
		v := &c.Events[i]
		if v.Protocol != "sse" || v.Kind != "event" || v.Stream != streamOf(x) {
			continue
		}
		if n++; n == 1 {
			first = v.First
		} else {
			gaps = append(gaps, flow.Seconds(v.First.Nanos-last.Nanos))
		}
		last = v.First
		if n <= 5 {
			e.add(v.First.Number, "an event")
		}
	}
	p := claim.Pattern{ID: EventStreamLesson.ID, Confidence: 0.97, Basis: claim.Decoded, Evidence: e,
		Because: fmt.Sprintf("%s was answered with an event stream that carried %s.", clipped(x.Name), count(n, "event")),
		Metrics: []claim.Metric{{Name: "events", Value: float64(n)}}}
	if n == 0 {
		p.Confidence = 0.9
		p.Because = clipped(x.Name) + " was answered with an event stream, on which no event was read."
	}
	gap := median(gaps)
	if len(gaps) > 0 {
		p.Metrics = append(p.Metrics, claim.Metric{Name: "gap_s", Value: gap})
	}
	if n >= tokensFrom && strings.HasPrefix(x.Name, "POST") && gap >= 0.005 && gap <= 0.2 && x.Request.Seen() && first.Since(x.Request.Last) >= 100*time.Millisecond {
		p.Because += " So many small events at a reader's pace, as the answer to a POST, are likely a language model's words."
	}
	return p
}

// streamOf names an exchange as events do: by its stream, or by its number
// where the protocol has no streams.
func streamOf(x *flow.Exchange) uint64 {
	if x.Stream != 0 {
		return x.Stream
	}
	return uint64(x.ID)
}

// trickle infers it from turns: one small question, then small pieces.
func trickle(v *timing.View, out *claim.Sink) {
	t, ok := applicationTurns(v)
	if !ok || v.TLS == nil || t.First != layer.ToServer {
		return
	}
	for i := 1; i < len(t.Runs); i += 2 {
		asked, told := &t.Runs[i-1], &t.Runs[i]
		if asked.Bytes > 8<<10 || told.Pauses < 5 || told.Bytes > int64(told.Pauses+1)*1000 {
			continue
		}
		var e evidence
		e.add(asked.First.Number, "the client speaks")
		e.add(told.First.Number, "the server begins to speak")
		e.add(told.Last.Number, "and still does, without another word of the client's")
		out.Pattern(claim.Pattern{
			ID: EventStreamLesson.ID, Confidence: 0.5, Basis: claim.Turns, Evidence: e,
			Because: fmt.Sprintf("Inside TLS, after one small message of the client's the server spoke in %d small pieces, %.0f ms apart; possibly server-sent events, or another stream of pieces.",
				told.Pauses+1, told.Pause.Seconds()*1e3),
			Metrics: []claim.Metric{{Name: "pieces", Value: float64(told.Pauses + 1)}, {Name: "gap_s", Value: told.Pause.Seconds()}},
		})
		return
	}
}

// ChunkedStreams claims answers that were sent while they were made. Only a
// turn's pauses tell, so that an answer must have a turn to itself.
func ChunkedStreams(v *timing.View, out *claim.Sink) {
	if v.Transport != layer.TCP || len(v.Conversation.Exchanges) == 0 {
		return
	}
	t, ok := timing.TurnsOf(v.Conversation)
	if !ok {
		return
	}
	n, pieces := 0, 0
	var e evidence
	example := ""
	var pause time.Duration
	for _, x := range v.Conversation.Exchanges {
		if !answered(x) || !open(x) {
			continue
		}
		r := turnOf(&t, x)
		if r == nil || r.Pauses < fewestPieces || r.Bytes > int64(r.Pauses+1)*256<<10 {
			continue
		}
		// Within a round trip or so, larger pieces may be what the congestion
		// window let go.
		if r.Pause < v.Path.RTT*3/2 && r.Bytes > int64(r.Pauses+1)*1000 {
			continue
		}
		n++
		pieces += r.Pauses + 1
		if n == 1 {
			example, pause = x.Name, r.Pause
		}
		if n <= 3 {
			e.add(x.Request.First.Number, "asks: "+clipped(x.Name))
			e.add(x.Response.First.Number, "the answer begins, without a length")
			e.add(x.Response.Last.Number, "its last piece")
		}
	}
	if n == 0 {
		return
	}
	confidence := 0.85
	if pieces >= 6 {
		confidence = 0.92
	}
	out.Pattern(claim.Pattern{
		ID: ChunkedLesson.ID, Confidence: confidence, Basis: claim.Decoded, Evidence: e,
		Because: fmt.Sprintf("%s (%s) came in %d pieces with pauses that the server made, %.0f ms on average.", count(n, "answer"), example, pieces, pause.Seconds()*1e3),
		Metrics: []claim.Metric{{Name: "answers", Value: float64(n)}, {Name: "pieces", Value: float64(pieces)}, {Name: "gap_s", Value: pause.Seconds()}},
	})
}

// open reports whether an answer's length was not told beforehand, and is none
// that other rules know.
func open(x *flow.Exchange) bool {
	switch {
	case !strings.HasPrefix(string(x.Protocol), "http"), x.Status == "101", strings.HasPrefix(x.Name, "CONNECT "), strings.HasPrefix(x.Name, "HEAD "):
		return false
	case strings.HasPrefix(x.Response.Fact("content-type"), "text/event-stream"), remote(x):
		return false
	}
	return x.Response.Fact("content-length") == ""
}

// turnOf returns the turn that is an exchange's answer, nil where it shares one.
func turnOf(t *timing.Turns, x *flow.Exchange) *timing.Run {
	for i := range t.Runs {
		r := &t.Runs[i]
		if r.First.Number <= x.Response.First.Number && x.Response.First.Number <= r.Last.Number {
			if r.First.Number < x.Request.Last.Number || r.Last.Number > x.Response.Last.Number {
				return nil
			}
			return r
		}
	}
	return nil
}
