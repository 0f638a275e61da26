// Package display compiles display filters: expressions over the fields of a
// decoded packet, in the language that Wireshark uses, which are also asked of
// whole conversations. It reads the values of the model and of packets only;
// it decodes nothing, and knows nothing of screens.
//
// The language: protocol names ("tls", "http"), field names, which are true
// where the field exists ("tcp.analysis.retransmission"), and comparisons of a
// field with values:
//
//	==  eq          some value is equal          !=  ne       all values differ
//	=== all_eq      all values are equal         !== any_ne   some value differs
//	>  gt  >=  ge  <  lt  <=  le                 some value is so
//	contains        some value (a protocol: its bytes) contains the text
//	matches  ~      some value matches the regular expression, in any case of letters
//	in {a, b, c..d} some value is one of these; also "not in"
//	field & mask    some value has one of the mask's bits
//
// joined by and (&&), xor (^^), or (||), not (!) and parentheses, the tighter
// ones first: not, and, xor, or. A comparison is false where the field does
// not exist; so "!=" is the opposite of "==" only where it does, as in
// Wireshark 4.0. Values are numbers (decimal, 0x, octal with a leading 0),
// addresses, networks (10.0.0.0/8), true and false, and text, in quotes where
// it could be anything else. Slices, functions and macros are not there.
package display

import (
	"sync/atomic"
	"time"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/flow"
)

// Filter is a compiled display filter. It may be used by several goroutines.
type Filter struct {
	text  string
	root  node
	begun *atomic.Int64 // time of the capture's first packet, 0 where unknown
}

// Compile reads an expression; an empty one is true of everything. The error
// is an *Error, which says where the expression is wrong. Regular expressions
// are Go's, which take time linear in the text.
func Compile(expr string) (*Filter, error) { return compile(expr) }

// String returns the expression as it was given.
func (f *Filter) String() string { return f.text }

// BeginsAt tells the filter when the capture's first packet was, for
// frame.time_relative. A filter that is asked of the packet with number 1
// learns it from there.
func (f *Filter) BeginsAt(t time.Time) { f.begun.Store(t.UnixNano()) }

// Packet reports whether the filter is true of a packet.
func (f *Filter) Packet(p *wiresight.Packet) bool {
	if p.Number == 1 {
		f.BeginsAt(p.Time)
	}
	return f.root.packet(p) == yes
}

// Conversation reports whether the filter is true of a conversation, taken as
// if it were one packet that has the protocols and the values of them all:
// "tls" is true of conversations that speak TLS, and "!tls" of those that do
// not. Conversations know their addresses, ports, protocols, server names,
// requests, statuses and tcp.analysis counters. What only packets can tell is
// taken for "may be", and a filter that may be true counts as true;
// NeedsPackets tells whether the filter asks such a thing.
func (f *Filter) Conversation(c *flow.Conversation) bool { return f.root.conversation(c) != no }

// NeedsPackets reports whether some part of the filter can be answered only
// by looking at packets, so that Conversation may say true too often.
func (f *Filter) NeedsPackets() bool { return f.root.needsPackets() }
