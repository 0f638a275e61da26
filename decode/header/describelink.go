package header

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/google/gopacket/layers"
)

// mac adds a 6-byte link address.
func (d *describer) mac(name string, offset int) string {
	if !d.has(offset, 6) {
		return ""
	}
	v := net.HardwareAddr(d.b[offset : offset+6]).String()
	d.text(name, v, offset, 6)
	return v
}

// etherTypeName is an EtherType for people: "0x0800 (IPv4)".
func etherTypeName(v uint64) string {
	if v < minEtherType {
		return fmt.Sprintf("%d (length)", v)
	}
	name := layers.EthernetType(v).String()
	if name == "UnknownEthernetType" {
		return hexText(v, 4)
	}
	return hexText(v, 4) + " (" + name + ")"
}

func ethernetFields(d *describer) {
	dst, src := d.mac("eth.dst", 0), d.mac("eth.src", 6)
	if d.has(12, 2) {
		name := "eth.type"
		if d.uint(12, 2) < minEtherType {
			name = "eth.len"
		}
		d.text(name, etherTypeName(d.uint(12, 2)), 12, 2)
	}
	d.layer.Summary = fmt.Sprintf("%s → %s", src, dst)
}

func llcFields(d *describer) {
	d.hex("llc.dsap", 0, 1)
	d.hex("llc.ssap", 1, 1)
	d.hex("llc.control", 2, 1)
	if d.has(3, 5) {
		d.hex("llc.oui", 3, 3)
		d.text("llc.type", etherTypeName(d.uint(6, 2)), 6, 2)
	}
	d.layer.Summary = fmt.Sprintf("DSAP %#x, SSAP %#x", d.uint(0, 1), d.uint(1, 1))
}

func vlanFields(d *describer) {
	tci := d.uint(0, 2)
	d.text("vlan.priority", fmt.Sprint(tci>>13), 0, 2)
	d.text("vlan.dei", fmt.Sprint(tci>>12&1), 0, 2)
	d.text("vlan.id", fmt.Sprint(tci&0xfff), 0, 2)
	if d.has(2, 2) {
		d.text("vlan.etype", etherTypeName(d.uint(2, 2)), 2, 2)
	}
	d.layer.Summary = fmt.Sprintf("VLAN %d", tci&0xfff)
}

func mplsFields(d *describer) {
	v := d.uint(0, 4)
	d.text("mpls.label", fmt.Sprint(v>>12), 0, 3)
	d.text("mpls.exp", fmt.Sprint(v>>9&7), 2, 1)
	d.text("mpls.bottom", fmt.Sprint(v>>8&1), 2, 1)
	d.text("mpls.ttl", fmt.Sprint(v&0xff), 3, 1)
	d.layer.Summary = fmt.Sprintf("MPLS label %d", v>>12)
}

func pppoeFields(d *describer) {
	if d.has(0, 1) {
		d.text("pppoe.version", fmt.Sprint(d.b[0]>>4), 0, 1)
		d.text("pppoe.type", fmt.Sprint(d.b[0]&15), 0, 1)
	}
	code := d.named("pppoe.code", 1, 1, layers.PPPoECode(d.uint(1, 1)).String())
	session := d.hex("pppoe.session_id", 2, 2)
	d.number("pppoe.payload_length", 4, 2)
	d.layer.Summary = fmt.Sprintf("PPPoE %s, session %#x", layers.PPPoECode(code), session)
}

func pppFields(d *describer) {
	at := 0
	if d.has(0, 2) && d.b[0] == 0xff && d.b[1] == 0x03 {
		d.hex("ppp.address", 0, 1)
		d.hex("ppp.control", 1, 1)
		at = 2
	}
	protocol := d.hex("ppp.protocol", at, len(d.b)-at)
	d.layer.Summary = fmt.Sprintf("PPP protocol %#04x", protocol)
}

func cookedFields(d *describer) {
	if len(d.b) == cooked2Len {
		d.text("sll.etype", etherTypeName(d.uint(0, 2)), 0, 2)
		d.number("sll.ifindex", 4, 4)
		d.number("sll.hatype", 8, 2)
		d.number("sll.pkttype", 10, 1)
		d.layer.Summary = cookedDirection(d.uint(10, 1))
		return
	}
	d.number("sll.pkttype", 0, 2)
	d.number("sll.hatype", 2, 2)
	d.number("sll.halen", 4, 2)
	if d.uint(4, 2) == 6 {
		d.mac("sll.src.eth", 6)
	}
	if d.has(14, 2) {
		d.text("sll.etype", etherTypeName(d.uint(14, 2)), 14, 2)
	}
	d.layer.Summary = cookedDirection(d.uint(0, 2))
}

func cookedDirection(v uint64) string {
	names := []string{"sent to us", "broadcast", "multicast", "to another host", "sent by us"}
	if v < uint64(len(names)) {
		return names[v]
	}
	return fmt.Sprintf("packet type %d", v)
}

func loopbackFields(d *describer) {
	if d.has(0, loopbackLen) {
		family := loopbackFamily(d.b)
		d.text("null.family", fmt.Sprint(family), 0, loopbackLen)
		d.layer.Summary = fmt.Sprintf("address family %d", family)
	}
}

func arpFields(d *describer) {
	hardware, protocol := int(d.uint(4, 1)), int(d.uint(5, 1))
	d.number("arp.hw.type", 0, 2)
	d.text("arp.proto.type", etherTypeName(d.uint(2, 2)), 2, 2)
	d.number("arp.hw.size", 4, 1)
	d.number("arp.proto.size", 5, 1)
	op := d.number("arp.opcode", 6, 2)
	if hardware != 6 || protocol != 4 || !d.has(arpLen, 20) {
		d.layer.Summary = fmt.Sprintf("ARP operation %d", op)
		return
	}
	source := d.mac("arp.src.hw_mac", 8)
	sender := d.ipv4("arp.src.proto_ipv4", 14)
	d.mac("arp.dst.hw_mac", 18)
	target := d.ipv4("arp.dst.proto_ipv4", 24)
	switch {
	case op == layers.ARPRequest && sender == target:
		d.layer.Summary = fmt.Sprintf("ARP announcement for %s", sender)
	case op == layers.ARPRequest:
		d.layer.Summary = fmt.Sprintf("Who has %s? Tell %s", target, sender)
	case op == layers.ARPReply:
		d.layer.Summary = fmt.Sprintf("%s is at %s", sender, source)
	default:
		d.layer.Summary = fmt.Sprintf("ARP operation %d", op)
	}
}

// ipv4 adds an IPv4 address.
func (d *describer) ipv4(name string, offset int) string {
	if !d.has(offset, 4) {
		return ""
	}
	v := netip.AddrFrom4([4]byte(d.b[offset : offset+4])).String()
	d.text(name, v, offset, 4)
	return v
}

// ipv6 adds an IPv6 address.
func (d *describer) ipv6(name string, offset int) string {
	if !d.has(offset, 16) {
		return ""
	}
	v := netip.AddrFrom16([16]byte(d.b[offset : offset+16])).String()
	d.text(name, v, offset, 16)
	return v
}

func greFields(d *describer) {
	flags := d.hex("gre.flags_and_version", 0, 2)
	if !d.has(2, 2) {
		return
	}
	d.text("gre.proto", etherTypeName(d.uint(2, 2)), 2, 2)
	at := greLen
	for _, option := range []struct {
		bit  uint64
		name string
	}{{greChecksum, "gre.checksum"}, {greKey, "gre.key"}, {greSequence, "gre.sequence_number"}} {
		if flags&option.bit != 0 {
			d.hex(option.name, at, 4)
			at += 4
		}
	}
	d.layer.Summary = "Encapsulated " + etherTypeName(d.uint(2, 2))
}

func vxlanFields(d *describer) {
	d.hex("vxlan.flags", 0, 2)
	vni := d.number("vxlan.vni", 4, 3)
	d.layer.Summary = fmt.Sprintf("VXLAN network %d", vni)
}

func geneveFields(d *describer) {
	d.text("geneve.version", fmt.Sprint(d.uint(0, 1)>>6), 0, 1)
	d.text("geneve.proto_type", etherTypeName(d.uint(2, 2)), 2, 2)
	vni := d.number("geneve.vni", 4, 3)
	if n := len(d.b) - geneveLen; n > 0 {
		d.text("geneve.options", fmt.Sprintf("%d bytes", n), geneveLen, n)
	}
	d.layer.Summary = fmt.Sprintf("Geneve network %d", vni)
}

func igmpFields(d *describer) {
	kind := d.hex("igmp.type", 0, 1)
	d.number("igmp.max_resp", 1, 1)
	d.hex("igmp.checksum", 2, 2)
	group := ""
	if kind != 0x22 { // an IGMPv3 report lists its groups behind a fixed part (RFC 9776)
		group = " " + d.ipv4("igmp.maddr", 4)
	}
	names := map[uint64]string{0x11: "Membership query", 0x12: "IGMPv1 membership report", 0x16: "IGMPv2 membership report", 0x17: "Leave group", 0x22: "IGMPv3 membership report"}
	name := names[kind]
	if name == "" {
		name = fmt.Sprintf("IGMP type %#x", kind)
	}
	d.layer.Summary = name + group
}

func gtpFields(d *describer) {
	d.hex("gtp.flags", 0, 1)
	d.number("gtp.message", 1, 1)
	d.number("gtp.length", 2, 2)
	teid := d.hex("gtp.teid", 4, 4)
	d.layer.Summary = fmt.Sprintf("GTP tunnel %#x", teid)
}

func wlanFields(d *describer) {
	d.hex("wlan.fc", 0, 2)
	receiver := d.mac("wlan.ra", 4)
	transmitter := d.mac("wlan.ta", 10)
	d.mac("wlan.addr", 16)
	d.layer.Summary = fmt.Sprintf("%s → %s", transmitter, receiver)
}
