// Package classify runs the rules over the model: what each conversation's
// set-up cost, how the two ends communicate, and what cost time or went
// wrong. Each rule is one file in package timing or pattern with its teaching
// text beside it; registry.go is the one list of them. It reads the values of
// package flow only: never bytes, never a dissector's inside.
package classify

import (
	"net/netip"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/pattern"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Exchange is what was measured of one exchange.
type Exchange = timing.Exchange

// Lesson is the teaching text that lies beside a rule.
type Lesson = claim.Lesson

// Conversation is what is claimed of one conversation.
type Conversation struct {
	Setup      *timing.Setup              // nil where the transport has none
	Ledger     *timing.Ledger             // nil where no time passed
	Path       timing.Path                // the way between the ends, as the capture point cuts it
	RTT        [2]flow.RTT                // index ToServer: data to the server -> the server's acknowledgment
	Nagle      [2]timing.NagleState       // of the client, and of the server
	DelayedACK *[2]timing.DelayedACKTimer // index ToServer: the server's, which acknowledges that data; nil where none is known
	Exchanges  []Exchange                 // parallel to flow.Conversation.Exchanges
	Patterns   []claim.Pattern
	Findings   []claim.Finding
}

// Classifier runs the rules over a model that may still grow. It is not safe
// for concurrent use.
type Classifier struct {
	model   *flow.Model
	rules   []rule
	lookups lookups
	view    timing.View
}

// New returns a classifier of a model. It reads nothing yet.
func New(m *flow.Model) *Classifier { return &Classifier{model: m, rules: rules()} }

// Conversation runs the rules over one conversation of the model.
func (k *Classifier) Conversation(c *flow.Conversation) Conversation {
	k.lookups.refresh(k.model)
	v := &k.view // one for all: there may be a million conversations
	v.Look(c, k.lookups.of(c))
	var out claim.Sink
	for i := range k.rules {
		if look := k.rules[i].conversation; look != nil {
			look(v, &out)
		}
	}
	return Conversation{Setup: v.Setup, Ledger: v.Ledger, Path: v.Path, RTT: v.RTT, Nagle: v.Nagle, DelayedACK: v.DelayedACK, Exchanges: v.Exchanges, Patterns: out.Patterns, Findings: out.Findings}
}

// Capture runs the rules that need several conversations.
func (k *Classifier) Capture() (patterns []claim.Pattern, findings []claim.Finding) {
	k.lookups.update(k.model)
	var out claim.Sink
	pairs := pairs(k.model)
	whole := pattern.Capture{Conversations: k.model.Conversations, Discoveries: k.lookups.found}
	for i := range k.rules {
		r := &k.rules[i]
		if r.pair != nil {
			for j := range pairs {
				r.pair(&pairs[j], &out)
			}
		}
		if r.capture != nil {
			r.capture(&whole, &out)
		}
	}
	return out.Patterns, out.Findings
}

// pairs groups the conversations by client address, server address and
// server's port, in the order of first sight.
func pairs(m *flow.Model) []pattern.Pair {
	type key struct {
		client, server netip.Addr
		port           uint16
		transport      layer.Protocol
	}
	index := map[key]int{}
	var list []pattern.Pair
	for _, c := range m.Conversations {
		if c.Transport != layer.TCP && c.Transport != layer.UDP {
			continue
		}
		k := key{c.Client.Addr, c.Server.Addr, c.Server.Port, c.Transport}
		i, ok := index[k]
		if !ok {
			i = len(list)
			index[k] = i
			list = append(list, pattern.Pair{})
		}
		list[i].Conversations = append(list[i].Conversations, c)
	}
	return list
}
