package filter

import (
	"golang.org/x/net/bpf"

	"github.com/wiresight/wiresight/capture"
)

// lowerer turns a parsed expression into conditions. It walks in the order of
// the text, because vlan, mpls and pppoes move what follows.
type lowerer struct {
	expr    string
	at      layout
	options Options
	code    [][]bpf.Instruction // of the values that are calculated
}

func (w *lowerer) fail(at int, format string, args ...any) *Error {
	return errorAt(w.expr, at, format, args...)
}

func (w *lowerer) lower(e expr) (*condition, *Error) {
	switch e := e.(type) {
	case *logical:
		l, err := w.lower(e.left)
		if err != nil {
			return nil, err
		}
		r, err := w.lower(e.right)
		if err != nil {
			return nil, err
		}
		if e.and {
			return and(l, r), nil
		}
		return or(l, r), nil
	case *negation:
		c, err := w.lower(e.x)
		if err != nil {
			return nil, err
		}
		return not(c), nil
	case *primitive:
		return w.primitive(e)
	case *abbreviation:
		return w.abbreviation(e.proto, e.at)
	case *relation:
		return w.relation(e)
	case *special:
		return w.special(e)
	}
	panic("an expression of an unknown kind")
}

// onNetwork compares bytes at an offset from the network header.
func (w *lowerer) onNetwork(offset uint32, size uint8, mask, k uint32) *condition {
	return compare(w.at.payload+w.at.network+offset, size, mask, k)
}

// linkType tests the network protocol that the link header names.
func (w *lowerer) linkType(proto uint32, at int) (*condition, *Error) {
	if w.at.inMPLS > 0 {
		return w.mplsType(proto, at)
	}
	switch {
	case w.at.untagged:
		return w.versionNibble(proto), nil
	case w.at.isPPP():
		return compare(w.at.typeAt, 2, allOnes, pppType(proto)), nil
	}
	switch w.at.link {
	case capture.LinkNull, capture.LinkLoop:
		return w.family(proto), nil
	case capture.LinkLinuxSLL, capture.LinkLinuxSLL2:
		return w.cookedType(proto), nil
	}
	return w.etherType(proto), nil
}

func (w *lowerer) etherType(proto uint32) *condition {
	isType := func(t uint32) *condition { return compare(w.at.typeAt, 2, allOnes, t) }
	is8023 := not(order(w.at.typeAt, 2, bpf.JumpGreaterThan, maxLength8023))
	switch proto {
	case sapISO, sapNETBEUI:
		return and(is8023, compare(w.at.payload, 2, allOnes, proto<<8|proto))
	case sapIPX:
		return or(isType(typeIPX), and(is8023, w.ipxInLLC()))
	case typeATALK, typeAARP:
		return or(isType(proto), and(is8023, w.snap(snapOrganization(proto), proto)))
	}
	if proto <= maxLength8023 {
		return and(is8023, compare(w.at.payload, 1, allOnes, proto))
	}
	return isType(proto)
}

// ipxInLLC tests the three ways in which IPX follows an 802.3 length: SNAP,
// LLC, and raw, which has a checksum of ones where LLC has its access points.
func (w *lowerer) ipxInLLC() *condition {
	return or(w.snap(0, typeIPX), or(
		compare(w.at.payload, 1, allOnes, sapIPX),
		compare(w.at.payload, 2, allOnes, 0xffff)))
}

// snap tests for a SNAP header (RFC 1042): the protocol first, as it tells most.
func (w *lowerer) snap(organization, proto uint32) *condition {
	return and(
		compare(w.at.payload+4, 4, allOnes, organization<<16|proto),
		compare(w.at.payload, 4, allOnes, 0xaaaa0300|organization>>16))
}

// snapOrganization is Apple's for AppleTalk, else that of plain Ethernet types.
func snapOrganization(proto uint32) uint32 {
	if proto == typeATALK {
		return 0x080007
	}
	return 0
}

// cookedType tests the protocol field of Linux cooked captures, where 802.2
// frames are marked 4 and raw 802.3 frames 1.
func (w *lowerer) cookedType(proto uint32) *condition {
	const raw8023, llc = 1, 4
	isType := func(t uint32) *condition { return compare(w.at.typeAt, 2, allOnes, t) }
	switch proto {
	case sapISO, sapNETBEUI:
		return and(isType(llc), compare(w.at.payload, 2, allOnes, proto<<8|proto))
	case sapIPX:
		return or(isType(typeIPX), or(isType(raw8023), and(isType(llc),
			or(compare(w.at.payload, 1, allOnes, sapIPX), w.snap(0, typeIPX)))))
	case typeATALK, typeAARP:
		return or(isType(proto), and(isType(llc), w.snap(snapOrganization(proto), proto)))
	}
	if proto <= maxLength8023 {
		return and(isType(llc), compare(w.at.payload, 1, allOnes, proto))
	}
	return isType(proto)
}

// versionNibble tests for IP where no header names it.
func (w *lowerer) versionNibble(proto uint32) *condition {
	switch {
	case w.at.link == capture.LinkIPv4 || w.at.link == capture.LinkIPv6:
		return always(w.at.link == capture.LinkIPv4 && proto == typeIPv4 ||
			w.at.link == capture.LinkIPv6 && proto == typeIPv6)
	case proto == typeIPv4:
		return compare(w.at.header, 1, 0xf0, 0x40)
	case proto == typeIPv6:
		return compare(w.at.header, 1, 0xf0, 0x60)
	}
	return always(false)
}

// family tests the address family of BSD loopback frames. LinkNull is in the
// byte order of the host that captured, which is not known here, so both are
// accepted: no family has a number that is another's mirrored.
func (w *lowerer) family(proto uint32) *condition {
	families := map[uint32][]uint32{
		typeIPv4: {2},
		typeIPv6: {24, 28, 30}, // BSD, FreeBSD, macOS
	}[proto]
	c := always(false)
	for _, f := range families {
		if w.at.link == capture.LinkNull {
			c = or(c, compare(w.at.typeAt, 4, allOnes, f<<24))
		}
		c = or(c, compare(w.at.typeAt, 4, allOnes, f))
	}
	return c
}

// mplsType tests what is behind an MPLS stack: the last label, then the
// version nibble.
func (w *lowerer) mplsType(proto uint32, at int) (*condition, *Error) {
	nibble, ok := map[uint32]uint32{typeIPv4: 0x40, typeIPv6: 0x60}[proto]
	if !ok {
		return nil, w.fail(at, "behind mpls only ip and ip6 can be told")
	}
	last := compare(w.at.payload+w.at.network-2, 1, 0x01, 0x01)
	return and(last, w.onNetwork(0, 1, 0xf0, nibble)), nil
}

// pppType maps an Ethernet type to PPP's protocol number (RFC 1661 section 2
// and IANA's list); others stand for themselves.
func pppType(proto uint32) uint32 {
	switch proto {
	case typeIPv4:
		return 0x21
	case typeIPv6:
		return 0x57
	case typeDECNET:
		return 0x27
	case typeATALK:
		return 0x29
	case sapISO:
		return 0x23
	case sapSTP:
		return 0x31
	case sapIPX:
		return 0x2b
	case typeMPLS:
		return 0x281
	}
	return proto
}
