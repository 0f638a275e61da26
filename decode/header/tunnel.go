package header

import (
	"github.com/google/gopacket/layers"

	"github.com/wiresight/wiresight/decode/layer"
)

// Lengths of the tunnels' headers, in bytes.
const (
	greLen     = 4
	vxlanLen   = 8
	geneveLen  = 8
	erspan2Len = 8
	erspan3Len = 12
)

// UDP ports of the tunnels that have one assigned.
const (
	vxlanPort  = 4789 // RFC 7348
	genevePort = 6081 // RFC 8926
	gtpPort    = 2152 // 3GPP TS 29.281
	mplsPort   = 6635 // RFC 7510
)

// GRE's flag bits (RFC 2784, RFC 2890; version 1: RFC 2637).
const (
	greChecksum = 0x8000
	greRouting  = 0x4000
	greKey      = 0x2000
	greSequence = 0x1000
	greAck      = 0x0080
	greVersion  = 0x0007
)

func (w *Walker) gre(r part) {
	if !w.add(r, layer.GRE, greLen) {
		return
	}
	flags, kind := be16(r.data), layers.EthernetType(be16(r.data[2:]))
	size := greLen
	for _, bit := range []uint16{greChecksum, greKey, greSequence} {
		if flags&bit != 0 {
			size += 4
		}
	}
	if flags&greVersion == 1 && flags&greAck != 0 {
		size += 4
	}
	w.grow(r, size)
	if len(r.data) < size || flags&greRouting != 0 { // source routes (RFC 1701) are long out of use
		return
	}
	inside := r.skip(size)
	if kind == layers.EthernetTypeERSPAN && flags&greSequence == 0 { // ERSPAN type I has no header of its own
		w.ethernet(inside)
		return
	}
	if kind >= 0x8200 && kind <= 0x8210 { // Aruba's access points send 802.11
		w.wlan(inside)
		return
	}
	w.etherType(inside, kind)
}

// erspan reads Cisco's mirrored frames behind GRE (draft-foschiano-erspan).
func (w *Walker) erspan(r part, size int) {
	if len(r.data) <= size {
		return
	}
	if size == erspan3Len && r.data[11]&1 != 0 { // platform specific subheader
		size += 8
	}
	w.ethernet(r.skip(size))
}

// tunnel enters what is carried over UDP, where the bytes agree with the
// port.
func (w *Walker) tunnel(r part, port uint16) {
	switch {
	case port == vxlanPort && len(r.data) >= vxlanLen && r.data[0]&0x08 != 0 && r.data[7] == 0:
		if w.add(r, layer.VXLAN, vxlanLen) {
			w.p.enter()
			w.ethernet(r.skip(vxlanLen))
		}
	case port == genevePort && len(r.data) >= geneveLen && r.data[0]>>6 == 0:
		size := geneveLen + 4*int(r.data[0]&0x3f)
		if w.add(r, layer.Geneve, size) {
			w.p.enter()
			w.etherType(r.skip(size), layers.EthernetType(be16(r.data[2:])))
		}
	case port == gtpPort:
		w.gtp(r)
	case port == mplsPort && len(r.data) >= mplsLen:
		w.p.enter()
		w.mpls(r)
	}
}

// GTP is the GPRS tunnelling protocol's user plane (3GPP TS 29.281).
const GTP layer.Protocol = "gtp"

// gtp reads version 1 of GTP-U, where it carries a user's packet.
func (w *Walker) gtp(r part) {
	const (
		size, optional  = 8, 4
		versionAndType  = 0xf0 // version 1, protocol type GTP
		anyOption       = 0x07
		hasExtension    = 0x04
		userPacket      = 255
		maxExtensions   = 16
		extensionOffset = size + optional - 1
	)
	if len(r.data) < size || r.data[0]&versionAndType != 0x30 || !w.add(r, GTP, size) {
		return
	}
	inside := r.skip(size)
	if r.data[0]&anyOption != 0 {
		inside = inside.skip(optional)
	}
	if r.data[0]&hasExtension != 0 && len(r.data) > extensionOffset {
		next := r.data[extensionOffset]
		for i := 0; next != 0 && i < maxExtensions; i++ {
			if len(inside.data) == 0 || inside.data[0] == 0 || len(inside.data) < 4*int(inside.data[0]) {
				return
			}
			n := 4 * int(inside.data[0])
			next = inside.data[n-1]
			inside = inside.skip(n)
		}
	}
	if r.data[1] == userPacket && len(inside.data) > 0 {
		switch inside.data[0] >> 4 {
		case 4, 6:
			w.ip(inside)
		}
	}
}
