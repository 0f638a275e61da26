package header

import (
	"strconv"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/decode/layer"
)

// Describe appends the layers of a walked frame with their fields to dst. The
// fields' names are Wireshark's. It builds strings and is called only for
// packets that somebody looks at.
func Describe(link capture.LinkType, data []byte, p *Packet, dst []layer.Layer) []layer.Layer {
	for _, s := range p.Layers {
		from := data
		if s.Source == layer.Reassembled {
			from = p.reassembled
		}
		l := layer.Layer{Protocol: s.Protocol, OSI: OSI(s.Protocol), Offset: s.Offset, Length: s.Length, Source: s.Source}
		if s.Offset+s.Length <= len(from) {
			d := describer{layer: &l, b: from[s.Offset : s.Offset+s.Length], link: link}
			if f := describers[s.Protocol]; f != nil {
				f(&d)
			}
		}
		dst = append(dst, l)
	}
	return dst
}

// describers has one function for each protocol of the walk. Each is given
// the header's bytes as far as they were captured, and the describer's
// accessors ignore what lies behind them.
var describers = map[layer.Protocol]func(*describer){
	layer.Ethernet:    ethernetFields,
	layer.LLC:         llcFields,
	layer.VLAN:        vlanFields,
	layer.MPLS:        mplsFields,
	layer.PPPoE:       pppoeFields,
	PPPoEDiscovery:    pppoeFields,
	layer.PPP:         pppFields,
	layer.LinuxCooked: cookedFields,
	layer.Loopback:    loopbackFields,
	layer.ARP:         arpFields,
	layer.IPv4:        ipv4Fields,
	layer.IPv6:        ipv6Fields,
	layer.ICMP:        icmpFields,
	layer.ICMPv6:      icmpv6Fields,
	layer.IGMP:        igmpFields,
	layer.GRE:         greFields,
	layer.VXLAN:       vxlanFields,
	layer.Geneve:      geneveFields,
	GTP:               gtpFields,
	WLAN:              wlanFields,
	layer.TCP:         tcpFields,
	layer.UDP:         udpFields,
	layer.SCTP:        sctpFields,
}

// OSI returns the OSI layer of a protocol that the walk reads, 0 for any other.
func OSI(p layer.Protocol) int { return osiLayers[p] }

var osiLayers = map[layer.Protocol]int{
	layer.Ethernet: 2, layer.LinuxCooked: 2, layer.Loopback: 2, layer.LLC: 2, layer.VLAN: 2, layer.MPLS: 2,
	layer.PPP: 2, layer.PPPoE: 2, PPPoEDiscovery: 2, layer.ARP: 2, WLAN: 2,
	layer.IPv4: 3, layer.IPv6: 3, layer.ICMP: 3, layer.ICMPv6: 3, layer.IGMP: 3, layer.GRE: 3,
	layer.TCP: 4, layer.UDP: 4, layer.SCTP: 4, layer.VXLAN: 4, layer.Geneve: 4, GTP: 4,
}

// describer fills one layer from its header's bytes.
type describer struct {
	layer *layer.Layer
	b     []byte
	link  capture.LinkType
}

// has reports whether n bytes at offset are there.
func (d *describer) has(offset, n int) bool { return offset >= 0 && offset+n <= len(d.b) }

// text adds a field whose value is ready.
func (d *describer) text(name, value string, offset, n int) *layer.Field {
	d.layer.Fields = append(d.layer.Fields, layer.Field{Name: name, Value: value, Offset: d.layer.Offset + offset, Length: n})
	return &d.layer.Fields[len(d.layer.Fields)-1]
}

// number adds a big-endian number of n bytes, and returns it; 0 where it was
// not captured.
func (d *describer) number(name string, offset, n int) uint64 {
	if !d.has(offset, n) {
		return 0
	}
	v := d.uint(offset, n)
	d.text(name, strconv.FormatUint(v, 10), offset, n)
	return v
}

// hex adds a big-endian number of n bytes in hexadecimal.
func (d *describer) hex(name string, offset, n int) uint64 {
	if !d.has(offset, n) {
		return 0
	}
	v := d.uint(offset, n)
	d.text(name, hexText(v, 2*n), offset, n)
	return v
}

// named adds a number with its name in brackets.
func (d *describer) named(name string, offset, n int, meaning string) uint64 {
	if !d.has(offset, n) {
		return 0
	}
	v := d.uint(offset, n)
	d.text(name, strconv.FormatUint(v, 10), offset, n)
	if meaning != "" {
		d.layer.Fields[len(d.layer.Fields)-1].Value += " (" + meaning + ")"
	}
	return v
}

// bit adds a child that tells whether a flag is set.
func bit(f *layer.Field, name string, set bool) {
	value := "Not set"
	if set {
		value = "Set"
	}
	f.Children = append(f.Children, layer.Field{Name: name, Value: value, Offset: f.Offset, Length: f.Length})
}

func (d *describer) uint(offset, n int) (v uint64) {
	if !d.has(offset, n) {
		return 0
	}
	for _, c := range d.b[offset : offset+n] {
		v = v<<8 | uint64(c)
	}
	return v
}

func hexText(v uint64, digits int) string {
	s := strconv.FormatUint(v, 16)
	for len(s) < digits {
		s = "0" + s
	}
	return "0x" + s
}
