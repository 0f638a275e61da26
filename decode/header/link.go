package header

import (
	"encoding/binary"

	"github.com/google/gopacket/layers"

	"github.com/wiresight/wiresight/decode/layer"
)

// EtherTypes that gopacket has no name for.
const (
	etherTypeVLAN9100 layers.EthernetType = 0x9100
	etherTypeVLAN9200 layers.EthernetType = 0x9200
	etherTypeRARP     layers.EthernetType = 0x8035
	etherTypePPP      layers.EthernetType = 0x880b
	etherTypeERSPAN3  layers.EthernetType = 0x22eb
	etherTypePBB      layers.EthernetType = 0x88e7 // IEEE 802.1ah
	etherTypeArista   layers.EthernetType = 0xd28b
	etherTypeCiscoCMD layers.EthernetType = 0x8909
	minEtherType                          = 0x0600 // smaller values are lengths (IEEE 802.3 section 3.2.6)
)

// Lengths of the link layers' headers, in bytes.
const (
	ethernetLen = 14
	llcLen      = 3
	snapLen     = 5
	vlanLen     = 4
	mplsLen     = 4
	pppoeLen    = 6
	cookedLen   = 16
	cooked2Len  = 20
	loopbackLen = 4
	arpLen      = 8
	ipnetLen    = 24
)

// ethernet reads an Ethernet II or IEEE 802.3 header.
func (w *Walker) ethernet(r part) {
	if !w.add(r, layer.Ethernet, ethernetLen) {
		return
	}
	w.typeOrLength(r.skip(ethernetLen), be16(r.data[12:]))
}

// typeOrLength goes on behind a field that is an EtherType or, in IEEE 802.3
// frames, a length.
func (w *Walker) typeOrLength(r part, v uint16) {
	if v >= minEtherType {
		w.etherType(r, layers.EthernetType(v))
		return
	}
	w.llc(r.trim(int(v)))
}

// etherType goes on with the protocol that an EtherType names.
func (w *Walker) etherType(r part, t layers.EthernetType) {
	switch t {
	case layers.EthernetTypeIPv4, layers.EthernetTypeIPv6:
		w.ip(r)
	case layers.EthernetTypeARP, etherTypeRARP:
		w.arp(r)
	case layers.EthernetTypeDot1Q, layers.EthernetTypeQinQ, etherTypeVLAN9100, etherTypeVLAN9200:
		if w.add(r, layer.VLAN, vlanLen) {
			w.typeOrLength(r.skip(vlanLen), be16(r.data[2:]))
		}
	case layers.EthernetTypeMPLSUnicast, layers.EthernetTypeMPLSMulticast:
		w.mpls(r)
	case layers.EthernetTypePPPoEDiscovery:
		w.pppoe(r, PPPoEDiscovery)
	case layers.EthernetTypePPPoESession:
		w.pppoe(r, layer.PPPoE)
	case layers.EthernetTypeTransparentEthernetBridging:
		w.ethernet(r)
	case etherTypePPP:
		w.ppp(r)
	case etherTypeCiscoCMD: // metadata of Cisco TrustSec, 6 bytes before the next EtherType; behind it in GRE
		if len(r.data) >= 8 && be16(r.data) >= minEtherType {
			w.etherType(r.skip(8), layers.EthernetType(be16(r.data)))
			return
		}
		w.tagged(r, 6)
	case etherTypePBB:
		if len(r.data) > 4 { // the service tag, then the customer's frame
			w.ethernet(r.skip(4))
		}
	case etherTypeArista:
		w.arista(r)
	case layers.EthernetTypeERSPAN:
		w.erspan(r, erspan2Len)
	case etherTypeERSPAN3:
		w.erspan(r, erspan3Len)
	}
}

// llc reads an IEEE 802.2 header and, behind it, SNAP (RFC 1042).
func (w *Walker) llc(r part) {
	if r.wire == 0 || !w.add(r, layer.LLC, llcLen) {
		return
	}
	dsap, ssap, control := r.data[0], r.data[1], r.data[2]
	inside := r.skip(llcLen)
	switch {
	case dsap == 0xaa && ssap == 0xaa && control == 0x03 && len(inside.data) >= snapLen:
		w.grow(r, llcLen+snapLen)
		oui := uint32(inside.data[0])<<16 | uint32(inside.data[1])<<8 | uint32(inside.data[2])
		if oui == 0 || oui == 0x0000f8 { // RFC 1042; Apple's bridges
			w.etherType(inside.skip(snapLen), layers.EthernetType(be16(inside.data[3:])))
		}
	case dsap == 0x06 && ssap == 0x06 && control == 0x03:
		w.ip(inside)
	}
}

// mpls reads the label stack (RFC 3032). What follows is not named: it is
// told by its first four bits (RFC 4928).
func (w *Walker) mpls(r part) {
	for {
		if !w.add(r, layer.MPLS, mplsLen) {
			return
		}
		bottom := r.data[2]&1 != 0
		r = r.skip(mplsLen)
		if bottom {
			break
		}
	}
	if len(r.data) == 0 {
		return
	}
	switch r.data[0] >> 4 {
	case 4, 6:
		w.ip(r)
	case 0: // a pseudowire's control word (RFC 4385), before the frame it carries
		if inside := r.skip(4); len(inside.data) >= ethernetLen {
			w.ethernet(inside)
		}
	}
}

// PPPoEDiscovery is PPPoE before a session is there (RFC 2516 section 5).
const PPPoEDiscovery layer.Protocol = "pppoe-discovery"

func (w *Walker) pppoe(r part, stage layer.Protocol) {
	if !w.add(r, stage, pppoeLen) {
		return
	}
	inside := r.skip(pppoeLen).trim(int(be16(r.data[4:])))
	if stage == layer.PPPoE && r.data[1] == 0 {
		w.ppp(inside)
	}
}

// ppp reads PPP (RFC 1661) with or without HDLC's address and control bytes
// and with the protocol field compressed or not.
func (w *Walker) ppp(r part) {
	n := 0
	if len(r.data) >= 2 && r.data[0] == 0xff && r.data[1] == 0x03 {
		n = 2
	}
	if len(r.data) <= n {
		w.add(r, layer.PPP, n+1)
		return
	}
	protocol := uint16(r.data[n])
	n++
	if protocol&1 == 0 {
		if !w.add(r, layer.PPP, n+1) {
			return
		}
		protocol = protocol<<8 | uint16(r.data[n])
		n++
	} else if !w.add(r, layer.PPP, n) {
		return
	}
	switch layers.PPPType(protocol) {
	case layers.PPPTypeIPv4, layers.PPPTypeIPv6:
		w.ip(r.skip(n))
	case layers.PPPTypeMPLSUnicast, layers.PPPTypeMPLSMulticast:
		w.mpls(r.skip(n))
	}
}

// loopback reads BSD's header: an address family in the byte order of the
// host that captured, or (OpenBSD) in network order.
func (w *Walker) loopback(r part) {
	if !w.add(r, layer.Loopback, loopbackLen) {
		return
	}
	switch loopbackFamily(r.data) {
	case 2, 10, 24, 28, 30: // AF_INET, and AF_INET6 of Linux, NetBSD, FreeBSD, macOS
		w.ip(r.skip(loopbackLen))
	}
}

func loopbackFamily(b []byte) uint32 {
	family := binary.LittleEndian.Uint32(b)
	if family > 0xffff {
		family = be32(b)
	}
	return family
}

// cooked reads LINKTYPE_LINUX_SLL.
func (w *Walker) cooked(r part) {
	if !w.add(r, layer.LinuxCooked, cookedLen) {
		return
	}
	w.cookedInside(r.skip(cookedLen), be16(r.data[2:]), be16(r.data[14:]))
}

// cooked2 reads LINKTYPE_LINUX_SLL2.
func (w *Walker) cooked2(r part) {
	if !w.add(r, layer.LinuxCooked, cooked2Len) {
		return
	}
	w.cookedInside(r.skip(cooked2Len), be16(r.data[8:]), be16(r.data[0:]))
}

// arphrdPPP and its like: the device types whose cooked frames matter here.
const (
	arphrdPPP     = 512
	arphrdIPGRE   = 778
	cookedLLC     = 0x0004
	cookedUnknown = 0x0000
)

func (w *Walker) cookedInside(r part, device, protocol uint16) {
	switch {
	case protocol == cookedLLC:
		w.llc(r)
	case protocol >= minEtherType:
		w.etherType(r, layers.EthernetType(protocol))
	case protocol == cookedUnknown && (device == arphrdPPP || device == arphrdIPGRE):
		w.ip(r)
	}
}

// nflog reads LINKTYPE_NFLOG: a header and fields of a type and a length, in
// host byte order, one of which is the packet.
func (w *Walker) nflog(r part) {
	const head, payload = 4, 9
	if len(r.data) < head {
		return
	}
	r = r.skip(head)
	for len(r.data) >= head {
		size := int(binary.LittleEndian.Uint16(r.data))
		kind := binary.LittleEndian.Uint16(r.data[2:]) &^ 0x8000
		if size < head {
			return
		}
		if kind == payload {
			w.ip(r.skip(head).trim(size - head))
			return
		}
		r = r.skip((size + 3) &^ 3)
	}
}

// arp reads ARP and RARP (RFC 826, RFC 903).
func (w *Walker) arp(r part) {
	if !w.add(r, layer.ARP, arpLen) {
		return
	}
	w.grow(r, arpLen+2*(int(r.data[4])+int(r.data[5])))
}

// tagged goes on behind n bytes of metadata and an EtherType.
func (w *Walker) tagged(r part, n int) {
	if len(r.data) >= n+2 {
		w.etherType(r.skip(n+2), layers.EthernetType(be16(r.data[n:])))
	}
}

// arista skips the time stamp that Arista's switches put before a frame's
// EtherType: subtype 1, version 0x1. (64 bits) or 0x2. (48 bits).
func (w *Walker) arista(r part) {
	if len(r.data) < 4 || be16(r.data) != 1 {
		return
	}
	switch r.data[3] >> 4 {
	case 1:
		w.tagged(r, 12)
	case 2:
		w.tagged(r, 10)
	}
}

// bareEtherType reads Cisco's HDLC and Frame Relay with Cisco's
// encapsulation: two bytes of address, then an EtherType; or Frame Relay with
// RFC 2427's one-byte protocol identifier.
func (w *Walker) bareEtherType(r part) {
	if len(r.data) < 4 {
		return
	}
	if be16(r.data[2:]) == uint16(etherTypeRARP) { // SLARP, not RARP, on such links
		return
	}
	if r.data[2] == 0x03 { // Q.922 UI
		switch r.data[3] {
		case 0xcc, 0x8e: // IPv4, IPv6
			w.ip(r.skip(4))
		}
		return
	}
	w.tagged(r, 2)
}
