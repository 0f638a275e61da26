package filter

import (
	"golang.org/x/net/bpf"

	"github.com/wiresight/wiresight/capture"
)

// outgoing is the packet type of what this host sent (PACKET_OUTGOING), in
// the kernel and in Linux cooked headers.
const outgoing = 4

// broadcast lowers "broadcast", "ether broadcast" and "ip broadcast".
func (w *lowerer) broadcast(e *special) (*condition, *Error) {
	switch e.proto {
	case protoDefault, protoLink:
		if !w.at.hasEtherHeader() {
			return nil, w.fail(e.at, "there is no broadcast address in %s; ip broadcast works", linkName(w.at.link))
		}
		return w.etherAddress(0, [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), nil
	case protoIP:
		is, err := w.linkType(typeIPv4, e.at)
		if err != nil {
			return nil, err
		}
		host := ^w.options.Netmask
		return and(is, or(w.onNetwork(16, 4, host, 0), w.onNetwork(16, 4, host, host))), nil
	}
	return nil, w.fail(e.at, "broadcast goes with ether or ip only")
}

// multicast lowers "multicast", "ether multicast", "ip multicast" and
// "ip6 multicast".
func (w *lowerer) multicast(e *special) (*condition, *Error) {
	switch e.proto {
	case protoDefault, protoLink:
		if !w.at.hasEtherHeader() {
			return nil, w.fail(e.at, "there is no multicast address in %s; ip multicast works", linkName(w.at.link))
		}
		return not(compare(w.at.header, 1, 0x01, 0)), nil
	case protoIP:
		is, err := w.linkType(typeIPv4, e.at)
		if err != nil {
			return nil, err
		}
		return and(is, order(w.at.payload+w.at.network+16, 1, bpf.JumpGreaterOrEqual, 224)), nil
	case protoIP6:
		is, err := w.linkType(typeIPv6, e.at)
		if err != nil {
			return nil, err
		}
		return and(is, w.onNetwork(24, 1, allOnes, 255)), nil
	}
	return nil, w.fail(e.at, "multicast goes with ether, ip or ip6 only")
}

// packetDirection lowers "inbound" and "outbound": from the cooked header, or
// from what the kernel knows while capturing.
func (w *lowerer) packetDirection(e *special) (*condition, *Error) {
	var out *condition
	switch {
	case w.at.link == capture.LinkLinuxSLL:
		out = compare(w.at.header, 2, allOnes, outgoing)
	case w.at.link == capture.LinkLinuxSLL2:
		out = compare(w.at.header+10, 1, allOnes, outgoing)
	case w.options.Kernel:
		out = &condition{test: test{
			value: value{from: fromKernel, offset: uint32(bpf.ExtType), mask: allOnes},
			jump:  bpf.JumpEqual, k: outgoing,
		}}
	default:
		return nil, w.fail(e.at, "%s cannot be told in %s: the capture does not hold it", e.word, linkName(w.at.link))
	}
	if e.word == "inbound" {
		return not(out), nil
	}
	return out, nil
}

// interfaceIndex lowers "ifindex N", which Linux cooked v2 holds.
func (w *lowerer) interfaceIndex(e *special) (*condition, *Error) {
	if w.at.link != capture.LinkLinuxSLL2 {
		return nil, w.fail(e.at, "ifindex is in Linux cooked v2 captures only, not in %s", linkName(w.at.link))
	}
	return compare(w.at.header+4, 4, allOnes, e.number), nil
}

// vlan lowers "vlan" and "vlan ID" (IEEE 802.1Q) and moves behind the tag.
func (w *lowerer) vlan(e *special) (*condition, *Error) {
	switch {
	case w.at.inMPLS > 0:
		return nil, w.fail(e.at, "vlan cannot be told behind mpls")
	case !w.at.hasEtherHeader():
		return nil, w.fail(e.at, "vlan is for Ethernet only, not for %s", linkName(w.at.link))
	case e.has && e.number > 4095:
		return nil, w.fail(e.at, "VLAN numbers end at 4095")
	}
	c := always(false)
	for _, t := range []uint32{typeVLAN, typeVLANStack, typeVLANOld} {
		c = or(c, compare(w.at.typeAt, 2, allOnes, t))
	}
	if e.has {
		c = and(c, compare(w.at.payload, 2, 0x0fff, e.number))
	}
	w.at.enterVLAN()
	return c, nil
}

// mpls lowers "mpls" and "mpls LABEL" (RFC 3032) and moves behind the label.
func (w *lowerer) mpls(e *special) (*condition, *Error) {
	var c *condition
	switch {
	case e.has && e.number > 0xfffff:
		return nil, w.fail(e.at, "MPLS labels end at 1048575")
	case w.at.inMPLS > 0:
		c = compare(w.at.payload+w.at.network-2, 1, 0x01, 0) // not the last label
	case w.at.hasEtherHeader() || w.at.isPPP():
		var err *Error
		if c, err = w.linkType(typeMPLS, e.at); err != nil {
			return nil, err
		}
	default:
		return nil, w.fail(e.at, "mpls is for Ethernet and PPP only, not for %s", linkName(w.at.link))
	}
	if e.has {
		c = and(c, w.onNetwork(0, 4, 0xfffff000, e.number<<12))
	}
	w.at.enterMPLS()
	return c, nil
}

// pppoeSession lowers "pppoes" and "pppoes ID" (RFC 2516) and moves to the PPP
// frame inside.
func (w *lowerer) pppoeSession(e *special) (*condition, *Error) {
	if e.has && e.number > 0xffff {
		return nil, w.fail(e.at, "PPPoE sessions end at 65535")
	}
	c, err := w.linkType(typePPPoES, e.at)
	if err != nil {
		return nil, err
	}
	if e.has {
		c = and(c, w.onNetwork(0, 4, 0x0000ffff, e.number))
	}
	w.at.enterPPPoE()
	return c, nil
}
