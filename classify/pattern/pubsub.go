package pattern

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// PublishSubscribeLesson teaches brokers.
var PublishSubscribeLesson = claim.Lesson{
	ID: "publish-subscribe", Title: "Publishers and subscribers meet at a broker",
	About: "Who publishes does not know who listens: a broker takes each message once and delivers it to all who subscribed. Senders and receivers come and go on their own, and one message reaches many. " +
		"The broker is one more stop on the way and one more thing that can fail; the order of messages and whether each arrives (QoS, acknowledgments) must be asked for.",
	Is: "MQTT, AMQP, Kafka, Redis or NATS: messages published to a broker, subscriptions, and deliveries with the same content behind them. " +
		"Look at the fan-out (how many deliveries one message becomes) and at the delay of each.",
	IsNot:   "A queue that one consumer empties has a fan-out of 1 and is a work queue; a stream without a broker.",
	Sources: []string{"MQTT 5.0 section 4", "AMQP 0-9-1 section 3.1", "Eugster et al., The Many Faces of Publish/Subscribe, 2003"},
}

// broker is what was seen of one.
type broker struct {
	protocol    layer.Protocol
	server      string
	used        []*flow.Conversation
	publishers  map[*flow.Conversation]bool
	subscribers map[*flow.Conversation]bool
	topics      map[string]bool
	published   []*flow.Event
	delivered   []delivery
	asked       int // subscriptions
	shared      bool
	quality     [3]int
	from        evidence
}

type delivery struct {
	v  *flow.Event
	to *flow.Conversation
}

// PublishSubscribe claims each broker of a capture.
func PublishSubscribe(k *Capture, out *claim.Sink) {
	type key struct {
		addr     netip.Addr
		port     uint16
		protocol layer.Protocol
	}
	brokers := map[key]*broker{}
	var order []*broker
	for _, c := range k.Conversations {
		p := brokered(c)
		if p == "" {
			continue
		}
		at := key{c.Server.Addr, c.Server.Port, p}
		b := brokers[at]
		if b == nil {
			b = &broker{protocol: p, server: netip.AddrPortFrom(c.Server.Addr, c.Server.Port).String(),
				publishers: map[*flow.Conversation]bool{}, subscribers: map[*flow.Conversation]bool{}, topics: map[string]bool{}}
			brokers[at] = b
			order = append(order, b)
		}
		b.take(c)
	}
	for _, b := range order {
		b.claim(out)
	}
}

// brokered returns the protocol by which a conversation talks to a broker, ""
// for none.
func brokered(c *flow.Conversation) layer.Protocol {
	for _, p := range []layer.Protocol{"mqtt", "amqp", "nats", "kafka", "redis"} {
		if c.Has(p) {
			return p
		}
	}
	return ""
}

func (b *broker) take(c *flow.Conversation) {
	before := len(b.published) + len(b.delivered) + b.asked
	for i := range c.Events {
		v := &c.Events[i]
		switch actOf(v) {
		case publishes:
			b.published = append(b.published, v)
			b.publishers[c] = true
		case delivers:
			b.delivered = append(b.delivered, delivery{v, c})
			b.subscribers[c] = true
			b.shared = b.shared || shared(v)
		default:
			if v.Protocol == "nats" && v.Kind == "sub" {
				b.subscribe(c, v.First.Number, v.Name)
			}
			continue
		}
		if len(b.topics) < maxIDs {
			b.topics[v.Name] = true
		}
		if q := v.Fact("qos"); q >= "0" && q <= "2" && actOf(v) == publishes {
			b.quality[q[0]-'0']++
		}
	}
	for _, x := range c.Exchanges {
		if topic := subscribes(x); topic != "" && answered(x) {
			b.subscribe(c, x.Request.First.Number, topic)
		}
	}
	if len(b.published)+len(b.delivered)+b.asked > before {
		b.used = append(b.used, c)
	}
}

func (b *broker) subscribe(c *flow.Conversation, packet int, topic string) {
	if b.asked++; b.asked <= 3 {
		b.from.add(packet, "subscribes to "+topic)
	}
	b.subscribers[c] = true
}

// fanOut ties deliveries to what was published: the latest of the same topic
// and content before it. It returns the delays in seconds and the most that one
// message became.
func (b *broker) fanOut() (delays []float64, reached, most int) {
	type content struct{ topic, digest string }
	latest := map[content][]*flow.Event{}
	for _, v := range b.published {
		at := content{b.topic(v), v.Fact("digest")}
		latest[at] = append(latest[at], v)
	}
	for _, list := range latest {
		slices.SortStableFunc(list, func(x, y *flow.Event) int { return x.Last.Number - y.Last.Number })
	}
	became := map[*flow.Event]int{}
	for _, d := range b.delivered {
		list := latest[content{b.topic(d.v), d.v.Fact("digest")}]
		i, _ := slices.BinarySearchFunc(list, d.v.Last.Number, func(v *flow.Event, n int) int { return v.Last.Number - n })
		if d.v.Fact("digest") == "" || i == 0 {
			continue
		}
		p := list[i-1]
		if len(delays) < 2 {
			b.from.add(p.First.Number, "publishes to "+p.Name)
			b.from.add(d.v.First.Number, "the same content is delivered")
		}
		delays = append(delays, flow.Seconds(d.v.Last.Nanos-p.Last.Nanos))
		became[p]++
		most = max(most, became[p])
	}
	return delays, len(became), most
}

// topic returns under what name a message can be found again: AMQP's exchanges
// deliver to queues of other names.
func (b *broker) topic(v *flow.Event) string {
	if b.protocol == "amqp" {
		return ""
	}
	return v.Name
}

func (b *broker) claim(out *claim.Sink) {
	delays, reached, most := b.fanOut()
	confidence, what := b.judge(len(delays))
	if confidence == 0 {
		return
	}
	for i := range min(3, len(b.delivered)) {
		b.from.add(b.delivered[i].v.First.Number, "delivers "+b.delivered[i].v.Name)
	}
	for i := range min(3, len(b.published)) {
		b.from.add(b.published[i].First.Number, "publishes to "+b.published[i].Name)
	}
	because := fmt.Sprintf("%s is a broker for %s (%s): %s, %s, %s.", b.server, b.protocol, what,
		count(len(b.publishers), "publisher"), count(len(b.subscribers), "subscriber"), count(len(b.topics), "topic"))
	metrics := []claim.Metric{
		{Name: "publishers", Value: float64(len(b.publishers))}, {Name: "subscribers", Value: float64(len(b.subscribers))},
		{Name: "topics", Value: float64(len(b.topics))}, {Name: "published", Value: float64(len(b.published))}, {Name: "delivered", Value: float64(len(b.delivered))},
	}
	if len(delays) > 0 {
		mean, wait := float64(len(delays))/float64(reached), median(delays)
		because += fmt.Sprintf(" One message became %.1f deliveries on average, at most %d, %.1f ms after it was published (median; at most %.1f ms).", mean, most, wait*1e3, slices.Max(delays)*1e3)
		if most == 1 && b.shared {
			because += " No message went to two: a work queue."
		}
		metrics = append(metrics, claim.Metric{Name: "fan_out", Value: mean}, claim.Metric{Name: "fan_out_max", Value: float64(most)},
			claim.Metric{Name: "delay_s", Value: wait}, claim.Metric{Name: "delay_max_s", Value: slices.Max(delays)})
	}
	if b.protocol == "mqtt" && len(b.published) > 0 {
		var q []string
		for i, n := range b.quality {
			if n > 0 {
				q = append(q, fmt.Sprintf("QoS %d: %d", i, n))
			}
		}
		because += " Published with " + strings.Join(q, ", ") + "."
	}
	out.Pattern(claim.Pattern{ID: PublishSubscribeLesson.ID, Confidence: confidence, Basis: claim.Decoded, Because: because,
		Evidence: b.from, Metrics: metrics, Conversations: ids(b.used)})
}

// judge says how sure it is; 0 where a data store was asked and answered only.
func (b *broker) judge(matched int) (confidence float64, what string) {
	switch {
	case matched > 0:
		return 0.97, "what was published is seen to be delivered"
	case len(b.delivered) > 0 && b.protocol == "kafka":
		return 0.85, "records are fetched"
	case len(b.delivered) > 0:
		return 0.93, "its deliveries are seen"
	case b.asked > 0:
		return 0.9, "subscriptions are seen, but no delivery"
	case len(b.published) > 0:
		return 0.85, "only its publishers are seen"
	}
	return 0, ""
}
