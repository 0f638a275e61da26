// Package timing tells where the time went: it follows TCP segments for round
// trips and stalls, finds where the capture stood, splits a connection's
// set-up into its phases, and corrects what was measured at the capture point
// for the path between. It reads the values of package flow only and knows
// nothing of dissectors or screens.
package timing

import (
	"time"

	"github.com/wiresight/wiresight/decode/flow"
)

// View is a conversation with what was measured of it: what the rules see.
type View struct {
	*flow.Conversation
	Path      Path
	Setup     *Setup
	RTT       [2]flow.RTT // index ToServer: data to the server -> the server's acknowledgment
	Exchanges []Exchange  // parallel to Conversation.Exchanges
}

// Exchange is what was measured of one exchange, in time.
type Exchange struct {
	Kind       string        // of the pattern catalogue: "request-response", "pipelining" ...; "" where unanswered
	Service    time.Duration // last request byte to first response byte, less the path between the capture point and the server; never negative
	Total      time.Duration // first request byte to last response byte, at the capture point
	Waited     time.Duration // how long a pipelined request stood behind the answers to earlier ones
	HasService bool
	HasTotal   bool
	Corrected  bool // Service had the path's part subtracted; false where the path is not known
}
