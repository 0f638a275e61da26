package decode

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// player feeds a chain with packets that gopacket wrote.
type player struct {
	t     testing.TB
	chain *Chain
	n     int
}

func newPlayer(t testing.TB, opt Options) *player { return &player{t: t, chain: New(opt)} }

// send feeds one frame, a millisecond after the one before.
func (p *player) send(list ...gopacket.SerializableLayer) *Result {
	p.t.Helper()
	for i, l := range list {
		if u, ok := l.(*layers.UDP); ok {
			_ = u.SetNetworkLayerForChecksum(list[i-1].(gopacket.NetworkLayer))
		}
		if u, ok := l.(*layers.TCP); ok {
			_ = u.SetNetworkLayerForChecksum(list[i-1].(gopacket.NetworkLayer))
		}
	}
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, list...); err != nil {
		p.t.Fatal(err)
	}
	p.n++
	return p.chain.Packet(&capture.Frame{Number: p.n, Nanos: int64(p.n) * 1e6, Link: capture.LinkEthernet, Length: len(b.Bytes()), Data: b.Bytes()})
}

func ether() *layers.Ethernet {
	return &layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}, EthernetType: layers.EthernetTypeIPv4}
}

func ipv4(src, dst string, p layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{Version: 4, TTL: 64, Protocol: p, SrcIP: net.ParseIP(src).To4(), DstIP: net.ParseIP(dst).To4()}
}

const (
	one = "192.0.2.1"
	two = "192.0.2.2"
)

// tcp sends a segment from one host to the other. flags are letters of SAFRP.
func (p *player) tcp(src, dst string, sport, dport int, seq, ack uint32, flags, payload string) *Result {
	p.t.Helper()
	has := func(f string) bool { return strings.Contains(flags, f) }
	return p.send(ether(), ipv4(src, dst, layers.IPProtocolTCP), &layers.TCP{
		SrcPort: layers.TCPPort(sport), DstPort: layers.TCPPort(dport), Seq: seq, Ack: ack, Window: 1000,
		SYN: has("S"), ACK: has("A"), FIN: has("F"), RST: has("R"), PSH: has("P"),
	}, gopacket.Payload(payload))
}

func (p *player) handshake(sport, dport int, client, server uint32) {
	p.t.Helper()
	p.tcp(one, two, sport, dport, client, 0, "S", "")
	p.tcp(two, one, dport, sport, server, client+1, "SA", "")
	p.tcp(one, two, sport, dport, client+1, server+1, "A", "")
}

const (
	get = "GET /a HTTP/1.1\r\nHost: example.com\r\n\r\n"
	ok  = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
)

func TestAProtocolIsKnownByItsBytesOnAnyPort(t *testing.T) {
	p := newPlayer(t, Options{})
	p.handshake(40000, 31337, 100, 900)
	p.tcp(one, two, 40000, 31337, 101, 901, "AP", get)
	p.tcp(two, one, 31337, 40000, 901, 101+uint32(len(get)), "AP", ok)
	c := p.chain.Finish().Conversations[0]
	if !c.Has("http1") || len(c.Exchanges) != 1 || c.Exchanges[0].Name != "GET /a" || c.Exchanges[0].Status != "200" || c.Server.Name != "example.com" {
		t.Errorf("stack %v, exchanges %+v, server %q", c.Stack, c.Exchanges, c.Server.Name)
	}
}

func TestStreamsComeInOrderHoweverSegmentsDo(t *testing.T) {
	p := newPlayer(t, Options{})
	p.handshake(40000, 80, 100, 900)
	p.tcp(one, two, 40000, 80, 111, 901, "AP", get[10:])
	p.tcp(one, two, 40000, 80, 101, 901, "AP", get[:10])
	p.tcp(one, two, 40000, 80, 101, 901, "AP", get[:20]) // again, with more
	c := p.chain.Finish().Conversations[0]
	if len(c.Exchanges) != 1 || c.Exchanges[0].Name != "GET /a" {
		t.Fatalf("%+v", c.Exchanges)
	}
	if c.TCP.Resent != (flow.Counts{1, 0}) {
		t.Errorf("segments sent again: %v", c.TCP.Resent)
	}
}

func TestUsedPortsBeginAnotherConversation(t *testing.T) {
	p := newPlayer(t, Options{})
	p.handshake(40000, 80, 100, 900)
	p.tcp(one, two, 40000, 80, 101, 901, "FA", "")
	p.tcp(two, one, 80, 40000, 901, 102, "FA", "")
	p.handshake(40000, 80, 5000, 7000)
	list := p.chain.Finish().Conversations
	if len(list) != 2 || list[0].Reused || !list[1].Reused {
		t.Errorf("%d conversations", len(list))
	}
}

func TestASYNThatComesAgainDoesNot(t *testing.T) {
	p := newPlayer(t, Options{})
	p.tcp(one, two, 40000, 80, 100, 0, "S", "")
	p.handshake(40000, 80, 100, 900)
	list := p.chain.Finish().Conversations
	if len(list) != 1 || list[0].TCP.Retransmissions != 1 || list[0].TCP.Resent[layer.ToServer] != 1 {
		t.Errorf("%d conversations, %+v", len(list), list[0].TCP)
	}
}

func TestRolesFollowTheStrongestEvidence(t *testing.T) {
	for _, c := range []struct {
		name  string
		play  func(p *player)
		basis flow.RoleBasis
	}{
		{"a SYN-ACK alone names its sender the server", func(p *player) { p.tcp(two, one, 9999, 40000, 900, 101, "SA", "") }, flow.RoleSYN},
		{"without a handshake a known port", func(p *player) { p.tcp(two, one, 443, 40000, 900, 101, "A", "") }, flow.RolePort},
		{"a request, even against the first packet", func(p *player) {
			p.tcp(two, one, 9999, 40000, 900, 101, "A", "")
			p.tcp(one, two, 40000, 9999, 101, 900, "AP", get)
		}, flow.RoleHandshake},
		{"else the first packet's sender is the client", func(p *player) { p.tcp(one, two, 40000, 9999, 900, 101, "A", "") }, flow.RoleFirstPacket},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlayer(t, Options{})
			c.play(p)
			v := p.chain.Finish().Conversations[0]
			if v.RoleBasis != c.basis || v.Client.Addr.String() != one {
				t.Errorf("client %s by %s", v.Client.Addr, v.RoleBasis)
			}
		})
	}
}

func TestATunnelIsAConversationBesideWhatItCarries(t *testing.T) {
	p := newPlayer(t, Options{})
	for range 2 {
		p.send(ether(), ipv4(one, two, layers.IPProtocolUDP), &layers.UDP{SrcPort: 50000, DstPort: 4789},
			&layers.VXLAN{ValidIDFlag: true, VNI: 1}, ether(), ipv4("10.0.0.1", "10.0.0.2", layers.IPProtocolTCP), &layers.TCP{SrcPort: 1, DstPort: 2})
	}
	list := p.chain.Finish().Conversations
	if len(list) != 2 || list[0].Transport != layer.UDP || list[1].Transport != layer.TCP || list[0].Packets.Sum() != 2 || list[1].Packets.Sum() != 2 {
		t.Fatalf("%d conversations", len(list))
	}
	if !slices.Equal(list[0].Stack, []layer.Protocol{"ethernet", "ipv4", "udp", "vxlan"}) {
		t.Errorf("the tunnel's stack: %v", list[0].Stack)
	}
}

func TestAnICMPErrorIsTiedToTheConversationThatItIsAbout(t *testing.T) {
	p := newPlayer(t, Options{})
	p.send(ether(), ipv4(one, two, layers.IPProtocolUDP), &layers.UDP{SrcPort: 50000, DstPort: 53000}, gopacket.Payload("x"))
	quoted := gopacket.NewSerializeBuffer()
	_ = gopacket.SerializeLayers(quoted, gopacket.SerializeOptions{FixLengths: true}, ipv4(one, two, layers.IPProtocolUDP), &layers.UDP{SrcPort: 50000, DstPort: 53000}, gopacket.Payload("x"))
	p.send(ether(), ipv4(two, one, layers.IPProtocolICMPv4), &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(3, 3)}, gopacket.Payload(quoted.Bytes()))
	c := p.chain.Finish().Conversations[0]
	if len(c.Related) != 1 || c.Related[0].Number != 2 {
		t.Errorf("related packets: %v", c.Related)
	}
}

func TestFragmentsBelongToTheirConversationOnceTheyAreWhole(t *testing.T) {
	whole := gopacket.NewSerializeBuffer()
	_ = gopacket.SerializeLayers(whole, gopacket.SerializeOptions{FixLengths: true}, &layers.UDP{SrcPort: 50000, DstPort: 9}, gopacket.Payload(strings.Repeat("x", 20)))
	p := newPlayer(t, Options{Record: true})
	first, last := ipv4(one, two, layers.IPProtocolUDP), ipv4(one, two, layers.IPProtocolUDP)
	first.Flags, last.FragOffset = layers.IPv4MoreFragments, 2
	if r := p.send(ether(), first, gopacket.Payload(whole.Bytes()[:16])); r.Conversation != nil || !r.Fragment {
		t.Error("a fragment has a conversation")
	}
	r := p.send(ether(), last, gopacket.Payload(whole.Bytes()[16:]))
	if r.Conversation == nil || r.Conversation.Payload.Sum() != 20 || r.Layers[len(r.Layers)-1].Source != layer.Reassembled {
		t.Errorf("%+v", r)
	}
}

func TestLimitsAreKeptAndCounted(t *testing.T) {
	p := newPlayer(t, Options{MaxConversations: 2, MaxExchanges: 1, MaxProblems: 1})
	for port := 1; port <= 3; port++ {
		p.handshake(40000+port, 80, 100, 900)
		p.tcp(one, two, 40000+port, 80, 101, 901, "AP", get)
		p.send(ether(), ipv4(one, two, layers.IPProtocolTCP), gopacket.Payload("short"))
	}
	m := p.chain.Finish()
	if len(m.Conversations) != 2 || m.PacketsOmitted != 4 || m.ExchangesOmitted != 1 || len(m.Problems) != 1 || m.ProblemsOmitted != 2 {
		t.Errorf("conversations %d+%d, exchanges omitted %d, problems %d+%d", len(m.Conversations), m.PacketsOmitted,
			m.ExchangesOmitted, len(m.Problems), m.ProblemsOmitted)
	}
}

func TestFollowHandsOutTheBytesInOrder(t *testing.T) {
	var got []string
	p := newPlayer(t, Options{Follow: func(id int, _ layer.Protocol, c dissect.Chunk) {
		got = append(got, fmt.Sprintf("%d %s %s", id, c.Dir, c.Data))
	}})
	p.handshake(40000, 9999, 100, 900)
	p.tcp(one, two, 40000, 9999, 104, 901, "AP", "def")
	p.tcp(one, two, 40000, 9999, 101, 901, "AP", "abc")
	p.tcp(two, one, 9999, 40000, 901, 107, "AP", "x")
	if want := []string{"1 to_server abc", "1 to_server def", "1 to_client x"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// FuzzChain feeds frames of any bytes, several a run, so that they meet in
// conversations.
func FuzzChain(f *testing.F) {
	f.Add(uint16(1), []byte("\x00\x1e"+strings.Repeat("\x45", 60)))
	f.Add(uint16(101), []byte{0, 24, 0x60, 0, 0, 0, 0, 20, 6, 1})
	f.Fuzz(func(t *testing.T, link uint16, b []byte) {
		chain := New(Options{Record: true, MaxHeldBytes: 1 << 16})
		for n := 1; len(b) >= 2; n++ {
			size := min(int(b[0])<<8|int(b[1]), len(b)-2)
			data := b[2 : 2+size]
			b = b[2+size:]
			chain.Packet(&capture.Frame{Number: n, Nanos: int64(n), Link: capture.LinkType(link), Length: size, Data: data})
		}
		for _, problem := range chain.Finish().Problems {
			if strings.Contains(problem.Text, "decoder failed") {
				t.Fatal(problem.Text)
			}
		}
	})
}
