// Package flow is the model that everything above the decoders reads: the
// conversations of a capture, the messages that were read in them and the
// exchanges that the messages form. It holds values only; it does not know who
// fills it (package decode) nor who reads it (classify, report, tui).
package flow

import (
	"net/netip"

	"github.com/wiresight/wiresight/decode/layer"
)

// Model is all that is known of a capture so far.
type Model struct {
	Conversations []*Conversation // in the order of their first packets
	Packets       int64           // frames read
	Bytes         int64           // bytes on the wire
	First, Last   layer.PacketRef // by number; First.Nanos and Last.Nanos are those of these packets
	Protocols     []ProtocolCount // in the order of first sight
	Problems      []layer.Problem // bounded; ProblemsOmitted counts the rest
	LinkTypes     []string        // names of the link types seen, e.g. "ethernet"
	Names         map[netip.Addr]string

	ProblemsOmitted  int64
	PacketsOmitted   int64 // packets of conversations that were not kept because a limit was reached
	ExchangesOmitted int64 // exchanges that were counted but not stored
	EventsOmitted    int64 // events that were counted but not stored
}

// ProtocolCount counts the packets in which a protocol was seen, and their
// bytes on the wire.
type ProtocolCount struct {
	Protocol layer.Protocol
	OSI      int
	Packets  int64
	Bytes    int64
}

// Endpoint is one end of a conversation.
type Endpoint struct {
	Addr netip.Addr
	Port uint16 // 0 where the transport has none
	Name string // from SNI, Host, or DNS seen in the capture; "" if unknown
}

// RoleBasis tells how client and server were told apart.
type RoleBasis string

// The bases of roles, strongest first.
const (
	RoleSYN         RoleBasis = "syn"          // sender of the SYN
	RoleHandshake   RoleBasis = "handshake"    // who sent a ClientHello, a request
	RolePort        RoleBasis = "port"         // the better-known port is the server's
	RoleFirstPacket RoleBasis = "first-packet" // sender of the first packet seen
)

// Counts holds a number for each direction, indexed by layer.Direction.
type Counts [2]int64

// Sum returns both directions' total.
func (c Counts) Sum() int64 { return c[0] + c[1] }

// Conversation is what two endpoints exchanged over one transport connection
// (TCP, SCTP), or under one pair of addresses and ports (UDP), or one pair of
// addresses and identifiers (ICMP).
type Conversation struct {
	ID        int // 1-based
	Transport layer.Protocol
	Client    Endpoint
	Server    Endpoint
	RoleBasis RoleBasis
	Stack     []layer.Protocol // outermost first
	First     layer.PacketRef
	Last      layer.PacketRef
	Packets   Counts            // packets
	Bytes     Counts            // bytes on the wire, link layer included
	Payload   Counts            // bytes of transport payload, retransmissions included
	Reused    bool              // the same addresses and ports were used by an earlier conversation
	Related   []layer.PacketRef // packets outside that quote this conversation (ICMP errors), at most MaxRelated
	PathSize  *PathSize         // what was seen of packets too large for the path; nil for nothing
	ICMPType  uint8             // of the first packet, where Transport is ICMP or ICMPv6
	ICMPCode  uint8
	Foretold  layer.Protocol // that another conversation said it would speak; "" for none
	// Continues is the id of the conversation whose connection goes on between
	// these addresses: messages and exchanges are that one's. 0 for none.
	Continues int
	// Paths are the ids of the conversations that continue this one, at most
	// MaxPaths.
	Paths []int

	TCP  *TCP  // for TCP
	TLS  *TLS  // where a TLS handshake was seen
	QUIC *QUIC // where QUIC was seen
	DTLS *TLS  // where a DTLS handshake was seen

	HTTP2 *HTTP2 // where HTTP/2 was seen
	RTP   *RTP   // where media were seen

	Exchanges      []*Exchange
	ExchangesTotal int64 // stored or not
	Messages       []MessageCount
	Events         []Event // single messages that dissectors asked to keep, in the order read
	EventsTotal    int64   // stored or not
	Turns          int64   // runs of payload in one direction until payload flows the other way

	Problems []layer.Problem // bounded by MaxProblems

	// Tracker follows the conversation's packets for the classifiers; nil where none asked.
	Tracker Tracker
	// Version grows with every change, so that readers know what to look at again.
	Version uint64

	timeline timeline
}

// Limits of what one conversation keeps.
const (
	MaxProblems = 32
	MaxRelated  = 16
	MaxPaths    = 64
)

// Tracker receives each TCP segment of a conversation in capture order, after
// the decoder has judged it. Package classify/timing implements it.
type Tracker interface {
	Segment(c *Conversation, s *Segment)
}

// MessageCount counts messages of one kind that are no exchange by themselves.
type MessageCount struct {
	Protocol layer.Protocol
	Kind     string // lower case, as the specification names it
	Count    int64
}

// Seconds converts nanoseconds to seconds.
func Seconds(nanos int64) float64 { return float64(nanos) / 1e9 }

// Endpoint returns the sender (from) of a direction.
func (c *Conversation) Sender(d layer.Direction) *Endpoint {
	if d == layer.ToServer {
		return &c.Client
	}
	return &c.Server
}

// Duration returns the time from the first to the last packet, in
// nanoseconds, never negative.
func (c *Conversation) Duration() int64 { return max(0, c.Last.Nanos-c.First.Nanos) }

// Has reports whether protocol p is in the conversation's stack.
func (c *Conversation) Has(p layer.Protocol) bool {
	for _, s := range c.Stack {
		if s == p {
			return true
		}
	}
	return false
}
