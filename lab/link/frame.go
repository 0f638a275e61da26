package link

import (
	"encoding/binary"
	"net/netip"
)

// Frame is what the link needs to know of an Ethernet frame to match rules and
// to keep its truth. Only the fields of the protocols present are set.
type Frame struct {
	Bytes      []byte // the whole frame
	EtherType  uint16
	Protocol   uint8 // IP protocol; 0 if not IP
	Src, Dst   netip.AddrPort
	Flags      uint8 // TCP flags
	Seq, Ack   uint32
	Window     uint16 // as in the header, not scaled
	Payload    int    // bytes above TCP or UDP
	Retransmit bool

	conversation *Conversation // nil for what is neither TCP nor UDP
}

// TCP flags, and the IP protocols that the link looks into (RFC 9293 sec. 3.1).
const (
	FIN = 0x01
	SYN = 0x02
	RST = 0x04
	PSH = 0x08
	ACK = 0x10

	ProtocolTCP = 6
	ProtocolUDP = 17

	etherIPv4 = 0x0800
	etherIPv6 = 0x86DD
)

// Parse reads the headers of an Ethernet frame as the hosts' kernels make them:
// no VLAN tags, no IPv6 extension headers. What it does not know it leaves zero.
func Parse(b []byte) Frame {
	f := Frame{Bytes: b}
	if len(b) < 14 {
		return f
	}
	f.EtherType = binary.BigEndian.Uint16(b[12:])
	ip := b[14:]
	var src, dst netip.Addr
	var segment []byte
	switch {
	case f.EtherType == etherIPv4 && len(ip) >= 20:
		headerLength, total := int(ip[0]&15)*4, int(binary.BigEndian.Uint16(ip[2:]))
		if headerLength < 20 || total < headerLength || total > len(ip) || binary.BigEndian.Uint16(ip[6:])&0x1FFF != 0 {
			return f
		}
		f.Protocol = ip[9]
		src, dst = netip.AddrFrom4([4]byte(ip[12:16])), netip.AddrFrom4([4]byte(ip[16:20]))
		segment = ip[headerLength:total]
	case f.EtherType == etherIPv6 && len(ip) >= 40:
		total := 40 + int(binary.BigEndian.Uint16(ip[4:]))
		if total > len(ip) {
			return f
		}
		f.Protocol = ip[6]
		src, dst = netip.AddrFrom16([16]byte(ip[8:24])), netip.AddrFrom16([16]byte(ip[24:40]))
		segment = ip[40:total]
	default:
		return f
	}
	f.transport(src, dst, segment)
	return f
}

func (f *Frame) transport(src, dst netip.Addr, s []byte) {
	f.Src, f.Dst = netip.AddrPortFrom(src, 0), netip.AddrPortFrom(dst, 0)
	switch {
	case f.Protocol == ProtocolTCP && len(s) >= 20:
		offset := int(s[12]>>4) * 4
		if offset < 20 || offset > len(s) {
			return
		}
		f.Seq, f.Ack = binary.BigEndian.Uint32(s[4:]), binary.BigEndian.Uint32(s[8:])
		f.Flags, f.Payload = s[13], len(s)-offset
		f.Window = binary.BigEndian.Uint16(s[14:])
	case f.Protocol == ProtocolUDP && len(s) >= 8:
		f.Payload = len(s) - 8
	default:
		return
	}
	f.Src = netip.AddrPortFrom(src, binary.BigEndian.Uint16(s))
	f.Dst = netip.AddrPortFrom(dst, binary.BigEndian.Uint16(s[2:]))
}

// FlagNames is the flags as letters in the order tcpdump uses: "S", "S.", "P.", "F.".
func (f Frame) FlagNames() string {
	names := ""
	for _, n := range []struct {
		bit    uint8
		letter string
	}{{FIN, "F"}, {SYN, "S"}, {RST, "R"}, {PSH, "P"}, {ACK, "."}} {
		if f.Flags&n.bit != 0 {
			names += n.letter
		}
	}
	return names
}
