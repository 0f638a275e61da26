// Package display compiles display filters: expressions over the fields of a
// decoded packet, in the language that Wireshark uses, which are also asked of
// whole conversations. It reads the values of the model and of packets only;
// it decodes nothing, and knows nothing of screens.
package display

import (
	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/flow"
)

// Filter is a compiled display filter. It may be used by several goroutines.
type Filter struct {
	text string
	root node
}

// Compile reads an expression. The error is an *Error, which says where the
// expression is wrong.
func Compile(expr string) (*Filter, error) { return compile(expr) }

// String returns the expression as it was given.
func (f *Filter) String() string { return f.text }

// Packet reports whether the filter is true of a packet.
func (f *Filter) Packet(p *wiresight.Packet) bool { return f.root.packet(p) == yes }

// Conversation reports whether the filter is true of a conversation, as far
// as conversations can tell: addresses, ports, protocols, names, requests,
// statuses and counters. What only packets can tell counts as "may be", so
// that a conversation is left out only where it is certain that none of its
// packets passes; NeedsPackets tells whether the filter asks such a thing.
func (f *Filter) Conversation(c *flow.Conversation) bool { return f.root.conversation(c) != no }

// NeedsPackets reports whether some part of the filter can be answered by
// looking at packets only, so that Conversation may say true too often.
func (f *Filter) NeedsPackets() bool { return f.root.needsPackets() }
