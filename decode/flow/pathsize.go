package flow

import "github.com/wiresight/wiresight/decode/layer"

// PathSize is what was seen of packets that a link on the path could not take
// whole.
type PathSize struct {
	Fragmented Counts       // packets that came in IP fragments (RFC 791, RFC 8200 section 4.5)
	Fragments  []Fragmented // the first ones
	TooBig     []TooBig     // ICMP "fragmentation needed", ICMPv6 "packet too big"; the first ones
}

// Fragmented is a packet that came in pieces.
type Fragmented struct {
	Dir         layer.Direction
	First, Last layer.PacketRef // the pieces that came first and last
	Pieces      int
}

// TooBig is a message that a packet was too large (RFC 1191, RFC 8201).
type TooBig struct {
	At  layer.PacketRef
	MTU int // of the next link; 0 where the message does not say
}

// MaxPathSizes bounds what a PathSize keeps of each kind.
const MaxPathSizes = 8

// Pieces notes a packet that came in fragments.
func (c *Conversation) Pieces(d layer.Direction, packets []layer.PacketRef) {
	if len(packets) == 0 {
		return
	}
	p := c.pathSize()
	p.Fragmented[d]++
	if len(p.Fragments) < MaxPathSizes {
		p.Fragments = append(p.Fragments, Fragmented{Dir: d, First: packets[0], Last: packets[len(packets)-1], Pieces: len(packets)})
	}
}

// PacketTooBig notes an ICMP message about a packet of the conversation.
func (c *Conversation) PacketTooBig(at layer.PacketRef, mtu int) {
	if p := c.pathSize(); len(p.TooBig) < MaxPathSizes {
		p.TooBig = append(p.TooBig, TooBig{at, mtu})
	}
}

func (c *Conversation) pathSize() *PathSize {
	if c.PathSize == nil {
		c.PathSize = &PathSize{}
	}
	return c.PathSize
}
