package scenario

import (
	"fmt"
	"os"
	"strings"
	"time"
)

func fastOpenScenarios() []Scenario {
	path := Path{OneWay: 20 * time.Millisecond}
	programs := []string{"nginx", "curl"}
	return []Scenario{
		{
			Name: "tcp-fast-open", Description: "curl asks nginx for a cookie in its first SYN (TCP Fast Open), and sends its second and third request in the SYN itself.",
			Path: path, Programs: programs, Shows: []string{"tfo"},
			Run:   func(e *Env) error { return runFastOpen(e, "3") },
			Check: all(statuses(200, 200, 200), connections(3), fastOpens(2, 2, 1)),
		},
		{
			Name: "tcp-fast-open-refused", Description: "curl has a cookie of TCP Fast Open, but the server takes no data in a SYN any more: the request is sent again after the handshake.",
			Path: path, Programs: programs, DoesNotShow: []string{"tfo"},
			Run:   func(e *Env) error { return runFastOpen(e, "1") },
			Check: all(statuses(200, 200), connections(2), fastOpens(0, 0, 1)),
		},
	}
}

// runFastOpen gets a cookie and uses it. Before the second request the server's
// setting of tcp_fastopen is changed to later.
func runFastOpen(e *Env, later string) error {
	for _, h := range []*Host{e.Client, e.Server} {
		if err := h.Sysctl("ipv4.tcp_fastopen", "3"); err != nil {
			return err
		}
	}
	if err := e.nginx(fmt.Sprintf("listen %d fastopen=16;", serverPort)); err != nil {
		return err
	}
	targets := []string{"/", "/data.json", "/style.css"}
	if later != "3" {
		targets = targets[:2]
	}
	for i, t := range targets {
		if i == 1 {
			if err := e.Server.Sysctl("ipv4.tcp_fastopen", later); err != nil {
				return err
			}
		}
		if log, err := e.curl("http", serverPort, []string{"--tcp-fastopen"}, t); err != nil {
			return fmt.Errorf("%w: %s", err, log)
		}
	}
	client, err := e.Client.counters("TcpExt")
	if err != nil {
		return err
	}
	server, err := e.Server.counters("TcpExt")
	if err != nil {
		return err
	}
	e.Truth.Notes = map[string]any{
		"client_data_in_syn_acknowledged": client["TCPFastOpenActive"], // the kernels' own counters
		"server_data_in_syn_accepted":     server["TCPFastOpenPassive"],
		"server_cookies_asked_for":        server["TCPFastOpenCookieReqd"],
	}
	return nil
}

// counters reads the kernel's counters of a host's namespace (/proc/net/netstat:
// a line of names and a line of values for each group).
func (h *Host) counters(group string) (map[string]int64, error) {
	list := map[string]int64{}
	err := h.Do(func() error {
		b, err := os.ReadFile("/proc/thread-self/net/netstat")
		if err != nil {
			return err
		}
		var names []string
		for line := range strings.Lines(string(b)) {
			fields := strings.Fields(line)
			if len(fields) == 0 || fields[0] != group+":" {
				continue
			}
			if names == nil {
				names = fields
				continue
			}
			for i := 1; i < min(len(names), len(fields)); i++ {
				list[names[i]] = integer(fields[i])
			}
		}
		return nil
	})
	return list, err
}

// fastOpens: the kernels counted so many SYNs whose data was acknowledged, was
// accepted, and that asked for a cookie.
func fastOpens(active, passive, cookies int64) func(*Env) error {
	return func(e *Env) error {
		n := e.Truth.Notes
		if n["client_data_in_syn_acknowledged"] != active || n["server_data_in_syn_accepted"] != passive || n["server_cookies_asked_for"] != cookies {
			return fmt.Errorf("the kernels counted %v", n)
		}
		return nil
	}
}
