package scenario

import (
	"fmt"
	"strings"
	"time"

	"github.com/wiresight/wiresight/lab/role"
)

func quicScenarios() []Scenario {
	path := Path{OneWay: 10 * time.Millisecond}
	return []Scenario{
		{
			Name: "quic-go", Description: "quic-go's client asks quic-go's server over HTTP/3: small answers, a 404, a POST and a larger download.",
			Path: path, Vantages: allVantages, Shows: []string{"quic", "request-response"}, DoesNotShow: []string{"quic-retry", "quic-0rtt"},
			Run: func(e *Env) error {
				fetches := append(gets("/", "/items/1", "/missing", "/bytes/20000"), role.Fetch{Method: "POST", Target: "/items", Body: 3000})
				return runQUIC(e, role.HTTP3Server{}, role.HTTP3Client{HTTPClient: role.HTTPClient{Fetches: fetches}})
			},
			Check: all(statuses(200, 200, 404, 200, 201), quicIs("v1", false)),
		},
		{
			Name: "quic-v2-go", Description: "The same with QUIC version 2 (RFC 9369) and two requests.",
			Path: path, Shows: []string{"quic", "request-response"},
			Run: func(e *Env) error {
				return runQUIC(e, role.HTTP3Server{}, role.HTTP3Client{Version2: true, HTTPClient: role.HTTPClient{Fetches: gets("/", "/items/1")}})
			},
			Check: all(statuses(200, 200), quicIs("v2", false)),
		},
		{
			Name: "quic-retry-go", Description: "The server validates the client's address with a Retry packet, which costs a round trip.",
			Path: path, Shows: []string{"quic-retry", "extra-round-trip"},
			Run: func(e *Env) error {
				return runQUIC(e, role.HTTP3Server{Retry: true}, role.HTTP3Client{HTTPClient: role.HTTPClient{Fetches: gets("/", "/items/1")}})
			},
			Check: all(statuses(200, 200), quicIs("v1", false)),
		},
		{
			Name: "quic-0rtt-go", Description: "A client connects twice; the second time it resumes and sends its request as 0-RTT data.",
			Path: path, Shows: []string{"quic", "quic-0rtt"},
			Run: func(e *Env) error {
				return runQUIC(e, role.HTTP3Server{}, role.HTTP3Client{HTTPClient: role.HTTPClient{Resume: true, Fetches: gets("/", "/items/1")}})
			},
			Check: all(statuses(200, 200, 200, 200), quicIs("v1", false, true)),
		},
	}
}

func runQUIC(e *Env, server role.HTTP3Server, client role.HTTP3Client) error {
	c, err := e.certificate()
	if err != nil {
		return err
	}
	server.Address, server.Certificate, server.Key = e.Server.address(tlsPort), c.Certificate, c.Key
	if _, err := e.serve(e.Server, "http3-server", server); err != nil {
		return err
	}
	client.Base, client.Host, client.CA, client.Keys = "https://"+server.Address, serverName, c.CA, e.Keys
	var r role.HTTPReport
	if err := e.run(e.Client, "http3-client", client, &r); err != nil {
		return err
	}
	// The library listens on the wildcard address and knows only its port.
	for i := range r.Requests {
		r.Requests[i].Connection = e.Client.IP + r.Requests[i].Connection
	}
	for i := range r.QUIC {
		r.QUIC[i].Connection = e.Client.IP + r.QUIC[i].Connection
		r.QUIC[i].TLS.Connection = r.QUIC[i].Connection
	}
	e.Truth.Requests, e.Truth.QUIC = r.Requests, r.QUIC
	return nil
}

// quicIs: each connection had this version, and 0-RTT or not.
func quicIs(version string, early ...bool) func(*Env) error {
	return func(e *Env) error {
		if len(e.Truth.QUIC) != len(early) {
			return fmt.Errorf("%d QUIC connections", len(e.Truth.QUIC))
		}
		for i, q := range e.Truth.QUIC {
			if !strings.Contains(q.Version, version) || q.Used0RTT != early[i] {
				return fmt.Errorf("QUIC connection %d: version %s, 0-RTT %v", i+1, q.Version, q.Used0RTT)
			}
		}
		return nil
	}
}
