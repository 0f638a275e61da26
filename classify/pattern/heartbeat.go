package pattern

import (
	"fmt"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// HeartbeatLesson teaches heartbeats.
var HeartbeatLesson = claim.Lesson{
	ID: "keep-alive", Title: "Nothing but signs of life",
	About: "The two ends have nothing to say and make sure that the other still lives, and that address translators and firewalls between do not forget the connection. " +
		"Each sign wakes a phone's radio; what is sent more often than the shortest time limit on the way asks for is wasted.",
	Is:      "Two or more TCP keep-alives, WebSocket pings, MQTT PINGREQs, NATS PINGs or STUN bindings in a row with nothing else between.",
	IsNot:   "Polling, which asks for something; a connection that is kept for the next request (keep-alive-reuse); a ping now and then amid messages.",
	Sources: []string{"RFC 1122 section 4.2.3.6", "RFC 6455 section 5.5.2", "MQTT 5.0 section 3.12", "RFC 8445 section 11"},
}

// beats is signs of life in a row.
type beats struct {
	kind        string
	n           int
	first, last layer.PacketRef
	from        evidence
}

func (b *beats) take(kind string, at layer.PacketRef) {
	if b.n == 0 || b.kind != kind {
		*b = beats{kind: kind, first: at}
	}
	b.n++
	b.last = at
	if b.n <= 5 {
		b.from.add(at.Number, kind)
	}
}

// Heartbeats claims conversations that are mostly signs of life.
func Heartbeats(v *timing.View, out *claim.Sink) {
	best := row(v)
	if list, row := v.KeepAlives(); row > best.n {
		best = beats{kind: "a TCP keep-alive", n: row, first: list[0], last: list[len(list)-1]}
		for _, p := range list {
			best.from.add(p.Number, best.kind)
		}
	}
	lasted := best.last.Nanos - best.first.Nanos
	if best.n < 2 || lasted*2 < v.Duration() {
		return
	}
	confidence := 0.9
	if best.n >= 4 {
		confidence = 0.95
	}
	gap := flow.Seconds(lasted) / float64(best.n-1)
	out.Pattern(claim.Pattern{ID: HeartbeatLesson.ID, Confidence: confidence, Basis: claim.Decoded, Evidence: best.from,
		Because: fmt.Sprintf("For %.1f of %.1f s nothing went but signs of life: %s (%s), %.2f s apart.", flow.Seconds(lasted), flow.Seconds(v.Duration()), times(best.n), best.kind, gap),
		Metrics: []claim.Metric{{Name: "beats", Value: float64(best.n)}, {Name: "period_s", Value: gap}}})
}

// row returns the longest row of signs of life among exchanges and events.
func row(v *timing.View) (best beats) {
	var now beats
	next := 0
	keep := func() {
		if now.n > best.n {
			best = now
		}
		now = beats{}
	}
	events := func(until int) {
		for ; next < len(v.Events) && v.Events[next].First.Number < until; next++ {
			switch x := &v.Events[next]; {
			case x.Protocol == "websocket" && x.Kind == "ping":
				now.take("a WebSocket ping", x.First)
			case x.Protocol == "websocket" && x.Kind == "pong", x.Kind == "close", x.Kind == "disconnect":
			default:
				keep()
			}
		}
	}
	for _, x := range v.Conversation.Exchanges {
		if !x.Request.Seen() {
			continue
		}
		events(x.Request.First.Number)
		switch {
		case x.Protocol == "mqtt" && x.Name == "PINGREQ":
			now.take("an MQTT PINGREQ", x.Request.First)
		case x.Protocol == "nats" && x.Name == "PING":
			now.take("a NATS PING", x.Request.First)
		case x.Protocol == "stun" && x.Name == "Binding" && x.Request.Fact("priority") == "":
			now.take("a STUN binding", x.Request.First)
		default:
			keep()
		}
	}
	events(int(^uint(0) >> 1))
	keep()
	if best.kind == "a STUN binding" && (v.Packets.Sum() > int64(3*best.n) || v.RTP != nil || best.last.Nanos-best.first.Nanos < 2e9) {
		return beats{} // checks of a path, or signs of life amid media
	}
	return best
}
