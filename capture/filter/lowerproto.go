package filter

import "golang.org/x/net/bpf"

// IP protocol numbers (IANA).
const (
	ipICMP     = 1
	ipIGMP     = 2
	ipTCP      = 6
	ipIGRP     = 9
	ipUDP      = 17
	ipFragment = 44
	ipESP      = 50
	ipAH       = 51
	ipICMPv6   = 58
	ipPIM      = 103
	ipVRRP     = 112 // and CARP
	ipSCTP     = 132
)

// abbreviation lowers a protocol's name alone.
func (w *lowerer) abbreviation(proto protocol, at int) (*condition, *Error) {
	if t, ok := linkTypes[proto]; ok {
		return w.linkType(t, at)
	}
	switch proto {
	case protoICMP:
		return w.ipProto(ipICMP, protoIP, at)
	case protoIGMP:
		return w.ipProto(ipIGMP, protoIP, at)
	case protoIGRP:
		return w.ipProto(ipIGRP, protoIP, at)
	case protoVRRP, protoCARP:
		return w.ipProto(ipVRRP, protoIP, at)
	case protoICMP6:
		return w.ipProto(ipICMPv6, protoIP6, at)
	case protoTCP:
		return w.ipProto(ipTCP, protoDefault, at)
	case protoUDP:
		return w.ipProto(ipUDP, protoDefault, at)
	case protoSCTP:
		return w.ipProto(ipSCTP, protoDefault, at)
	case protoPIM:
		return w.ipProto(ipPIM, protoDefault, at)
	case protoAH:
		return w.ipProto(ipAH, protoDefault, at)
	case protoESP:
		return w.ipProto(ipESP, protoDefault, at)
	case protoESIS, protoISIS, protoCLNP:
		return w.isoProto(isoProtocols[map[protocol]string{
			protoESIS: "esis", protoISIS: "isis", protoCLNP: "clnp"}[proto]], at)
	}
	return nil, w.fail(at, "the link layer is in every packet; it says nothing alone")
}

// linkTypes are the protocols that the link header names.
var linkTypes = map[protocol]uint32{
	protoIP: typeIPv4, protoIP6: typeIPv6, protoARP: typeARP, protoRARP: typeRARP,
	protoATALK: typeATALK, protoAARP: typeAARP, protoDECNET: typeDECNET, protoLAT: typeLAT,
	protoSCA: typeSCA, protoMOPRC: typeMOPRC, protoMOPDL: typeMOPDL, protoISO: sapISO,
	protoSTP: sapSTP, protoIPX: sapIPX, protoNETBEUI: sapNETBEUI,
}

// ipProto tests the protocol number of IPv4, IPv6 (also behind a fragment
// header) or both.
func (w *lowerer) ipProto(number uint32, version protocol, at int) (*condition, *Error) {
	if number > 255 {
		return nil, w.fail(at, "IP protocol numbers end at 255")
	}
	result := always(false)
	if version != protoIP6 {
		isIP, err := w.linkType(typeIPv4, at)
		if err != nil {
			return nil, err
		}
		result = and(isIP, w.onNetwork(9, 1, allOnes, number))
	}
	if version != protoIP {
		isIP, err := w.linkType(typeIPv6, at)
		if err != nil {
			return nil, err
		}
		fragment := and(w.onNetwork(6, 1, allOnes, ipFragment), w.onNetwork(40, 1, allOnes, number))
		result = or(result, and(isIP, or(fragment, w.onNetwork(6, 1, allOnes, number))))
	}
	return result, nil
}

// isoProto tests the network layer protocol identifier of OSI protocols.
func (w *lowerer) isoProto(number uint32, at int) (*condition, *Error) {
	isISO, err := w.linkType(sapISO, at)
	if err != nil {
		return nil, err
	}
	return and(isISO, compare(w.at.payload+w.at.noSNAP, 1, allOnes, number)), nil
}

// protoNumber lowers "proto NUMBER" with its protocol qualifier.
func (w *lowerer) protoNumber(n uint32, e *primitive) (*condition, *Error) {
	switch e.proto {
	case protoDefault, protoIP, protoIP6:
		return w.ipProto(n, e.proto, e.at)
	case protoLink:
		if n > 0xffff {
			return nil, w.fail(e.at, "Ethernet types end at 65535")
		}
		return w.linkType(n, e.at)
	case protoISO:
		if n > 255 {
			return nil, w.fail(e.at, "OSI protocol identifiers end at 255")
		}
		return w.isoProto(n, e.at)
	}
	return nil, w.fail(e.at, "proto goes with ether, ip, ip6 or iso only")
}

// protoName lowers "proto NAME".
func (w *lowerer) protoName(e *primitive) (*condition, *Error) {
	names := ipProtocols
	switch e.proto {
	case protoLink:
		names = etherProtocols
	case protoISO:
		names = isoProtocols
	}
	n, ok := names[e.id.text]
	if !ok {
		return nil, w.fail(e.id.at, "unknown protocol %q", e.id.text)
	}
	return w.protoNumber(n, e)
}

// special lowers the primitives with a form of their own.
func (w *lowerer) special(e *special) (*condition, *Error) {
	switch e.word {
	case "broadcast":
		return w.broadcast(e)
	case "multicast":
		return w.multicast(e)
	case "less":
		return not(lengthTest(bpf.JumpGreaterThan, e.number)), nil
	case "greater":
		return lengthTest(bpf.JumpGreaterOrEqual, e.number), nil
	case "inbound", "outbound":
		return w.packetDirection(e)
	case "ifindex":
		return w.interfaceIndex(e)
	case "vlan":
		return w.vlan(e)
	case "mpls":
		return w.mpls(e)
	case "pppoed":
		return w.linkType(typePPPoED, e.at)
	default:
		return w.pppoeSession(e)
	}
}

func lengthTest(jump bpf.JumpTest, k uint32) *condition {
	return &condition{test: test{value: value{from: fromLength, mask: allOnes}, jump: jump, k: k}}
}
