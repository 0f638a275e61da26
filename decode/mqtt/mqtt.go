// Package mqtt reads MQTT 3.1, 3.1.1 and 5 from both directions of one
// connection. Each control packet is a message; a CONNECT, a SUBSCRIBE, an
// UNSUBSCRIBE, a PINGREQ and a PUBLISH of QoS 1 or 2 also opens an exchange
// with the packets that acknowledge it. Payloads are counted and never kept,
// passwords and authentication data are never shown.
//
// The packets are read here and not by eclipse/paho's package, which needs an
// io.Reader that never ends early, reads a connection from its beginning and
// allocates up to 256 MiB because a packet says so.
package mqtt

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// Name is the protocol's name.
const Name layer.Protocol = "mqtt"

const osi = 7

// Protocol returns the registry's entry.
func Protocol() dissect.Protocol {
	return dissect.Protocol{
		Name:      Name,
		OSI:       osi,
		About:     "MQTT carries small messages through a broker: clients subscribe to topics, and whatever is published under a topic is delivered to all who subscribed to it. Common among sensors, vehicles and phones.",
		Stream:    true,
		Ports:     []uint16{1883},
		Announced: []string{"mqtt", "mqttv3.1"},
		Probe:     probe,
		New:       newDissector,
	}
}
