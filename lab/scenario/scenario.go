// Package scenario is the lab's list of captures to make: for each the path
// between the hosts, the programs that run on them, and what must be true of the
// result. A scenario whose expectation did not come about fails; it never
// leaves a capture behind that shows something else than its name says.
package scenario

import (
	"fmt"
	"time"

	"github.com/wiresight/wiresight/lab/link"
)

// Path is the way between the client and the server, the same in both
// directions. The middle vantage lies at half of the delay; rate and random
// loss act behind it.
type Path struct {
	OneWay time.Duration
	Jitter time.Duration
	Rate   int64 // bits per second
	Loss   float64
	MTU    int // 0 is 1500
}

// Scenario is one story on the wire.
type Scenario struct {
	Name        string
	Description string
	Path        Path
	Rules       []link.Rule
	Vantages    []string                                       // "client", "middle", "server"; none is the client's alone
	SnapLength  int                                            // bytes of each frame that the captures hold; 0 for all
	Misses      func() func(vantage string, f link.Frame) bool // makes what says which frames the captures miss
	IPv6        bool                                           // the hosts also get IPv6 addresses
	Programs    []string                                       // that must be installed
	Shows       []string
	DoesNotShow []string
	Backends    int    // hosts behind the server
	Loopback    string // the host whose capture holds what passes its loopback device, too
	Run         func(*Env) error
	Check       func(*Env) error // after Run, when the link has stopped
}

var allVantages = []string{"client", "middle", "server"}

// All lists the scenarios in the order in which they run.
func All() []Scenario {
	var all []Scenario
	for _, group := range [][]Scenario{
		httpScenarios(), pollingScenarios(), patternScenarios(), nagleScenarios(), lossScenarios(),
		stallScenarios(), repairScenarios(), limitScenarios(), setUpScenarios(), waitingScenarios(),
		tlsScenarios(), cipherScenarios(), tlsStories(), http2Scenarios(), webSocketScenarios(), grpcScenarios(), realtimeScenarios(),
		contentScenarios(), quicScenarios(), ngtcp2Scenarios(), chromiumScenarios(), dnsScenarios(), errorScenarios(), betweenScenarios(), serverScenarios(),
		messagingScenarios(), databaseScenarios(),
	} {
		all = append(all, group...)
	}
	return all
}

// Named returns the scenarios of these names, all of them for none.
func Named(names []string) ([]Scenario, error) {
	if len(names) == 0 {
		return All(), nil
	}
	var chosen []Scenario
	for _, name := range names {
		found := false
		for _, s := range All() {
			if s.Name == name {
				chosen, found = append(chosen, s), true
			}
		}
		if !found {
			return nil, fmt.Errorf("scenario: none is called %q; see the list command", name)
		}
	}
	return chosen, nil
}
