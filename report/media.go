package report

import (
	"fmt"

	"github.com/wiresight/wiresight/decode/flow"
)

// rtp writes what was measured of a conversation's media streams.
func (e *encoder) rtp(r *flow.RTP) {
	if r == nil {
		return
	}
	e.object("rtp")
	e.array("streams")
	for i := range r.Streams {
		s := &r.Streams[i]
		e.open('{')
		e.text("ssrc", fmt.Sprintf("0x%08x", s.SSRC))
		e.text("direction", s.Dir.String())
		e.key("payload_type")
		e.int(int64(s.PayloadType))
		e.count("first_packet", int64(s.First.Number))
		e.count("last_packet", int64(s.Last.Number))
		e.count("packets", s.Packets)
		e.count("bytes", s.Bytes)
		e.count("lost", s.Lost)
		e.count("out_of_order", s.OutOfOrder)
		e.count("duplicates", s.Duplicates)
		e.count("marked", s.Marked)
		e.count("clock_rate", int64(s.ClockRate))
		e.yes("clock_rate_likely", s.ClockLikely)
		if s.ClockRate > 0 {
			e.key("jitter_s")
			e.number(s.Jitter)
			e.key("max_jitter_s")
			e.number(s.MaxJitter)
		}
		e.close('}')
	}
	e.close(']')
	e.count("streams_omitted", int64(r.Omitted))
	e.close('}')
}
