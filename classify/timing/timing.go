// Package timing tells where the time went: it follows TCP segments for round
// trips and stalls, finds where the capture stood, splits a connection's
// set-up into its phases, and corrects what was measured at the capture point
// for the path between. It reads the values of package flow only and knows
// nothing of dissectors or screens.
package timing

import (
	"github.com/wiresight/wiresight/decode/flow"
)

// View is a conversation with what was measured of it: what the rules see.
type View struct {
	*flow.Conversation
	Path      Path
	Setup     *Setup
	Ledger    *Ledger     // nil where no time passed
	RTT       [2]flow.RTT // index ToServer: data to the server -> the server's acknowledgment
	Exchanges []Exchange  // parallel to Conversation.Exchanges

	Nagle      [2]NagleState       // by the direction of the data: that of its sender
	DelayedACK *[2]DelayedACKTimer // by the direction of the data: that of its receiver; nil where none is known

	waits   []wait // for retransmission timers and probes
	tracker *Tracker
}
