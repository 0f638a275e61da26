package timing

import (
	"slices"
	"time"

	"github.com/wiresight/wiresight/decode/flow"
)

// side is what is remembered of the data that goes one way: ToServer's data is
// acknowledged by the server, so that its samples are the round trips between
// the capture point and the server.
type side struct {
	ring       []sent  // not yet acknowledged, in order; segments beyond maxOutstanding give no sample
	samples    []int64 // nanoseconds; every stride-th one
	floor      int64   // the least sample
	count      uint32  // samples taken, kept or not
	stride     uint32  // a power of two; 0 stands for 1
	next       uint32  // sequence number after the highest byte seen
	karn       uint32  // no sample from an acknowledgment up to or across this number
	above      uint32  // by how much the least sample but one is longer, nanoseconds; at most maxAbove
	window     int32   // that this side's sender last advertised
	doubtful   bool    // karn holds
	duplicates uint8   // duplicate or selective acknowledgments since the last that advanced
	duplicate  uint32  // the packet of the last of them
	doubled    int64   // and its time, nanoseconds
	advanced   int64   // when an acknowledgment advanced last, nanoseconds
	una        uint32  // the highest acknowledgment of this side's data
	ackNumber  uint32  // and its packet
	lastSent   int64   // when the latest segment with new payload went, nanoseconds
	small      uint32  // the acknowledgment of a segment that was not full
	hasUna     bool
	hasNext    bool
	heard      bool      // an acknowledgment was seen
	sacked     bool      // some of duplicates were selective
	transfer   *transfer // nil until a full-sized segment went
	nagle      nagle
}

// sent is a segment in flight.
type sent struct {
	nanos  int64
	number uint32
	end    uint32
	short  bool // not a full segment
}

const (
	maxOutstanding = 256
	maxSamples     = 64
	maxAbove       = 1<<32 - 1
)

// covered removes what an acknowledgment covers and takes a round-trip sample
// where it acknowledges exactly one segment's end, sent once, with no hole
// before it (Karn's rule, RFC 6298 section 3).
func (t *Tracker) covered(d *side, s *flow.Segment) {
	n := 0
	for n < len(d.ring) && notAfter(d.ring[n].end, s.Ack) {
		n++
	}
	last := d.ring[n-1]
	if last.end == s.Ack && last.short {
		d.small = uint32(s.At.Number)
	}
	d.ring = d.ring[:copy(d.ring, d.ring[n:])]
	d.duplicates, d.sacked = 0, false
	if d.doubtful {
		d.doubtful = before(s.Ack, d.karn)
		return
	}
	if last.end != s.Ack {
		return
	}
	nanos := s.At.Nanos - last.nanos
	if n == 1 && s.Length == 0 && len(d.ring) == 0 && d.count > 0 && nanos-d.floor >= int64(leastDelay) {
		t.more().lone[s.Dir^1].add(nanos, last.number, uint32(s.At.Number))
	}
	if d.transfer != nil && n+len(d.ring) >= loadedFrom {
		d.transfer.load.sample(nanos, last.number, uint32(s.At.Number))
	}
	d.sample(nanos)
	if t.sampled != nil && nanos >= 0 {
		t.sampled(time.Duration(nanos))
	}
}

// doubt excludes all that was sent up to sequence number end from sampling.
func (d *side) doubt(end uint32) {
	if !d.doubtful || before(d.karn, end) {
		d.karn = end
	}
	d.doubtful = true
}

// sample keeps a round trip: all of the first ones, then every second, every
// fourth and so on, so that the ones kept always spread over the whole
// connection.
func (d *side) sample(nanos int64) {
	if nanos < 0 { // the capture's clock went back
		return
	}
	switch {
	case d.count == 0:
		d.floor = nanos
	case nanos < d.floor:
		d.above = uint32(min(d.floor-nanos, maxAbove))
		d.floor = nanos
	case d.count == 1 || nanos-d.floor < int64(d.above):
		d.above = uint32(min(nanos-d.floor, maxAbove))
	}
	d.stride = max(d.stride, 1)
	if d.count&(d.stride-1) == 0 {
		if len(d.samples) == maxSamples {
			for i := range maxSamples / 2 {
				d.samples[i] = d.samples[2*i]
			}
			d.samples = d.samples[:maxSamples/2]
			d.stride *= 2
		}
		if d.samples == nil {
			d.samples = make([]int64, 0, 4)
		}
		d.samples = append(d.samples, nanos)
	}
	d.count++
}

// sorted copies the kept samples into buffer and sorts them.
func (d *side) sorted(buffer *[maxSamples]int64) []int64 {
	list := append(buffer[:0], d.samples...)
	slices.Sort(list)
	return list
}

// rtt summarises the samples. Median and 95th percentile are only given for
// three samples and more: fewer are no distribution.
func (d *side) rtt() flow.RTT {
	r := flow.RTT{Samples: int(d.count), Min: time.Duration(d.floor)}
	if d.count >= 3 {
		var buffer [maxSamples]int64
		list := d.sorted(&buffer)
		r.Median = time.Duration(list[(len(list)-1)/2])
		if len(list)%2 == 0 {
			r.Median = (r.Median + time.Duration(list[len(list)/2])) / 2
		}
		r.P95 = time.Duration(list[(len(list)*95+99)/100-1])
	}
	return r
}

// RTT returns the round trips of one side of the capture point: of ToServer
// those between it and the server.
func (t *Tracker) rtt() (r [2]flow.RTT) {
	for i := range r {
		r[i] = t.side[i].rtt()
	}
	return r
}
