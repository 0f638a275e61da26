package subject

import (
	"fmt"
	"sort"

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
