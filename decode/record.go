package decode

import (
	"fmt"
	"strconv"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/header"
	"github.com/wiresight/wiresight/decode/layer"
)

// record describes the current packet in full.
func (c *Chain) record(f *capture.Frame) {
	r := &c.result
	r.Layers = header.Describe(f.Link, f.Data, &c.pkt, r.Layers)
	if v := c.last; v != nil && v.tcp != nil && r.Conversation == v.m {
		for i := len(r.Layers) - 1; i >= 0; i-- {
			if r.Layers[i].Protocol == layer.TCP {
				c.describeTCP(v, &r.Layers[i])
				break
			}
		}
	}
	r.Layers = append(r.Layers, c.sink.layers...)
}

var analysisNames = []struct {
	flag flow.Analysis
	name string // of the field
	text string
}{
	{flow.Retransmission, "tcp.analysis.retransmission", "TCP Retransmission"},
	{flow.FastRetransmission, "tcp.analysis.fast_retransmission", "TCP Fast Retransmission"},
	{flow.SpuriousRetransmission, "tcp.analysis.spurious_retransmission", "TCP Spurious Retransmission"},
	{flow.OutOfOrder, "tcp.analysis.out_of_order", "TCP Out-Of-Order"},
	{flow.DuplicateACK, "tcp.analysis.duplicate_ack", "TCP Dup ACK"},
	{flow.LostSegment, "tcp.analysis.lost_segment", "TCP Previous segment not captured"},
	{flow.ACKedUnseen, "tcp.analysis.ack_lost_segment", "TCP ACKed unseen segment"},
	{flow.ZeroWindow, "tcp.analysis.zero_window", "TCP ZeroWindow"},
	{flow.WindowFull, "tcp.analysis.window_full", "TCP Window Full"},
	{flow.WindowUpdate, "tcp.analysis.window_update", "TCP Window Update"},
	{flow.KeepAlive, "tcp.analysis.keep_alive", "TCP Keep-Alive"},
	{flow.KeepAliveACK, "tcp.analysis.keep_alive_ack", "TCP Keep-Alive ACK"},
	{flow.ZeroWindowProbe, "tcp.analysis.zero_window_probe", "TCP ZeroWindowProbe"},
	{flow.ZeroWindowProbeACK, "tcp.analysis.zero_window_probe_ack", "TCP ZeroWindowProbeAck"},
	{flow.ReusedPorts, "tcp.analysis.reused_ports", "TCP Port numbers reused"},
}

// describeTCP adds what only the connection knows: numbers relative to its
// beginning, the scaled window, and the analysis.
func (c *Chain) describeTCP(v *conversation, l *layer.Layer) {
	s := &c.segment
	seq := s.Seq - v.tcp.Base(s.Dir)
	ack := uint32(0)
	if s.Flags&flow.ACK != 0 {
		ack = s.Ack - v.tcp.Base(s.Dir.Reverse())
	}
	at := l.Offset
	l.Fields = append(l.Fields,
		layer.Field{Name: "tcp.stream", Value: strconv.Itoa(v.m.ID)},
		layer.Field{Name: "tcp.len", Value: strconv.Itoa(s.Length)},
		layer.Field{Name: "tcp.seq", Value: strconv.FormatUint(uint64(seq), 10), Offset: at + 4, Length: 4},
		layer.Field{Name: "tcp.ack", Value: strconv.FormatUint(uint64(ack), 10), Offset: at + 8, Length: 4},
		layer.Field{Name: "tcp.window_size", Value: strconv.Itoa(s.Window), Offset: at + 14, Length: 2},
	)
	if s.InFlight > 0 && s.Length > 0 {
		l.Fields = append(l.Fields, layer.Field{Name: "tcp.analysis.bytes_in_flight", Value: strconv.FormatInt(s.InFlight, 10)})
	}
	prefix := ""
	flags := s.Analysis
	if flags&(flow.FastRetransmission|flow.SpuriousRetransmission) != 0 {
		flags |= flow.Retransmission // as Wireshark counts them
	}
	for _, n := range analysisNames {
		if flags&n.flag != 0 {
			l.Fields = append(l.Fields, layer.Field{Name: n.name, Value: n.text})
			if s.Analysis&n.flag != 0 {
				prefix += "[" + n.text + "] "
			}
		}
	}
	l.Summary = prefix + fmt.Sprintf("%d → %d [%s] Seq=%d", c.pkt.SrcPort, c.pkt.DstPort, flagNames(s.Flags), seq)
	if s.Flags&flow.ACK != 0 {
		l.Summary += fmt.Sprintf(" Ack=%d", ack)
	}
	l.Summary += fmt.Sprintf(" Win=%d Len=%d", s.Window, s.Length)
	if h := &c.pkt.TCP; h.MSS > 0 {
		l.Summary += fmt.Sprintf(" MSS=%d", h.MSS)
		if h.WindowScale >= 0 {
			l.Summary += fmt.Sprintf(" WS=%d", 1<<min(h.WindowScale, 14))
		}
		if h.SACKPermitted {
			l.Summary += " SACK_PERM"
		}
	}
}

func flagNames(f flow.Flags) string {
	out := ""
	for _, n := range []struct {
		flag flow.Flags
		name string
	}{{flow.FIN, "FIN"}, {flow.SYN, "SYN"}, {flow.RST, "RST"}, {flow.PSH, "PSH"}, {flow.ACK, "ACK"}, {flow.URG, "URG"}, {flow.ECE, "ECE"}, {flow.CWR, "CWR"}, {flow.AE, "AE"}} {
		if f&n.flag != 0 {
			if out != "" {
				out += ", "
			}
			out += n.name
		}
	}
	return out
}
