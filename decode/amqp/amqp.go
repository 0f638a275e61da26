// Package amqp reads AMQP 0-9-1 from both directions of one connection, and
// AMQP 1.0 as far as its frames. A method that is answered is an exchange with
// its answer; a message that is published or delivered is put together from its
// method, header and body frames, said by itself, and tied to the confirm, or
// to the reply that answers its reply-to and correlation-id. Bodies are counted
// and never kept; credentials are never shown.
package amqp

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// Name is the protocol's name.
const Name layer.Protocol = "amqp"

const osi = 7

// Protocol returns the registry's entry.
func Protocol() dissect.Protocol {
	return dissect.Protocol{
		Name:      Name,
		OSI:       osi,
		About:     "AMQP passes messages through a broker such as RabbitMQ: publishers send to exchanges, bindings route the messages into queues, and consumers take them from there and acknowledge them. Channels share one connection.",
		Stream:    true,
		Ports:     []uint16{5672},
		Announced: []string{"amqp"},
		Probe:     probe,
		New:       newDissector,
	}
}
