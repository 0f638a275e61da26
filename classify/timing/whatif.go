package timing

import "time"

// ways that a TLS server could be reached by, with the round trips before the
// first application byte.
var otherWays = [...]struct {
	way   string
	trips int
}{
	{"tcp+tls1.2", 3},
	{"tcp+tls1.3", 2},
	{"tcp+tls1.3-0rtt", 1},
	{"quic", 1},
	{"quic-0rtt", 0},
}

// whatIf estimates the time to the first byte by other ways: the measured one
// with more or fewer round trips of this path. Certificates, computing and the
// server's own time are taken as they were.
func (s *Setup) whatIf(v *View) {
	if !s.HasRTT || !s.HasRoundTrips || !s.HasTimeToFirstByte || v.TLS == nil && v.QUIC == nil {
		return
	}
	for _, w := range otherWays {
		if s.Way[len(s.Way)-1] == w.way {
			continue
		}
		t := s.TimeToFirstByte + time.Duration(w.trips-s.RoundTrips)*s.RTT
		if t < s.RTT { // the answer itself takes one
			continue
		}
		s.WhatIf = append(s.WhatIf, WhatIf{Way: w.way, RoundTrips: w.trips, TimeToFirstByte: t})
	}
}
