package wiresight

import (
	"fmt"
	"strings"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Label tells the packet in a few words, those that matter first.
func (k *TracePacket) Label() string {
	if k.TCP == nil || k.Protocol != layer.TCP {
		return layer.Printable(k.Summary)
	}
	text := flags(k.TCP.Flags)
	if k.TCP.Length > 0 {
		return fmt.Sprintf("%d bytes  [%s]", k.TCP.Length, text)
	}
	if len(k.TCP.SACK) > 0 {
		text += "  SACK"
	}
	return text
}

// flags names TCP's flags as diagrams do.
func flags(f flow.Flags) string {
	var names []string
	for _, n := range []struct {
		flag flow.Flags
		name string
	}{{flow.SYN, "SYN"}, {flow.FIN, "FIN"}, {flow.RST, "RST"}, {flow.PSH, "PSH"}, {flow.ACK, "ACK"}, {flow.URG, "URG"}} {
		if f&n.flag != 0 {
			names = append(names, n.name)
		}
	}
	return strings.Join(names, ", ")
}

// Trouble names what the decoder's analysis says of a segment, the gravest
// first; "" for nothing.
func (k *TracePacket) Trouble() string {
	if k.TCP == nil {
		return ""
	}
	for _, n := range troubles {
		if k.TCP.Analysis&n.flag != 0 {
			return n.text
		}
	}
	return ""
}

// Grave tells whether the trouble cost something.
func (k *TracePacket) Grave() bool {
	return k.TCP != nil && k.TCP.Analysis&(flow.Retransmission|flow.FastRetransmission|flow.SpuriousRetransmission|flow.ZeroWindow|flow.LostSegment) != 0
}

var troubles = []struct {
	flag flow.Analysis
	text string
}{
	{flow.FastRetransmission, "fast retransmission"}, {flow.SpuriousRetransmission, "sent again in vain"},
	{flow.Retransmission, "retransmission"}, {flow.ZeroWindowProbe, "zero window probe"}, {flow.ZeroWindow, "zero window"},
	{flow.OutOfOrder, "out of order"}, {flow.LostSegment, "one before is missing"}, {flow.ACKedUnseen, "ACK of unseen bytes"},
	{flow.WindowFull, "window full"}, {flow.DuplicateACK, "duplicate ACK"}, {flow.ZeroWindowProbeACK, "zero window"},
	{flow.WindowUpdate, "window update"}, {flow.KeepAliveACK, "keep-alive ACK"}, {flow.KeepAlive, "keep-alive"},
	{flow.ReusedPorts, "ports used again"},
}
