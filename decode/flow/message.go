package flow

import "github.com/wiresight/wiresight/decode/layer"

// Role tells how a message takes part in an exchange.
type Role uint8

// The roles.
const (
	Single   Role = iota // no exchange: counted by kind
	Request              // opens the exchange Key
	Response             // answers the exchange Key
)

// State tells how much of a message was read.
type State uint8

// The states of a message.
const (
	Complete State = iota // read to its end
	Head                  // its beginning was read (HTTP: the header section); the same message follows as Complete or Cut
	Cut                   // it ended early: gap, reset, or end of capture
)

// Message is one unit of an application protocol in one direction. Whoever is
// handed one copies what it keeps: texts and facts may be used again for the
// next message.
type Message struct {
	Protocol layer.Protocol
	Kind     string // lower case, as the specification names it: "request", "response", "query", "text"
	Dir      layer.Direction
	Role     Role
	State    State
	Key      uint64          // pairs request and response within the conversation and protocol
	Stream   uint64          // stream or channel id, 0 where the protocol has none
	Name     string          // of a request: "GET /a", "A example.com"
	Status   string          // of a response: "200", "NXDOMAIN"
	Facts    []Fact          // what rules and screens want to know, bounded in number and length
	First    layer.PacketRef // packet that carried the first byte
	Last     layer.PacketRef // packet that carried the last byte read
	Packets  Packets
	Bytes    int64 // bytes of the message on its transport, header included
	// Keep asks to store a Single message as an Event: rules and screens look at
	// messages of its kind one by one.
	Keep bool
	// KeepAs is the event's kind where it is another than Kind: the last frame of
	// a WebSocket message is counted for itself and kept as the whole message.
	KeepAs string
}

// Event is a stored message that is no exchange by itself: a WebSocket message,
// an event of an event stream, a delivery to a subscriber.
type Event struct {
	Protocol    layer.Protocol
	Kind        string
	Name        string // topic, subject, event name, an interim response's status; "" where there is none
	Facts       Facts
	First, Last layer.PacketRef
	Stream      uint64
	Bytes       int64
	Dir         layer.Direction
	State       State
}

// Fact returns the value of the first fact named key, or "".
func (e *Event) Fact(key string) string { return e.Facts.Get(key) }

// Part is the request's or the response's side of an exchange.
type Part struct {
	First, Last layer.PacketRef // invalid where this side was not seen
	Packets     Packets
	Bytes       int64
	State       State
	Facts       Facts
}

// Seen reports whether anything of this side was seen.
func (p *Part) Seen() bool { return p.First.Valid() }

// Fact returns the value of the first fact named key, or "".
func (p *Part) Fact(key string) string { return p.Facts.Get(key) }

// Exchange is a request with all that answers it. Either side may be missing
// in a capture that begins late, ends early or saw one direction only.
type Exchange struct {
	ID       int // 1-based within the conversation
	Protocol layer.Protocol
	Stream   uint64
	Name     string
	Status   string
	Request  Part
	Response Part
	Dir      layer.Direction // the request's direction
}

// Packets is a list of packet numbers in the order seen. It keeps at most
// KeepPackets of them (the first ones and the last) and counts the rest.
type Packets struct {
	list    []uint32
	omitted int
}

// KeepPackets bounds what a Packets list keeps.
const KeepPackets = 64

// Add appends packet n unless it is the last one already.
func (p *Packets) Add(n int) {
	if k := len(p.list); k > 0 && p.list[k-1] == uint32(n) {
		return
	}
	if len(p.list) < KeepPackets {
		p.list = append(p.list, uint32(n))
		return
	}
	p.list[KeepPackets-1] = uint32(n)
	p.omitted++
}

// List returns the packet numbers kept. It is not a copy.
func (p *Packets) List() []uint32 { return p.list }

// Omitted returns how many packets were counted but are not in List.
func (p *Packets) Omitted() int { return p.omitted }

// Len returns how many packets were added.
func (p *Packets) Len() int { return len(p.list) + p.omitted }

// Clone returns a copy that shares nothing with p.
func (p *Packets) Clone() Packets {
	return Packets{list: append([]uint32(nil), p.list...), omitted: p.omitted}
}

// Reset empties the list and keeps its memory.
func (p *Packets) Reset() { p.list, p.omitted = p.list[:0], 0 }
