package classify_test

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wiresight/wiresight/classify/timing"
)

// The lab's programs say how long they waited and how their sockets were set;
// the wire has to tell the same, wherever the capture stood.
func TestStallsCostWhatTheProgramsWaited(t *testing.T) {
	labelled, found, told, both := 0, 0, 0, 0
	for _, s := range scenarios(t) {
		if s.Messages.Stalls == nil {
			continue
		}
		for _, path := range captures(t, s.Scenario) {
			labelled++
			n, cost := read(t, path).occurrences("nagle-delayed-ack")
			found, told, both = found+n, told+*s.Messages.Stalls, both+min(n, *s.Messages.Stalls)
			// Where more than one piece waits in a round, its other waits are a round trip each.
			if s.Messages.Cost > 0 && len(s.Messages.Pieces) <= 2 && math.Abs(cost.Seconds()-s.Messages.Cost) > 0.1*s.Messages.Cost {
				t.Errorf("%s: the stalls cost %v, the client waited %.4f s", path, cost, s.Messages.Cost)
			}
		}
	}
	precision, recall := float64(both)/float64(found), float64(both)/float64(told)
	t.Logf("%d captures: %d stalls, %d found, precision %.3f, recall %.3f", labelled, told, found, precision, recall)
	if labelled < 80 || precision < 0.97 || recall < 0.97 {
		t.Errorf("%d captures, precision %.3f, recall %.3f", labelled, precision, recall)
	}
}

func TestNagleIsOnWhereTheSocketSaysSo(t *testing.T) {
	right, all := 0, 0
	for _, s := range scenarios(t) {
		if s.Messages.Stalls == nil {
			continue
		}
		for _, path := range captures(t, s.Scenario) {
			got := read(t, path).conversations[0].Nagle
			for d, noDelay := range []bool{s.Messages.ClientNoDelay, s.Messages.ServerNoDelay} {
				if got[d].On+got[d].Off < 3 {
					continue
				}
				want := timing.NagleOn
				if noDelay {
					want = timing.NagleOff
				}
				all++
				if got[d].State == want {
					right++
				} else {
					t.Errorf("%s: direction %d: %v (%d on, %d off), TCP_NODELAY is %v", path, d, got[d].State, got[d].On, got[d].Off, noDelay)
				}
			}
		}
	}
	t.Logf("%d of %d", right, all)
	if all < 40 {
		t.Errorf("only %d sides had three small segments that could have waited", all)
	}
}

// lost are the findings that say that the network lost something.
var lost = []string{"retransmission-timeout", "fast-recovery", "syn-retry", "mtu-black-hole"}

// Where the link dropped nothing, no loss may be claimed: neither for what the
// capture missed, nor for what was late, twice, or sent again without need.
func TestNoLossIsClaimedWhereTheLinkLostNothing(t *testing.T) {
	checked := 0
	for _, s := range scenarios(t) {
		dropped := s.Link.Loss > 0
		for _, e := range s.LinkEvents {
			dropped = dropped || e.Action == "drop"
		}
		if dropped {
			continue
		}
		for _, path := range captures(t, s.Scenario) {
			checked++
			r := read(t, path)
			for _, id := range lost {
				if n, _ := r.occurrences(id); n > 0 {
					t.Errorf("%s: %d of %s", path, n, id)
				}
			}
		}
	}
	t.Logf("%d captures without loss", checked)
}

// ways holds the way of each TLS connection and its round trips against what
// the libraries agreed on.
func TestWaysAreThoseThatTheLibrariesTook(t *testing.T) {
	checked := 0
	for _, s := range scenarios(t) {
		if len(s.TLS) == 0 {
			continue
		}
		for _, path := range captures(t, s.Scenario) {
			r := read(t, path)
			i := 0
			for k, c := range r.model.Conversations {
				if c.TLS == nil || c.TLS.Version == "" || i >= len(s.TLS) {
					continue
				}
				want := s.TLS[i]
				i++
				if want.Version == "" || len(s.Conversations) != len(s.TLS) {
					continue
				}
				base, trips := "tcp", 1
				if s.Conversations[k].FastOpen {
					base, trips = "tfo", 0
				}
				way := base + "+" + strings.ToLower(strings.ReplaceAll(want.Version, " ", ""))
				switch {
				case want.Version == "TLS 1.3" && want.EarlyData == "accepted":
					way += "-0rtt"
				case want.Version == "TLS 1.3" && want.HelloRetry:
					way, trips = way+"-hrr", trips+2
				case want.Version == "TLS 1.3":
					trips++
					if want.EarlyData == "rejected" {
						way += "-0rtt"
					} else if want.Resumed {
						way += "-psk"
					}
				case want.Resumed:
					way, trips = way+"-resumed", trips+1
				default:
					trips += 2
				}
				checked++
				got := r.conversations[k].Setup
				if last := got.Way[len(got.Way)-1]; last != way || got.RoundTrips != trips {
					t.Errorf("%s: conversation %d: %s in %d round trips, the libraries took %s in %d", path, c.ID, last, got.RoundTrips, way, trips)
				}
			}
		}
	}
	t.Logf("%d connections", checked)
}

// The handshake takes as long as the client's own interface saw it.
func TestTheHandshakeTakesAsLongAsTheClientSawIt(t *testing.T) {
	for _, s := range scenarios(t) {
		if s.Link.Jitter > 0 {
			continue
		}
		for _, path := range captures(t, s.Scenario) {
			r := read(t, path)
			for i, c := range r.model.Conversations {
				if i >= len(s.Conversations) || c.TCP == nil || s.Conversations[i].Handshake.SYNs != 1 || s.Conversations[i].Handshake.ACK.IsZero() {
					continue
				}
				p := r.conversations[i].Setup.Phase("tcp")
				if p == nil {
					if !strings.Contains(filepath.Base(path), "one-sided") {
						t.Errorf("%s: conversation %d has no phase tcp", path, c.ID)
					}
					continue
				}
				h := s.Conversations[i].Handshake
				took := h.ACK.Sub(h.SYN)
				if off := p.Duration - took; off.Abs() > max(took/20, 300*time.Microsecond) {
					t.Errorf("%s: conversation %d: %v, the client saw %v", path, c.ID, p.Duration, took)
				}
			}
		}
	}
}

// heldBack reports whether the clock of the client's program says that rounds
// took a round trip more than they need, though both sides were quick: the side
// that wrote in pieces with Nagle's algorithm on waited for an acknowledgment.
func (s *truth) heldBack() bool {
	const worth, least = 0.005, 3 // seconds of a round trip; rounds
	m, n := &s.Messages, 0
	for _, r := range m.Rounds {
		if took := r.Took - r.Served; !r.Warmup && took > 1.8*s.Link.RTT && took < 2*s.Link.RTT+0.008 {
			n++
		}
	}
	pieces := !m.ClientNoDelay && len(m.Pieces) > 1 || !m.ServerNoDelay && len(m.AnswerPieces) > 1
	return pieces && s.Link.RTT >= worth && n >= least && m.Stalls != nil && *m.Stalls == 0
}

// What the lab labels, capture by capture: where the finding has to be, and
// where something else looks like it. Captures without a label of an id, of
// other stories, may not have it either.
func TestNagleIsFoundWhereItIsAndNowhereElse(t *testing.T) {
	for _, id := range []string{"nagle-delayed-ack", "nagle-hold"} {
		positive, alike, others, found, wrong := 0, 0, 0, 0, 0
		for _, s := range scenarios(t) {
			there := slices.Contains(s.Shows, id) || id == "nagle-hold" && s.heldBack() || id == "nagle-delayed-ack" && s.Messages.Stalls != nil && *s.Messages.Stalls > 0
			for _, path := range captures(t, s.Scenario) {
				claimed := slices.Contains(read(t, path).ids(), id)
				switch {
				case there && hidden(filepath.Base(path), id) != "":
					continue
				case there:
					positive++
					if claimed {
						found++
					} else {
						t.Logf("%s: no %s", path, id)
					}
					continue
				case slices.Contains(s.Not, id):
					alike++
				case strings.HasPrefix(s.Scenario, "mqtt"):
					continue // mosquitto leaves Nagle's algorithm on: no label, and not to be counted either way
				default:
					others++
				}
				if claimed {
					wrong++
					t.Logf("%s: %s", path, id)
				}
			}
		}
		precision, recall := float64(found)/float64(max(1, found+wrong)), float64(found)/float64(max(1, positive))
		t.Logf("%s: %d captures show it, %d look alike, %d are other stories: found %d, wrongly %d: precision %.3f, recall %.3f", id, positive, alike, others, found, wrong, precision, recall)
		if positive < 8 || precision < 0.97 || recall < 0.97 {
			t.Errorf("%s: precision %.3f, recall %.3f", id, precision, recall)
		}
	}
}
