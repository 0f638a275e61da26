package display

import (
	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/flow"
)

// truth is the answer of a filter's part: a conversation cannot tell
// everything that its packets can. Its order makes "and" a minimum and "or" a
// maximum.
type truth uint8

const (
	no truth = iota
	maybe
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

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

// not is true where its operand is false.
type not struct{ of node }

func (n not) packet(p *wiresight.Packet) truth        { return yes - n.of.packet(p) }
func (n not) conversation(c *flow.Conversation) truth { return yes - n.of.conversation(c) }
func (n not) needsPackets() bool                      { return n.of.needsPackets() }
func (n and) packet(p *wiresight.Packet) truth        { return min(n.a.packet(p), n.b.packet(p)) }
func (n or) packet(p *wiresight.Packet) truth         { return max(n.a.packet(p), n.b.packet(p)) }
func (n exclusive) packet(p *wiresight.Packet) truth  { return xor(n.a.packet(p), n.b.packet(p)) }
func (n and) needsPackets() bool                      { return n.a.needsPackets() || n.b.needsPackets() }
func (n or) needsPackets() bool                       { return n.a.needsPackets() || n.b.needsPackets() }
func (n exclusive) needsPackets() bool                { return n.a.needsPackets() || n.b.needsPackets() }
func (n and) conversation(c *flow.Conversation) truth {
	return min(n.a.conversation(c), n.b.conversation(c))
}
func (n or) conversation(c *flow.Conversation) truth {
	return max(n.a.conversation(c), n.b.conversation(c))
}
func (n exclusive) conversation(c *flow.Conversation) truth {
	return xor(n.a.conversation(c), n.b.conversation(c))
}

// and, or and exclusive join two parts.
type (
	and       struct{ a, b node }
	or        struct{ a, b node }
	exclusive struct{ a, b node }
)

func xor(a, b truth) truth {
	if a == maybe || b == maybe {
		return maybe
	}
	return truthOf(a != b)
}
