package header

import (
	"net/netip"

	"github.com/google/gopacket/layers"

	"github.com/wiresight/wiresight/decode/layer"
)

// Lengths of the network layers' headers, in bytes.
const (
	ipv4Len     = 20
	ipv6Len     = 40
	fragmentLen = 8
)

// ip reads IPv4 or IPv6, by the version nibble: a link's own word for it is
// wrong often enough.
func (w *Walker) ip(r part) {
	if len(r.data) == 0 {
		return
	}
	w.p.enter()
	switch r.data[0] >> 4 {
	case 4:
		w.ipv4(r)
	case 6:
		w.ipv6(r)
	}
}

// ipv4 reads an IPv4 header (RFC 791 section 3.1).
func (w *Walker) ipv4(r part) {
	if !w.add(r, layer.IPv4, ipv4Len) {
		return
	}
	b, p := r.data, w.p
	size := int(b[0]&15) * 4
	if size < ipv4Len {
		w.problem(layer.IPv4, "header length below 20 bytes")
		return
	}
	w.grow(r, size)
	total := int(be16(b[2:]))
	if total >= size { // 0 where the host's adapter segments
		r = r.trim(total)
	} else if total != 0 {
		w.problem(layer.IPv4, "total length is less than the header's")
		return
	}
	p.Src = netip.AddrFrom4([4]byte(b[12:16]))
	p.Dst = netip.AddrFrom4([4]byte(b[16:20]))
	p.TTL, p.DSCPECN, p.IPID = b[8], b[1], uint32(be16(b[4:]))
	if len(b) < size {
		return
	}
	inside := r.skip(size)
	offset := int(be16(b[6:])&0x1fff) * 8
	more := b[6]&0x20 != 0
	if offset != 0 || more {
		f := Fragment{ID: p.IPID, Protocol: b[9], Offset: offset, More: more}
		if !w.fragment(inside, f, total-size) {
			return
		}
	}
	w.protocol(inside, b[9], false)
}

// ipv6 reads an IPv6 header and its extension headers (RFC 8200).
func (w *Walker) ipv6(r part) {
	if !w.add(r, layer.IPv6, ipv6Len) {
		return
	}
	b, p := r.data, w.p
	p.Src = netip.AddrFrom16([16]byte(b[8:24]))
	p.Dst = netip.AddrFrom16([16]byte(b[24:40]))
	p.TTL, p.IPID = b[7], 0
	p.DSCPECN = b[0]<<4 | b[1]>>4
	if n := int(be16(b[4:])); n != 0 { // 0 for jumbograms, and where the host's adapter segments
		r = r.trim(ipv6Len + n)
	}
	w.protocol(r.skip(ipv6Len), b[6], true)
}

// fragment hands a fragment to the caller. It reports whether the walk can go
// on without reassembly: a first fragment that is not captured whole (of n
// bytes, by its header) can never be put together, but its headers are there.
func (w *Walker) fragment(r part, f Fragment, n int) bool {
	if len(r.data) < max(r.wire, n) {
		return f.Offset == 0
	}
	f.Is, f.Data = true, r.data
	w.p.Fragment = f
	return false
}

// protocol goes on with the protocol that an IP protocol number names
// (IPv6: next header).
func (w *Walker) protocol(r part, n uint8, v6 bool) {
	for v6 && isExtension(n) {
		next, rest, ok := w.extension(r, n)
		if !ok {
			return
		}
		n, r = next, rest
	}
	switch layers.IPProtocol(n) {
	case layers.IPProtocolTCP:
		w.tcp(r)
	case layers.IPProtocolUDP:
		w.udp(r)
	case layers.IPProtocolICMPv4:
		w.icmp(r)
	case layers.IPProtocolICMPv6:
		w.icmpv6(r)
	case layers.IPProtocolIGMP:
		w.add(r, layer.IGMP, 8)
	case layers.IPProtocolIPv4, layers.IPProtocolIPv6:
		w.ip(r)
	case layers.IPProtocolGRE:
		w.gre(r)
	case layers.IPProtocolSCTP:
		w.sctp(r)
	case layers.IPProtocolAH:
		w.authentication(r, v6)
	case layers.IPProtocolEtherIP:
		if len(r.data) > 2 {
			w.ethernet(r.skip(2))
		}
	case layers.IPProtocolMPLSInIP:
		w.mpls(r)
	}
}

// isExtension reports whether a next header is an extension header that has a
// next header of its own (RFC 8200 section 4, RFC 6275, RFC 7401, RFC 5533).
func isExtension(n uint8) bool {
	switch n {
	case 0, 43, 44, 60, 135, 139, 140:
		return true
	}
	return false
}

// extension reads one extension header. It belongs to the IPv6 layer and adds
// none of its own.
func (w *Walker) extension(r part, n uint8) (next uint8, rest part, ok bool) {
	if len(r.data) < 8 {
		if r.wire < 8 {
			w.problem(layer.IPv6, "the packet ends within an extension header")
		}
		return 0, r, false
	}
	next = r.data[0]
	if n == uint8(layers.IPProtocolIPv6Fragment) {
		rest = r.skip(fragmentLen)
		word := be16(r.data[2:])
		f := Fragment{IPv6: true, ID: be32(r.data[4:]), Protocol: next, Offset: int(word &^ 7), More: word&1 != 0}
		w.p.IPID = f.ID
		if f.Offset == 0 && !f.More { // an atomic fragment (RFC 6946)
			return next, rest, true
		}
		return next, rest, w.fragment(rest, f, 0)
	}
	size := 8 + 8*int(r.data[1])
	if size > len(r.data) {
		if size > r.wire {
			w.problem(layer.IPv6, "an extension header is longer than the packet")
		}
		return 0, r, false
	}
	return next, r.skip(size), true
}

// authentication reads an IPsec authentication header (RFC 4302), which hides
// nothing.
func (w *Walker) authentication(r part, v6 bool) {
	if len(r.data) < 12 || len(w.p.Layers) >= MaxLayers {
		return
	}
	if size := 8 + 4*int(r.data[1]); size <= len(r.data) {
		w.protocol(r.skip(size), r.data[0], v6)
	}
}
