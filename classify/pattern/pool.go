package pattern

import (
	"fmt"
	"sort"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// PoolLesson teaches pools of connections.
var PoolLesson = claim.Lesson{
	ID: "connection-pool", Title: "Several connections are kept and shared",
	About:   "The client keeps a few connections to one server and gives each request one that is free. That is how HTTP/1.1 and most databases get requests in flight at the same time without a set-up for each. Too small a pool makes requests wait in the client, unseen by the server; too large a one holds connections that nobody uses. Compare its size with the peak in use, and look for requests that left as soon as a connection fell free.",
	Is:      "Two or more connections of one client to one server's port at the same time, with several exchanges on each and two of them busy at once.",
	IsNot:   "A connection for each request; one multiplexed connection; a connection that replaced one that broke.",
	Sources: []string{"RFC 9112 section 9.4"},
}

// busy is an exchange on a connection of a pool, or the whole of a connection.
type busy struct {
	begin, end int64
	conn       int
	packet     int
}

const (
	mostBusy   = 1 << 16              // exchanges that are looked at
	atOnce     = 2 * time.Millisecond // from one answer to the next request: somebody waited for the connection
	poolReused = 2                    // exchanges per connection from which on connections are shared
)

// ConnectionPool claims it from exchanges that were read, else from turns.
func ConnectionPool(p *Pair, out *claim.Sink) {
	if len(p.Conversations) < 2 {
		return
	}
	var conns []*flow.Conversation
	var work []busy
	turns, reused := 0, 0
	for _, c := range p.Conversations {
		if c.Transport != layer.TCP {
			return
		}
		n := 0
		for _, x := range c.Exchanges {
			if x.Stream != 0 || x.Protocol == "dns" || c.HTTP2 != nil {
				n = 0
				break
			}
			if answered(x) && x.Dir == layer.ToServer && x.Response.State != flow.Head && len(work) < mostBusy {
				work = append(work, busy{x.Request.First.Nanos, x.Response.Last.Nanos, len(conns), x.Request.First.Number})
				n++
			}
		}
		if n == 0 && len(c.Exchanges) == 0 {
			n = turnsOfPool(c)
			turns += n
		}
		if n > 0 {
			conns = append(conns, c)
		}
		if n >= poolReused {
			reused++
		}
	}
	if reused < 2 || len(conns) < 2 {
		return
	}
	size := peak(lives(conns))
	if size < 2 {
		return
	}
	if turns > 0 {
		if len(work) == 0 {
			poolByTurns(conns, turns, size, out)
		}
		return
	}
	if len(work) < poolReused*len(conns) {
		return
	}
	poolByExchanges(conns, work, size, out)
}

func poolByExchanges(conns []*flow.Conversation, work []busy, size int, out *claim.Sink) {
	inUse := peak(work)
	if inUse < 2 {
		return
	}
	waiting, full := queued(conns, work, size)
	var e evidence
	first := map[int]int{}
	for _, b := range work {
		if first[b.conn]++; first[b.conn] <= 2 && len(e) < 8 {
			e.add(b.packet, fmt.Sprintf("request %d on connection %d of the pool", first[b.conn], b.conn+1))
		}
	}
	confidence := 0.93
	if inUse == 2 && len(work) < 8 {
		confidence = 0.8
	}
	each := float64(len(work)) / float64(len(conns))
	because := fmt.Sprintf("%d connections at once carried %s, %.1f each; at most %d were in use at a time.", size, count(len(work), "exchange"), each, inUse)
	if waiting > 0 {
		because += fmt.Sprintf(" %s left as soon as a connection fell free while all others were busy: likely they had waited in the client.", count(waiting, "request"))
	}
	out.Pattern(claim.Pattern{
		ID: PoolLesson.ID, Confidence: confidence, Basis: claim.Decoded, Because: because, Evidence: e, Conversations: ids(conns),
		Metrics: []claim.Metric{{Name: "size", Value: float64(size)}, {Name: "connections", Value: float64(len(conns))}, {Name: "peak_in_use", Value: float64(inUse)},
			{Name: "exchanges_each", Value: each}, {Name: "waited_for_a_connection", Value: float64(waiting)}, {Name: "all_busy_s", Value: full.Seconds()}},
	})
}

// turnsOfPool returns how many exchanges an encrypted connection with HTTP/1.1
// inside likely carried.
func turnsOfPool(c *flow.Conversation) int {
	if c.TLS == nil || !http1Inside(c.TLS) {
		return 0
	}
	t, ok := applicationTurns(&timing.View{Conversation: c})
	if !ok || t.First != layer.ToServer || t.Crossed*crossedPart > t.Count {
		return 0
	}
	return t.Count / 2
}

func poolByTurns(conns []*flow.Conversation, turns, size int, out *claim.Sink) {
	if turns < poolReused*len(conns) {
		return
	}
	var e evidence
	for _, c := range conns[:min(len(conns), 6)] {
		e.add(c.TLS.FirstAppData[layer.ToServer].Number, "the client speaks on one of the connections")
	}
	out.Pattern(claim.Pattern{
		ID: PoolLesson.ID, Confidence: 0.65, Basis: claim.Turns, Evidence: e, Conversations: ids(conns),
		Because: fmt.Sprintf("%d connections at once went back and forth %d times within TLS: likely a pool.", size, turns),
		Metrics: []claim.Metric{{Name: "size", Value: float64(size)}, {Name: "connections", Value: float64(len(conns))}, {Name: "exchanges_each", Value: float64(turns) / float64(len(conns))}},
	})
}

func lives(conns []*flow.Conversation) []busy {
	list := make([]busy, len(conns))
	for i, c := range conns {
		list[i] = busy{begin: c.First.Nanos, end: c.Last.Nanos, conn: i}
	}
	return list
}

// peak returns how many of the intervals were open at the same time at most.
func peak(list []busy) (most int) {
	begins, ends := bounds(list)
	open, j := 0, 0
	for _, b := range begins {
		for j < len(ends) && ends[j] <= b {
			j++
			open--
		}
		open++
		most = max(most, open)
	}
	return most
}

func bounds(list []busy) (begins, ends []int64) {
	for _, b := range list {
		begins, ends = append(begins, b.begin), append(ends, b.end)
	}
	sort.Slice(begins, func(i, j int) bool { return begins[i] < begins[j] })
	sort.Slice(ends, func(i, j int) bool { return ends[i] < ends[j] })
	return begins, ends
}

// queued counts the requests that left as soon as their connection fell free
// while all others were busy, and for how long all of them were.
func queued(conns []*flow.Conversation, work []busy, size int) (waiting int, full time.Duration) {
	sort.Slice(work, func(i, j int) bool { return work[i].begin < work[j].begin })
	_, ends := bounds(work)
	near := make([]int64, len(conns))
	for i, c := range conns {
		if p := timing.PathOf(c); p.HasClient {
			near[i] = int64(p.Client)
		}
	}
	last := make([]int64, len(conns))
	done := 0
	for i, b := range work {
		for done < len(ends) && ends[done] <= b.begin {
			done++
		}
		open := i + 1 - done
		if open >= size && done < len(ends) {
			next := ends[done]
			if i+1 < len(work) {
				next = min(next, work[i+1].begin)
			}
			full += time.Duration(max(0, next-b.begin))
		}
		if since := b.begin - last[b.conn]; open >= size && last[b.conn] > 0 && since <= near[b.conn]+int64(atOnce) {
			waiting++
		}
		last[b.conn] = b.end
	}
	return waiting, full
}
