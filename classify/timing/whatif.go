package timing

import "time"

// otherWay is a way that a server could be reached by, with the round trips
// before the first application byte.
type otherWay struct {
	way     string
	trips   int
	assumes string
}

// plainWays and secureWays are the ways without and with encryption.
var (
	plainWays = [...]otherWay{
		{"tcp", 1, "a new connection"},
		{"tfo", 0, "a Fast Open cookie from an earlier connection, and a request that fits into the SYN"},
	}
	secureWays = [...]otherWay{
		{"tcp+tls1.2", 3, "a full handshake without False Start"},
		{"tcp+tls1.2-resumed", 2, "a session or ticket from an earlier connection"},
		{"tcp+tls1.3", 2, "a key share that the server takes"},
		{"tcp+tls1.3-hrr", 3, "a key share that the server does not take"},
		{"tcp+tls1.3-psk", 2, "a ticket from an earlier connection"},
		{"tcp+tls1.3-0rtt", 1, "a ticket from an earlier connection, and a request that is safe to replay"},
		{"tfo+tls1.2", 2, "a Fast Open cookie from an earlier connection"},
		{"tfo+tls1.3", 1, "a Fast Open cookie from an earlier connection"},
		{"quic", 1, "a server that speaks QUIC, and a network that lets UDP through"},
		{"quic-retry", 2, "a server that asks for proof of the client's address"},
		{"quic-version-negotiation", 2, "a client that begins with a version that the server does not speak"},
		{"quic-0rtt", 0, "a ticket from an earlier QUIC connection, and a request that is safe to replay"},
	}
)

// whatIf estimates the time to the first byte by other ways: the measured one
// with more or fewer round trips of this path. Certificates, computing, losses
// and the server's own time are taken as they were.
func (s *Setup) whatIf(v *View) {
	if !s.HasRTT || !s.HasRoundTrips || !s.HasTimeToFirstByte {
		return
	}
	ways := secureWays[:]
	if v.TLS == nil && v.QUIC == nil {
		if v.TCP == nil {
			return
		}
		ways = plainWays[:]
	}
	for _, w := range ways {
		if s.Way[len(s.Way)-1] == w.way {
			continue
		}
		t := s.TimeToFirstByte + time.Duration(w.trips-s.RoundTrips)*s.RTT
		if t < s.RTT { // the answer itself takes one
			continue
		}
		s.WhatIf = append(s.WhatIf, WhatIf{Way: w.way, RoundTrips: w.trips, TimeToFirstByte: t, Assumes: w.assumes})
	}
}
