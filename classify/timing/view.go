package timing

import (
	"time"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Lookup is a name's resolution before a conversation.
type Lookup struct {
	Query, Answer layer.PacketRef
}

// NewView measures a conversation. lookup is the DNS exchange that gave the
// server's address, nil where none was seen.
func NewView(c *flow.Conversation, lookup *Lookup) *View {
	v := new(View)
	v.Look(c, lookup)
	return v
}

// Look measures a conversation as NewView does, in a view that was used before.
func (v *View) Look(c *flow.Conversation, lookup *Lookup) {
	*v = View{Conversation: c, Path: measure(c)}
	v.tracker, _ = c.Tracker.(*Tracker)
	if v.tracker != nil {
		v.RTT = v.tracker.rtt()
	}
	for d := range v.Nagle {
		v.Nagle[d] = v.nagleState(layer.Direction(d))
	}
	v.DelayedACK = v.timers()
	v.waits = v.tracker.waits()
	v.Exchanges = exchanges(c, &v.Path, v.waits)
	v.Setup = setup(v, lookup)
	v.Ledger = v.ledger(lookup)
}

// SetUpCost returns the round trips that a conversation's set-up took before
// its first application byte could leave, and the path's round trip; ok is
// false where one of them is not known.
func SetUpCost(c *flow.Conversation) (trips int, rtt time.Duration, ok bool) {
	v := View{Conversation: c, Path: measure(c)}
	var s Setup
	s.ways(&v)
	return s.RoundTrips, v.Path.RTT, s.HasRoundTrips && v.Path.HasRTT
}
