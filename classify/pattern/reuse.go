package pattern

import (
	"fmt"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// ReuseLesson teaches persistent connections.
var ReuseLesson = claim.Lesson{
	ID: "keep-alive-reuse", Title: "One connection for several exchanges",
	About:   "The connection is kept for the next request. That saves the handshakes' round trips, and the congestion window stays open.",
	Is:      "Several exchanges on one connection, one after another.",
	IsNot:   "TCP keep-alive, which only asks whether the other end still lives.",
	Sources: []string{"RFC 9112 section 9.3"},
}

// ConnectionPerRequestLesson teaches the opposite.
var ConnectionPerRequestLesson = claim.Lesson{
	ID: "connection-per-request", Title: "A new connection for each exchange",
	About:   "Each exchange sets up a connection of its own and pays its handshakes again: one round trip for TCP, one or two more for TLS, and slow start anew.",
	Is:      "Three or more connections of one client to one server's port, one after another, with one exchange on each.",
	IsNot:   "Parallel connections of a browser; a connection that broke and had to be replaced.",
	Sources: []string{"RFC 9112 section 9.3", "RFC 9112 section 9.4"},
}

// NoReuseLesson teaches what it costs.
var NoReuseLesson = claim.Lesson{
	ID: "no-connection-reuse", Title: "Connections are not reused",
	About:   "Where requests follow each other, a kept connection saves each of them the set-up.",
	Is:      "Connections of one exchange each, one after another, whose set-up took time that was measured.",
	IsNot:   "Requests that lie so far apart that a kept connection would have been closed for idleness.",
	Sources: []string{"RFC 9112 section 9.3"},
}

// Reuse claims keep-alive-reuse for protocols that do not keep their connection
// by nature.
func Reuse(v *timing.View, out *claim.Sink) {
	if v.Transport != layer.TCP {
		return
	}
	if len(v.Conversation.Exchanges) == 0 {
		reuseByTurns(v, out)
		return
	}
	var e evidence
	n, after := 0, 0
	var prior *flow.Exchange
	for i := range v.Conversation.Exchanges {
		x := v.Conversation.Exchanges[i]
		if !answered(x) || x.Protocol != "http1" {
			continue
		}
		if prior != nil && waited(v, x.Request.First, prior.Response.Last) {
			after++
			if after == 1 {
				e.add(prior.Request.First.Number, "a request")
				e.add(prior.Response.Last.Number, "the last of its answer")
			}
			if after <= 4 {
				e.add(x.Request.First.Number, "another request on the same connection")
			}
		}
		prior = x
		n++
	}
	if after == 0 {
		return
	}
	out.Pattern(claim.Pattern{
		ID: ReuseLesson.ID, Confidence: 0.95, Basis: claim.Decoded,
		Because:  fmt.Sprintf("One connection carried %d exchanges; %d of them began after an earlier one was answered.", n, after),
		Evidence: e, Metrics: []claim.Metric{{Name: "exchanges", Value: float64(n)}, {Name: "reused", Value: float64(after)}},
	})
}

// reuseByTurns reads it from who spoke when, for TLS that is known not to carry
// HTTP/2: its control frames would look the same.
func reuseByTurns(v *timing.View, out *claim.Sink) {
	if v.TLS == nil || !http1Inside(v.TLS) {
		return
	}
	t, ok := applicationTurns(v)
	if !ok || t.First != layer.ToServer || t.Count < 4 || t.Crossed*crossedPart > t.Count {
		return
	}
	var e evidence
	e.turns(t, "the server answers")
	out.Pattern(claim.Pattern{
		ID: ReuseLesson.ID, Confidence: 0.65, Basis: claim.Turns,
		Because:  fmt.Sprintf("Inside TLS, client and server took turns %d times after the handshake; likely as many exchanges on one connection.", t.Count/2),
		Evidence: e, Metrics: []claim.Metric{{Name: "turns", Value: float64(t.Count)}},
	})
}

// http1Inside reports whether TLS announced HTTP/1.1 and nothing newer.
func http1Inside(t *flow.TLS) bool {
	if t.ALPN != "" {
		return t.ALPN == "http/1.1" || t.ALPN == "http/1.0"
	}
	for _, p := range t.OfferedALPN {
		if p != "http/1.1" && p != "http/1.0" {
			return false
		}
	}
	return true
}

// used is a connection of one exchange.
type used struct {
	c          *flow.Conversation
	begin, end int64 // nanoseconds: the SYN, and the last byte of the answer
	request    int   // packet
	turns      bool  // read from who spoke when
}

const (
	leastConnections = 3
	leastSaved       = time.Millisecond // what is less costs nobody anything
)

// ConnectionPerRequest claims it, and what it cost.
func ConnectionPerRequest(p *Pair, out *claim.Sink) {
	if len(p.Conversations) < leastConnections {
		return
	}
	list, more, byTurns := single(p.Conversations)
	if len(list) < leastConnections || more*4 > len(list) {
		return
	}
	after, near := 0, 0
	for i := 1; i < len(list); i++ {
		if list[i].begin >= list[i-1].end {
			after++
			if list[i].begin-list[i-1].end < idleClose {
				near++
			}
		}
	}
	if after*5 < (len(list)-1)*4 {
		return // in parallel
	}
	var e evidence
	var conversations []*flow.Conversation
	for i, u := range list {
		if i < claim.Evidences/2 {
			e.add(u.c.First.Number, "a new connection")
			e.add(u.request, "the one request on it")
		}
		conversations = append(conversations, u.c)
	}
	basis, confidence, words := claim.Decoded, 0.93, "carried one exchange each"
	if byTurns {
		basis, confidence, words = claim.Turns, 0.65, "went back and forth once each, as far as encryption lets see"
	}
	if len(list) == leastConnections {
		confidence -= 0.03
	}
	trips, saved := savings(list)
	metrics := []claim.Metric{{Name: "connections", Value: float64(len(list))}, {Name: "round_trips_saved", Value: float64(trips)}}
	order := "one after another"
	if after < len(list)-1 {
		order = "nearly all one after another"
	}
	because := fmt.Sprintf("%d connections, %s, %s.", len(list), order, words)
	if saved >= leastSaved {
		because += fmt.Sprintf(" Reuse would have saved %d round trips, about %.0f ms.", trips, float64(saved)/1e6)
		metrics = append(metrics, claim.Metric{Name: "saved_s", Value: saved.Seconds()})
	}
	out.Pattern(claim.Pattern{
		ID: ConnectionPerRequestLesson.ID, Confidence: confidence, Basis: basis, Because: because,
		Evidence: e, Metrics: metrics, Conversations: ids(conversations),
	})
	if saved >= leastSaved && near*2 >= after {
		noReuse(list, conversations, trips, saved, out)
	}
}

// idleClose is how long servers keep an idle connection at least, as they
// usually are set up.
const idleClose = int64(5 * time.Second)

func noReuse(list []used, conversations []*flow.Conversation, trips int, saved time.Duration, out *claim.Sink) {
	f := claim.Finding{
		ID: NoReuseLesson.ID, Severity: claim.Notice, Cost: saved, Conversations: ids(conversations),
		Title:       fmt.Sprintf("%d connections for %d exchanges: %d round trips of set-up that reuse would save, about %.0f ms", len(list), len(list), trips, float64(saved)/1e6),
		Explanation: "Each exchange paid the handshakes again. Kept connections pay them once; that the round trips would have stayed the same is assumed.",
		Advice:      "Keep connections (HTTP keep-alive, a connection pool in the client) and see that neither side sends \"Connection: close\".",
		Omitted:     max(0, len(list)-1-claim.Listed),
	}
	for _, u := range list[1:min(len(list), claim.Listed+1)] {
		f.Occurrences = append(f.Occurrences, claim.Occurrence{Packets: []int{u.c.First.Number, u.request}, Shows: "a connection set up anew for one request"})
	}
	out.Finding(f)
}

// savings adds up the set-ups of all connections but the first.
func savings(list []used) (trips int, saved time.Duration) {
	for _, u := range list[1:] {
		if n, rtt, ok := timing.SetUpCost(u.c); ok {
			trips += n
			saved += time.Duration(n) * rtt
		}
	}
	return trips, saved
}

// single returns the connections with one exchange, and how many have more.
func single(all []*flow.Conversation) (list []used, more int, byTurns bool) {
	for _, c := range all {
		if c.Transport != layer.TCP || c.RoleBasis != flow.RoleSYN {
			continue
		}
		switch u, n := one(c); {
		case n > 1:
			more++
		case n == 1:
			list = append(list, u)
			byTurns = byTurns || u.turns
		}
	}
	return list, more, byTurns
}

// one reads a connection's only exchange; n tells how many there are, at most 2.
func one(c *flow.Conversation) (u used, n int) {
	u = used{c: c, begin: c.First.Nanos}
	for i := range c.Exchanges {
		x := c.Exchanges[i]
		if x.Protocol == "dns" || !answered(x) {
			continue
		}
		if n++; n > 1 {
			return u, n
		}
		u.request, u.end = x.Request.First.Number, x.Response.Last.Nanos
	}
	if n == 1 || len(c.Exchanges) > 0 || c.TLS == nil || !http1Inside(c.TLS) || !c.TLS.FirstAppData[layer.ToServer].Valid() || !c.TLS.FirstAppData[layer.ToClient].Valid() {
		return u, n
	}
	t, ok := applicationTurns(&timing.View{Conversation: c})
	if !ok || t.Count < 2 {
		return u, 0
	}
	// A TLS closure alert may follow as a third turn.
	u.turns, u.request, u.end = true, c.TLS.FirstAppData[layer.ToServer].Number, c.TLS.FirstAppData[layer.ToClient].Nanos
	return u, t.Count / 2
}
