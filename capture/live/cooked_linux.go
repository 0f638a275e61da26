package live

import (
	"encoding/binary"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// cookedSize is the length of a LINKTYPE_LINUX_SLL2 header, and where its
// fields are.
const (
	cookedSize      = 20
	cookedProtocol  = 0
	cookedIndex     = 4
	cookedHardware  = 8
	cookedType      = 10
	cookedAddrLen   = 11
	cookedAddr      = 12
	vlanTagSize     = 4
	classicExt      = 0xfffff000 // SKF_AD_OFF: loads from here on ask the kernel
	extHardwareType = 28         // SKF_AD_HATYPE
)

// putCooked writes the header of a frame that the kernel described by from.
// Like everything in pcap's cooked headers it is in network byte order.
func putCooked(b []byte, from *unix.RawSockaddrLinklayer) {
	// The address's protocol is in network byte order already.
	binary.NativeEndian.PutUint16(b[cookedProtocol:], from.Protocol)
	binary.BigEndian.PutUint16(b[2:], 0)
	binary.BigEndian.PutUint32(b[cookedIndex:], uint32(from.Ifindex))
	binary.BigEndian.PutUint16(b[cookedHardware:], from.Hatype)
	b[cookedType] = from.Pkttype
	b[cookedAddrLen] = from.Halen
	copy(b[cookedAddr:cookedSize], from.Addr[:])
}

// bigEndian returns v so that its bytes in memory are in network order.
func bigEndian(v uint16) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, v))
}

// cookedProgram changes a program for Linux cooked v2 frames into one for a
// packet socket without link headers: what lies behind the header moves to the
// front, and the header's fields are asked of the kernel. It returns false
// where the program wants something that the kernel cannot answer.
func cookedProgram(raw []bpf.RawInstruction) ([]bpf.RawInstruction, bool) {
	const (
		class, size, mode      = 0x07, 0x18, 0xe0
		load, loadX            = 0x00, 0x01
		abs, ind, length, mask = 0x20, 0x40, 0x80, 0xa0 // modes; mask is "4*([k]&0xf)"
		word, half, octet      = 0x00, 0x08, 0x10
	)
	type field struct {
		at   uint32
		size uint16
	}
	asked := map[field]uint32{
		{cookedProtocol, half}: uint32(bpf.ExtProto),
		{cookedIndex, word}:    uint32(bpf.ExtInterfaceIndex),
		{cookedHardware, half}: extHardwareType,
		{cookedType, octet}:    uint32(bpf.ExtType),
	}
	out := make([]bpf.RawInstruction, len(raw))
	for n, i := range raw {
		out[n] = i
		if c := i.Op & class; c != load && c != loadX {
			continue
		}
		switch m := i.Op & mode; {
		case m == length:
			return nil, false // the kernel's length lacks the header
		case m != abs && m != ind && m != mask, i.K >= classicExt:
		case i.K >= cookedSize:
			out[n].K -= cookedSize
		case m == abs:
			extension, ok := asked[field{i.K, i.Op & size}]
			if !ok {
				return nil, false
			}
			out[n].K = classicExt + extension
		default:
			return nil, false
		}
	}
	return out, true
}
