package display

import (
	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/flow"
)

// truth is the answer of a filter's part: a conversation cannot tell
// everything that its packets can.
type truth uint8

const (
	no truth = iota
	maybe
	yes
)

// node is one part of a compiled filter.
type node interface {
	packet(*wiresight.Packet) truth
	conversation(*flow.Conversation) truth
	needsPackets() bool
}

// everything is the empty filter: true of all.
type everything struct{}

func (everything) packet(*wiresight.Packet) truth        { return yes }
func (everything) conversation(*flow.Conversation) truth { return yes }
func (everything) needsPackets() bool                    { return false }
