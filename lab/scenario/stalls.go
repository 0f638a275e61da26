package scenario

import (
	"fmt"
	"time"

	"github.com/wiresight/wiresight/lab/link"
	"github.com/wiresight/wiresight/lab/role"
)

// stallRounds are fewer than those of the first scenarios: there are many of
// these.
const (
	stallRounds = 8
	stallWarmup = 18 // more than the 16 segments that Linux acknowledges at once
)

var (
	noStall    = []string{"nagle-delayed-ack"}
	noNagle    = []string{"nagle-delayed-ack", "nagle-hold"}
	stalledIDs = []string{"nagle-delayed-ack"}
)

// turnStory is a scenario of turns between a client and a server.
type turnStory struct {
	name, description string
	rtt               time.Duration
	server            role.TurnServer
	client            role.TurnClient
	rules             []link.Rule
	shows, not        []string
	check             func(*Env) error
}

func (s turnStory) scenario() Scenario {
	if s.client.Pieces == nil {
		s.client.Pieces = []int{header, body}
	}
	if s.client.Answer == 0 {
		s.client.Answer = 32
	}
	if s.client.Warmup == 0 {
		s.client.Warmup = stallWarmup
	}
	snap := 0
	for _, n := range s.client.Pieces {
		if n > 1000 {
			snap = headersOnly
		}
	}
	if s.client.Rounds == 0 {
		s.client.Rounds = stallRounds
	}
	return Scenario{
		Name: fmt.Sprintf("%s-rtt%dms", s.name, s.rtt.Milliseconds()), Description: s.description,
		Path: Path{OneWay: s.rtt / 2}, Vantages: allVantages, Rules: s.rules, SnapLength: snap, Shows: s.shows, DoesNotShow: s.not,
		Run: func(e *Env) error {
			if s.client.TLS {
				c, err := e.certificate()
				if err != nil {
					return err
				}
				s.server.Certificate, s.server.Key = c.Certificate, c.Key
			}
			return runTurns(e, s.server, s.client)
		},
		Check: s.check,
	}
}

func noStalls(e *Env) error  { return stalls(e, 0, 0) }
func mostStall(e *Env) error { return stalls(e, stallRounds-2, stallRounds+stallWarmup) }
func anyStalls(e *Env) error { return stalls(e, 0, stallRounds) }
func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// stallScenarios are Nagle's algorithm and delayed ACKs over the round trips and
// ways to write, and what looks like them.
func stallScenarios() (list []Scenario) {
	add := func(rtts []int, s turnStory) {
		for _, rtt := range rtts {
			s.rtt = ms(rtt)
			list = append(list, s.scenario())
		}
	}
	prompt := role.TurnServer{NoDelay: true}
	add([]int{80, 200}, turnStory{name: "nagle-delayed-ack", server: prompt, shows: stalledIDs, check: mostStall,
		description: "Write-write-read with Nagle's algorithm on over a long path: the second write waits for the delayed ACK of the first."})
	add([]int{80, 200}, turnStory{name: "nagle-nodelay", server: prompt, client: role.TurnClient{NoDelay: true}, not: noNagle, check: noStalls,
		description: "The same writes with TCP_NODELAY over a long path: nothing waits."})
	add([]int{5, 20, 80, 200}, turnStory{name: "nagle-quickack", server: role.TurnServer{NoDelay: true, QuickACK: true}, not: []string{"nagle-delayed-ack", "delayed-ack"}, check: noStalls,
		description: "Write-write-read with Nagle's algorithm on to a server that acknowledges at once (TCP_QUICKACK): the second write waits for a round trip only."})
	add([]int{1, 20, 80}, turnStory{name: "nagle-cork", server: prompt, client: role.TurnClient{Mode: role.Corked}, not: noNagle, check: noStalls,
		description: "Two writes under TCP_CORK, lifted behind the second: they leave as one segment."})
	add([]int{5, 20}, turnStory{name: "lookalike-cork-stuck", server: prompt, client: role.TurnClient{Mode: role.Stuck, Rounds: 4}, not: noNagle, check: noStalls,
		description: "Two writes under TCP_CORK that nobody lifts: the kernel lets them go after 200 ms, without an acknowledgment."})
	add([]int{5, 80}, turnStory{name: "nagle-writev", server: prompt, client: role.TurnClient{Mode: role.Vector}, not: noNagle, check: noStalls,
		description: "The two pieces in one writev: they leave as one segment."})
	add([]int{5, 20, 80}, turnStory{name: "nagle-small-then-large", server: prompt, client: role.TurnClient{Pieces: []int{header, 2000}}, check: anyStalls,
		description: "A small write, then one of more than a segment: its full segment goes at once, and its tail waits for the acknowledgment."})
	add([]int{5, 20}, turnStory{name: "nagle-large-then-small", server: prompt, client: role.TurnClient{Pieces: []int{2000, body}}, check: anyStalls,
		description: "A write of more than a segment, then a small one: the tail of the first is small, so that the second waits (Minshall)."})
	add([]int{1, 20, 80}, turnStory{name: "nagle-tls", server: prompt, client: role.TurnClient{TLS: true}, shows: stalledIDs, check: mostStall,
		description: "Write-write-read over TLS with Nagle's algorithm on: the second record waits for the delayed ACK of the first."})
	add([]int{20}, turnStory{name: "nagle-tls-nodelay", server: prompt, client: role.TurnClient{TLS: true, NoDelay: true}, not: noNagle, check: noStalls,
		description: "The same records with TCP_NODELAY."})
	add([]int{1, 5, 80}, turnStory{name: "nagle-server", client: role.TurnClient{Pieces: []int{header + body}, Answer: header + body, NoDelay: true},
		server: role.TurnServer{Pieces: []int{header, body}}, shows: stalledIDs, check: mostStall,
		description: "The server answers in two writes with Nagle's algorithm on: the second waits for the client's delayed ACK."})
	add([]int{20}, turnStory{name: "nagle-server-nodelay", client: role.TurnClient{Pieces: []int{header + body}, Answer: header + body, NoDelay: true},
		server: role.TurnServer{Pieces: []int{header, body}, NoDelay: true}, not: noNagle, check: noStalls,
		description: "The server answers in two writes with TCP_NODELAY."})
	add([]int{1, 20, 80}, turnStory{name: "lookalike-thinks-40ms", server: role.TurnServer{NoDelay: true, Think: ms(40)}, client: role.TurnClient{Pieces: []int{header + body}}, not: noNagle, check: noStalls,
		description: "Requests of one write each; the server thinks for 40 ms before each answer."})
	add([]int{20, 80}, turnStory{name: "lookalike-thinks-nodelay", server: role.TurnServer{NoDelay: true, Think: ms(40)}, client: role.TurnClient{NoDelay: true}, not: noNagle, check: anyStalls,
		description: "Write-write-read with TCP_NODELAY to a server that thinks for 40 ms: its ACK is delayed, and nobody waits for it."})
	add([]int{1, 20}, turnStory{name: "lookalike-pace-40ms", server: prompt, client: role.TurnClient{Pieces: []int{header + body}, Every: ms(40)}, not: noNagle, check: noStalls,
		description: "The client begins a request of one write every 40 ms; each is answered at once."})
	add([]int{1, 5, 80}, turnStory{name: "lookalike-types", server: prompt, client: role.TurnClient{Pieces: []int{1, 1, 1, 1, 1, 1}, Mode: role.Typed, Rounds: 3}, not: noStall, check: noStalls,
		description: "A person types six characters with pauses; the server answers the word. Nagle's algorithm is on, and seldom has anything to hold."})
	add([]int{20}, turnStory{name: "lookalike-lost", server: prompt, client: role.TurnClient{Pieces: []int{header + body}}, not: noNagle, check: noStalls,
		rules:       []link.Rule{{Name: "the 30th request", From: "client", Match: link.Data, Nth: 30, Action: link.Drop}},
		description: "Requests of one write each, of which one is lost and sent again after a timer."})
	many := make([]int, 40)
	for i := range many {
		many[i] = 10
	}
	add([]int{20, 80}, turnStory{name: "small-writes", server: prompt, client: role.TurnClient{Pieces: many, NoDelay: true, Rounds: 3}, shows: []string{"small-writes"}, not: noNagle, check: anyStalls,
		description: "Requests in forty writes of ten bytes each with TCP_NODELAY: each write is a packet."})
	add([]int{20}, turnStory{name: "small-writes-nagle", server: prompt, client: role.TurnClient{Pieces: many, Rounds: 3}, not: []string{"small-writes"}, check: anyStalls,
		description: "The same with Nagle's algorithm on: the writes that wait for an acknowledgment go together."})
	return list
}
