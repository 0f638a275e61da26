package header

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// packet serialises layers, with lengths and checksums filled in.
func packet(t testing.TB, list ...gopacket.SerializableLayer) []byte {
	t.Helper()
	var network gopacket.NetworkLayer
	for _, l := range list {
		if n, ok := l.(gopacket.NetworkLayer); ok {
			network = n
		}
		switch x := l.(type) {
		case *layers.TCP:
			_ = x.SetNetworkLayerForChecksum(network)
		case *layers.UDP:
			_ = x.SetNetworkLayerForChecksum(network)
		case *layers.ICMPv6:
			_ = x.SetNetworkLayerForChecksum(network)
		}
	}
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, list...); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func ether(t layers.EthernetType) *layers.Ethernet {
	return &layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}, EthernetType: t}
}

func ip4(p layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{Version: 4, IHL: 5, TTL: 64, Id: 7, Protocol: p, SrcIP: net.IP{192, 0, 2, 1}, DstIP: net.IP{192, 0, 2, 2}}
}

func ip6(p layers.IPProtocol) *layers.IPv6 {
	return &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: p, SrcIP: net.ParseIP("2001:db8::1"), DstIP: net.ParseIP("2001:db8::2")}
}

func tcpHeader() *layers.TCP {
	return &layers.TCP{SrcPort: 40000, DstPort: 80, Seq: 1000, Ack: 2000, ACK: true, PSH: true, Window: 500}
}

func udpHeader(port uint16) *layers.UDP {
	return &layers.UDP{SrcPort: 40000, DstPort: layers.UDPPort(port)}
}

func names(p *Packet) string {
	var list []string
	for _, l := range p.Layers {
		list = append(list, string(l.Protocol))
	}
	return strings.Join(list, " ")
}

func TestWalk(t *testing.T) {
	body := gopacket.Payload("hello")
	for _, c := range []struct {
		name    string
		link    capture.LinkType
		data    []byte
		layers  string
		payload string
	}{
		{"TCP over IPv4", 1, packet(t, ether(layers.EthernetTypeIPv4), ip4(layers.IPProtocolTCP), tcpHeader(), body), "ethernet ipv4 tcp", "hello"},
		{"UDP over IPv6", 1, packet(t, ether(layers.EthernetTypeIPv6), ip6(layers.IPProtocolUDP), udpHeader(53), body), "ethernet ipv6 udp", "hello"},
		{"two VLAN tags", 1, packet(t, ether(layers.EthernetTypeQinQ), &layers.Dot1Q{VLANIdentifier: 5, Type: layers.EthernetTypeDot1Q},
			&layers.Dot1Q{VLANIdentifier: 6, Type: layers.EthernetTypeIPv4}, ip4(layers.IPProtocolUDP), udpHeader(9), body), "ethernet vlan vlan ipv4 udp", "hello"},
		{"MPLS", 1, packet(t, ether(layers.EthernetTypeMPLSUnicast), &layers.MPLS{Label: 3, TTL: 9},
			&layers.MPLS{Label: 4, StackBottom: true, TTL: 9}, ip4(layers.IPProtocolUDP), udpHeader(9), body), "ethernet mpls mpls ipv4 udp", "hello"},
		{"PPPoE", 1, packet(t, ether(layers.EthernetTypePPPoESession), &layers.PPPoE{Version: 1, Type: 1, SessionId: 1},
			&layers.PPP{PPPType: layers.PPPTypeIPv4}, ip4(layers.IPProtocolUDP), udpHeader(9), body), "ethernet pppoe ppp ipv4 udp", "hello"},
		{"ARP", 1, packet(t, ether(layers.EthernetTypeARP), &layers.ARP{AddrType: 1, Protocol: 0x800, HwAddressSize: 6, ProtAddressSize: 4, Operation: 1,
			SourceHwAddress: make([]byte, 6), SourceProtAddress: make([]byte, 4), DstHwAddress: make([]byte, 6), DstProtAddress: make([]byte, 4)}), "ethernet arp", ""},
		{"GRE", 1, packet(t, ether(layers.EthernetTypeIPv4), ip4(layers.IPProtocolGRE), &layers.GRE{Protocol: layers.EthernetTypeIPv4, KeyPresent: true, Key: 1},
			ip4(layers.IPProtocolUDP), udpHeader(9), body), "ethernet ipv4 gre ipv4 udp", "hello"},
		{"IPv6 in IPv4", 1, packet(t, ether(layers.EthernetTypeIPv4), ip4(layers.IPProtocolIPv6), ip6(layers.IPProtocolTCP), tcpHeader(), body), "ethernet ipv4 ipv6 tcp", "hello"},
		{"VXLAN", 1, packet(t, ether(layers.EthernetTypeIPv4), ip4(layers.IPProtocolUDP), udpHeader(vxlanPort), &layers.VXLAN{ValidIDFlag: true, VNI: 7},
			ether(layers.EthernetTypeIPv4), ip4(layers.IPProtocolTCP), tcpHeader(), body), "ethernet ipv4 udp vxlan ethernet ipv4 tcp", "hello"},
		{"bytes on VXLAN's port that are none", 1, packet(t, ether(layers.EthernetTypeIPv4), ip4(layers.IPProtocolUDP), udpHeader(vxlanPort), body), "ethernet ipv4 udp", "hello"},
		{"raw IP", 101, packet(t, ip6(layers.IPProtocolTCP), tcpHeader(), body), "ipv6 tcp", "hello"},
		{"BSD loopback", 0, append([]byte{2, 0, 0, 0}, packet(t, ip4(layers.IPProtocolTCP), tcpHeader(), body)...), "loopback ipv4 tcp", "hello"},
		{"OpenBSD loopback", 108, append([]byte{0, 0, 0, 24}, packet(t, ip6(layers.IPProtocolTCP), tcpHeader(), body)...), "loopback ipv6 tcp", "hello"},
		{"Linux cooked", 113, append([]byte{0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0}, packet(t, ip4(layers.IPProtocolTCP), tcpHeader(), body)...), "linux-cooked ipv4 tcp", "hello"},
		{"Linux cooked, version 2", 276, append([]byte{8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0}, packet(t, ip4(layers.IPProtocolTCP), tcpHeader(), body)...), "linux-cooked ipv4 tcp", "hello"},
		{"padding behind a short packet is no payload", 1, append(packet(t, ether(layers.EthernetTypeIPv4), ip4(layers.IPProtocolTCP), tcpHeader()), 0, 0, 0, 0, 0, 0), "ethernet ipv4 tcp", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var w Walker
			var p Packet
			w.Walk(c.link, c.data, len(c.data), &p)
			if got := names(&p); got != c.layers {
				t.Errorf("layers %q, want %q", got, c.layers)
			}
			if string(p.Payload) != c.payload || p.PayloadLength != len(c.payload) {
				t.Errorf("payload %q of %d bytes, want %q", p.Payload, p.PayloadLength, c.payload)
			}
			if p.Payload != nil && string(c.data[p.PayloadOffset:p.PayloadOffset+len(p.Payload)]) != c.payload {
				t.Errorf("the payload is not at %d", p.PayloadOffset)
			}
			for _, s := range Describe(c.link, c.data, &p, nil) {
				for _, f := range s.Fields {
					if f.Offset < s.Offset || f.Offset+f.Length > s.Offset+s.Length {
						t.Errorf("%s lies outside of its layer", f.Name)
					}
				}
			}
		})
	}
}

func TestTCPHeaderWithOptions(t *testing.T) {
	h := tcpHeader()
	h.SYN = true
	h.Options = []layers.TCPOption{
		{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: []byte{5, 0xb4}},
		{OptionType: layers.TCPOptionKindSACKPermitted, OptionLength: 2},
		{OptionType: layers.TCPOptionKindTimestamps, OptionLength: 10, OptionData: []byte{0, 0, 0, 1, 0, 0, 0, 2}},
		{OptionType: layers.TCPOptionKindNop, OptionLength: 1},
		{OptionType: layers.TCPOptionKindWindowScale, OptionLength: 3, OptionData: []byte{7}},
		{OptionType: optionFastOpen, OptionLength: 10, OptionData: make([]byte, 8)},
	}
	data := packet(t, ether(layers.EthernetTypeIPv4), ip4(layers.IPProtocolTCP), h)
	var w Walker
	var p Packet
	w.Walk(capture.LinkEthernet, data, len(data), &p)
	got := p.TCP
	want := TCPHeader{Seq: 1000, Ack: 2000, Flags: flow.SYN | flow.ACK | flow.PSH, Window: 500, Checksum: got.Checksum,
		MSS: 1460, WindowScale: 7, SACKPermitted: true, HasTS: true, TSval: 1, TSecr: 2, FastOpen: true, FastOpenCookie: 8, OptionBytes: 32}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	all := Describe(capture.LinkEthernet, data, &p, nil)
	if mss := find(all[2].Fields, "tcp.options.mss_val"); mss.Value != "1460" || mss.Offset != 14+20+20 {
		t.Errorf("the tree says MSS %q at %d", mss.Value, mss.Offset)
	}
}

func find(fields []layer.Field, name string) layer.Field {
	for _, f := range fields {
		if f.Name == name {
			return f
		}
		if c := find(f.Children, name); c.Name != "" {
			return c
		}
	}
	return layer.Field{}
}

func TestAnICMPErrorNamesThePacketItQuotes(t *testing.T) {
	quoted := packet(t, ip4(layers.IPProtocolUDP), udpHeader(53), gopacket.Payload("x"))
	data := packet(t, ether(layers.EthernetTypeIPv4), ip4(layers.IPProtocolICMPv4),
		&layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(3, 4), Seq: 1400}, gopacket.Payload(quoted))
	var w Walker
	var p Packet
	w.Walk(capture.LinkEthernet, data, len(data), &p)
	i := p.ICMP
	if p.Transport != layer.ICMP || !i.Quoted || !i.QuotedPorts || i.QuotedProto != layer.UDP || i.QuotedDstPort != 53 ||
		i.QuotedDst != netip.MustParseAddr("192.0.2.2") || i.MTU != 1400 {
		t.Errorf("transport %s, %+v", p.Transport, i)
	}
	if got := names(&p); got != "ethernet ipv4 icmp ipv4 udp" {
		t.Errorf("layers %q", got)
	}
}

func TestFragmentsStopTheWalkUntilTheyAreWhole(t *testing.T) {
	inside := packet(t, ip4(layers.IPProtocolUDP), udpHeader(9), gopacket.Payload("fragmented payload"))[20:]
	first := ip4(layers.IPProtocolUDP)
	first.Flags = layers.IPv4MoreFragments
	data := packet(t, ether(layers.EthernetTypeIPv4), first, gopacket.Payload(inside[:16]))
	var w Walker
	var p Packet
	w.Walk(capture.LinkEthernet, data, len(data), &p)
	if !p.Fragment.Is || p.Transport != "" || string(p.Fragment.Data) != string(inside[:16]) {
		t.Fatalf("%+v", p.Fragment)
	}
	w.Continue(p.Fragment.Protocol, inside, false, &p)
	if p.Transport != layer.UDP || string(p.Payload) != "fragmented payload" || p.PayloadOffset != -1 {
		t.Errorf("transport %q, payload %q at %d", p.Transport, p.Payload, p.PayloadOffset)
	}
	if got := names(&p); got != "ethernet ipv4 udp" {
		t.Errorf("layers %q", got)
	}
}

func TestASnapLengthThatCutsHeadersIsNoProblemButAShortPacketIs(t *testing.T) {
	data := packet(t, ether(layers.EthernetTypeIPv4), ip4(layers.IPProtocolTCP), tcpHeader())
	for n := range data {
		var w Walker
		var p Packet
		w.Walk(capture.LinkEthernet, data[:n], len(data), &p)
		if len(p.Problems) != 0 {
			t.Errorf("cut to %d bytes: %v", n, p.Problems)
		}
	}
	short := data[:14+20+10]
	var w Walker
	var p Packet
	w.Walk(capture.LinkEthernet, short, len(short), &p)
	if len(p.Problems) != 1 || p.Problems[0].Layer != layer.TCP {
		t.Errorf("a TCP header of 10 bytes: %v", p.Problems)
	}
}

func TestEndlessNestingHasAnEnd(t *testing.T) {
	list := []gopacket.SerializableLayer{ether(layers.EthernetTypeIPv4)}
	for i := 0; i < 100; i++ {
		list = append(list, ip4(layers.IPProtocolIPv4))
	}
	data := packet(t, list...)
	var w Walker
	var p Packet
	w.Walk(capture.LinkEthernet, data, len(data), &p)
	if len(p.Layers) != MaxLayers || len(p.Problems) != 1 {
		t.Errorf("%d layers, problems %v", len(p.Layers), p.Problems)
	}
}

func FuzzWalk(f *testing.F) {
	f.Add(uint16(1), packet(f, ether(layers.EthernetTypeIPv4), ip4(layers.IPProtocolTCP), tcpHeader()), 0)
	f.Add(uint16(113), []byte{0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0x86, 0xdd, 0x60}, 5)
	f.Add(uint16(127), []byte{0, 0, 8, 0, 0, 0, 0, 0, 8, 1}, 5)
	f.Fuzz(func(t *testing.T, link uint16, data []byte, more int) {
		var w Walker
		var p Packet
		w.Walk(capture.LinkType(link), data, len(data)+max(0, min(more, 1<<16)), &p)
		if p.Fragment.Is {
			w.Continue(p.Fragment.Protocol, p.Fragment.Data, p.Fragment.IPv6, &p)
		}
		if p.PayloadLength < len(p.Payload) || len(p.Layers) > MaxLayers {
			t.Fatalf("payload of %d bytes with %d captured, %d layers", p.PayloadLength, len(p.Payload), len(p.Layers))
		}
		Describe(capture.LinkType(link), data, &p, nil)
	})
}

func BenchmarkWalk(b *testing.B) {
	data := packet(b, ether(layers.EthernetTypeIPv4), ip4(layers.IPProtocolTCP), tcpHeader(), gopacket.Payload(make([]byte, 1000)))
	var w Walker
	var p Packet
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		w.Walk(capture.LinkEthernet, data, len(data), &p)
	}
}
