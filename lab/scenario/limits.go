package scenario

import (
	"fmt"
	"time"

	"github.com/wiresight/wiresight/lab/link"
	"github.com/wiresight/wiresight/lab/role"
)

const streamPort = 7100

// headersOnly is enough of a frame for everything below the application.
const headersOnly = 96

// streamStory is a scenario of answers that are streams of bytes.
type streamStory struct {
	name, description string
	path              Path
	chunks            []role.StreamChunk
	client            role.StreamClient
	rules             []link.Rule
	misses            func() func(string, link.Frame) bool
	vantages          []string
	shows, not        []string
	check             func(*Env) error
	short             bool // the client does not get all
}

func (s streamStory) scenario() Scenario {
	if s.vantages == nil {
		s.vantages = allVantages
	}
	return Scenario{
		Name: s.name, Description: s.description, Path: s.path, Vantages: s.vantages, Rules: s.rules, Misses: s.misses,
		SnapLength: headersOnly, Shows: s.shows, DoesNotShow: s.not, Check: s.check,
		Run: func(e *Env) error {
			address := e.Server.address(streamPort)
			if _, err := e.serve(e.Server, "stream-server", role.StreamServer{Address: address, Chunks: s.chunks}); err != nil {
				return err
			}
			s.client.Address = address
			s.client.Requests = max(1, s.client.Requests)
			for _, c := range s.chunks {
				s.client.Bytes += c.Bytes
			}
			var r role.StreamReport
			if err := e.run(e.Client, "stream-client", s.client, &r); err != nil {
				return err
			}
			for i, n := range r.Bytes {
				if !s.short && n != int64(s.client.Bytes) {
					return fmt.Errorf("answer %d has %d bytes, not %d", i+1, n, s.client.Bytes)
				}
			}
			e.Truth.Notes = map[string]any{"stream": r, "answer_bytes": s.client.Bytes, "receive_buffer_bytes": s.client.Buffer}
			time.Sleep(4 * s.path.OneWay)
			return nil
		},
	}
}

func once(bytes int) []role.StreamChunk { return []role.StreamChunk{{Bytes: bytes}} }

// limitScenarios are transfers that something else limits each.
func limitScenarios() (list []Scenario) {
	lossFree := []string{"retransmission-timeout", "fast-recovery", "syn-retry", "capture-loss"}
	add := func(s streamStory) { list = append(list, s.scenario()) }
	var paced []role.StreamChunk
	for range 30 {
		paced = append(paced, role.StreamChunk{Bytes: 2000, Pause: ms(60)})
	}
	for _, rtt := range []int{20, 80, 200} {
		add(streamStory{name: fmt.Sprintf("limit-slow-start-rtt%dms", rtt), path: Path{OneWay: ms(rtt) / 2}, chunks: once(100_000),
			shows: []string{"congestion-limited"}, not: append([]string{"receive-window-limited", "application-limited"}, lossFree...),
			description: "An answer of 100 kB on a new connection: slow start decides how long it takes."})
		add(streamStory{name: fmt.Sprintf("limit-window-rtt%dms", rtt), path: Path{OneWay: ms(rtt) / 2}, chunks: once(100_000),
			client: role.StreamClient{Buffer: 6000},
			shows:  []string{"receive-window-limited"}, not: append([]string{"application-limited"}, lossFree...),
			description: "An answer of 100 kB to a client with a receive buffer of 12 kB: each round trip carries no more than its window."})
		add(streamStory{name: fmt.Sprintf("limit-application-rtt%dms", rtt), path: Path{OneWay: ms(rtt) / 2}, chunks: paced,
			shows: []string{"application-limited", "paced-streaming"}, not: append([]string{"receive-window-limited", "congestion-limited", "bulk-transfer"}, lossFree...),
			description: "An answer that the server's application writes in pieces of 2 kB with pauses of 60 ms."})
	}
	add(streamStory{name: "slow-start-restart-rtt80ms", path: Path{OneWay: ms(40)}, chunks: once(150_000),
		client: role.StreamClient{Requests: 2, Pause: 1500 * time.Millisecond},
		shows:  []string{"slow-start-restart"}, not: lossFree,
		description: "Two answers of 150 kB with a silence of 1.5 s between: the second begins with the initial window again."})
	add(streamStory{name: "lookalike-no-silence-rtt80ms", path: Path{OneWay: ms(40)}, chunks: once(150_000),
		client: role.StreamClient{Requests: 2, Pause: 20 * time.Millisecond}, shows: []string{"bulk-transfer"}, not: append([]string{"slow-start-restart"}, lossFree...),
		description: "The same with a pause of 20 ms: the window stays."})
	add(streamStory{name: "bufferbloat-rtt20ms", path: Path{OneWay: ms(10), Rate: 8_000_000}, chunks: once(400_000), vantages: []string{"server"},
		shows: []string{"bufferbloat", "bulk-transfer"}, not: append([]string{"server-sent-events", "paced-streaming"}, lossFree...),
		description: "An answer of 400 kB over a link of 8 Mbit/s with a queue of 256 KiB: the round trip grows with the queue."})
	add(streamStory{name: "zero-window-long-rtt20ms", path: Path{OneWay: ms(10)}, chunks: once(60_000), client: role.StreamClient{Buffer: 6000, Dawdle: 1500 * time.Millisecond},
		shows: []string{"zero-window"}, not: lossFree, check: windowClosed,
		description: "A client with a small buffer does not read for 1.5 s: its window closes, and the server probes it."})
	add(streamStory{name: "mtu-black-hole-rtt20ms", path: Path{OneWay: ms(10)}, chunks: []role.StreamChunk{{Bytes: 400}, {Bytes: 20_000, Pause: ms(100)}},
		client: role.StreamClient{Limit: 6 * time.Second}, short: true,
		rules: []link.Rule{{Name: "frames above 1400 bytes", From: "server", Match: func(f link.Frame) bool { return len(f.Bytes) > 1400 }, Nth: 1, Count: 1 << 30, Action: link.Drop}},
		shows: []string{"mtu-black-hole", "retransmission-timeout"}, not: []string{"fast-recovery", "syn-retry"},
		description: "A link in the middle swallows packets above 1386 bytes and says nothing: a small answer arrives, a large one never."})
	pick := func(f link.Frame) bool { return f.Protocol == link.ProtocolTCP }
	for _, side := range []string{"client", "server"} {
		name := map[string]string{"client": "requests", "server": "answers"}[side]
		from := byte(1)
		if side == "server" {
			from = 2
		}
		add(streamStory{name: "one-sided-" + name, path: Path{OneWay: ms(10)}, chunks: once(30_000), vantages: []string{"middle"},
			misses: func() func(string, link.Frame) bool {
				return func(_ string, f link.Frame) bool { return pick(f) && f.Src.Addr().As4()[3] != from }
			},
			not: lossFree[:3], description: "Of a download only what the " + side + " sends is captured: the other direction takes another way."})
	}
	add(streamStory{name: "capture-drops", path: Path{OneWay: ms(10)}, chunks: once(60_000),
		misses: func() func(string, link.Frame) bool {
			seen := map[string]int{}
			return func(vantage string, f link.Frame) bool {
				if !link.Data(f) {
					return false
				}
				seen[vantage]++
				n := seen[vantage]
				return n >= 12 && n < 15 || n == 25
			}
		},
		shows: []string{"capture-loss"}, not: lossFree[:3],
		description: "The capture misses four segments of a download that arrived: nothing is lost in the network."})
	return list
}
