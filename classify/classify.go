// Package classify runs the rules over the model: what each conversation's
// set-up cost, how the two ends communicate, and what cost time or went
// wrong. Each rule is one file in package timing or pattern with its teaching
// text beside it; registry.go is the one list of them. It reads the values of
// package flow only: never bytes, never a dissector's inside.
package classify

import (
	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
)

// Exchange is what was measured of one exchange.
type Exchange = timing.Exchange

// Lesson is the teaching text that lies beside a rule.
type Lesson = claim.Lesson

// Conversation is what is claimed of one conversation.
type Conversation struct {
	Setup     *timing.Setup // nil where the transport has none
	RTT       [2]flow.RTT   // index ToServer: data to the server -> the server's acknowledgment
	Exchanges []Exchange    // parallel to flow.Conversation.Exchanges
	Patterns  []claim.Pattern
	Findings  []claim.Finding
}

// Classifier runs the rules over a model that may still grow. It is not safe
// for concurrent use.
type Classifier struct {
	model *flow.Model
}

// New returns a classifier of a model. It reads nothing yet.
func New(m *flow.Model) *Classifier { return &Classifier{model: m} }

// Conversation runs the rules over one conversation.
func (k *Classifier) Conversation(c *flow.Conversation) Conversation {
	return Conversation{Exchanges: make([]Exchange, len(c.Exchanges))}
}

// Capture runs the rules that need several conversations.
func (k *Classifier) Capture() (patterns []claim.Pattern, findings []claim.Finding) {
	return nil, nil
}
