package tcp

import (
	"testing"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/header"
	"github.com/wiresight/wiresight/decode/layer"
)

const ms = int64(1e6)

// step is one segment and what Wireshark 4.0 says of it.
type step struct {
	at     int64 // ms
	dir    layer.Direction
	seq    uint32
	ack    uint32
	length int
	flags  flow.Flags
	window uint16
	want   flow.Analysis
}

const (
	C = layer.ToServer
	S = layer.ToClient
)

func handshake(rtt int64) []step {
	return []step{
		{0, C, 0, 0, 0, flow.SYN, 64000, 0},
		{rtt, S, 0, 1, 0, flow.SYN | flow.ACK, 64000, 0},
		{rtt, C, 1, 1, 0, flow.ACK, 64000, 0},
	}
}

// The expectations are the rules of Wireshark 4.0 applied by hand.
func TestAnalysisFollowsWireshark(t *testing.T) {
	A := flow.ACK
	for name, steps := range map[string][]step{
		"a segment sent again after an RTO is a retransmission": {
			{20, C, 1, 1, 100, A, 64000, 0}, {320, C, 1, 1, 100, A, 64000, flow.Retransmission}},
		"sent again within the initial RTT is out of order only if it is not the highest": {
			{20, C, 1, 1, 100, A, 64000, 0}, {21, C, 101, 1, 100, A, 64000, 0}, {25, C, 1, 1, 100, A, 64000, flow.OutOfOrder}},
		"a hole is a lost segment, what fills it soon is out of order": {
			{20, C, 101, 1, 100, A, 64000, flow.LostSegment}, {22, C, 1, 1, 100, A, 64000, flow.OutOfOrder}},
		"an acknowledged segment sent again is spurious": {
			{20, C, 1, 1, 100, A, 64000, 0}, {21, S, 1, 101, 0, A, 64000, 0}, {90, C, 1, 1, 100, A, 64000, flow.SpuriousRetransmission}},
		"two duplicate ACKs and a quick answer are a fast retransmission": {
			{20, C, 1, 1, 100, A, 64000, 0}, {20, C, 101, 1, 100, A, 64000, 0}, {20, C, 201, 1, 100, A, 64000, 0},
			{60, S, 1, 1, 0, A, 64000, flow.DuplicateACK}, {61, S, 1, 1, 0, A, 64000, flow.DuplicateACK},
			{65, C, 1, 1, 100, A, 64000, flow.FastRetransmission}},
		"twenty milliseconds after the other side's last packet it is not fast any more": {
			{20, C, 1, 1, 100, A, 64000, 0}, {20, C, 101, 1, 100, A, 64000, 0}, {20, C, 201, 1, 100, A, 64000, 0},
			{60, S, 1, 1, 0, A, 64000, flow.DuplicateACK}, {61, S, 1, 1, 0, A, 64000, flow.DuplicateACK},
			{82, C, 1, 1, 100, A, 64000, flow.Retransmission}},
		"one byte below the next is a keep-alive, its repeated ACK the answer": {
			{20, C, 1, 1, 10, A, 64000, 0}, {30, S, 1, 11, 0, A, 64000, 0},
			{9000, C, 10, 1, 0, A, 64000, flow.KeepAlive}, {9010, S, 1, 11, 0, A, 64000, flow.KeepAliveACK}},
		"an ACK of bytes never seen": {
			{20, S, 1, 101, 0, A, 64000, flow.ACKedUnseen}},
		"window zero, probe of one byte and its answer, update": {
			{20, C, 1, 1, 100, A, 64000, 0}, {21, S, 1, 101, 0, A, 0, flow.ZeroWindow},
			{300, C, 101, 1, 1, A, 64000, flow.ZeroWindowProbe}, {301, S, 1, 101, 0, A, 0, flow.ZeroWindow | flow.ZeroWindowProbeACK},
			{400, S, 1, 101, 0, A, 5000, flow.WindowUpdate}},
		"the window is full when the segment ends exactly at its edge": {
			{20, S, 1, 1, 0, A, 1000, flow.WindowUpdate}, {21, C, 1, 1, 999, A, 64000, 0}, {22, C, 1000, 1, 1, A, 64000, flow.WindowFull}},
	} {
		t.Run(name, func(t *testing.T) {
			c := New()
			for i, st := range append(handshake(10), steps...) {
				s := flow.Segment{At: layer.PacketRef{Number: i + 1, Nanos: st.at * ms}, Dir: st.dir, Seq: 1000 + st.seq, Length: st.length, Flags: st.flags}
				if st.flags&flow.ACK != 0 {
					s.Ack = 1000 + st.ack
				}
				c.Analyse(&s, &header.TCPHeader{Window: st.window, WindowScale: -1})
				if s.Analysis != st.want {
					t.Errorf("segment %d: flags %b, want %b", i+1, s.Analysis, st.want)
				}
			}
		})
	}
}
