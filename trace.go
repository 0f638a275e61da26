package wiresight

import (
	"context"
	"slices"
	"time"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Trace is a conversation packet by packet, as sequence diagrams and graphs
// draw it.
type Trace struct {
	Packets  []TracePacket // in the order captured
	Messages []flow.Message
	More     int // packets of the conversation behind those
}

// TracePacket is one packet of a Trace.
type TracePacket struct {
	At       layer.PacketRef
	Dir      layer.Direction
	Length   int            // on the wire
	Protocol layer.Protocol // innermost
	Summary  string         // what the innermost protocol says
	TCP      *flow.Segment  // nil for other transports
	RTT      time.Duration  // round trip between the capture point and the end that the acknowledged data went to; 0 where this packet gives no sample
}

// maxTraceMessages bounds the messages of a trace.
const maxTraceMessages = 10_000

// Trace replays a conversation and returns its first packets, at most limit.
// progress, which may be nil, is told now and then how many packets are done.
// Where ctx ends the replay early, what was read until then is returned with
// ctx's error.
func (s *Session) Trace(ctx context.Context, conversation, limit int, progress func(done int)) (*Trace, error) {
	if s.again == nil {
		return nil, ErrNoIndex
	}
	t := &tracing{}
	ids := s.together(conversation)
	chain := decode.New(s.replayOptions(int(ids[0]), decode.Options{
		Record:     true,
		NewTracker: func() flow.Tracker { return newRecorder(t) },
		Message: func(m *flow.Message) {
			if t.wanted && len(t.trace.Messages) < maxTraceMessages {
				t.trace.Messages = append(t.trace.Messages, copied(m))
			}
		},
	}))
	index := s.entries()
	var f capture.Frame
	for i := max(0, s.firstPacket(int(ids[0]))-1-maxFragments); i < len(index); i++ {
		p := &index[i]
		if !p.replayedWith(ids) {
			continue
		}
		t.wanted = p.Conversation == uint32(conversation)
		if t.wanted && len(t.trace.Packets) >= limit {
			t.trace.More++
			continue
		}
		if t.trace.More > 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return &t.trace, err
		}
		if err := s.frame(index, i+1, &f); err != nil {
			return &t.trace, err
		}
		t.take(&f, chain.Packet(&f))
		if progress != nil && len(t.trace.Packets)%1000 == 0 {
			progress(len(t.trace.Packets))
		}
	}
	t.wanted = t.trace.More == 0
	chain.Finish()
	return &t.trace, nil
}

// tracing is a trace in the making.
type tracing struct {
	trace   Trace
	wanted  bool // the packet at work is the conversation's
	segment *flow.Segment
	rtt     time.Duration
}

// take adds the packet that the chain has just read.
func (t *tracing) take(f *capture.Frame, r *decode.Result) {
	segment, rtt := t.segment, t.rtt
	t.segment, t.rtt = nil, 0
	if !t.wanted {
		return
	}
	t.trace.Packets = append(t.trace.Packets, TracePacket{
		At: layer.PacketRef{Number: f.Number, Nanos: f.Nanos}, Dir: r.Dir, Length: f.Length,
		Protocol: r.Top, Summary: summary(r.Layers), TCP: segment, RTT: rtt,
	})
}

// recorder keeps each segment as the decoder judged it, and the round trips
// that the tracker of the first pass would take.
type recorder struct {
	tracing *tracing
	tracker *timing.Tracker
}

func newRecorder(t *tracing) *recorder {
	return &recorder{t, timing.NewSampler(func(d time.Duration) { t.rtt = d })}
}

// Segment implements flow.Tracker.
func (r *recorder) Segment(c *flow.Conversation, s *flow.Segment) {
	kept := *s
	kept.SACK = slices.Clone(s.SACK)
	r.tracing.segment = &kept
	r.tracker.Segment(c, s)
}

// copied returns a message that shares nothing with the dissector's.
func copied(m *flow.Message) flow.Message {
	kept := *m
	kept.Packets = m.Packets.Clone()
	kept.Facts = slices.Clone(m.Facts)
	return kept
}
