package pattern

import (
	"fmt"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// FireAndForgetLesson teaches messages without an answer.
var FireAndForgetLesson = claim.Lesson{
	ID: "fire-and-forget", Title: "Sent, and not asked about again",
	About: "The sender goes on at once and never learns whether the message arrived or was understood. It is the fastest way and holds nobody up: right for measurements and logs, of which one may be missing; " +
		"wrong for what must not get lost.",
	Is:      "MQTT at QoS 0, NATS messages without a reply, Kafka with acks=0, AMQP without confirms; syslog, StatsD and other datagrams that nobody answers.",
	IsNot:   "Datagrams whose answers the capture did not see; media; TCP's acknowledgments, which say nothing of the application.",
	Sources: []string{"MQTT 5.0 section 4.3.1", "RFC 5426", "Hohpe and Woolf, Enterprise Integration Patterns: One-Way"},
}

const (
	leastForgotten = 3
	leastDatagrams = 5
)

// oneWay are the ports of what is never answered, and what it is.
var oneWay = map[uint16]string{514: "syslog", 8125: "StatsD", 162: "SNMP traps", 2055: "NetFlow", 4739: "IPFIX", 6343: "sFlow", 9995: "NetFlow", 12201: "GELF"}

// FireAndForget claims messages that are never answered.
func FireAndForget(v *timing.View, out *claim.Sink) {
	if v.Transport == layer.UDP {
		datagrams(v, out)
		return
	}
	n := 0
	var e evidence
	what := ""
	for i := range v.Events {
		x := &v.Events[i]
		if actOf(x) != publishes || x.Dir != layer.ToServer {
			continue
		}
		switch {
		case x.Protocol == "mqtt" && x.Fact("qos") == "0":
			what = "MQTT at QoS 0"
		case x.Protocol == "nats" && x.Fact("reply-to") == "" && !verbose(v.Conversation):
			what = "NATS without a reply"
		default:
			continue
		}
		if n++; n <= 4 {
			e.add(x.First.Number, "publishes to "+x.Name+", which nothing answers")
		}
	}
	if n < leastForgotten {
		return
	}
	out.Pattern(claim.Pattern{ID: FireAndForgetLesson.ID, Confidence: 0.95, Basis: claim.Decoded, Evidence: e,
		Because: fmt.Sprintf("%s sent that nothing answers (%s).", counts(n, "message was", "messages were"), what), Metrics: []claim.Metric{{Name: "messages", Value: float64(n)}}})
}

// verbose reports whether a NATS server acknowledges each operation.
func verbose(c *flow.Conversation) bool {
	for i := range c.Events {
		if c.Events[i].Fact("verbose") != "" {
			return true
		}
	}
	for _, x := range c.Exchanges {
		if x.Request.Fact("verbose") != "" {
			return true
		}
	}
	return false
}

// datagrams claims one-way traffic of the protocols that are known for it.
// Others may have answers out of the capture's sight.
func datagrams(v *timing.View, out *claim.Sink) {
	name := oneWay[v.Server.Port]
	if name == "" || v.Packets[layer.ToServer] < leastDatagrams || v.Packets[layer.ToClient] > 0 || v.RTP != nil || len(v.Conversation.Exchanges) > 0 {
		return
	}
	var e evidence
	e.add(v.First.Number, "the first datagram")
	e.add(v.Last.Number, "the last one; none came back")
	out.Pattern(claim.Pattern{ID: FireAndForgetLesson.ID, Confidence: 0.85, Basis: claim.Turns, Evidence: e,
		Because: fmt.Sprintf("%d datagrams went to the port of %s, and none came back.", v.Packets[layer.ToServer], name),
		Metrics: []claim.Metric{{Name: "messages", Value: float64(v.Packets[layer.ToServer])}}})
}
