// Package redis reads RESP2 and RESP3, the protocol of Redis and its kin, from
// both directions of one connection. Commands and replies are exchanges, in
// order; deliveries to subscribers and other pushes are messages by themselves.
// Values are counted and never kept; passwords are never shown.
//
// The values are read here, element by element, and not by a client's or a
// server's library: those want a whole value in memory, of whatever size the
// peer says.
package redis

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// Name is the protocol's name.
const Name layer.Protocol = "redis"

const osi = 7

// Protocol returns the registry's entry.
func Protocol() dissect.Protocol {
	return dissect.Protocol{
		Name:   Name,
		OSI:    osi,
		About:  "Redis keeps data in memory and answers commands such as GET and SET, one reply for each in the order asked, so that a client may send many ahead. It also passes published messages on to subscribers.",
		Stream: true,
		Ports:  []uint16{6379},
		Probe:  probe,
		New:    newDissector,
	}
}
