package header

import (
	"net/netip"

	"github.com/google/gopacket/layers"

	"github.com/wiresight/wiresight/decode/layer"
)

const icmpLen = 8

// icmp reads ICMP (RFC 792) and the packet that an error quotes.
func (w *Walker) icmp(r part) {
	if !w.icmpHeader(r, layer.ICMP) {
		return
	}
	h := &w.p.ICMP
	switch h.Type {
	case layers.ICMPv4TypeDestinationUnreachable, layers.ICMPv4TypeSourceQuench, layers.ICMPv4TypeRedirect,
		layers.ICMPv4TypeTimeExceeded, layers.ICMPv4TypeParameterProblem:
		if h.Type == layers.ICMPv4TypeDestinationUnreachable && h.Code == layers.ICMPv4CodeFragmentationNeeded {
			h.MTU = int(be16(r.data[6:])) // RFC 1191 section 4
		}
		w.quote(r.skip(icmpLen))
	}
}

// icmpv6 reads ICMPv6 (RFC 4443) and the packet that an error quotes.
func (w *Walker) icmpv6(r part) {
	if !w.icmpHeader(r, layer.ICMPv6) {
		return
	}
	h := &w.p.ICMP
	switch h.Type {
	case layers.ICMPv6TypeDestinationUnreachable, layers.ICMPv6TypePacketTooBig,
		layers.ICMPv6TypeTimeExceeded, layers.ICMPv6TypeParameterProblem:
		if h.Type == layers.ICMPv6TypePacketTooBig {
			h.MTU = int(be32(r.data[4:]))
		}
		w.quote(r.skip(icmpLen))
	}
}

func (w *Walker) icmpHeader(r part, protocol layer.Protocol) bool {
	if !w.add(r, protocol, 4) { // the shortest messages end here
		return false
	}
	w.grow(r, icmpLen)
	p := w.p
	p.Transport, p.SrcPort, p.DstPort = protocol, 0, 0
	p.ICMP = ICMPHeader{Type: r.data[0], Code: r.data[1]}
	if len(r.data) < icmpLen {
		return false
	}
	p.ICMP.ID, p.ICMP.Seq = be16(r.data[4:]), be16(r.data[6:])
	w.payload(r.skip(icmpLen))
	return true
}

// quote reads the beginning of the packet that an ICMP error returns. Its
// headers are layers of this packet too, but this packet stays ICMP's.
func (w *Walker) quote(r part) {
	h := &w.p.ICMP
	if len(r.data) == 0 {
		return
	}
	var proto uint8
	var inside part
	first := true // the quoted packet is no later fragment
	switch r.data[0] >> 4 {
	case 4:
		size := int(r.data[0]&15) * 4
		if !w.add(r, layer.IPv4, ipv4Len) || size < ipv4Len {
			return
		}
		w.grow(r, size)
		b := r.data
		h.QuotedSrc, h.QuotedDst = netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
		first = be16(b[6:])&0x1fff == 0
		proto, inside = b[9], r.skip(size)
	case 6:
		if !w.add(r, layer.IPv6, ipv6Len) {
			return
		}
		b := r.data
		h.QuotedSrc, h.QuotedDst = netip.AddrFrom16([16]byte(b[8:24])), netip.AddrFrom16([16]byte(b[24:40]))
		proto, inside = b[6], r.skip(ipv6Len)
	default:
		return
	}
	h.Quoted = true
	if first {
		w.quoteTransport(inside, proto)
	}
}

func (w *Walker) quoteTransport(r part, proto uint8) {
	h := &w.p.ICMP
	switch layers.IPProtocol(proto) {
	case layers.IPProtocolTCP:
		h.QuotedProto = layer.TCP
	case layers.IPProtocolUDP:
		h.QuotedProto = layer.UDP
	case layers.IPProtocolSCTP:
		h.QuotedProto = layer.SCTP
	case layers.IPProtocolICMPv4:
		h.QuotedProto = layer.ICMP
	case layers.IPProtocolICMPv6:
		h.QuotedProto = layer.ICMPv6
	default:
		return
	}
	if len(r.data) < 4 || len(w.p.Layers) >= MaxLayers {
		return
	}
	w.p.Layers = append(w.p.Layers, Span{Protocol: h.QuotedProto, Offset: r.offset, Length: min(icmpLen, len(r.data)), Source: w.source})
	if h.QuotedProto == layer.ICMP || h.QuotedProto == layer.ICMPv6 {
		return
	}
	h.QuotedPorts = true
	h.QuotedSrcPort, h.QuotedDstPort = be16(r.data), be16(r.data[2:])
}
