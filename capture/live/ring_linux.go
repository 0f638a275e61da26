package live

import (
	"errors"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The ring is TPACKET_V3's: blocks of memory shared with the kernel, which
// fills one after the other with frames and hands each over when it is full or
// retireAfter old (linux/Documentation/networking/packet_mmap.rst).
const (
	blockSize   = 512 << 10 // holds the longest frame
	blockCount  = 64
	leastBlocks = 4
	frameSize   = 2048 // a formality: the frames of a block are as long as they are
	retireAfter = 30   // milliseconds

	// headroom is kept before each frame for a cooked header and a VLAN tag.
	headroom = cookedSize + vlanTagSize
	// addressAt is where a frame's address is, from its header on.
	addressAt = (unix.SizeofTpacket3Hdr + unix.TPACKET_ALIGNMENT - 1) &^ (unix.TPACKET_ALIGNMENT - 1)
)

// ring is the memory shared with the kernel.
type ring struct {
	memory []byte
	blocks int
}

// block is one that the kernel filled and has handed over.
type block struct {
	memory []byte
	header *unix.TpacketHdrV1
}

// openRing sets the ring up; with less memory where there is not enough.
func (s *source) openRing() error {
	if err := unix.SetsockoptInt(s.fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return err
	}
	if err := unix.SetsockoptInt(s.fd, unix.SOL_PACKET, unix.PACKET_RESERVE, headroom); err != nil {
		return err
	}
	n := blockCount
	for {
		err := unix.SetsockoptTpacketReq3(s.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &unix.TpacketReq3{
			Block_size: blockSize, Block_nr: uint32(n),
			Frame_size: frameSize, Frame_nr: uint32(n) * (blockSize / frameSize),
			Retire_blk_tov: retireAfter,
		})
		if err == nil {
			break
		}
		if n /= 2; !errors.Is(err, unix.ENOMEM) || n < leastBlocks {
			return err
		}
	}
	memory, err := unix.Mmap(s.fd, 0, n*blockSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	s.ring = ring{memory, n}
	return err
}

// at returns block n, and whether it is ours to read.
func (r *ring) at(n int) (block, bool) {
	memory := r.memory[n*blockSize:][:blockSize]
	desc := (*unix.TpacketBlockDesc)(unsafe.Pointer(&memory[0]))
	b := block{memory, (*unix.TpacketHdrV1)(unsafe.Pointer(&desc.Hdr[0]))}
	return b, atomic.LoadUint32(&b.header.Block_status)&unix.TP_STATUS_USER != 0
}

// release gives a block back to the kernel.
func (b block) release() { atomic.StoreUint32(&b.header.Block_status, unix.TP_STATUS_KERNEL) }

// frame returns the header of the frame at an offset of the block, and the
// address that the kernel noted for it.
func (b block) frame(offset int) (*unix.Tpacket3Hdr, *unix.RawSockaddrLinklayer) {
	memory := b.memory[offset:][:addressAt+unix.SizeofSockaddrLinklayer]
	return (*unix.Tpacket3Hdr)(unsafe.Pointer(&memory[0])),
		(*unix.RawSockaddrLinklayer)(unsafe.Pointer(&memory[addressAt]))
}
