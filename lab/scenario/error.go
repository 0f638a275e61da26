package scenario

import (
	"fmt"
	"time"

	"github.com/wiresight/wiresight/lab/link"
	"github.com/wiresight/wiresight/lab/role"
)

const closedPort = 81

func errorScenarios() []Scenario {
	path := Path{OneWay: 5 * time.Millisecond}
	return []Scenario{
		{
			Name: "tcp-refused", Description: "A client connects three times to a port where nobody listens.",
			Path: path, Shows: []string{"connection-refused"}, DoesNotShow: []string{"syn-retry", "reset-by-peer"},
			Run: func(e *Env) error {
				return runProbe(e, role.Probe{Network: "tcp", Address: e.Server.address(closedPort), Times: 3, Pause: 20 * time.Millisecond}, "connection refused")
			},
		},
		{
			Name: "udp-unreachable", Description: "A client sends datagrams to a port where nobody listens; ICMP tells it so.",
			Path: path,
			Run: func(e *Env) error {
				return runProbe(e, role.Probe{Network: "udp", Address: e.Server.address(closedPort), Times: 3, Send: 100, Pause: 20 * time.Millisecond}, "connection refused")
			},
		},
		{
			Name: "tcp-port-reuse", Description: "A client connects three times from the same port and ends each connection with a reset.",
			Path: path, Run: runPortReuse, Check: reused,
		},
		{
			Name: "zero-window", Description: "A client with a small receive buffer reads nothing of a download for half a second, then all of it.",
			Path: path, Vantages: allVantages, Shows: []string{"zero-window"}, DoesNotShow: []string{"retransmission-timeout", "fast-recovery"},
			Run: runSlowReader, Check: windowClosed,
		},
		{
			Name: "impaired-path", Description: "Downloads over a path that loses 3 % of the packets each way at random, repeats some and varies its delay.",
			Path: Path{OneWay: 10 * time.Millisecond, Jitter: 2 * time.Millisecond, Loss: 0.03, Rate: 20_000_000},
			Rules: []link.Rule{{
				Name: "3 % twice", From: "server", Match: link.IP, Probability: 0.03, Action: link.Duplicate,
			}},
			Vantages: allVantages, Run: runImpaired, Check: func(e *Env) error {
				return all(statuses(repeat(200, 6)...), resentAtLeast("server", 1))(e)
			},
		},
	}
}

func runProbe(e *Env, settings role.Probe, want string) error {
	var r role.ProbeReport
	if err := e.run(e.Client, "probe", settings, &r); err != nil {
		return err
	}
	for i, a := range r.Attempts {
		if a.Error != want {
			return fmt.Errorf("attempt %d: %q, not %q", i+1, a.Error, want)
		}
	}
	e.Truth.Notes = map[string]any{"attempts": r.Attempts}
	return nil
}

func runPortReuse(e *Env) error {
	server := role.TurnServer{Address: e.Server.address(turnPort), Request: 100, Answer: 50, NoDelay: true}
	if _, err := e.serve(e.Server, "turn-server", server); err != nil {
		return err
	}
	return runProbe(e, role.Probe{
		Network: "tcp", Address: server.Address, Times: 3, LocalPort: 40000, Send: 100, Reset: true, Pause: 50 * time.Millisecond,
	}, "")
}

// reused: three connections with the same addresses and ports.
func reused(e *Env) error {
	if n := len(e.Truth.Conversations); n != 3 {
		return fmt.Errorf("%d connections on the link", n)
	}
	for i, c := range e.Truth.Conversations {
		if c.Client.Port() != 40000 || !c.ToServer.RST {
			return fmt.Errorf("connection %d: from %s, reset %v", i+1, c.Client, c.ToServer.RST)
		}
	}
	return nil
}

func runSlowReader(e *Env) error {
	if _, err := e.serve(e.Server, "http-server", role.HTTPServer{Addresses: []string{e.Server.address(serverPort)}}); err != nil {
		return err
	}
	settings := role.SlowReader{
		Address: e.Server.address(serverPort), Host: serverName, Target: "/bytes/60000", Buffer: 8192, Pause: 500 * time.Millisecond,
	}
	var r role.HTTPReport
	if err := e.run(e.Client, "slow-reader", settings, &r); err != nil {
		return err
	}
	e.Truth.Requests = r.Requests
	e.Truth.Notes = map[string]any{"receive_buffer_bytes": settings.Buffer, "pause_s": settings.Pause.Seconds()}
	return statuses(200)(e)
}

func windowClosed(e *Env) error {
	c, err := e.tcp(0)
	if err != nil {
		return err
	}
	if c.ToServer.ZeroWindows == 0 {
		return fmt.Errorf("the window never closed")
	}
	return nil
}

func runImpaired(e *Env) error {
	if _, err := e.serve(e.Server, "http-server", role.HTTPServer{Addresses: []string{e.Server.address(serverPort)}}); err != nil {
		return err
	}
	return e.fetch(role.HTTPClient{
		Base: "http://" + e.Server.address(serverPort), Host: serverName,
		Fetches: gets("/bytes/60000", "/items/1", "/bytes/30000", "/items/2", "/bytes/30000", "/items/3"),
	})
}
