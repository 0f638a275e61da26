// Package layer holds the words that every part of wiresight shares: protocol
// names, OSI layers, directions, references to packets, and the tree of layers
// and fields that is built when somebody looks at a packet. It knows nothing
// of any protocol's inside and imports nothing of wiresight.
package layer

import "time"

// Protocol is a protocol's name as the report prints it, e.g. "ethernet",
// "ipv4", "http1".
type Protocol string

// The protocols that the packet walk itself reads (OSI layers 2 to 4). The
// protocols above them are named by their own packages.
const (
	Ethernet    Protocol = "ethernet"
	LinuxCooked Protocol = "linux-cooked"
	Loopback    Protocol = "loopback"
	LLC         Protocol = "llc"
	VLAN        Protocol = "vlan"
	MPLS        Protocol = "mpls"
	PPP         Protocol = "ppp"
	PPPoE       Protocol = "pppoe"
	ARP         Protocol = "arp"
	IPv4        Protocol = "ipv4"
	IPv6        Protocol = "ipv6"
	ICMP        Protocol = "icmp"
	ICMPv6      Protocol = "icmpv6"
	IGMP        Protocol = "igmp"
	GRE         Protocol = "gre"
	VXLAN       Protocol = "vxlan"
	Geneve      Protocol = "geneve"
	TCP         Protocol = "tcp"
	UDP         Protocol = "udp"
	SCTP        Protocol = "sctp"
	Data        Protocol = "data" // bytes of no known protocol
)

// Direction tells which end of a conversation sent something.
type Direction uint8

// The two directions of a conversation.
const (
	ToServer Direction = iota // sent by the client
	ToClient                  // sent by the server
)

// Reverse returns the other direction.
func (d Direction) Reverse() Direction { return d ^ 1 }

// String returns "to_server" or "to_client", the report's names.
func (d Direction) String() string {
	if d == ToServer {
		return "to_server"
	}
	return "to_client"
}

// PacketRef names one captured packet: its number (1-based, as Wireshark's
// frame.number) and its time stamp in nanoseconds since the Unix epoch.
// A zero Number means "no packet".
type PacketRef struct {
	Number int
	Nanos  int64
}

// Time returns the packet's time stamp in UTC.
func (p PacketRef) Time() time.Time { return time.Unix(0, p.Nanos).UTC() }

// Valid reports whether p names a packet.
func (p PacketRef) Valid() bool { return p.Number > 0 }

// Since returns the time from q to p; negative where the capture's clock went
// back.
func (p PacketRef) Since(q PacketRef) time.Duration { return time.Duration(p.Nanos - q.Nanos) }

// Layer is one protocol's part of one packet, built on demand. Offset and
// Length are in bytes, counted from the start of the data that Source names.
type Layer struct {
	Protocol Protocol
	OSI      int // 1 to 7
	Offset   int
	Length   int
	Source   Source
	Summary  string // one line, as in the info column of a packet list
	Fields   []Field
	// Data are the bytes that offsets count from where Source is not Frame, and
	// Packets the numbers of those that carried them. They may be cut short: see
	// KeepData.
	Data    []byte
	Packets []int
}

// KeepData bounds the bytes that a layer keeps as its Data.
const KeepData = 256 << 10

// Continuation is the summary of a layer on a packet that completes parts of a
// message but not the message.
const Continuation = "[continuation]"

// Source tells which bytes a layer's offsets count from.
type Source uint8

// The sources of a layer's bytes.
const (
	Frame       Source = iota // the captured frame
	Reassembled               // bytes put together from several packets: Layer.Data
	Decrypted                 // bytes that were encrypted on the wire: Layer.Data
)

// Field is one field of a layer. Name is Wireshark's display-filter name where
// one exists. Value is printable text without control characters: whoever
// fills it passes captured bytes through Printable. Offset and Length count
// from the same start as the layer's; Length 0 means that the field is
// derived, not read from bytes.
type Field struct {
	Name     string
	Value    string
	Offset   int
	Length   int
	Children []Field
}

// Problem is something malformed, truncated or not understood: named, never
// fatal.
type Problem struct {
	Packet int // packet number, 0 where the problem belongs to no packet
	Layer  Protocol
	Text   string
}
