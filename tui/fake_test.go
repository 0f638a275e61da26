package tui

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/page"
)

// fake is a source whose capture never changes unless a test does it, so that
// screens can be compared.
type fake struct {
	model   flow.Model
	index   []wiresight.PacketInfo
	status  wiresight.Status
	hostile string // goes into every text that a capture can bring
}

const begin = int64(1_700_000_000_000_000_000) // 2023-11-14 22:13:20 UTC

func at(n int) layer.PacketRef {
	return layer.PacketRef{Number: n, Nanos: begin + int64(n-1)*int64(10*time.Millisecond)}
}

// newFake returns a capture of so many conversations, each of ten packets
// that follow one another.
func newFake(conversations int) *fake {
	f := &fake{}
	f.model.LinkTypes = []string{"ethernet"}
	f.model.Protocols = []flow.ProtocolCount{{Protocol: layer.Ethernet, OSI: 2, Packets: 120, Bytes: 9000}, {Protocol: "dns", OSI: 7, Packets: 7, Bytes: 700}, {Protocol: "http1", OSI: 7, Packets: 50, Bytes: 7000}}
	for range conversations {
		f.add()
	}
	f.status = wiresight.Status{Packets: f.model.Packets, Read: 1234567, Size: 1234567, Done: true}
	return f
}

const perConversation = 10

var tops = []layer.Protocol{"http1", "tls", "dns"}

// add begins and ends another conversation.
func (f *fake) add() {
	id := len(f.model.Conversations) + 1
	first := (id-1)*perConversation + 1
	c := &flow.Conversation{
		ID: id, Transport: layer.TCP, RoleBasis: flow.RoleSYN, Version: 1,
		Client: flow.Endpoint{Addr: netip.MustParseAddr("10.9.0.1"), Port: uint16(50000 + id%1000)},
		Server: flow.Endpoint{Addr: netip.MustParseAddr("10.9.0.2"), Port: 443, Name: fmt.Sprintf("host-%d.example.com", id%7) + f.hostile},
		Stack:  []layer.Protocol{layer.Ethernet, layer.IPv4, layer.TCP, tops[id%len(tops)]},
		First:  at(first), Last: at(first + perConversation - 1),
		Packets: flow.Counts{6, int64(4 + id%3)}, Bytes: flow.Counts{int64(900 + 37*id%1000), int64(12000 * (id%5 + 1))},
		TCP: &flow.TCP{Retransmissions: int64(id % 3), MSS: [2]int{1460, 1460}, ClosedBy: flow.ClosedByClient},
	}
	if tops[id%len(tops)] == "tls" {
		c.TLS = &flow.TLS{Version: "TLS 1.3", CipherSuite: "TLS_AES_128_GCM_SHA256", SNI: c.Server.Name, ALPN: "http/1.1"}
	}
	for i := range 3 {
		m := flow.Message{Protocol: "http1", Kind: "request", Role: flow.Request, Key: uint64(i), Name: fmt.Sprintf("GET /page/%d", i) + f.hostile, First: at(first + 3 + 2*i), Last: at(first + 3 + 2*i)}
		m.Packets.Add(first + 3 + 2*i)
		c.Add(&m, flow.NewStore(1000, 1000))
		r := flow.Message{Protocol: "http1", Kind: "response", Dir: layer.ToClient, Role: flow.Response, Key: uint64(i), Status: "200", First: at(first + 4 + 2*i), Last: at(first + 4 + 2*i)}
		r.Packets.Add(first + 4 + 2*i)
		c.Add(&r, flow.NewStore(1000, 1000))
	}
	f.model.Conversations = append(f.model.Conversations, c)
	for i := range perConversation {
		f.index = append(f.index, wiresight.MakePacketInfo(at(first+i).Nanos, uint32(id), uint16(id%len(tops)), 74+50*(i%7)))
	}
	f.model.Packets, f.model.Bytes = int64(len(f.index)), f.model.Bytes+c.Bytes.Sum()
	f.model.First, f.model.Last = at(1), at(len(f.index))
	f.status.Packets = f.model.Packets
}

func (f *fake) Status() wiresight.Status { return f.status }
func (f *fake) SetPaused(p bool)         { f.status.Paused = p }
func (f *fake) View(see func(wiresight.View)) {
	see(wiresight.View{Model: &f.model, Packets: f.index})
}
func (f *fake) ProtocolName(top uint16) layer.Protocol { return tops[top] }

func (f *fake) Packet(n int) (*wiresight.Packet, error) {
	if n < 1 || n > len(f.index) {
		return nil, errors.New("no such packet")
	}
	text := fmt.Sprintf("segment %d of the conversation", (n-1)%perConversation+1) + f.hostile
	p := &wiresight.Packet{
		Number: n, Time: at(n).Time(), Length: 74 + n%100, Conversation: (n-1)/perConversation + 1, Dir: layer.Direction(n % 2),
		Source: "10.9.0.1", Destination: "10.9.0.2", Protocol: tops[((n-1)/perConversation+1)%len(tops)], Summary: text,
	}
	for i := range 74 {
		p.Data = append(p.Data, byte(i*n))
	}
	p.Layers = []layer.Layer{
		{Protocol: layer.Ethernet, OSI: 2, Length: 14, Summary: "02:00:00:00:00:01 → 02:00:00:00:00:02"},
		{Protocol: layer.TCP, OSI: 4, Offset: 34, Length: 20, Summary: "50001 → 443 [ACK]", Fields: []layer.Field{
			{Name: "tcp.srcport", Value: "50001", Offset: 34, Length: 2},
			{Name: "tcp.flags", Value: "ACK" + layer.Printable(f.hostile), Offset: 46, Length: 2, Children: []layer.Field{{Name: "tcp.flags.ack", Value: "1", Offset: 47, Length: 1}}},
		}},
		{Protocol: "http1", OSI: 7, Offset: 54, Length: 20, Summary: layer.Printable(text)},
	}
	return p, nil
}

func (f *fake) Packets(from, n int) ([]wiresight.Packet, error) {
	var list []wiresight.Packet
	for i := from; i < from+n && i <= len(f.index); i++ {
		p, err := f.Packet(i)
		if err != nil {
			return list, err
		}
		list = append(list, *p)
	}
	return list, nil
}

func (f *fake) Stream(id, limit int) ([]wiresight.StreamChunk, error) {
	first := (id-1)*perConversation + 1
	return []wiresight.StreamChunk{
		{At: at(first + 3), Data: []byte("GET /page/0 HTTP/1.1\r\nHost: www.example.com\r\n\r\n")},
		{Dir: layer.ToClient, At: at(first + 4), Data: []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhello \x1b[31mred\x1b[0m" + f.hostile)},
		{Dir: layer.ToClient, At: at(first + 5), Data: []byte(" and on\n")},
		{Dir: layer.ToClient, At: at(first + 6), Gap: 100, Data: []byte(strings.Repeat("long ", 60))},
	}, nil
}

// Trace makes a handshake, and then requests and answers.
func (f *fake) Trace(_ context.Context, id, limit int, _ func(int)) (*wiresight.Trace, error) {
	first := (id-1)*perConversation + 1
	c := f.model.Conversations[id-1]
	t := &wiresight.Trace{}
	var seq [2]uint32
	for i := range perConversation {
		s := &flow.Segment{At: at(first + i), Dir: layer.Direction(i % 2), Flags: flow.ACK, Window: 64000, Length: 100 * (i - 2)}
		switch i {
		case 0:
			s.Flags, s.Length = flow.SYN, 0
		case 1:
			s.Flags, s.Length = flow.SYN|flow.ACK, 0
		case 2:
			s.Length = 0
		case 7:
			s.Analysis = flow.Retransmission
		}
		s.Seq, s.Ack = seq[s.Dir], seq[s.Dir^1]
		seq[s.Dir] = s.Next()
		k := wiresight.TracePacket{At: s.At, Dir: s.Dir, Length: 74, Protocol: layer.TCP, Summary: "segment" + f.hostile, TCP: s}
		if s.Length > 0 {
			k.Protocol, k.Summary = "http1", fmt.Sprintf("message %d", i)+f.hostile
			s.InFlight = int64(s.Length)
		}
		if i > 2 {
			k.RTT = time.Duration(10+i) * time.Millisecond
		}
		t.Packets = append(t.Packets, k)
	}
	for i, e := range c.Exchanges {
		m := flow.Message{Protocol: "http1", Kind: "request", Name: e.Name, First: e.Request.First, Last: e.Request.Last, Bytes: 90, Packets: e.Request.Packets, Facts: []flow.Fact{{Key: "host", Value: "www.example.com" + f.hostile}}}
		r := flow.Message{Protocol: "http1", Kind: "response", Dir: layer.ToClient, Status: "200", First: e.Response.First, Last: e.Response.Last, Bytes: int64(1000 * (i + 1)), Packets: e.Response.Packets}
		t.Messages = append(t.Messages, m, r)
	}
	return t, nil
}

// fakeJudge finds something in every second conversation.
func (f *fake) judge(_ *flow.Model, c *flow.Conversation) classify.Conversation {
	n := c.First.Number
	v := classify.Conversation{
		Patterns: []claim.Pattern{{ID: "request-response", Confidence: 0.97, Basis: claim.Decoded, Because: "3 requests were each answered before the next one left" + f.hostile,
			Evidence: []claim.Evidence{{Packet: n + 3, Shows: "first request" + f.hostile}, {Packet: n + 4, Shows: "its answer"}}}},
		Path:   timing.Path{RTT: 10 * time.Millisecond, HasRTT: true, Server: 10 * time.Millisecond, HasServer: true, HasClient: true, Vantage: timing.AtClient},
		Ledger: &timing.Ledger{Start: at(n).Nanos, Wall: 90 * time.Millisecond, Entries: []timing.Entry{{Name: "tcp", Time: 10 * time.Millisecond}, {Name: "server", Time: 50 * time.Millisecond}, {Name: "idle", Time: 30 * time.Millisecond}}},
		Setup: &timing.Setup{Way: []string{"tcp"}, RoundTrips: 1, HasRoundTrips: true, TimeToFirstByte: 60 * time.Millisecond, HasTimeToFirstByte: true,
			RTT: 10 * time.Millisecond, HasRTT: true, RTTBasis: "handshake", Vantage: "client", Phases: []timing.Phase{
				{Name: "tcp", Start: at(n).Nanos, Duration: 10 * time.Millisecond, RoundTrips: 1, Packets: []int{n, n + 2}},
				{Name: "request", Start: at(n + 3).Nanos, Duration: 2 * time.Millisecond, Packets: []int{n + 3}},
				{Name: "server", Start: at(n + 3).Nanos, Duration: 10 * time.Millisecond, Packets: []int{n + 3, n + 4}},
				{Name: "transfer", Start: at(n + 4).Nanos, Duration: 30 * time.Millisecond, Packets: []int{n + 4, n + 7}},
			}, WhatIf: []timing.WhatIf{{Way: "quic-0rtt", RoundTrips: 0, TimeToFirstByte: 30 * time.Millisecond}}},
	}
	for range c.Exchanges {
		v.Exchanges = append(v.Exchanges, timing.Exchange{Kind: "request-response", Service: 4 * time.Millisecond, Total: 12 * time.Millisecond, HasService: true, HasTotal: true})
	}
	if c.ID%2 == 0 {
		v.Findings = []claim.Finding{{ID: "nagle-delayed-ack", Severity: []claim.Severity{claim.Notice, claim.Warning, claim.Problem}[c.ID%3],
			Title: "Nagle's algorithm and delayed ACKs waited for each other twice" + f.hostile, Cost: 80 * time.Millisecond,
			Explanation: "The client wrote its request in two small pieces. Nagle's algorithm held the second one until the first was acknowledged, and the server delayed that acknowledgment.",
			Advice:      "Set TCP_NODELAY, or write the request at once.", Omitted: 1,
			Occurrences: []claim.Occurrence{{Packets: []int{n + 3, n + 5}, Shows: "the second piece waited" + f.hostile, Cost: 40 * time.Millisecond}}}}
	}
	return v
}

// containing is a filter for conversations of a protocol and for packets of
// odd numbers; "(" is an error.
type containing string

func (k containing) Packet(p *wiresight.Packet) bool { return p.Number%2 == 1 }
func (k containing) Conversation(c *flow.Conversation) bool {
	return c.Has(layer.Protocol(k))
}

func (k containing) NeedsPackets() bool { return k == "tcp" }

func fakeCompile(text string) (page.Filter, error) {
	if strings.Contains(text, "(") {
		return nil, errors.New("column 1: a bracket is not closed")
	}
	return containing(text), nil
}
