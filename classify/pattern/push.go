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

// PushLesson teaches pushing.
var PushLesson = claim.Lesson{
	ID: "push", Title: "The server speaks without being asked",
	About: "News reach the client as they happen, without a request for each. The price is a connection that stays open, and state on the server for each client; " +
		"what pushes must also think of clients that are too slow.",
	Is:      "Messages of the server on a WebSocket or a data channel that answer nothing, deliveries of a broker, HTTP/2's PUSH_PROMISE.",
	IsNot:   "The answer to an earlier request, also a late one; keep-alive pings; an event stream, which is one long answer.",
	Sources: []string{"RFC 6455 section 1", "RFC 9113 section 8.4", "RFC 6202"},
}

// BidirectionalLesson teaches messages both ways.
var BidirectionalLesson = claim.Lesson{
	ID: "bidirectional-messaging", Title: "Both sides speak when they like",
	About: "Neither side waits for the other: chats, games, editors for many hands. It needs a protocol of its own for who answers what, and it is hard to cache, to balance and to retry; " +
		"where only the server has news, an event stream does with less.",
	Is:      "Messages of both directions on one WebSocket, data channel or session, several in a row from each side, or news of the server between the client's messages.",
	IsNot:   "An echo or question and answer in turn over a WebSocket; pings and pongs alone; a feed that goes one way.",
	Sources: []string{"RFC 6455 section 1", "RFC 8831"},
}

// soon is the time within which messages of one side count as one answer in
// several parts.
const soon = 10 * time.Millisecond

// dialogue is the messages of one channel in their order.
type dialogue struct {
	stream   uint64
	protocol layer.Protocol
	n        [2]int
	unasked  int // the server's, that follow none of the client's
	rows     [2]int
	turns    int
	prior    *flow.Event
	since    int // the server's messages since the client spoke
	pushed   evidence
	both     evidence
}

// spoken reports whether an event is a message of an application on a channel
// that is open both ways.
func spoken(v *flow.Event) bool {
	switch v.Protocol {
	case "websocket":
		return v.Kind == "text" || v.Kind == "binary"
	case "sctp":
		return v.Kind == "data" || strings.HasPrefix(v.Kind, "webrtc") || v.Kind == "string" || v.Kind == "binary"
	}
	return false
}

func (d *dialogue) take(v *flow.Event) {
	d.n[v.Dir]++
	row := d.prior != nil && d.prior.Dir == v.Dir && v.First.Since(d.prior.First) >= soon
	switch {
	case d.prior == nil || d.prior.Dir != v.Dir:
		d.turns++
	case row:
		d.rows[v.Dir]++
	}
	if v.Dir == layer.ToServer {
		d.since = 0
	} else {
		if d.n[layer.ToServer] == 0 || d.since > 0 && row {
			if d.unasked++; d.unasked <= 5 {
				d.pushed.add(v.First.Number, "the server speaks, and nothing was asked since it spoke last")
			}
		}
		d.since++
	}
	if d.both == nil || d.prior.Dir != v.Dir || row {
		words := "a message of the client's"
		if v.Dir == layer.ToClient {
			words = "a message of the server's"
		}
		d.both.add(v.First.Number, words)
	}
	d.prior = v
}

// dialogues groups the messages of a conversation by channel.
func dialogues(c *flow.Conversation) []*dialogue {
	var list []*dialogue
	for i := range c.Events {
		v := &c.Events[i]
		if !spoken(v) {
			continue
		}
		var d *dialogue
		for _, have := range list {
			if have.stream == v.Stream && have.protocol == v.Protocol {
				d = have
			}
		}
		if d == nil {
			if len(list) == maxDialogues {
				continue
			}
			d = &dialogue{stream: v.Stream, protocol: v.Protocol}
			list = append(list, d)
		}
		d.take(v)
	}
	return list
}

const maxDialogues = 16 // of one conversation

// Push claims messages that nobody asked for.
func Push(v *timing.View, out *claim.Sink) {
	promised(v, out)
	delivered(v, out)
	for _, d := range dialogues(v.Conversation) {
		if d.unasked < 2 || d.unasked*5 < d.n[layer.ToClient] {
			continue
		}
		confidence := 0.85
		if d.unasked >= 5 {
			confidence = 0.95
		}
		out.Pattern(claim.Pattern{
			ID: PushLesson.ID, Confidence: confidence, Basis: claim.Decoded, Evidence: d.pushed,
			Because: fmt.Sprintf("%d of the server's %s over %s answered nothing that the client had said.", d.unasked, count(d.n[layer.ToClient], "message"), d.protocol),
			Metrics: []claim.Metric{{Name: "pushed", Value: float64(d.unasked)}, {Name: "server_messages", Value: float64(d.n[layer.ToClient])}, {Name: "client_messages", Value: float64(d.n[layer.ToServer])}},
		})
	}
}

// promised claims HTTP's server push.
func promised(v *timing.View, out *claim.Sink) {
	n := 0
	var e evidence
	for _, x := range v.Conversation.Exchanges {
		if x.Request.Fact("pushed") == "" {
			continue
		}
		if n++; n <= 4 {
			e.add(x.Request.First.Number, "the server promises "+x.Name)
			e.add(x.Response.First.Number, "and sends it")
		}
	}
	if n > 0 {
		out.Pattern(claim.Pattern{ID: PushLesson.ID, Confidence: 0.97, Basis: claim.Decoded, Evidence: e,
			Because: fmt.Sprintf("The server promised %s that the client had not made, and answered them.", count(n, "request")),
			Metrics: []claim.Metric{{Name: "pushed", Value: float64(n)}}})
	}
}

// delivered claims the deliveries of a broker.
func delivered(v *timing.View, out *claim.Sink) {
	n := 0
	var e evidence
	var of layer.Protocol
	for i := range v.Events {
		x := &v.Events[i]
		// Kafka's consumers fetch; NATS' inboxes are for answers.
		if act := actOf(x); act != delivers || x.Protocol == "kafka" || strings.HasPrefix(x.Name, "_INBOX.") {
			continue
		}
		of = x.Protocol
		if n++; n <= 5 {
			e.add(x.First.Number, "a delivery of "+x.Name)
		}
	}
	if n > 0 {
		out.Pattern(claim.Pattern{ID: PushLesson.ID, Confidence: 0.95, Basis: claim.Decoded, Evidence: e,
			Because: fmt.Sprintf("The broker delivered %s over %s as they came, without a request for each.", count(n, "message"), of),
			Metrics: []claim.Metric{{Name: "pushed", Value: float64(n)}}})
	}
}

// Bidirectional claims channels on which neither side waits for the other.
func Bidirectional(v *timing.View, out *claim.Sink) {
	for _, d := range dialogues(v.Conversation) {
		total := d.n[0] + d.n[1]
		free := d.rows[0]+d.rows[1] >= max(2, total/5) && (d.rows[0] > 0 && d.rows[1] > 0 || d.unasked >= 2)
		if d.n[0] < 2 || d.n[1] < 2 || !free {
			continue
		}
		confidence := 0.82
		if total >= 10 && d.rows[0] > 0 && d.rows[1] > 0 {
			confidence = 0.92
		}
		out.Pattern(claim.Pattern{
			ID: BidirectionalLesson.ID, Confidence: confidence, Basis: claim.Decoded, Evidence: d.both,
			Because: fmt.Sprintf("Over %s the client sent %s and the server %d; the client spoke %d times again without an answer, the server %d times without being asked.",
				d.protocol, count(d.n[0], "message"), d.n[1], d.rows[0], d.rows[1]),
			Metrics: []claim.Metric{{Name: "client_messages", Value: float64(d.n[0])}, {Name: "server_messages", Value: float64(d.n[1])}, {Name: "turns", Value: float64(d.turns)}},
		})
	}
}
