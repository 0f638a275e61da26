package scenario

import (
	"fmt"
	"time"

	"github.com/wiresight/wiresight/lab/role"
)

const pollPeriod = 200 * time.Millisecond

func pollingScenarios() []Scenario {
	path := Path{OneWay: 5 * time.Millisecond}
	return []Scenario{
		{
			Name:        "polling",
			Description: "A client asks for a status every 200 ms over one connection; after the first time the answer is 304.",
			Path:        path, Shows: []string{"polling", "keep-alive-reuse", "conditional-request", "polling-in-vain"},
			DoesNotShow: []string{"long-polling", "pipelining", "multiplexing", "keep-alive", "cleartext-credentials", "retry"},
			Run:         func(e *Env) error { return runPolling(e, false) },
			Check:       all(statuses(append([]int{200}, repeat(304, 9)...)...), connections(1), steady),
		},
		{
			Name:        "polling-new-connections",
			Description: "A client asks for a status every 200 ms, each time over a new connection; after the first time the answer is 304.",
			Path:        path, Shows: []string{"polling", "connection-per-request", "no-connection-reuse", "conditional-request", "polling-in-vain"},
			DoesNotShow: []string{"long-polling", "keep-alive-reuse"},
			Run:         func(e *Env) error { return runPolling(e, true) },
			Check:       all(statuses(append([]int{200}, repeat(304, 9)...)...), connections(10), steady),
		},
	}
}

func runPolling(e *Env, newConnections bool) error {
	if _, err := e.serve(e.Server, "http-server", role.HTTPServer{Addresses: []string{e.Server.address(serverPort)}}); err != nil {
		return err
	}
	fetches := gets("/status")
	for range 9 {
		fetches = append(fetches, role.Fetch{Method: "GET", Target: "/status", Header: map[string]string{"If-None-Match": `"v1"`}})
	}
	e.Truth.Notes = map[string]any{"period_s": pollPeriod.Seconds()}
	return e.fetch(role.HTTPClient{
		Base: "http://" + e.Server.address(serverPort), Host: serverName,
		Fetches: fetches, NewConnections: newConnections, Every: pollPeriod,
	})
}

// steady: the client's clock agrees that the period was kept.
func steady(e *Env) error {
	r := e.Truth.Requests
	for i := 1; i < len(r); i++ {
		if gap := r[i].Start.Sub(*r[i-1].Start); gap < pollPeriod*8/10 || gap > pollPeriod*12/10 {
			return fmt.Errorf("request %d began %s after the one before", i+1, gap)
		}
	}
	return nil
}
