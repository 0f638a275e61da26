package scenario

import (
	"fmt"
	"strings"
	"time"

	"github.com/wiresight/wiresight/lab/link"
	"github.com/wiresight/wiresight/lab/role"
)

func quicScenarios() []Scenario {
	path := Path{OneWay: 10 * time.Millisecond}
	two := gets("/", "/items/1")
	return []Scenario{
		{
			Name: "quic-go", Description: "quic-go's client asks quic-go's server over HTTP/3: small answers, a 404, a POST and a larger download.",
			Path: path, Vantages: allVantages, Shows: []string{"quic", "request-response"}, DoesNotShow: []string{"quic-retry", "quic-0rtt", "multiplexing"},
			Run: func(e *Env) error {
				fetches := append(gets("/", "/items/1", "/missing", "/bytes/20000"), role.Fetch{Method: "POST", Target: "/items", Body: 3000})
				return runQUIC(e, role.HTTP3Server{}, role.HTTP3Client{HTTPClient: role.HTTPClient{Fetches: fetches}})
			},
			Check: all(statuses(200, 200, 404, 200, 201), quicIs("v1", false), streams(0, 4, 8, 12, 16)),
		},
		{
			Name: "quic-v2-go", Description: "The same with QUIC version 2 (RFC 9369) and two requests.",
			Path: path, Shows: []string{"quic", "request-response"},
			Run: func(e *Env) error {
				return runQUIC(e, role.HTTP3Server{}, role.HTTP3Client{Versions: []string{"v2"}, HTTPClient: role.HTTPClient{Fetches: two}})
			},
			Check: all(statuses(200, 200), quicIs("v2", false)),
		},
		{
			Name: "quic-version-negotiation", Description: "A client begins with QUIC version 2; the server speaks only version 1 and says so, which costs a round trip.",
			Path: path, Shows: []string{"quic-version-negotiation"},
			Run: func(e *Env) error {
				return runQUIC(e, role.HTTP3Server{OnlyV1: true}, role.HTTP3Client{Versions: []string{"v2", "v1"}, HTTPClient: role.HTTPClient{Fetches: two}})
			},
			Check: all(statuses(200, 200), quicIs("v1", false), packetCount("version_negotiation", 0, 1)),
		},
		{
			Name: "quic-retry-go", Description: "The server validates the client's address with a Retry packet, which costs a round trip.",
			Path: path, Shows: []string{"quic-retry", "extra-round-trip"},
			Run: func(e *Env) error {
				return runQUIC(e, role.HTTP3Server{Retry: true}, role.HTTP3Client{HTTPClient: role.HTTPClient{Fetches: two}})
			},
			Check: all(statuses(200, 200), quicIs("v1", false), packetCount("retry", 0, 1)),
		},
		{
			Name: "quic-0rtt-go", Description: "A client connects twice; the second time it resumes and sends its request as 0-RTT data.",
			Path: path, Shows: []string{"quic", "quic-0rtt"},
			Run: func(e *Env) error {
				return runQUIC(e, role.HTTP3Server{}, role.HTTP3Client{HTTPClient: role.HTTPClient{Resume: true, Fetches: two}})
			},
			Check: all(statuses(200, 200, 200, 200), quicIs("v1", false, true)),
		},
		{
			Name: "quic-migration", Description: "After two requests the client goes on from another port, once it has validated the new path.",
			Path: path, Run: func(e *Env) error {
				return runQUIC(e, role.HTTP3Server{}, role.HTTP3Client{Migrate: 2, HTTPClient: role.HTTPClient{Fetches: gets("/", "/items/1", "/items/2", "/bytes/5000")}})
			},
			Check: all(statuses(200, 200, 200, 200), quicIs("v1", false), quicFrames("PATH_CHALLENGE", 1, 0), quicFrames("PATH_RESPONSE", 0, 1)),
		},
		{
			Name: "quic-key-update", Description: "After a hundred packets each end changes its keys, as quic-go does.",
			Path: Path{OneWay: 3 * time.Millisecond}, Run: func(e *Env) error {
				var fetches []role.Fetch
				for i := range 110 {
					fetches = append(fetches, gets(fmt.Sprintf("/items/%d", i))...)
				}
				return runQUIC(e, role.HTTP3Server{}, role.HTTP3Client{HTTPClient: role.HTTPClient{Fetches: fetches}})
			},
			Check: all(statuses(repeat(200, 110)...), quicIs("v1", false), func(e *Env) error {
				if e.Truth.QUIC[0].KeyUpdates == 0 {
					return fmt.Errorf("no key update")
				}
				return nil
			}),
		},
		{
			Name: "quic-stateless-reset", Description: "The server forgets the connection after two requests; the third is answered by a stateless reset.",
			Path: path, Run: func(e *Env) error {
				return runQUIC(e, role.HTTP3Server{Forget: 2}, role.HTTP3Client{MayFail: true,
					HTTPClient: role.HTTPClient{Fetches: gets("/", "/items/1", "/items/2"), Every: 300 * time.Millisecond}})
			},
			Check: func(e *Env) error {
				q := e.Truth.QUIC[0]
				if q.Close == nil || q.Close.Trigger != "stateless_reset" {
					return fmt.Errorf("the connection ended with %+v, %s", q.Close, q.Error)
				}
				return nil
			},
		},
		{
			Name: "http3-concurrent", Description: "A quic-go client makes six requests at once over HTTP/3, among them two downloads.",
			Path: path, Shows: []string{"multiplexing"},
			DoesNotShow: []string{"synchronous"},
			Run: func(e *Env) error {
				fetches := gets("/", "/items/1", "/bytes/15000", "/bytes/15001", "/missing", "/chunked", "/encoded/br")
				return runQUIC(e, role.HTTP3Server{}, role.HTTP3Client{HTTPClient: role.HTTPClient{Fetches: fetches, Concurrent: true}})
			},
			Check: all(statuses(200, 200, 200, 200, 404, 200, 200), quicIs("v1", false)),
		},
		{
			Name: "http3-loss", Description: "A download over HTTP/3 on a path that loses five datagrams: the same bytes come again in other packets.",
			Path: path, Rules: []link.Rule{
				{Name: "lost one", From: "server", Match: link.Datagram, Nth: 20, Count: 1, Action: link.Drop},
				{Name: "lost burst", From: "server", Match: link.Datagram, Nth: 30, Count: 4, Action: link.Drop},
			},
			Run: func(e *Env) error {
				return runQUIC(e, role.HTTP3Server{}, role.HTTP3Client{HTTPClient: role.HTTPClient{Fetches: gets("/", "/bytes/60000")}})
			},
			Check: all(statuses(200, 200), quicIs("v1", false), func(e *Env) error {
				if n := len(e.Truth.LinkEvents); n != 5 {
					return fmt.Errorf("%d datagrams were lost", n)
				}
				return nil
			}),
		},
		{
			Name: "http3-goaway", Description: "The server shuts down gracefully while it answers the second request over HTTP/3: GOAWAY.",
			Path: path, Run: func(e *Env) error {
				return runQUIC(e, role.HTTP3Server{Requests: 2}, role.HTTP3Client{HTTPClient: role.HTTPClient{Fetches: two}})
			},
			Check: all(statuses(200, 200), quicIs("v1", false), func(e *Env) error {
				if h := e.Truth.QUIC[0].HTTP3; h == nil || len(h.GoAways) == 0 {
					return fmt.Errorf("no GOAWAY: %+v", h)
				}
				return nil
			}),
		},
		{
			Name: "http3-cancel", Description: "A client gives up a download over HTTP/3 in the middle: STOP_SENDING, and the server's RESET_STREAM.",
			Path: path, Run: func(e *Env) error {
				fetches := []role.Fetch{{Method: "GET", Target: "/"}, {Method: "GET", Target: "/bytes/200000", Cancel: 1000}, {Method: "GET", Target: "/items/1"}}
				return runQUIC(e, role.HTTP3Server{}, role.HTTP3Client{HTTPClient: role.HTTPClient{Fetches: fetches}})
			},
			Check: all(statuses(200, 200, 200), quicIs("v1", false), quicFrames("STOP_SENDING", 1, 0)),
		},
		{
			Name: "quic-datagrams", Description: "A protocol of the lab's own over QUIC: a stream is echoed, then eight datagrams (RFC 9221).",
			Path: path, DoesNotShow: []string{"peer-to-peer", "fire-and-forget"},
			Run: func(e *Env) error {
				return runRawQUIC(e, 1, role.QUICStep{Do: "echo", Bytes: 300}, role.QUICStep{Do: "datagrams", Count: 8, Bytes: 120})
			},
			Check: all(quicIs("v1", false), quicFrames("DATAGRAM", 8, 8)),
		},
		{
			Name: "quic-reset", Description: "Of three streams over QUIC the client resets one, and stops the server on another.",
			Path: path, Run: func(e *Env) error {
				return runRawQUIC(e, 1, role.QUICStep{Do: "echo", Bytes: 300}, role.QUICStep{Do: "reset", Bytes: 300}, role.QUICStep{Do: "stop", Bytes: 1500})
			},
			Check: all(quicIs("v1", false), quicFrames("RESET_STREAM", 1, 2), quicFrames("STOP_SENDING", 1, 0)),
		},
		{
			Name: "quic-close-error", Description: "The server closes the QUIC connection with an error of the application.",
			Path: path, Run: func(e *Env) error {
				return runRawQUIC(e, 1, role.QUICStep{Do: "echo", Bytes: 300}, role.QUICStep{Do: "close"})
			},
			Check: all(quicIs("v1", false), func(e *Env) error {
				if c := e.Truth.QUIC[0].Close; c == nil || c.From != "server" || c.Code != 0x99 {
					return fmt.Errorf("closed with %+v", c)
				}
				return nil
			}),
		},
		{
			Name: "http3-webtransport", Description: "A WebTransport session (extended CONNECT over HTTP/3): three streams and five datagrams are echoed.",
			Path: path, Run: runWebTransport,
			Check: all(statuses(200), quicIs("v1", false), quicFrames("DATAGRAM", 5, 5)),
		},
		{
			Name: "quic-0rtt-rejected", Description: "A client resumes at another port of the server and opens a stream with 0-RTT data, which is rejected: it says all again.",
			Path: path, Shows: []string{"quic", "quic-0rtt"},
			Run: func(e *Env) error {
				return runRawQUIC(e, 2, role.QUICStep{Do: "echo", Bytes: 300}, role.QUICStep{Do: "echo", Bytes: 100})
			},
			Check: all(quicIs("v1", false, false), func(e *Env) error {
				if !e.Truth.QUIC[1].Rejected0RTT {
					return fmt.Errorf("0-RTT was not rejected: %+v", e.Truth.QUIC[1])
				}
				return nil
			}),
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
	e.noteQUIC(r)
	return nil
}

// runRawQUIC does the steps on a connection to each of so many ports.
func runRawQUIC(e *Env, ports int, steps ...role.QUICStep) error {
	c, err := e.certificate()
	if err != nil {
		return err
	}
	addresses := []string{e.Server.address(tlsPort), e.Server.address(8443)}[:ports]
	if _, err := e.serve(e.Server, "quic-server", role.QUICServer{Addresses: addresses, Certificate: c.Certificate, Key: c.Key}); err != nil {
		return err
	}
	var r role.HTTPReport
	if err := e.run(e.Client, "quic-client", role.QUICClient{
		Addresses: addresses, Host: serverName, CA: c.CA, Keys: e.Keys, Steps: steps,
	}, &r); err != nil {
		return err
	}
	e.noteQUIC(r)
	return nil
}

func runWebTransport(e *Env) error {
	c, err := e.certificate()
	if err != nil {
		return err
	}
	server := role.HTTP3Server{Address: e.Server.address(tlsPort), Certificate: c.Certificate, Key: c.Key}
	if _, err := e.serve(e.Server, "wt-server", server); err != nil {
		return err
	}
	var r role.HTTPReport
	if err := e.run(e.Client, "wt-client", role.WebTransportClient{
		HTTPClient: role.HTTPClient{Base: server.Address, Host: serverName, CA: c.CA, Keys: e.Keys}, Streams: 3, Datagrams: 5,
	}, &r); err != nil {
		return err
	}
	e.noteQUIC(r)
	return nil
}

// noteQUIC takes over what a client of quic-go saw. The library listens on the
// wildcard address and knows only its port.
func (e *Env) noteQUIC(r role.HTTPReport) {
	for i := range r.Requests {
		r.Requests[i].Connection = e.Client.IP + r.Requests[i].Connection
	}
	for i := range r.QUIC {
		q := &r.QUIC[i]
		q.Connection = e.Client.IP + q.Connection
		q.TLS.Connection = q.Connection
		for j := range q.Paths {
			q.Paths[j] = e.Client.IP + q.Paths[j]
		}
	}
	e.Truth.Requests, e.Truth.QUIC = r.Requests, r.QUIC
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

// packetCount: the client's library saw so many packets of a type.
func packetCount(kind string, toServer, toClient int) func(*Env) error {
	return func(e *Env) error {
		p := e.Truth.QUIC[0].Packets
		if p.ToServer[kind] != toServer || p.ToClient[kind] != toClient {
			return fmt.Errorf("packets %+v", p)
		}
		return nil
	}
}

// quicFrames: the client's library saw at least so many frames of a type.
func quicFrames(kind string, toServer, toClient int) func(*Env) error {
	return func(e *Env) error {
		f := e.Truth.QUIC[0].Frames
		if f.ToServer[kind] < toServer || f.ToClient[kind] < toClient {
			return fmt.Errorf("frames %+v", f)
		}
		return nil
	}
}
