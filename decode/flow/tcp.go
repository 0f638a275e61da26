package flow

import (
	"time"

	"github.com/wiresight/wiresight/decode/layer"
)

// TCP is what was learned of a TCP connection. Arrays are indexed by the
// direction that the segments went.
type TCP struct {
	MSS         [2]int  // maximum segment size option; 0 if none was seen
	WindowScale [2]int  // shift count; -1 if none was seen
	SACK        [2]bool // SACK permitted
	Timestamps  [2]bool // timestamps option in SYN
	FastOpen    FastOpen
	ECN         bool // both sides set up ECN (RFC 3168)

	Handshake Handshake

	// Resent counts segments with sequence numbers that the capture had seen
	// before: the retransmissions that it proves, whatever their cause.
	Resent Counts

	// Counters named and computed as Wireshark 4.0's tcp.analysis.
	Retransmissions         int64 // tcp.analysis.retransmission, which includes fast and spurious ones
	FastRetransmissions     int64
	SpuriousRetransmissions int64
	OutOfOrder              int64
	DuplicateACKs           int64
	LostInCapture           int64 // "previous segment not captured"
	ACKedUnseen             int64 // "ACKed segment that wasn't captured"
	ZeroWindows             int64
	WindowFull              int64
	WindowUpdates           int64
	KeepAlives              int64
	KeepAliveACKs           int64
	ZeroWindowProbes        int64

	Resets          int64
	InitialWindow   [2]int // segments sent before the first ACK of data came back
	ClosedBy        Close
	MaxSegment      [2]int // largest payload seen
	OffloadSegments int64  // captured packets larger than the MSS (segmentation offload)
	SYNs            [2]int // SYN (ToServer) and SYN-ACK (ToClient) packets, retransmitted ones included
}

// Close tells how a connection ended.
type Close string

// The ways a connection ends.
const (
	ClosedByClient Close = "client"
	ClosedByServer Close = "server"
	ClosedByReset  Close = "reset"
	Open           Close = "open"
)

// FastOpen is TCP Fast Open (RFC 7413) as seen in SYN and SYN-ACK.
type FastOpen struct {
	CookieRequested bool // the SYN asked for a cookie
	CookieGranted   bool // the SYN-ACK brought one
	CookieSent      bool
	DataInSYN       bool
	Accepted        bool // the SYN-ACK acknowledged the SYN's data
}

// Handshake holds the packets of TCP's three-way handshake; an invalid
// PacketRef where one was not seen. SYN is the last SYN before the SYN-ACK.
type Handshake struct {
	FirstSYN layer.PacketRef
	SYN      layer.PacketRef
	SYNACK   layer.PacketRef
	ACK      layer.PacketRef
	ACKData  bool // the ACK carried data: its time is an upper bound
}

// RTT summarises round-trip samples of one side of the capture point.
type RTT struct {
	Min, Median, P95 time.Duration
	Samples          int
}

// Flags are the TCP header's flag bits, as on the wire (RFC 9293 section 3.1).
type Flags uint16

// The flags.
const (
	FIN Flags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
	AE
)

// Analysis is a set of Wireshark 4.0's tcp.analysis flags.
type Analysis uint32

// The analysis flags.
const (
	Retransmission Analysis = 1 << iota
	FastRetransmission
	SpuriousRetransmission
	OutOfOrder
	DuplicateACK
	LostSegment
	ACKedUnseen
	ZeroWindow
	WindowFull
	WindowUpdate
	KeepAlive
	KeepAliveACK
	ZeroWindowProbe
	ZeroWindowProbeACK
	ReusedPorts
)

// Segment is one TCP segment as it was seen, with the decoder's judgement. It
// is valid only during the call that hands it out.
type Segment struct {
	At       layer.PacketRef
	Dir      layer.Direction
	Seq, Ack uint32 // as on the wire
	Length   int    // bytes of payload on the wire
	Flags    Flags
	Window   int // scaled where the scale is known, else as on the wire
	TSval    uint32
	TSecr    uint32
	HasTS    bool
	SACK     [][2]uint32 // blocks, left and right edge
	Analysis Analysis
	Again    bool  // some of its sequence numbers were seen before in this capture
	Fresh    bool  // the payload advances the stream: nothing of it was seen before
	InFlight int64 // bytes of this direction sent and not yet acknowledged, this segment included
}

// Next returns the sequence number after the segment.
func (s *Segment) Next() uint32 {
	n := s.Seq + uint32(s.Length)
	if s.Flags&SYN != 0 {
		n++
	}
	if s.Flags&FIN != 0 {
		n++
	}
	return n
}
