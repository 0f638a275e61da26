package quic

import "github.com/wiresight/wiresight/decode/layer"

// spin follows the latency spin bit of one direction (RFC 9000 section 17.4).
type spin struct {
	value, seen bool
	edges       int
	edge        int64 // when the last one came
}

// turn follows the spin bit. It spins where both directions turn, and equally
// often: an endpoint that does not take part sets it at random or never. From
// edge to edge of one direction is a round trip of the whole path, and what the
// endpoints waited.
func (d *dissector) turn(dir layer.Direction, value bool, nanos int64) {
	s := &d.spin[dir]
	if s.seen && s.value != value {
		s.edges++
		a, b := d.spin[0].edges, d.spin[1].edges
		spins := min(a, b) >= 2 && max(a, b)-min(a, b) <= 2+min(a, b)/10
		if spins != d.facts.SpinBit {
			d.facts.SpinBit, d.news = spins, true
		}
		if s.edges > 1 && nanos > s.edge {
			d.spinSample(nanos - s.edge)
		}
		s.edge = nanos
	}
	s.value, s.seen = value, true
}

// spinSample takes the time between two edges. One that is far shorter than
// usual is a packet that came late (RFC 9312 section 3.8.2).
func (d *dissector) spinSample(trip int64) {
	r := &d.facts.SpinRTT
	if r.Samples > 0 && trip < r.Smoothed/10 {
		return
	}
	if r.Samples == 0 {
		r.Min, r.Smoothed = trip, trip
	}
	r.Samples++
	r.Min = min(r.Min, trip)
	r.Smoothed += (trip - r.Smoothed) / 8
	r.Latest = trip
}
