package filter

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/bpf"
)

// primitive lowers an identifier with its qualifiers.
func (w *lowerer) primitive(e *primitive) (*condition, *Error) {
	switch e.id.kind {
	case kindNumber:
		return w.numberPrimitive(e)
	case kindQuad:
		return w.quadPrimitive(e)
	case kindIPv6:
		return w.ipv6Primitive(e)
	case kindMAC:
		mac, _ := parseMAC(e.id.text)
		if e.proto != protoLink || e.addr != addrHost && e.addr != addrDefault {
			return nil, w.fail(e.at, `an Ethernet address needs "ether host", "ether src" or "ether dst" before it`)
		}
		return w.etherHost(mac, e)
	}
	switch e.addr {
	case addrPort, addrPortRange:
		return w.portName(e)
	case addrProto:
		return w.protoName(e)
	}
	return nil, w.fail(e.at, "host names are not resolved; use an address instead of %q", e.id.text)
}

// numberPrimitive lowers a plain number: a port, a protocol, or an address as
// one number.
func (w *lowerer) numberPrimitive(e *primitive) (*condition, *Error) {
	v := e.id.value
	switch e.addr {
	case addrPort, addrPortRange:
		if v > 65535 {
			return nil, w.fail(e.at, "ports end at 65535")
		}
		return w.ports(e, v, v)
	case addrProto:
		return w.protoNumber(v, e)
	}
	if e.proto == protoLink {
		return nil, w.fail(e.at, "%s is not an Ethernet address", e.id.text)
	}
	mask := uint32(allOnes)
	if e.addr == addrNet {
		for v != 0 && v&0xff000000 == 0 {
			v, mask = v<<8, mask<<8
		}
	}
	return w.host4(e, v, mask)
}

// quad reads two to four numbers with dots; bits is 16, 24 or 32. The numbers
// are decimal, octal or hexadecimal as everywhere in the language.
func quad(s string) (v uint32, bits int, ok bool) {
	for part := range strings.SplitSeq(s, ".") {
		n, err := strconv.ParseUint(part, 10, 8)
		if err != nil {
			return 0, 0, false
		}
		v, bits = v<<8|uint32(n), bits+8
	}
	return v, bits, true
}

// quadPrimitive lowers an IPv4 address, with or without a mask. Missing parts
// are zero and not compared.
func (w *lowerer) quadPrimitive(e *primitive) (*condition, *Error) {
	if e.addr == addrPort || e.addr == addrPortRange || e.addr == addrProto {
		return nil, w.fail(e.at, "%s is an address, not a number or name", e.id.text)
	}
	v, bits, ok := quad(e.id.text)
	if !ok {
		return nil, w.fail(e.at, "%s is not an IPv4 address", e.id.text)
	}
	v <<= 32 - bits
	mask := uint32(allOnes) << (32 - bits)
	masked := true
	switch {
	case e.mask.kind == kindQuad:
		m, bits, ok := quad(e.mask.text)
		if !ok {
			return nil, w.fail(e.mask.at, "%s is not a mask", e.mask.text)
		}
		mask = m << (32 - bits)
	case e.bits > 32:
		return nil, w.fail(e.at, "an IPv4 prefix has at most 32 bits")
	case e.bits >= 0:
		mask = uint32(uint64(allOnes) << (32 - e.bits))
	default:
		masked = false
	}
	if masked && e.addr != addrNet {
		return nil, w.fail(e.at, "a mask goes with net only")
	}
	if v&^mask != 0 {
		return nil, w.fail(e.at, "the address has bits that are not in its network's mask")
	}
	return w.host4(e, v, mask)
}

// host4 compares IPv4 addresses, by default those in IPv4, ARP and RARP.
func (w *lowerer) host4(e *primitive, v, mask uint32) (*condition, *Error) {
	switch e.proto {
	case protoDefault:
		c, err := w.addresses4(e, typeIPv4, 12, 16, v, mask)
		if err != nil || w.at.inMPLS > 0 {
			return c, err
		}
		arp, err := w.addresses4(e, typeARP, 14, 24, v, mask)
		if err != nil {
			return nil, err
		}
		rarp, err := w.addresses4(e, typeRARP, 14, 24, v, mask)
		if err != nil {
			return nil, err
		}
		return or(or(c, arp), rarp), nil
	case protoIP:
		return w.addresses4(e, typeIPv4, 12, 16, v, mask)
	case protoARP:
		return w.addresses4(e, typeARP, 14, 24, v, mask)
	case protoRARP:
		return w.addresses4(e, typeRARP, 14, 24, v, mask)
	}
	return nil, w.fail(e.at, "an IPv4 address goes with ip, arp or rarp, or with no protocol")
}

func (w *lowerer) addresses4(e *primitive, linkType, source, destination, v, mask uint32) (*condition, *Error) {
	is, err := w.linkType(linkType, e.at)
	if err != nil {
		return nil, err
	}
	return and(is, byDirection(e.dir, func(destinationSide bool) *condition {
		at := source
		if destinationSide {
			at = destination
		}
		return w.onNetwork(at, 4, mask, v)
	})), nil
}

// byDirection joins the tests of both sides as the direction asks.
func byDirection(dir direction, side func(destination bool) *condition) *condition {
	switch dir {
	case dirSource:
		return side(false)
	case dirDestination:
		return side(true)
	case dirBoth:
		return and(side(false), side(true))
	}
	return or(side(false), side(true))
}

// ipv6Primitive lowers an IPv6 address or net.
func (w *lowerer) ipv6Primitive(e *primitive) (*condition, *Error) {
	addr, err := netip.ParseAddr(e.id.text)
	switch {
	case err != nil:
		return nil, w.fail(e.at, "%s is not an IPv6 address", e.id.text)
	case e.addr != addrDefault && e.addr != addrHost && e.addr != addrNet:
		return nil, w.fail(e.at, "%s is an address, not a number or name", e.id.text)
	case e.proto != protoDefault && e.proto != protoIP6:
		return nil, w.fail(e.at, "an IPv6 address goes with ip6, or with no protocol")
	case e.bits > 128:
		return nil, w.fail(e.at, "an IPv6 prefix has at most 128 bits")
	}
	bits := 128
	if e.bits >= 0 {
		bits = e.bits
	}
	if bits != 128 && e.addr != addrNet {
		return nil, w.fail(e.at, "a mask goes with net only")
	}
	if p := netip.PrefixFrom(addr, bits); p.Masked().Addr() != addr {
		return nil, w.fail(e.at, "the address has bits that are not in its network's mask")
	}
	is, failed := w.linkType(typeIPv6, e.at)
	if failed != nil {
		return nil, failed
	}
	bytes := addr.As16()
	return and(is, byDirection(e.dir, func(destination bool) *condition {
		at := uint32(8)
		if destination {
			at = 24
		}
		return w.words6(at, bytes, bits)
	})), nil
}

// words6 compares an IPv6 address by words, the last first as it tells most.
func (w *lowerer) words6(at uint32, addr [16]byte, bits int) *condition {
	c := always(true)
	for i := 3; i >= 0; i-- {
		in := min(max(bits-32*i, 0), 32)
		mask := uint32(uint64(allOnes) << (32 - in))
		c = and(c, w.onNetwork(at+uint32(4*i), 4, mask, binary.BigEndian.Uint32(addr[4*i:])))
	}
	return c
}

// etherHost compares Ethernet addresses.
func (w *lowerer) etherHost(mac [6]byte, e *primitive) (*condition, *Error) {
	if !w.at.hasEtherHeader() {
		return nil, w.fail(e.at, "there are no Ethernet addresses in %s", linkName(w.at.link))
	}
	return byDirection(e.dir, func(destination bool) *condition {
		if destination {
			return w.etherAddress(0, mac)
		}
		return w.etherAddress(6, mac)
	}), nil
}

func (w *lowerer) etherAddress(at uint32, mac [6]byte) *condition {
	return and(
		compare(w.at.header+at+2, 4, allOnes, binary.BigEndian.Uint32(mac[2:])),
		compare(w.at.header+at, 2, allOnes, uint32(binary.BigEndian.Uint16(mac[:]))))
}

// portName lowers a service name, or a range written with a dash.
func (w *lowerer) portName(e *primitive) (*condition, *Error) {
	if e.addr == addrPortRange {
		if low, high, ok := strings.Cut(e.id.text, "-"); ok {
			if a, err := strconv.ParseUint(low, 10, 16); err == nil {
				if b, err := strconv.ParseUint(high, 10, 16); err == nil {
					return w.ports(e, uint32(a), uint32(b))
				}
				return nil, w.fail(e.at, "%q is not a range of port numbers", e.id.text)
			}
			if a, err := strconv.ParseUint(low, 10, 64); err == nil {
				return nil, w.fail(e.at, "ports end at 65535, %d is beyond", a)
			}
		}
	}
	known, ok := services[e.id.text]
	if !ok {
		return nil, w.fail(e.at, "unknown service %q; use a port number", e.id.text)
	}
	result := always(false)
	for _, transport := range []protocol{protoTCP, protoUDP, protoSCTP} {
		port, has := known[transport]
		if !has || e.proto != protoDefault && e.proto != transport {
			continue
		}
		narrowed := *e
		narrowed.proto = transport
		c, err := w.ports(&narrowed, uint32(port), uint32(port))
		if err != nil {
			return nil, err
		}
		result = or(result, c)
	}
	if result.op == opFalse {
		return nil, w.fail(e.at, "the service %q has no port for this protocol", e.id.text)
	}
	return result, nil
}

// ports compares ports in first or only fragments, over IPv4 and IPv6.
func (w *lowerer) ports(e *primitive, low, high uint32) (*condition, *Error) {
	transports := []uint32{ipSCTP, ipTCP, ipUDP}
	switch e.proto {
	case protoDefault:
	case protoTCP:
		transports = []uint32{ipTCP}
	case protoUDP:
		transports = []uint32{ipUDP}
	case protoSCTP:
		transports = []uint32{ipSCTP}
	default:
		return nil, w.fail(e.at, "a port goes with tcp, udp or sctp, or with no protocol")
	}
	if low > high {
		low, high = high, low
	}
	is6, err := w.linkType(typeIPv6, e.at)
	if err != nil {
		return nil, err
	}
	is4, err := w.linkType(typeIPv4, e.at)
	if err != nil {
		return nil, err
	}
	network := w.at.payload + w.at.network
	proto4, proto6 := always(false), always(false)
	for _, t := range transports {
		proto6 = or(proto6, w.onNetwork(6, 1, allOnes, t))
		proto4 = or(proto4, w.onNetwork(9, 1, allOnes, t))
	}
	port6 := value{from: fromFrame, offset: network + 40, size: 2, mask: allOnes}
	port4 := value{from: fromTransport, offset: network, ip: network, size: 2, mask: allOnes}
	first := w.onNetwork(6, 2, 0x1fff, 0)
	return or(
		and(and(is6, proto6), portSides(e.dir, port6, low, high)),
		and(and(is4, and(proto4, first)), portSides(e.dir, port4, low, high))), nil
}

func portSides(dir direction, v value, low, high uint32) *condition {
	return byDirection(dir, func(destination bool) *condition {
		v := v
		if destination {
			v.offset += 2
		}
		if low == high {
			return &condition{test: test{value: v, jump: bpf.JumpEqual, k: low}}
		}
		return and(
			&condition{test: test{value: v, jump: bpf.JumpGreaterOrEqual, k: low}},
			not(&condition{test: test{value: v, jump: bpf.JumpGreaterThan, k: high}}))
	})
}
