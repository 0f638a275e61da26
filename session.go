// Package wiresight is the library's face: open a capture or an interface,
// run the street capture -> decode -> flows -> classify over it, and look at
// the result while it grows or when it is done. The report, the TUI and other
// Go programs stand on it.
package wiresight

import (
	"time"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/decode"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/protobuf"
	"github.com/wiresight/wiresight/decode/secrets"
)

// Options say how a capture is read. The zero value reads a file once, start
// to end.
type Options struct {
	CaptureFilter string                         // pcap-filter expression: frames that do not match are not read
	MaxPackets    int                            // stop after so many packets; 0 is no limit
	Secrets       *secrets.Store                 // keys, see LoadKeys; nil for none but those in the capture
	Schema        *protobuf.Schema               // messages of remote procedure calls, see LoadSchema; nil for none but those that servers describe
	DecodeAs      map[decode.Port]layer.Protocol // protocols that the user says are spoken
	// Opened is called once the source is open, before anything is read or
	// written: the place to give up what opening it needed. nil for nothing.
	Opened      func() error
	Follow      bool   // the file is still being written: wait for more at its end
	Index       bool   // keep an index of packets, so that Packet, Packets and Follow work; streams are spooled to a temporary file
	Write       string // save the frames to this pcapng file while reading
	EmbedKeys   bool   // put the keys of the connections that were read into that file, once it is complete
	Promiscuous bool   // live: put the interface into promiscuous mode
	SnapLength  int    // live: bytes of each frame to keep; 0 keeps all
}

// Status is how far a session is.
type Status struct {
	Packets int64
	Read    int64 // bytes of the input read so far
	Size    int64 // bytes of the input; 0 where unknown (pipe, live)
	Live    bool
	Done    bool
	Paused  bool
	Dropped uint64 // frames that the kernel or the maker of the capture says it lost
	Err     error  // why reading ended early; nil at a normal end
	Elapsed time.Duration
	SavedTo string // Options.Write
}

// PacketInfo is what the index holds of a packet: 24 bytes, so that a capture
// of millions of packets can be scrolled.
type PacketInfo struct {
	Offset       int64  // of its record in the file or spool
	Nanos        int64  // time stamp
	Conversation uint32 // id; 0 for none
	Top          uint16 // innermost protocol, an index for Session.ProtocolName
	flags        uint16 // flagFragment, and above it half the length on the wire
}

// Length returns the packet's bytes on the wire, to the nearest two; 65534 for
// anything longer.
func (p *PacketInfo) Length() int { return int(p.flags>>1) * 2 }

// MakePacketInfo returns an entry of the index, for tests of what reads it.
func MakePacketInfo(nanos int64, conversation uint32, top uint16, length int) PacketInfo {
	return PacketInfo{Nanos: nanos, Conversation: conversation, Top: top, flags: lengthFlags(length)}
}

func lengthFlags(length int) uint16 { return uint16(min(max(0, (length+1)/2), 1<<15-1)) << 1 }

// Packet is one packet, decoded in full.
type Packet struct {
	Number       int
	Time         time.Time
	Length       int    // on the wire
	Data         []byte // captured bytes
	Interface    int
	Comments     []string
	Layers       []layer.Layer // outermost first
	Conversation int           // id; 0 for none
	Dir          layer.Direction
	Source       string // address, as the packet list shows it
	Destination  string
	Protocol     layer.Protocol // innermost
	Summary      string         // the info column
	Problems     []layer.Problem
}

// StreamChunk is a run of bytes of one direction of a conversation, as the
// receiver's application got them.
type StreamChunk struct {
	Dir layer.Direction
	At  layer.PacketRef // the packet that carried it
	Gap int             // bytes missing before it
	// Stream is the carrier's stream that the bytes are of, 0 where it has none.
	Stream uint64
	Data   []byte
}

// View is what a session hands out under its lock: valid only during the call.
type View struct {
	Model   *flow.Model
	Info    *capture.Info
	Packets []PacketInfo // by number-1; empty without Options.Index
	Notes   []Note       // the capture's packet comments
}

// Note is what somebody wrote about a packet: a pcapng comment.
type Note struct {
	Packet int
	Text   string
}

// Bounds of the packets' comments that a session keeps.
const (
	maxNotes     = 100_000
	maxNoteBytes = 16 << 20 // of all together; one may be 64 KB
)
