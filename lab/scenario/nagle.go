package scenario

import (
	"fmt"
	"time"

	"github.com/wiresight/wiresight/lab/role"
	"github.com/wiresight/wiresight/lab/truth"
)

const (
	turnPort   = 7000
	warmup     = 24 // more than the 16 segments that Linux acknowledges at once
	turnRounds = 15
	minStalls  = 10
)

// delayedACK is about the shortest delay of Linux's ACKs (TCP_DELACK_MIN, 40 ms)
// with room for its coarse clock.
const delayedACK = 30 * time.Millisecond

// writeWriteRead is the classic: a header and a body in two writes, then a read.
var (
	header, body   = 12, 64
	writeWriteRead = role.TurnClient{Pieces: []int{header, body}, Answer: 32, Warmup: warmup, Rounds: turnRounds}
)

func nagleScenarios() []Scenario {
	var s []Scenario
	for _, rtt := range []time.Duration{1 * time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond} {
		s = append(s, stalling(rtt), noDelay(rtt))
	}
	return append(s, lookAlikes()...)
}

func stalling(rtt time.Duration) Scenario {
	return Scenario{
		Name: fmt.Sprintf("nagle-delayed-ack-rtt%dms", rtt.Milliseconds()),
		Description: "Write-write-read with Nagle's algorithm on, after turns of one write each that bring the server to delay its ACKs: " +
			"the second write waits for the delayed ACK of the first.",
		Path: Path{OneWay: rtt / 2}, Vantages: allVantages,
		Shows: []string{"nagle-delayed-ack", "nagle-hold", "delayed-ack", "request-response"},
		Run:   func(e *Env) error { return runTurns(e, role.TurnServer{NoDelay: true}, writeWriteRead) },
		Check: func(e *Env) error { return stalls(e, minStalls, turnRounds) },
	}
}

func noDelay(rtt time.Duration) Scenario {
	client := writeWriteRead
	client.NoDelay = true
	return Scenario{
		Name:        fmt.Sprintf("nagle-nodelay-rtt%dms", rtt.Milliseconds()),
		Description: "The same writes with TCP_NODELAY: nothing waits.",
		Path:        Path{OneWay: rtt / 2}, Vantages: allVantages,
		Shows: []string{"request-response"}, DoesNotShow: []string{"nagle-delayed-ack", "nagle-hold"},
		Run:   func(e *Env) error { return runTurns(e, role.TurnServer{NoDelay: true}, client) },
		Check: func(e *Env) error { return stalls(e, 0, 0) },
	}
}

func lookAlikes() []Scenario {
	one := role.TurnClient{Pieces: []int{header + body}, Answer: 32, Warmup: warmup, Rounds: turnRounds}
	paced := one
	paced.Every = 40 * time.Millisecond
	silent := []string{"nagle-delayed-ack", "nagle-hold"}
	return []Scenario{
		{
			Name:        "lookalike-server-thinks-40ms",
			Description: "Requests of one write each; the server thinks for 40 ms before each answer. Nagle's algorithm is on but has nothing to hold.",
			Path:        Path{OneWay: 2500 * time.Microsecond}, Vantages: []string{"client", "server"},
			Shows: []string{"request-response"}, DoesNotShow: silent,
			Run: func(e *Env) error {
				return runTurns(e, role.TurnServer{Think: 40 * time.Millisecond, NoDelay: true}, one)
			},
			Check: func(e *Env) error { return stalls(e, 0, 0) },
		},
		{
			Name:        "lookalike-paced-40ms",
			Description: "The client begins a request of one write every 40 ms; each is answered at once.",
			Path:        Path{OneWay: 2500 * time.Microsecond}, Vantages: []string{"client", "server"},
			DoesNotShow: silent,
			Run:         func(e *Env) error { return runTurns(e, role.TurnServer{NoDelay: true}, paced) },
			Check:       func(e *Env) error { return stalls(e, 0, 0) },
		},
		{
			Name:        "lookalike-path-40ms",
			Description: "Requests of one write each over a path of 40 ms.",
			Path:        Path{OneWay: 20 * time.Millisecond}, Vantages: []string{"client", "server"},
			Shows: []string{"request-response"}, DoesNotShow: silent,
			Run:   func(e *Env) error { return runTurns(e, role.TurnServer{NoDelay: true}, one) },
			Check: func(e *Env) error { return stalls(e, 0, 0) },
		},
		{
			Name: "nagle-hold-path-40ms",
			Description: "Write-write-read with Nagle's algorithm on over a path of 40 ms to a server that acknowledges at once (TCP_QUICKACK): " +
				"the second write waits for one round trip, but no ACK is delayed.",
			Path: Path{OneWay: 20 * time.Millisecond}, Vantages: allVantages,
			Shows: []string{"nagle-hold", "request-response"}, DoesNotShow: []string{"nagle-delayed-ack", "delayed-ack"},
			Run: func(e *Env) error {
				return runTurns(e, role.TurnServer{NoDelay: true, QuickACK: true}, writeWriteRead)
			},
			Check: all(held, func(e *Env) error { return stalls(e, 0, 0) }),
		},
	}
}

// runTurns runs the two programs and puts their accounts together.
func runTurns(e *Env, server role.TurnServer, client role.TurnClient) error {
	server.Address, server.Answer = e.Server.address(turnPort), client.Answer
	for _, n := range client.Pieces {
		server.Request += n
	}
	p, err := e.serve(e.Server, "turn-server", server)
	if err != nil {
		return err
	}
	client.Address = server.Address
	var m truth.Messages
	if err := e.run(e.Client, "turn-client", client, &m); err != nil {
		return err
	}
	time.Sleep(100*time.Millisecond + 2*e.Scenario.Path.OneWay) // the connection closes on the wire
	var served role.TurnReport
	if err := e.stop(p, &served); err != nil {
		return err
	}
	if len(served.Served) != len(m.Rounds) {
		return fmt.Errorf("the server answered %d rounds, the client counts %d", len(served.Served), len(m.Rounds))
	}
	for i := range m.Rounds {
		m.Rounds[i].Served = served.Served[i]
	}
	m.ServerNoDelay, m.ServerQuick, m.AnswerPieces = server.NoDelay, server.QuickACK, server.Pieces
	e.Truth.Messages = &m
	return nil
}

// countStalls finds the rounds that waited for a delayed ACK: held for a prompt
// one a round takes two round trips, and the delay comes on top.
func (e *Env) countStalls() error {
	c, err := e.tcp(0)
	if err != nil {
		return err
	}
	m := e.Truth.Messages
	m.Stalls, m.StallCost = 0, 0
	for _, r := range m.Rounds {
		pieces := max(len(r.Writes), len(m.AnswerPieces))
		over := r.Took - r.Served - 2*c.Handshake.RTT
		if (pieces > 1 || m.TLS) && m.Mode != role.Stuck && m.Mode != role.Typed && over > delayedACK.Seconds() {
			m.Stalls++
			m.StallCost += over
		}
	}
	return nil
}

// stalls: by the client's clock so many rounds waited for a delayed ACK.
func stalls(e *Env, from, to int) error {
	if err := e.countStalls(); err != nil {
		return err
	}
	if n := e.Truth.Messages.Stalls; n < from || n > to {
		return fmt.Errorf("%d of %d rounds stalled", n, len(e.Truth.Messages.Rounds))
	}
	return nil
}

// held: each round of two writes took two round trips, for the second write
// waited for the ACK of the first.
func held(e *Env) error {
	rtt := 2 * e.Scenario.Path.OneWay.Seconds()
	for i, r := range e.Truth.Messages.Rounds {
		if trips := r.Took / rtt; !r.Warmup && (trips < 1.9 || trips > 2.3) {
			return fmt.Errorf("round %d took %.2f round trips", i, trips)
		}
	}
	return nil
}
