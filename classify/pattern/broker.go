package pattern

import (
	"strings"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// act is what a message does at a broker.
type act uint8

const (
	noAct act = iota
	publishes
	delivers
)

// actOf tells whether a message is published to a broker or delivered by one.
func actOf(v *flow.Event) act {
	switch v.Protocol {
	case "mqtt":
		if v.Kind == "publish" {
			return byDirection(v)
		}
	case "amqp":
		switch {
		case strings.HasSuffix(v.Kind, "publish"):
			return publishes
		case strings.HasSuffix(v.Kind, "deliver"):
			return delivers
		case v.Kind == "transfer":
			return byDirection(v)
		}
	case "nats":
		switch v.Kind {
		case "pub", "hpub":
			return publishes
		case "msg", "hmsg":
			return delivers
		}
	case "redis":
		switch v.Kind {
		case "publish":
			return publishes
		case "message", "pmessage", "smessage":
			return delivers
		}
	case "kafka":
		switch v.Kind {
		case "produce":
			return publishes
		case "fetch":
			return delivers
		}
	}
	return noAct
}

func byDirection(v *flow.Event) act {
	if v.Dir == layer.ToServer {
		return publishes
	}
	return delivers
}

// subscribes tells what an exchange subscribes to, "" for nothing.
func subscribes(x *flow.Exchange) string {
	verb, rest, _ := strings.Cut(x.Name, " ")
	switch x.Protocol {
	case "mqtt":
		if verb == "SUBSCRIBE" {
			return rest
		}
	case "amqp":
		if strings.HasSuffix(verb, "consume") {
			return rest
		}
	case "redis":
		if verb == "SUBSCRIBE" || verb == "PSUBSCRIBE" || verb == "SSUBSCRIBE" {
			return x.Request.Fact("channels")
		}
	}
	return ""
}

// shared tells that a delivery is one of a group that divides the messages:
// a work queue.
func shared(v *flow.Event) bool {
	return v.Protocol == "amqp" || v.Fact("queue") != "" || strings.HasPrefix(v.Name, "$share/")
}
