package classify_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// large is a model of many conversations with n exchanges each.
func large(conversations, n int) *flow.Model {
	m := &flow.Model{}
	var now int64 = 1e18
	number := 0
	ref := func(step int64) layer.PacketRef {
		now, number = now+step, number+1
		return layer.PacketRef{Number: number, Nanos: now}
	}
	var targets []string
	for i := range 50 {
		targets = append(targets, fmt.Sprintf("GET /item/%d?page=%d", i, i))
	}
	for i := range conversations {
		c := &flow.Conversation{ID: i + 1, Transport: layer.TCP, RoleBasis: flow.RoleSYN, TCP: &flow.TCP{SYNs: [2]int{1, 1}, MSS: [2]int{1460, 1460}}, Tracker: timing.NewTracker()}
		c.Client = flow.Endpoint{Addr: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), Port: 40000}
		c.Server = flow.Endpoint{Addr: netip.MustParseAddr("10.1.0.1"), Port: 80}
		c.TCP.Handshake = flow.Handshake{SYN: ref(1e5), SYNACK: ref(1e6), ACK: ref(1e4)}
		c.First = c.TCP.Handshake.SYN
		for j := range n {
			request, answer := ref(1e5), ref(1e6)
			s := flow.Segment{At: request, Flags: flow.ACK, Seq: uint32(j * 100), Ack: uint32(j * 500), Length: 100, Fresh: true, Window: 65535}
			c.Tracker.Segment(c, &s)
			s = flow.Segment{At: answer, Dir: layer.ToClient, Flags: flow.ACK, Seq: uint32(j * 500), Ack: uint32(j*100 + 100), Length: 500, Fresh: true, Window: 65535}
			c.Tracker.Segment(c, &s)
			c.Exchanges = append(c.Exchanges, &flow.Exchange{ID: j + 1, Protocol: "http1", Name: targets[(i+j)%len(targets)], Status: "200",
				Request: flow.Part{First: request, Last: request, Bytes: 100}, Response: flow.Part{First: answer, Last: answer, Bytes: 500}})
			c.Last = answer
		}
		m.Conversations = append(m.Conversations, c)
	}
	return m
}

func BenchmarkClassify(b *testing.B) {
	m := large(31_000, 13)
	b.ReportAllocs()
	for b.Loop() {
		k := classify.New(m)
		for _, c := range m.Conversations {
			k.Conversation(c)
		}
		k.Capture()
	}
}
