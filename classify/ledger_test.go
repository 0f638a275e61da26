package classify_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
)

// sum adds up a ledger and checks that no account is negative.
func sum(t *testing.T, what string, list []timing.Entry) (total time.Duration) {
	t.Helper()
	for _, e := range list {
		if e.Time <= 0 {
			t.Errorf("%s: %s has %v", what, e.Name, e.Time)
		}
		total += e.Time
	}
	return total
}

// everyCapture lists the captures of testdata. WIRESIGHT_CAPTURES may name a
// directory of more.
func everyCapture(t *testing.T) []string {
	paths, err := filepath.Glob("../testdata/*.pcapng")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	if dir := os.Getenv("WIRESIGHT_CAPTURES"); dir != "" {
		err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && !strings.HasSuffix(path, ".md") {
				paths = append(paths, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

// The ledger of each conversation and of each exchange adds up to its time,
// whatever the capture.
func TestEachLedgerAddsUp(t *testing.T) {
	paths := everyCapture(t)
	conversations, exchanges := 0, 0
	for _, path := range paths {
		r := tryRead(t, path)
		if r == nil {
			continue
		}
		for i, c := range r.model.Conversations {
			got := &r.conversations[i]
			conversations++
			exchanges += checkLedger(t, path, c, got)
		}
	}
	t.Logf("%d conversations and %d exchanges of %d captures", conversations, exchanges, len(paths))
}

func checkLedger(t *testing.T, path string, c *flow.Conversation, got *classify.Conversation) (exchanges int) {
	if got.Ledger == nil {
		if c.Duration() > 0 && c.TCP == nil {
			t.Errorf("%s: conversation %d: took %d ns, and has no ledger", path, c.ID, c.Duration())
		}
	} else if total := sum(t, path, got.Ledger.Entries); total != got.Ledger.Wall {
		t.Errorf("%s: conversation %d: the entries come to %v, the wall time is %v", path, c.ID, total, got.Ledger.Wall)
	}
	for i := range got.Exchanges {
		x := &got.Exchanges[i]
		if !x.HasTotal {
			continue
		}
		exchanges++
		if total := sum(t, path, x.Ledger.Entries()); total != x.Total {
			t.Errorf("%s: conversation %d, exchange %d: the entries come to %v, it took %v", path, c.ID, i+1, total, x.Total)
		}
	}
	return exchanges
}

// The ledger holds against what the lab's clients and servers measured: a
// server that thinks for 40 ms has that much of the time.
func TestTheServersTimeIsTheServers(t *testing.T) {
	for _, path := range captures(t, "lookalike-server-thinks-40ms") {
		r := read(t, path)
		l := r.conversations[0].Ledger
		const rounds, think = 39, 40 * time.Millisecond
		if got := l.Get("server"); got < rounds*think || got > rounds*(think+2*time.Millisecond) {
			t.Errorf("%s: the server has %v, it thought for %v", path, got, rounds*think)
		}
		const trip = 5 * time.Millisecond
		if got := l.Get("network"); got < rounds*trip*95/100 || got > (rounds+1)*trip*105/100 {
			t.Errorf("%s: the network has %v, a round trip is %v", path, got, trip)
		}
	}
}

// A request that is lost again and again waits for its sender's timer, and not
// for the server: as long as from its first copy to its last, as the link saw
// them leave.
func TestATimersTimeIsNotTheServers(t *testing.T) {
	for _, s := range scenarios(t) {
		if s.Scenario != "loss-timeout" && s.Scenario != "loss-request" {
			continue
		}
		again := s.Conversations[0].ToServer.Retransmitted
		toMiddle := time.Duration(s.Link.RTT / 4 * 1e9)
		waited := again[len(again)-1].Time.Sub(s.LinkEvents[0].Time.Add(-toMiddle))
		for _, vantage := range []string{"client", "middle"} { // the server's capture holds one copy only
			r := read(t, filepath.Join(testdata(), s.Scenario+"."+vantage+".pcapng"))
			c := &r.conversations[0]
			if off := c.Ledger.Get("retransmission") - waited; off.Abs() > max(waited/20, 300*time.Microsecond) {
				t.Errorf("%s at the %s: retransmission has %v, the sender waited %v", s.Scenario, vantage, c.Ledger.Get("retransmission"), waited)
			}
			if got := c.Ledger.Get("server"); got > 10*time.Millisecond {
				t.Errorf("%s at the %s: the server has %v of the time", s.Scenario, vantage, got)
			}
			for i := range c.Exchanges {
				if got := c.Exchanges[i].Service; got > 10*time.Millisecond {
					t.Errorf("%s at the %s: the server took %v for exchange %d", s.Scenario, vantage, got, i+1)
				}
			}
		}
	}
}
