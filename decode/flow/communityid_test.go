package flow

import (
	"net/netip"
	"testing"

	"github.com/wiresight/wiresight/decode/layer"
)

func conversation(p layer.Protocol, a string, aPort uint16, b string, bPort uint16) *Conversation {
	return &Conversation{
		Transport: p,
		Client:    Endpoint{Addr: netip.MustParseAddr(a), Port: aPort},
		Server:    Endpoint{Addr: netip.MustParseAddr(b), Port: bPort},
	}
}

// The values are those of the specification's baseline.
func TestCommunityIDsAreThoseOfOtherTools(t *testing.T) {
	for _, c := range []struct {
		proto layer.Protocol
		a     string
		aPort uint16
		b     string
		bPort uint16
		want  string
	}{
		{layer.TCP, "128.232.110.120", 34855, "66.35.250.204", 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{layer.UDP, "192.168.1.52", 54585, "8.8.8.8", 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
		{layer.SCTP, "192.168.170.8", 7, "192.168.170.56", 7, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="},
		{layer.TCP, "2001:470:e5bf:dead:4957:2174:e82c:4887", 63943, "2607:f8b0:400c:c03::1a", 25, "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
	} {
		if got := conversation(c.proto, c.a, c.aPort, c.b, c.bPort).CommunityID(); got != c.want {
			t.Errorf("%s %s to %s: %s, not %s", c.proto, c.a, c.b, got, c.want)
		}
		if got := conversation(c.proto, c.b, c.bPort, c.a, c.aPort).CommunityID(); got != c.want {
			t.Errorf("%s %s to %s: %s, not %s", c.proto, c.b, c.a, got, c.want)
		}
	}
}

func TestICMPTypesTakeThePlaceOfPorts(t *testing.T) {
	const one, other = "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea"
	for _, c := range []struct {
		name       string
		proto      layer.Protocol
		a, b       string
		kind, code uint8
		want       string
	}{
		{"an echo request", layer.ICMP, "192.168.0.89", "192.168.0.1", 8, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
		{"an echo reply, of the same conversation", layer.ICMP, "192.168.0.1", "192.168.0.89", 0, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
		{"a router advertisement", layer.ICMPv6, other, "ff02::1", 134, 0, "1:pkvHqCL88/tg1k4cPigmZXUtL00="},
		{"a neighbour solicitation", layer.ICMPv6, one, other, 135, 0, "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
		{"the advertisement that answers it", layer.ICMPv6, other, one, 136, 0, "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
		{"the solicitation the other way", layer.ICMPv6, other, one, 135, 0, "1:zavyT/cezQr1fmImYCwYnMXbgck="},
		{"an error, which nothing answers", layer.ICMPv6, "3ffe:501:1800:2345::2", "3ffe:507:0:1:200:86ff:fe05:80da", 3, 0, "1:2ObVBgIn28oZvibYZhZMBgh7WdQ="},
		{"an error with a code", layer.ICMPv6, "3ffe:501:410:0:2c0:dfff:fe47:33e", "3ffe:507:0:1:200:86ff:fe05:80da", 1, 4, "1:hLZd0XGWojozrvxqE0dWB1iM6R0="},
	} {
		v := conversation(c.proto, c.a, 0, c.b, 0)
		v.ICMPType, v.ICMPCode = c.kind, c.code
		if got := v.CommunityID(); got != c.want {
			t.Errorf("%s: %s, not %s", c.name, got, c.want)
		}
	}
}

func TestNoCommunityIDWhereNoneIsDefined(t *testing.T) {
	for _, c := range []*Conversation{
		{Transport: layer.TCP}, // no addresses
		conversation(layer.GRE, "192.0.2.1", 0, "192.0.2.2", 0),
	} {
		if got := c.CommunityID(); got != "" {
			t.Errorf("%s: %s", c.Transport, got)
		}
	}
}

func BenchmarkCommunityID(b *testing.B) {
	c := conversation(layer.TCP, "128.232.110.120", 34855, "66.35.250.204", 80)
	b.ReportAllocs()
	for b.Loop() {
		_ = c.CommunityID()
	}
}
