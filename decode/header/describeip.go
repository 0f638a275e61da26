package header

import (
	"fmt"
	"strconv"

	"github.com/google/gopacket/layers"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

func ipv4Fields(d *describer) {
	d.text("ip.version", "4", 0, 1)
	d.text("ip.hdr_len", strconv.FormatUint(d.uint(0, 1)&15*4, 10), 0, 1)
	d.trafficClass("ip", d.uint(1, 1), 1, 1)
	d.number("ip.len", 2, 2)
	d.hex("ip.id", 4, 2)
	word := d.uint(6, 2)
	flags := d.text("ip.flags", hexText(word>>13, 1), 6, 1)
	bit(flags, "ip.flags.rb", word&0x8000 != 0)
	bit(flags, "ip.flags.df", word&0x4000 != 0)
	bit(flags, "ip.flags.mf", word&0x2000 != 0)
	d.text("ip.frag_offset", strconv.FormatUint(word&0x1fff*8, 10), 6, 2)
	d.number("ip.ttl", 8, 1)
	d.named("ip.proto", 9, 1, layers.IPProtocol(d.uint(9, 1)).String())
	d.hex("ip.checksum", 10, 2)
	src, dst := d.ipv4("ip.src", 12), d.ipv4("ip.dst", 16)
	if n := len(d.b) - ipv4Len; n > 0 {
		d.text("ip.options", fmt.Sprintf("%x", d.b[ipv4Len:]), ipv4Len, n)
	}
	d.layer.Summary = fmt.Sprintf("%s → %s", src, dst)
	if word&0x3fff != 0 {
		d.layer.Summary = fmt.Sprintf("Fragmented IP protocol (proto=%s, off=%d, ID=%04x)",
			layers.IPProtocol(d.uint(9, 1)), word&0x1fff*8, d.uint(4, 2))
	}
}

// trafficClass adds the byte of DSCP and ECN (RFC 2474, RFC 3168).
func (d *describer) trafficClass(prefix string, v uint64, offset, n int) {
	f := d.text(prefix+".dsfield", hexText(v, 2), offset, n)
	names := []string{"Not-ECT", "ECT(1)", "ECT(0)", "CE"}
	f.Children = append(f.Children,
		layer.Field{Name: prefix + ".dsfield.dscp", Value: strconv.FormatUint(v>>2, 10), Offset: f.Offset, Length: n},
		layer.Field{Name: prefix + ".dsfield.ecn", Value: fmt.Sprintf("%d (%s)", v&3, names[v&3]), Offset: f.Offset, Length: n})
}

func ipv6Fields(d *describer) {
	d.text("ipv6.version", "6", 0, 1)
	d.trafficClass("ipv6.tclass", d.uint(0, 2)>>4&0xff, 0, 2)
	d.text("ipv6.flow", hexText(d.uint(0, 4)&0xfffff, 5), 1, 3)
	d.number("ipv6.plen", 4, 2)
	d.named("ipv6.nxt", 6, 1, layers.IPProtocol(d.uint(6, 1)).String())
	d.number("ipv6.hlim", 7, 1)
	src, dst := d.ipv6("ipv6.src", 8), d.ipv6("ipv6.dst", 24)
	d.layer.Summary = fmt.Sprintf("%s → %s", src, dst)
}

func icmpFields(d *describer) {
	d.number("icmp.type", 0, 1)
	d.number("icmp.code", 1, 1)
	d.hex("icmp.checksum", 2, 2)
	kind := layers.CreateICMPv4TypeCode(uint8(d.uint(0, 1)), uint8(d.uint(1, 1)))
	d.layer.Summary = kind.String()
	switch kind.Type() {
	case layers.ICMPv4TypeEchoRequest, layers.ICMPv4TypeEchoReply, layers.ICMPv4TypeTimestampRequest, layers.ICMPv4TypeTimestampReply:
		d.echo("icmp.ident", "icmp.seq")
	case layers.ICMPv4TypeDestinationUnreachable:
		if kind.Code() == layers.ICMPv4CodeFragmentationNeeded {
			d.number("icmp.mtu", 6, 2)
		}
	}
}

func icmpv6Fields(d *describer) {
	d.number("icmpv6.type", 0, 1)
	d.number("icmpv6.code", 1, 1)
	d.hex("icmpv6.checksum", 2, 2)
	kind := layers.CreateICMPv6TypeCode(uint8(d.uint(0, 1)), uint8(d.uint(1, 1)))
	d.layer.Summary = kind.String()
	switch kind.Type() {
	case layers.ICMPv6TypeEchoRequest, layers.ICMPv6TypeEchoReply:
		d.echo("icmpv6.echo.identifier", "icmpv6.echo.sequence_number")
	case layers.ICMPv6TypePacketTooBig:
		d.number("icmpv6.mtu", 4, 4)
	}
}

func (d *describer) echo(identifier, sequence string) {
	id, seq := d.hex(identifier, 4, 2), d.number(sequence, 6, 2)
	d.layer.Summary += fmt.Sprintf(" id=%#04x, seq=%d", id, seq)
}

func udpFields(d *describer) {
	src, dst := d.number("udp.srcport", 0, 2), d.number("udp.dstport", 2, 2)
	n := d.number("udp.length", 4, 2)
	d.hex("udp.checksum", 6, 2)
	d.layer.Summary = fmt.Sprintf("%d → %d", src, dst)
	if n >= udpLen {
		d.layer.Summary += fmt.Sprintf(" Len=%d", n-udpLen)
	}
}

func sctpFields(d *describer) {
	src, dst := d.number("sctp.srcport", 0, 2), d.number("sctp.dstport", 2, 2)
	d.hex("sctp.verification_tag", 4, 4)
	d.hex("sctp.checksum", 8, 4)
	d.layer.Summary = fmt.Sprintf("%d → %d", src, dst)
}

// tcpFlags are the flags from the highest bit down, as Wireshark lists them.
var tcpFlags = []struct {
	flag flow.Flags
	name string
}{
	{flow.AE, "tcp.flags.ae"}, {flow.CWR, "tcp.flags.cwr"}, {flow.ECE, "tcp.flags.ece"}, {flow.URG, "tcp.flags.urg"},
	{flow.ACK, "tcp.flags.ack"}, {flow.PSH, "tcp.flags.push"}, {flow.RST, "tcp.flags.reset"}, {flow.SYN, "tcp.flags.syn"},
	{flow.FIN, "tcp.flags.fin"},
}

// tcpFields describes what the header alone says. The chain adds what the
// connection knows: relative numbers, the scaled window, the analysis.
func tcpFields(d *describer) {
	src, dst := d.number("tcp.srcport", 0, 2), d.number("tcp.dstport", 2, 2)
	d.layer.Summary = fmt.Sprintf("%d → %d", src, dst)
	d.number("tcp.seq_raw", 4, 4)
	d.number("tcp.ack_raw", 8, 4)
	if !d.has(0, tcpLen) {
		return
	}
	d.text("tcp.hdr_len", strconv.Itoa(int(d.b[12]>>4)*4), 12, 1)
	flags := flow.Flags(d.uint(12, 2) & 0x1ff)
	f := d.text("tcp.flags", hexText(uint64(flags), 4), 12, 2)
	for _, n := range tcpFlags {
		bit(f, n.name, flags&n.flag != 0)
	}
	d.number("tcp.window_size_value", 14, 2)
	d.hex("tcp.checksum", 16, 2)
	d.number("tcp.urgent_pointer", 18, 2)
	if len(d.b) > tcpLen {
		d.tcpOptions()
	}
}

// tcpOptions describes the options one by one (RFC 9293 section 3.1).
func (d *describer) tcpOptions() {
	all := d.text("tcp.options", fmt.Sprintf("%d bytes", len(d.b)-tcpLen), tcpLen, len(d.b)-tcpLen)
	add := func(name, value string, at, n int) {
		all.Children = append(all.Children, layer.Field{Name: name, Value: value, Offset: d.layer.Offset + at, Length: n})
	}
	for at := tcpLen; at < len(d.b); {
		kind := d.b[at]
		if kind == optionEnd {
			return
		}
		if kind == optionNop {
			at++
			continue
		}
		if at+2 > len(d.b) || d.b[at+1] < 2 || at+int(d.b[at+1]) > len(d.b) {
			add("tcp.options.malformed", fmt.Sprintf("kind %d", kind), at, len(d.b)-at)
			return
		}
		n := int(d.b[at+1])
		for _, f := range tcpOption(kind, d.b[at+2:at+n]) {
			add(f.Name, f.Value, at, n)
		}
		at += n
	}
}

func tcpOption(kind byte, v []byte) []layer.Field {
	number := func(x uint64) string { return strconv.FormatUint(x, 10) }
	switch {
	case kind == optionMSS && len(v) == 2:
		return []layer.Field{{Name: "tcp.options.mss_val", Value: number(uint64(be16(v)))}}
	case kind == optionWindowScale && len(v) == 1:
		return []layer.Field{{Name: "tcp.options.wscale.shift", Value: number(uint64(v[0]))}}
	case kind == optionSACKPermitted:
		return []layer.Field{{Name: "tcp.options.sack_perm", Value: "Set"}}
	case kind == optionTimestamps && len(v) == 8:
		return []layer.Field{{Name: "tcp.options.timestamp.tsval", Value: number(uint64(be32(v)))},
			{Name: "tcp.options.timestamp.tsecr", Value: number(uint64(be32(v[4:])))}}
	case kind == optionSACK:
		var list []layer.Field
		for ; len(v) >= 8; v = v[8:] {
			list = append(list, layer.Field{Name: "tcp.options.sack_le", Value: number(uint64(be32(v)))},
				layer.Field{Name: "tcp.options.sack_re", Value: number(uint64(be32(v[4:])))})
		}
		return list
	case kind == optionFastOpen:
		return []layer.Field{{Name: "tcp.options.tfo.cookie", Value: fmt.Sprintf("%x", v)}}
	}
	return []layer.Field{{Name: "tcp.option_kind", Value: number(uint64(kind))}}
}
