package rtp

import (
	"math"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// rates are the clock rates that codecs use; a stream's is found by trying all
// of them (RFC 3551, and those of dynamic payload types).
var rates = [...]int{8000, 16000, 44100, 48000, 90000}

// source measures one stream after RFC 3550 appendix A.
type source struct {
	ssrc uint32
	dir  layer.Direction
	told flow.RTPStream

	begun    bool
	highest  uint64 // extended sequence number
	base     uint64
	recent   uint64 // bit i: number highest-i was seen
	received int64  // different numbers

	firstStamp, lastStamp uint32
	firstNanos, lastNanos int64
	elapsed               int64 // time stamp units since the first packet
	jitter, most          [len(rates)]float64
}

// packet takes the next packet.
func (s *source) packet(h *header, at layer.PacketRef, size int) {
	t := &s.told
	if !s.begun {
		s.begun = true
		s.base, s.highest, s.recent = uint64(h.sequence)|1<<16, uint64(h.sequence)|1<<16, 0
		t.SSRC, t.Dir, t.First = h.ssrc, s.dir, at
		s.firstStamp, s.lastStamp, s.firstNanos = h.stamp, h.stamp, at.Nanos
		s.lastNanos = at.Nanos
	}
	t.Last, t.PayloadType = at, h.payloadType
	t.Packets++
	t.Bytes += int64(size)
	if h.marker {
		t.Marked++
	}
	if s.number(h.sequence) {
		s.time(h.stamp, at.Nanos)
	}
}

// number takes a sequence number and reports whether it is the highest so far.
func (s *source) number(sequence uint16) (ahead bool) {
	const window = 64
	step := int16(sequence - uint16(s.highest))
	switch {
	case step > 0:
		s.highest += uint64(step)
		if step >= window {
			s.recent = 0
		} else {
			s.recent <<= step
		}
		s.recent |= 1
		s.received++
		return true
	case s.recent == 0: // the first packet
		s.recent = 1
		s.received++
		return true
	}
	back := uint64(-int64(step))
	switch {
	case back < window && s.recent>>back&1 != 0:
		s.told.Duplicates++
	case back < window:
		s.recent |= 1 << back
		s.told.OutOfOrder++
		s.received++
	default: // began anew, or very late
		s.told.OutOfOrder++
	}
	return false
}

// time takes a time stamp and the time of its arrival: interarrival jitter by
// each rate that may be the stream's (RFC 3550 appendix A.8).
func (s *source) time(stamp uint32, nanos int64) {
	units := int64(int32(stamp - s.lastStamp))
	passed := float64(nanos-s.lastNanos) / 1e9
	s.elapsed += units
	if s.lastStamp != stamp { // packets of one frame share theirs
		for i, rate := range rates {
			d := math.Abs(passed - float64(units)/float64(rate))
			s.jitter[i] += (d - s.jitter[i]) / 16
			s.most[i] = max(s.most[i], s.jitter[i])
		}
		s.lastStamp, s.lastNanos = stamp, nanos
	}
}

// measured returns what is known so far.
func (s *source) measured() flow.RTPStream {
	t := s.told
	t.Lost = max(0, int64(s.highest-s.base)+1-s.received)
	i := s.clock()
	if i < 0 {
		return t
	}
	t.ClockRate, t.ClockLikely = rates[i], payloads[t.PayloadType].rate != rates[i]
	t.Jitter, t.MaxJitter = s.jitter[i], s.most[i]
	return t
}

// clock returns the index of the stream's clock rate, -1 where it is not
// known: the payload type's, else the one that fits the time that passed.
func (s *source) clock() int {
	if known := payloads[s.told.PayloadType].rate; known > 0 {
		for i, r := range rates {
			if r == known {
				return i
			}
		}
		return -1
	}
	const enough = 1.0 // seconds
	passed := float64(s.lastNanos-s.firstNanos) / 1e9
	if passed < enough || s.elapsed <= 0 {
		return -1
	}
	measured := float64(s.elapsed) / passed
	best, least := -1, 0.05
	for i, r := range rates {
		if off := math.Abs(measured/float64(r) - 1); off < least {
			best, least = i, off
		}
	}
	return best
}
