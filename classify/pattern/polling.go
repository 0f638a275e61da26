package pattern

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
)

// PollingLesson teaches polling.
var PollingLesson = claim.Lesson{
	ID: "polling", Title: "Asking again and again",
	About:   "The client repeats one request at a steady period to learn whether something is new. News are late by half a period on average, and most answers say nothing.",
	Is:      "Four or more requests of the same method and target at steady intervals, each answered in a small part of the interval.",
	IsNot:   "Long polling, where the server holds each request; a page's loading; a loop that asks as fast as it gets answers.",
	Sources: []string{"RFC 6202 section 2.1"},
}

const (
	leastPolls  = 4
	steadySplit = 0.15 // of the intervals' median: their median absolute deviation
	steadyCV    = 0.35 // coefficient of variation of the intervals
	quickAnswer = 0.2  // of the interval
)

// poll is a target that is asked for at a period.
type poll struct {
	target    string
	asks      []*flow.Exchange
	period    float64 // seconds, median
	deviation float64 // of the median, relative
	quick     int     // answers that came within quickAnswer of the period
	quiet     int     // answers that said nothing new: 304, 204, or the size of the one before
}

// Polling claims polling within one conversation.
func Polling(v *timing.View, out *claim.Sink) {
	list := v.Conversation.Exchanges
	if len(list) < leastPolls || v.Duration() < leastPolls/2*int64(leastPeriod*1e9) {
		return
	}
	// Most conversations repeat nothing often enough; that is soon seen, without
	// a group for each target.
	var seen [256]uint8
	repeated := false
	for i := range list {
		h := bucket(list[i].Name)
		if seen[h] < leastPolls {
			seen[h]++
		}
		repeated = repeated || seen[h] >= leastPolls
	}
	if !repeated {
		return
	}
	asks := make([]*flow.Exchange, 0, len(list))
	for i := range list {
		if seen[bucket(list[i].Name)] >= leastPolls {
			asks = append(asks, list[i])
		}
	}
	for _, p := range polls(asks) {
		out.Pattern(p.claim())
		p.inVain(out)
	}
}

// bucket hashes a request's method and path (FNV-1a).
func bucket(name string) uint8 {
	h := uint32(2166136261)
	for i := 0; i < len(name) && name[i] != '?'; i++ {
		h = (h ^ uint32(name[i])) * 16777619
	}
	return uint8(h ^ h>>8 ^ h>>16)
}

// polled returns how many exchanges were claimed as polls, long or short.
func polled(out *claim.Sink) (n int) {
	for i := range out.Patterns {
		if p := &out.Patterns[i]; p.ID == PollingLesson.ID || p.ID == LongPollingLesson.ID {
			n += int(p.Metrics[0].Value)
		}
	}
	return n
}

const leastPeriod = 0.02 // seconds: what comes faster is a loop, not a poll

// PollingOverConnections claims polling where each poll has a connection of its
// own, or several share one.
func PollingOverConnections(p *Pair, out *claim.Sink) {
	if len(p.Conversations) < 2 {
		return
	}
	var asks []*flow.Exchange
	owner := map[*flow.Exchange]*flow.Conversation{}
	for _, c := range p.Conversations {
		if len(c.Exchanges) >= leastPolls { // long enough to be judged alone
			continue
		}
		for i := range c.Exchanges {
			asks = append(asks, c.Exchanges[i])
			owner[c.Exchanges[i]] = c
		}
	}
	if len(asks) < leastPolls {
		return
	}
	for _, q := range polls(asks) {
		var used []*flow.Conversation
		for _, x := range q.asks {
			if c := owner[x]; len(used) == 0 || used[len(used)-1] != c {
				used = append(used, c)
			}
		}
		claimed := q.claim()
		claimed.Because += fmt.Sprintf(" They used %s.", count(len(used), "connection"))
		claimed.Conversations = ids(used)
		out.Pattern(claimed)
		q.inVain(out)
	}
}

// polls groups requests by target and keeps the groups with a period.
func polls(asks []*flow.Exchange) []poll {
	groups := make(map[string][]*flow.Exchange)
	var order []string
	last, t := "", ""
	for _, x := range asks {
		if !answered(x) || !asksForNews(x) {
			continue
		}
		if x.Name != last {
			last, t = x.Name, target(x.Name)
		}
		g := groups[t]
		if len(g) == 0 {
			order = append(order, t)
		}
		groups[t] = append(g, x)
	}
	var found []poll
	for _, t := range order {
		if p, ok := periodic(t, groups[t]); ok {
			found = append(found, p)
		}
	}
	return found
}

// asksForNews reports whether an exchange may be a poll: it reads, and its name
// tells what. Of many protocols the name says only what kind of request it is.
func asksForNews(x *flow.Exchange) bool {
	switch x.Protocol {
	case "grpc":
		return true
	case "http1", "http2", "http3":
		method, _, _ := strings.Cut(x.Name, " ")
		return method == "GET" || method == "HEAD" || method == "POST"
	case "redis", "memcached":
		return strings.Contains(x.Name, " ")
	}
	return false
}

// periodic measures a group of requests.
func periodic(name string, asks []*flow.Exchange) (p poll, ok bool) {
	if len(asks) < leastPolls {
		return p, false
	}
	slices.SortStableFunc(asks, func(a, b *flow.Exchange) int {
		return int(min(max(a.Request.First.Nanos-b.Request.First.Nanos, -1), 1))
	})
	gaps := make([]float64, 0, len(asks)-1)
	answers := make([]float64, 0, len(asks))
	for i, x := range asks {
		if i > 0 {
			gaps = append(gaps, flow.Seconds(x.Request.First.Nanos-asks[i-1].Request.First.Nanos))
			if same(asks[i-1], x) {
				p.quiet++
			}
		}
		answers = append(answers, flow.Seconds(x.Response.First.Nanos-x.Request.Last.Nanos))
	}
	p.target, p.asks = name, asks
	p.period = median(gaps)
	if p.period < leastPeriod || median(answers) > quickAnswer*p.period {
		return p, false
	}
	for _, a := range answers {
		if a <= quickAnswer*p.period {
			p.quick++
		}
	}
	cv := variation(gaps)
	for i := range gaps {
		gaps[i] = math.Abs(gaps[i] - p.period)
	}
	p.deviation = median(gaps) / p.period
	// One late poll does not break a rhythm: the median deviation bears it. But
	// half of the intervals alone are no rhythm.
	regular := 0
	for _, g := range gaps {
		if g <= steadyCV*p.period {
			regular++
		}
	}
	return p, (p.deviation <= steadySplit || cv < steadyCV) && regular*4 >= len(gaps)*3
}

// same reports whether an answer says the same as the one before, as far as
// its status and size tell.
func same(a, b *flow.Exchange) bool {
	return b.Status == "304" || b.Status == "204" || b.Status == a.Status && b.Response.Bytes == a.Response.Bytes
}

func (p *poll) claim() claim.Pattern {
	n := len(p.asks)
	confidence := 0.75
	if n >= 6 {
		confidence += 0.1
	}
	if p.quiet*2 >= n {
		confidence += 0.08
	}
	if p.deviation <= 0.05 {
		confidence += 0.04
	}
	if n == leastPolls {
		confidence -= 0.1
	}
	if strings.HasPrefix(p.target, "POST ") { // it may as well report something
		confidence -= 0.15
	}
	var e evidence
	for i := 0; i < n-1 && i < 5; i++ {
		e.add(p.asks[i].Request.First.Number, "asks for "+clipped(p.target))
	}
	e.add(p.asks[n-1].Request.First.Number, "and still does")
	e.add(p.asks[n-1].Response.First.Number, "is answered: "+p.asks[n-1].Status)
	quickly := "each time"
	if p.quick < n {
		quickly = fmt.Sprintf("%d times", p.quick)
	}
	return claim.Pattern{
		ID: PollingLesson.ID, Confidence: confidence, Basis: claim.Decoded,
		Because: fmt.Sprintf("%s was asked for %d times, every %s s (give or take %.0f %%), and answered quickly %s.",
			clipped(p.target), n, strconv.FormatFloat(p.period, 'g', 3, 64), 100*p.deviation, quickly),
		Evidence: e,
		Metrics: []claim.Metric{{Name: "polls", Value: float64(n)}, {Name: "period_s", Value: p.period},
			{Name: "deviation", Value: p.deviation}, {Name: "unchanged", Value: float64(p.quiet)}},
	}
}

// target returns a request's name without what changes from poll to poll: the
// values of numeric query parameters and of those that only defeat caches or
// say where to go on.
func target(name string) string {
	path, query, ok := strings.Cut(name, "?")
	if !ok {
		return name
	}
	var b strings.Builder
	b.WriteString(path)
	for i, field := range strings.Split(query, "&") {
		key, value, _ := strings.Cut(field, "=")
		if i == 0 {
			b.WriteByte('?')
		} else {
			b.WriteByte('&')
		}
		if numeric(key) {
			continue // "?1719403200": the time itself
		}
		b.WriteString(key)
		if value != "" && !numeric(value) && !passing[strings.ToLower(key)] {
			b.WriteString("=" + value)
		}
	}
	return b.String()
}

// passing are the usual names of such parameters.
var passing = map[string]bool{
	"_": true, "t": true, "ts": true, "cb": true, "time": true, "timestamp": true, "nocache": true, "rand": true, "rnd": true, "random": true, "nonce": true,
	"cursor": true, "since": true, "after": true, "offset": true, "last": true, "last_id": true, "sid": true, "seq": true, "token": true,
}

func numeric(s string) bool {
	if s == "" {
		return false
	}
	for i := 0; i < len(s); i++ {
		if (s[i] < '0' || s[i] > '9') && s[i] != '.' {
			return false
		}
	}
	return true
}

// median returns the middle value and leaves list in its order.
func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Clone(list)
	slices.Sort(sorted)
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}

// variation returns the coefficient of variation.
func variation(list []float64) float64 {
	var sum, squares float64
	for _, x := range list {
		sum += x
	}
	mean := sum / float64(len(list))
	for _, x := range list {
		squares += (x - mean) * (x - mean)
	}
	if mean <= 0 {
		return math.Inf(1)
	}
	return math.Sqrt(squares/float64(len(list))) / mean
}
