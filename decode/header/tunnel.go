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

// tunnel enters VXLAN and Geneve, and reports whether it did.
func (w *Walker) tunnel(r part, port uint16) bool {
	switch {
	case port == vxlanPort && len(r.data) >= vxlanLen && r.data[0]&0x08 != 0 && r.data[7] == 0:
		if w.add(r, layer.VXLAN, vxlanLen) {
			w.p.noTransport()
			w.ethernet(r.skip(vxlanLen))
		}
		return true
	case port == genevePort && len(r.data) >= geneveLen && r.data[0]>>6 == 0:
		size := geneveLen + 4*int(r.data[0]&0x3f)
		if w.add(r, layer.Geneve, size) {
			w.p.noTransport()
			w.etherType(r.skip(size), layers.EthernetType(be16(r.data[2:])))
		}
		return true
	}
	return false
}
