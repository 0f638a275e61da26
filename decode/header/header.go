// Package header walks the headers of one frame, from the link layer to the
// transport, through VLAN tags, MPLS labels and tunnels. It leans on
// gopacket's layers for the headers' formats, is lenient where bytes are
// missing, keeps no state between frames and allocates nothing per frame.
package header

import (
	"net/netip"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Span is one layer's place in the frame: its header, and for the innermost
// layer nothing of its payload. Offset and Length are in bytes of the frame,
// or of the reassembled datagram for layers behind a fragment.
type Span struct {
	Protocol layer.Protocol
	Offset   int
	Length   int
	Source   layer.Source
}

// MaxLayers bounds the depth of encapsulation. Deeper frames are cut there
// and get a Problem.
const MaxLayers = 32

// Packet is what the walk found. It is reused from frame to frame; slices
// point into the frame.
type Packet struct {
	Layers []Span // outermost first

	// The innermost network layer.
	Src, Dst netip.Addr
	TTL      uint8
	IPID     uint32 // identification; IPv6: of the fragment header, else 0
	DSCPECN  uint8  // the traffic class byte

	// The innermost transport: layer.TCP, UDP, SCTP, ICMP, ICMPv6; "" where none was reached.
	Transport        layer.Protocol
	SrcPort, DstPort uint16
	TCP              TCPHeader  // valid where Transport is TCP
	ICMP             ICMPHeader // valid where Transport is ICMP or ICMPv6

	Payload []byte // captured transport payload, without link-layer padding
	// PayloadLength is the payload's length on the wire by the IP and UDP
	// headers; more than len(Payload) where the snap length cut the frame.
	PayloadLength int
	PayloadOffset int // of Payload in the frame; -1 where it is not in the frame

	// Outer are the transports that carry the innermost one: tunnels over UDP,
	// outermost first.
	Outer []Outer

	// Fragment is set where the walk stopped at an IP fragment, which the
	// caller reassembles and continues with Continue.
	Fragment Fragment

	Problems []layer.Problem // Packet is filled by the caller

	reassembled []byte // what the layers of Source Reassembled point into
}

// Outer is a transport that carries another packet.
type Outer struct {
	Src, Dst         netip.Addr
	SrcPort, DstPort uint16
	Layers           int // of Packet.Layers, up to and with the transport
	PayloadLength    int // bytes on the wire
}

// TCPHeader is a TCP header (RFC 9293 section 3.1) with the options that
// matter to everyone. Absent options: MSS 0, WindowScale -1, HasTS false.
type TCPHeader struct {
	Seq, Ack       uint32
	Flags          flow.Flags
	Window         uint16
	Checksum       uint16
	Urgent         uint16
	MSS            uint16
	WindowScale    int8
	SACKPermitted  bool
	HasTS          bool
	TSval, TSecr   uint32
	SACK           [4][2]uint32 // blocks
	SACKBlocks     int
	FastOpen       bool // option present (kind 34, or 254 with 0xF989)
	FastOpenCookie int  // cookie length; 0 is a request
	OptionBytes    int  // length of all options with padding
}

// ICMPHeader is what ICMP and ICMPv6 have in common.
type ICMPHeader struct {
	Type, Code uint8
	ID, Seq    uint16 // echo and alike
	// Quoted is set for errors that quote a packet: the endpoints of the quoted
	// packet as it was sent, as far as they were readable.
	Quoted        bool
	QuotedSrc     netip.Addr
	QuotedDst     netip.Addr
	QuotedPorts   bool // the ports were readable
	QuotedSrcPort uint16
	QuotedDstPort uint16
	QuotedProto   layer.Protocol // tcp, udp, icmp ...
	MTU           int            // next-hop MTU of "fragmentation needed" and "packet too big"
}

// Fragment is one IP fragment. Protocol is the IP protocol number of what
// follows after reassembly.
type Fragment struct {
	Is       bool
	ID       uint32
	Protocol uint8
	Offset   int // bytes
	More     bool
	Data     []byte
	IPv6     bool
}
