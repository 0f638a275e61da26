package timing

import "time"

// Setup is how a conversation came to its first application bytes.
type Setup struct {
	Way           []string // ids of the catalogue, the plain one first: "tcp+tls1.3", "tcp+tls1.3-psk"
	RoundTrips    int      // network round trips before the client's first application byte could leave
	HasRoundTrips bool     // false where the beginning was not seen

	TimeToRequest      time.Duration // first packet -> first byte of the first request
	TimeToFirstByte    time.Duration // first packet -> first byte of its answer
	HasTimeToRequest   bool
	HasTimeToFirstByte bool

	RTT      time.Duration // the path's round trip
	HasRTT   bool
	RTTBasis string // "handshake", "data-ack" or "quic-handshake"
	Vantage  string // "client", "server", "middle" or "unknown"

	Phases []Phase
	WhatIf []WhatIf
}

// Phase is one step of a set-up or of the first exchange.
type Phase struct {
	Name       string        // dns, tcp, tls, quic, proxy, request, server, transfer
	Start      int64         // nanoseconds since the Unix epoch
	Duration   time.Duration // at the capture point; "server" is corrected for the path
	RoundTrips int           // network round trips that the phase is made of
	Packets    []int         // that begin and end it
}

// WhatIf is an estimate: the same path and the same server by another way.
type WhatIf struct {
	Way             string
	RoundTrips      int
	TimeToFirstByte time.Duration
}

// Phase returns the phase with a name, or nil.
func (s *Setup) Phase(name string) *Phase {
	for i := range s.Phases {
		if s.Phases[i].Name == name {
			return &s.Phases[i]
		}
	}
	return nil
}
