package scenario

import (
	"fmt"
	"time"

	"github.com/wiresight/wiresight/lab/link"
	"github.com/wiresight/wiresight/lab/role"
)

// lossPath is slow enough for a download to be in flight when a segment is lost.
var lossPath = Path{OneWay: 10 * time.Millisecond, Rate: 40_000_000}

const (
	bulk    = 60_000
	mss     = 1448 // 1500 less IPv4, TCP and the timestamps
	request = "/bytes/60000"
)

func lossScenarios() []Scenario {
	drop := func(name, from string, match link.Match, nth, count int) []link.Rule {
		return []link.Rule{{Name: name, From: from, Match: match, Nth: nth, Count: count, Action: link.Drop}}
	}
	any := func(f link.Frame) bool { return f.Protocol == link.ProtocolTCP && f.Payload > 0 }
	tail := (bulk + mss - 1) / mss // the response's header is a segment of its own: the last but one
	return []Scenario{
		lossy("loss-fast-retransmit", "A download loses one segment in mid-flight; duplicate ACKs bring it back.",
			[]string{"fast-recovery"}, []string{"retransmission-timeout", "syn-retry"},
			drop("the 20th data segment", "server", link.Data, 20, 1), gets(request), resent("server", 1)),
		lossy("loss-burst", "A download loses three segments in a row in mid-flight.",
			[]string{"fast-recovery"}, []string{"retransmission-timeout"},
			drop("data segments 30 to 32", "server", link.Data, 30, 3), gets(request), resent("server", 3)),
		lossy("loss-tail", "A download loses its last two segments: no duplicate ACK can tell; a timer (tail loss probe) sends the last one again, and its SACK brings back the other.",
			nil, []string{"syn-retry"},
			drop("the last two data segments", "server", link.Data, tail, 2), gets(request), resent("server", 2)),
		lossy("loss-request", "The second request of a connection is lost, a single segment: a timer sends it again.",
			[]string{"retransmission-timeout"}, []string{"fast-recovery", "syn-retry"},
			drop("the client's 2nd data segment", "client", link.Data, 2, 1), gets("/", "/items/1", "/items/2"), resent("client", 1)),
		lossy("loss-timeout", "The second request of a connection is lost four times: the timeout doubles each time.",
			[]string{"retransmission-timeout"}, []string{"fast-recovery", "syn-retry"},
			drop("the client's data segments 2 to 5", "client", any, 2, 4), gets("/", "/items/1", "/items/2"),
			all(resent("client", 4), backsOff)),
		lossy("loss-syn", "The first SYN is lost; the client sends it again after a second.",
			[]string{"syn-retry"}, []string{"retransmission-timeout", "fast-recovery"},
			drop("the first SYN", "client", link.AnySYN, 1, 1), gets("/", "/items/1"), all(resent("client", 1), synSecond)),
		lossy("loss-syn-ack", "The first SYN-ACK is lost; the client sends its SYN again after a second.",
			[]string{"syn-retry"}, []string{"fast-recovery"},
			drop("the first SYN-ACK", "server", link.AnySYN, 1, 1), gets("/", "/items/1"), all(resentAtLeast("client", 1), synSecond)),
		lossy("loss-before-middle", "A download loses one segment between the server and the middle, so that only the server's own capture holds the original.",
			[]string{"fast-recovery"}, []string{"retransmission-timeout"},
			[]link.Rule{{Name: "the 20th data segment", From: "server", Half: link.SenderHalf, Match: link.Data, Nth: 20, Action: link.Drop}},
			gets(request), resent("server", 1)),
		lossy("reordering", "Two segments of a download are overtaken by those behind them; nothing is lost.",
			nil, []string{"retransmission-timeout"},
			[]link.Rule{
				{Name: "the 20th data segment, 1 ms", From: "server", Match: link.Data, Nth: 20, Action: link.Delay, Extra: time.Millisecond},
				{Name: "the 40th data segment, 1 ms", From: "server", Match: link.Data, Nth: 40, Action: link.Delay, Extra: time.Millisecond},
			}, gets(request), nil),
	}
}

func lossy(name, description string, shows, not []string, rules []link.Rule, fetches []role.Fetch, check func(*Env) error) Scenario {
	return Scenario{
		Name: name, Description: description, Path: lossPath, Rules: rules, Vantages: allVantages, Shows: shows, DoesNotShow: not,
		Run: func(e *Env) error {
			if _, err := e.serve(e.Server, "http-server", role.HTTPServer{Addresses: []string{e.Server.address(serverPort)}}); err != nil {
				return err
			}
			return e.fetch(role.HTTPClient{Base: "http://" + e.Server.address(serverPort), Host: serverName, Fetches: fetches})
		},
		Check: func(e *Env) error {
			if len(e.Truth.LinkEvents) == 0 {
				return fmt.Errorf("no rule was used")
			}
			if check != nil {
				return all(statuses(repeat(200, len(fetches))...), check)(e)
			}
			return statuses(repeat(200, len(fetches))...)(e)
		},
	}
}

// resent: the host retransmitted exactly n segments on the first connection.
func resent(host string, n int) func(*Env) error {
	return resentBetween(host, n, n)
}

func resentAtLeast(host string, n int) func(*Env) error { return resentBetween(host, n, 1<<30) }

func resentBetween(host string, from, to int) func(*Env) error {
	return func(e *Env) error {
		c, err := e.tcp(0)
		if err != nil {
			return err
		}
		side, other := &c.ToServer, &c.ToClient
		if host == "server" {
			side, other = other, side
		}
		if got := side.Retransmissions; got < from || got > to {
			return fmt.Errorf("%s retransmitted %d segments, not %d", host, got, from)
		}
		if from == to && other.Retransmissions != 0 {
			return fmt.Errorf("the other side retransmitted too: %d", other.Retransmissions)
		}
		return nil
	}
}

// backsOff: the waits between the last retransmissions doubled.
func backsOff(e *Env) error {
	c, err := e.tcp(0)
	if err != nil {
		return err
	}
	r := c.ToServer.Retransmitted
	for i := 2; i < len(r); i++ {
		ratio := r[i].Time.Sub(r[i-1].Time).Seconds() / r[i-1].Time.Sub(r[i-2].Time).Seconds()
		if i > 2 && (ratio < 1.8 || ratio > 2.2) {
			return fmt.Errorf("the wait before retransmission %d was %.2f times the one before", i+1, ratio)
		}
	}
	return nil
}

// synSecond: the SYN went out again after about a second.
func synSecond(e *Env) error {
	c, err := e.tcp(0)
	if err != nil {
		return err
	}
	if c.Handshake == nil || c.Handshake.SYNs != 2 {
		return fmt.Errorf("the client did not send two SYNs")
	}
	if wait := c.Handshake.SYN.Sub(c.Start); wait < 900*time.Millisecond || wait > 1300*time.Millisecond {
		return fmt.Errorf("the second SYN went out after %s", wait)
	}
	return nil
}
