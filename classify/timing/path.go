package timing

import "time"

// Path is the way between client and server as the capture point cuts it.
type Path struct {
	Client    time.Duration // round trip between the capture point and the client
	Server    time.Duration // round trip between the capture point and the server
	HasClient bool
	HasServer bool
	Basis     string // "handshake", "data-ack", "quic-handshake"; "" where nothing is known
	Vantage   string // "client", "server", "middle" or "unknown"
}

// The vantages: where on the path the capture stood.
const (
	AtClient = "client"
	AtServer = "server"
	InMiddle = "middle"
	Unknown  = "unknown"
)

// RTT returns the whole path's round trip.
func (p *Path) RTT() (rtt time.Duration, ok bool) {
	return p.Client + p.Server, p.HasClient && p.HasServer
}
