// Package pcapng reads and writes the pcapng file format
// (draft-ietf-opsawg-pcapng): sections of either byte order with several
// interfaces, packets with comments, names, statistics and decryption secrets.
// It parses in place over a window, goes on after damage where the blocks
// that follow can be told, and never believes a length before its bytes are
// there.
package pcapng

import (
	"encoding/binary"
	"math/bits"
)

// Block types (draft-ietf-opsawg-pcapng section 4).
const (
	blockInterface       = 0x00000001
	blockPacket          = 0x00000002 // obsolete
	blockSimplePacket    = 0x00000003
	blockNames           = 0x00000004
	blockStatistics      = 0x00000005
	blockEnhancedPacket  = 0x00000006
	blockSecrets         = 0x0000000A
	blockCustom          = 0x00000BAD
	blockCustomNotCopied = 0x40000BAD
	blockSection         = 0x0A0D0D0A
	byteOrderMagic       = 0x1A2B3C4D
	blockOverhead        = 12 // type, and the total length at both ends
	blockHeader          = 8
	minSection           = 28
	maxBlock             = 16 << 20 // Wireshark's bound
	maxCaptured          = 262144   // the longest frame that is believed; Wireshark's bound
	enhancedHeader       = 20       // before the packet's data; the obsolete block's too
)

// order reads numbers in a section's byte order.
type order struct{ swapped bool }

func (o order) uint16(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if o.swapped {
		v = bits.ReverseBytes16(v)
	}
	return v
}

func (o order) uint32(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if o.swapped {
		v = bits.ReverseBytes32(v)
	}
	return v
}

func (o order) uint64(b []byte) uint64 {
	v := binary.LittleEndian.Uint64(b)
	if o.swapped {
		v = bits.ReverseBytes64(v)
	}
	return v
}

// orderOf returns the byte order that a Section Header Block's magic shows.
func orderOf(magic []byte) (order, bool) {
	switch binary.LittleEndian.Uint32(magic) {
	case byteOrderMagic:
		return order{}, true
	case bits.ReverseBytes32(byteOrderMagic):
		return order{swapped: true}, true
	}
	return order{}, false
}

// Magic says whether b, a file's first 12 bytes or more, begins a pcapng file.
// With fewer it judges by what there is.
func Magic(b []byte) bool {
	if len(b) < 4 || binary.LittleEndian.Uint32(b) != blockSection {
		return false
	}
	if len(b) < 12 {
		return true
	}
	_, ok := orderOf(b[8:])
	return ok
}

func padded(n int) int { return (n + 3) &^ 3 }
