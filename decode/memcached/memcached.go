// Package memcached reads memcached's text protocol, the meta commands
// included, from both directions of one connection. Commands and their replies
// are exchanges, in order. Values are counted and never kept.
package memcached

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// Name is the protocol's name.
const Name layer.Protocol = "memcached"

const osi = 7

// Protocol returns the registry's entry.
func Protocol() dissect.Protocol {
	return dissect.Protocol{
		Name:   Name,
		OSI:    osi,
		About:  "memcached keeps values in memory by key for as long as there is room. Its text protocol is lines: get and set with a key, and the value behind them.",
		Stream: true,
		Ports:  []uint16{11211},
		Probe:  probe,
		New:    newDissector,
	}
}
