// Package capture brings frames in and takes them out: capture files (package
// pcap and pcapng below it), live interfaces (live) and capture filters
// (filter). It knows the link layer's type of a frame and nothing above it.
package capture

import (
	"errors"
	"fmt"
	"time"
)

// LinkType is the link layer of a frame, a LINKTYPE_ value of the registry at
// tcpdump.org (1 is Ethernet).
type LinkType uint16

// The link types that wiresight decodes.
const (
	LinkNull       LinkType = 0 // BSD loopback, host byte order
	LinkEthernet   LinkType = 1
	LinkPPP        LinkType = 9
	LinkRawBSD     LinkType = 12  // raw IP, the value that some systems write
	LinkRawOpenBSD LinkType = 14  // raw IP, OpenBSD
	LinkPPPHDLC    LinkType = 50  // PPP in HDLC-like framing
	LinkPPPoE      LinkType = 51  // PPPoE session without Ethernet
	LinkRaw        LinkType = 101 // raw IP, by its version nibble
	LinkCiscoHDLC  LinkType = 104
	LinkWLAN       LinkType = 105 // IEEE 802.11
	LinkFrameRelay LinkType = 107
	LinkLoop       LinkType = 108 // OpenBSD loopback, network byte order
	LinkLinuxSLL   LinkType = 113 // Linux cooked capture v1
	LinkRadiotap   LinkType = 127 // IEEE 802.11 behind a radiotap header
	LinkIPNET      LinkType = 226 // Solaris
	LinkIPv4       LinkType = 228
	LinkIPv6       LinkType = 229
	LinkNFLOG      LinkType = 239
	LinkLinuxSLL2  LinkType = 276 // Linux cooked capture v2
)

// Frame is one captured frame. Data is valid until the source's next call,
// unless the source says that it is stable.
type Frame struct {
	Number    int      // 1-based, as Wireshark's frame.number
	Nanos     int64    // time stamp, nanoseconds since the Unix epoch
	Link      LinkType // of the interface that saw it
	Interface int      // index into Info.Interfaces
	Length    int      // bytes on the wire; len(Data) may be less (snap length)
	Data      []byte   // the captured bytes
	Comments  []string // pcapng opt_comment, raw text as stored
	Offset    int64    // where the frame's record begins in the file, -1 where there is none
}

// Time returns the frame's time stamp in UTC.
func (f *Frame) Time() time.Time { return time.Unix(0, f.Nanos).UTC() }

// Source yields frames in order. Next fills f, so that a loop over a source
// allocates nothing per frame. It returns io.EOF at the end, a *Damage where
// the input is cut off or damaged (then either more frames follow, if
// Damage.Recovered is set, or the next call returns io.EOF), and any other
// error when reading fails.
type Source interface {
	Next(f *Frame) error
	Info() *Info // valid after the first call of Next; grows while frames are read
	Close() error
}

// RandomAccess reads one frame again. Offset and number are those that Next
// reported. It may be called from another goroutine than Next's.
type RandomAccess interface {
	FrameAt(number int, offset int64, f *Frame) error
}

// Progress is what a source of known size can tell.
type Progress interface {
	Progress() (read, size int64) // bytes of the file
}

// Info describes where frames come from.
type Info struct {
	Source     string // file name, interface name or "-"
	Format     string // "pcap" or "pcapng"; "live" while capturing
	Interfaces []Interface
	Comments   []string  // section comments
	Names      []Name    // pcapng name resolution blocks
	Secrets    []Secrets // pcapng decryption secrets blocks
}

// Interface is one interface of a capture.
type Interface struct {
	Name       string
	Link       LinkType
	SnapLength int
	Dropped    uint64 // frames that the capturing host says it lost (isb_ifdrop), 0 where it says nothing
	Resolution int64  // nanoseconds of the smallest time step; 1 for anything finer
}

// Name is an address and its name as the capture's maker saw it.
type Name struct {
	Addr string // textual IPv4 or IPv6 address
	Name string
}

// Secrets are decryption secrets stored in the capture. Type is pcapng's
// secrets type (0x544c534b is a TLS key log).
type Secrets struct {
	Type uint32
	Data []byte
}

// Damage says where input is cut off or malformed. Frames before it were
// delivered.
type Damage struct {
	File      string
	Frame     int   // number of the last frame before the damage
	Offset    int64 // byte offset in the (uncompressed) file
	Text      string
	Recovered bool // further frames follow
}

// Error says file, place and reason in one line.
func (d *Damage) Error() string {
	return fmt.Sprintf("%s: after packet %d, at byte %d: %s", d.File, d.Frame, d.Offset, d.Text)
}

// ErrFormat is wrapped by errors for input that is no capture file at all.
var ErrFormat = errors.New("not a pcap or pcapng capture")
