package scenario

import (
	"fmt"
	"time"

	"github.com/wiresight/wiresight/lab/link"
	"github.com/wiresight/wiresight/lab/role"
)

// serverScenarios show how servers go about several requests, and how clients
// share connections and sessions.
func serverScenarios() []Scenario {
	executions := []string{"serial-server", "server-serial", "concurrent-server", "bounded-workers"}
	list := []Scenario{
		{
			Name: "server-single", Description: "A server works on one request at a time, 12 ms each; five clients ask at once.",
			Shows: []string{"serial-server", "server-serial"}, DoesNotShow: []string{"concurrent-server", "bounded-workers", "accept-queue-overflow"},
			Run: func(e *Env) error { return e.work(role.WorkServer{Workers: 1, Service: 12 * time.Millisecond}, 30, 5) },
		},
		{
			Name: "server-four-workers", Description: "A server with four workers, 30 ms a request; nine clients ask at once.",
			Shows: []string{"bounded-workers"}, DoesNotShow: []string{"serial-server", "server-serial", "concurrent-server", "accept-queue-overflow"},
			Run: func(e *Env) error { return e.work(role.WorkServer{Workers: 4, Service: 30 * time.Millisecond}, 40, 9) },
		},
		{
			Name: "server-shards", Description: "Four sockets of one worker each share a port (SO_REUSEPORT), 20 ms a request; the kernel spreads connections over them by a hash.",
			DoesNotShow: []string{"serial-server", "server-serial", "accept-queue-overflow"},
			Run: func(e *Env) error {
				return e.work(role.WorkServer{Shards: 4, Workers: 1, Service: 20 * time.Millisecond}, 38, 8)
			},
		},
		{
			Name: "server-slow-concurrent", Description: "A slow server, 60 ms a request, takes all of six clients side by side.",
			Shows: []string{"concurrent-server"}, DoesNotShow: []string{"serial-server", "server-serial", "bounded-workers", "accept-queue-overflow"},
			Run: func(e *Env) error { return e.work(role.WorkServer{Workers: 64, Service: 60 * time.Millisecond}, 30, 6) },
		},
		{
			Name: "server-one-client", Description: "A serial server with one client that asks in turn: nobody waits, and nothing can be told.",
			DoesNotShow: executions,
			Run:         func(e *Env) error { return e.work(role.WorkServer{Workers: 1, Service: 12 * time.Millisecond}, 16, 1) },
		},
		{
			Name: "accept-queue-full", Description: "For two seconds nobody takes connections, and the queue holds two: SYNs and last ACKs of handshakes are dropped.",
			Shows: []string{"accept-queue-overflow"}, DoesNotShow: []string{"concurrent-server"},
			Run: func(e *Env) error {
				if err := e.Server.Sysctl("core.somaxconn", "1"); err != nil {
					return err
				}
				return e.work(role.WorkServer{Workers: 8, Service: 5 * time.Millisecond, Late: 2 * time.Second}, 8, 8)
			},
		},
		{
			Name: "syn-lost-twice", Description: "The link loses the SYNs of two connections; the server's queue has room.",
			Rules: []link.Rule{{Name: "first SYNs", From: "client", Half: link.ReceiverHalf, Action: link.Drop, Match: func(f link.Frame) bool { return f.Flags&(link.SYN|link.ACK) == link.SYN }, Nth: 1, Count: 1}},
			Shows: []string{"syn-retry"}, DoesNotShow: []string{"accept-queue-overflow"},
			Run: func(e *Env) error { return e.work(role.WorkServer{Workers: 8, Service: 5 * time.Millisecond}, 8, 2) },
		},
		{
			Name: "pool-http1", Description: "A client keeps six connections busy with 30 requests.",
			Shows: []string{"connection-pool"}, DoesNotShow: []string{"connection-per-request", "multiplexing"},
			Run: func(e *Env) error {
				if _, err := e.serve(e.Server, "http-server", role.HTTPServer{Addresses: []string{e.Server.address(frontPort)}}); err != nil {
					return err
				}
				return e.clients([]string{"/slow/9", "/items/1", "/slow/15", "/bytes/400"}, 30, 6, false)()
			},
		},
		{
			Name: "pool-http1-tls", Description: "The same over TLS, without keys.",
			Shows: []string{"connection-pool"}, DoesNotShow: []string{"connection-per-request", "multiplexing"},
			Run: runPoolTLS,
		},
		{
			Name: "session-cookie", Description: "A client signs in, is given a cookie, and sends it with what it asks afterwards.",
			Shows: []string{"stateful"}, DoesNotShow: []string{"stateless"},
			Run: func(e *Env) error {
				if _, err := e.serve(e.Server, "http-server", role.HTTPServer{Addresses: []string{e.Server.address(frontPort)}}); err != nil {
					return err
				}
				fetches := gets("/login", "/items/1", "/items/2")
				for i := range fetches[1:] {
					fetches[i+1].Header = map[string]string{"Cookie": "session=KRUGS4ZANFZSA3TPOQ"}
				}
				return e.answered(e.Client, role.HTTPClient{Base: "http://" + e.Server.address(frontPort), Host: serverName, Fetches: fetches})
			},
		},
	}
	for i := range list {
		list[i].Run = notTold(list[i].Run)
		list[i].Path, list[i].Vantages = Path{OneWay: 2 * time.Millisecond}, []string{"client"}
	}
	return list
}

// work lets clients ask a server of workers, each request on a connection of
// its own; a few come alone before the others.
func (e *Env) work(s role.WorkServer, requests, clients int) error {
	s.Address = e.Server.address(frontPort)
	if _, err := e.serve(e.Server, "work-server", s); err != nil {
		return err
	}
	if s.Late == 0 {
		if err := e.clients([]string{"/work"}, 3, 1, true)(); err != nil {
			return err
		}
	}
	if err := e.clients([]string{"/work"}, requests, clients, true)(); err != nil {
		return err
	}
	e.Truth.Notes["workers"], e.Truth.Notes["service_s"] = max(s.Workers, 1)*max(s.Shards, 1), s.Service.Seconds()
	return nil
}

func runPoolTLS(e *Env) error {
	c, err := e.certificate()
	if err != nil {
		return err
	}
	if _, err := e.serve(e.Server, "http-server", role.HTTPServer{Addresses: []string{e.Server.address(frontPort)}, Certificate: c.Certificate, Key: c.Key}); err != nil {
		return err
	}
	err = e.run(e.Client, "load", role.Load{Address: e.Server.address(frontPort), Host: serverName, CA: c.CA,
		Targets: []string{"/slow/9", "/items/1", "/slow/15", "/bytes/400"}, Requests: 24, Connections: 4}, nil)
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	return nil
}
