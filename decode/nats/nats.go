// Package nats reads the client protocol of NATS from both directions of one
// connection: what is published and delivered, with headers as JetStream uses
// them, is said message by message; a message with a reply subject opens an
// exchange with the first one that comes back on it. Payloads are counted and
// never kept; credentials are never shown.
package nats

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// Name is the protocol's name.
const Name layer.Protocol = "nats"

const osi = 7

// Protocol returns the registry's entry.
func Protocol() dissect.Protocol {
	return dissect.Protocol{
		Name:      Name,
		OSI:       osi,
		About:     "NATS passes messages by subject: whoever subscribed to a subject gets what is published on it, or, in a queue group, one of the group does. JetStream keeps messages and delivers them again until they are acknowledged.",
		Stream:    true,
		GivesWay:  true,
		Ports:     []uint16{4222},
		Announced: []string{"nats"},
		Probe:     probe,
		New:       newDissector,
	}
}
