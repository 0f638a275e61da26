package subject

import (
	"fmt"
	"sort"
	"strings"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Packet returns a packet of the trace, nil where it is not there.
func (s *Subject) Packet(number int) *wiresight.TracePacket {
	if i := s.Index(number); i >= 0 {
		return &s.Trace.Packets[i]
	}
	return nil
}

// Index returns a packet's place in the trace, -1 where it is not there.
func (s *Subject) Index(number int) int {
	if s.Trace == nil {
		return -1
	}
	list := s.Trace.Packets
	i := sort.Search(len(list), func(i int) bool { return list[i].At.Number >= number })
	if i < len(list) && list[i].At.Number == number {
		return i
	}
	return -1
}

// Label tells a packet in a few words, those that matter first.
func Label(k *wiresight.TracePacket) string {
	if k.TCP == nil || k.Protocol != layer.TCP {
		return layer.Printable(k.Summary)
	}
	t := k.TCP
	text := Flags(t.Flags)
	if t.Length > 0 {
		return fmt.Sprintf("%d bytes  [%s]", t.Length, text)
	}
	if len(t.SACK) > 0 {
		text += "  SACK"
	}
	return text
}

// Flags names TCP's flags as diagrams do.
func Flags(f flow.Flags) string {
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
func Trouble(k *wiresight.TracePacket) string {
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

// Message tells a message in a few words.
func Message(m *flow.Message) string {
	text := m.Name
	if text == "" {
		text = m.Status
	}
	if text == "" {
		text = m.Kind
	}
	text = layer.Printable(text)
	if m.Stream != 0 {
		text = fmt.Sprintf("%s  stream %d", text, m.Stream)
	}
	if m.State == flow.Cut {
		text += "  (cut off)"
	}
	return text
}

// Base returns the first sequence number of a direction, from which numbers
// are counted; known is false where none was seen.
func (s *Subject) Base(d layer.Direction) (base uint32, known bool) {
	if s.Trace == nil {
		return 0, false
	}
	for i := range s.Trace.Packets {
		if k := &s.Trace.Packets[i]; k.Dir == d && k.TCP != nil {
			return k.TCP.Seq, true
		}
	}
	return 0, false
}
