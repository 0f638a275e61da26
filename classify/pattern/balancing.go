package pattern

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/wiresight/wiresight/decode/flow"
)

// choice is one time that a balancer chose a server: for an exchange, or for a
// connection.
type choice struct {
	server   int // index into the servers in the order of first choice
	begin    int64
	end      int64
	client   netip.Addr
	leg      *flow.Conversation // the client's
	path     string             // "" where it was not read
	cookie   bool               // the client sent a cookie
	sticking bool               // the proxy set a cookie that the server had not
}

// choices are those of one balancer, in time.
type choices struct {
	list    []choice
	servers []endpoint
	counts  []int
}

func (s *choices) add(c choice, server endpoint) {
	c.server = -1
	for i, e := range s.servers {
		if e == server {
			c.server = i
		}
	}
	if c.server < 0 {
		if len(s.servers) == mostServers {
			return
		}
		c.server = len(s.servers)
		s.servers, s.counts = append(s.servers, server), append(s.counts, 0)
	}
	s.counts[c.server]++
	s.list = append(s.list, c)
}

const (
	mostServers  = 64
	leastChoices = 12  // below it a rule is a guess
	ruleFits     = 0.9 // share of the choices that a rule must foretell
	leastTold    = 6   // choices that a rule must have foretold: those where it had something to say
)

// distribution writes how often each server was chosen.
func (s *choices) distribution() string {
	var parts []string
	for i, e := range s.servers {
		if i == 8 {
			parts = append(parts, "...")
			break
		}
		parts = append(parts, fmt.Sprintf("%s %d", e, s.counts[i]))
	}
	return strings.Join(parts, ", ")
}

// fit is how well a rule foretells the choices.
type fit struct {
	rule      string
	told, hit int
	least     int // it must have foretold
}

func (f *fit) share() float64 {
	if f.told == 0 {
		return 0
	}
	return float64(f.hit) / float64(f.told)
}

// rules tries all rules, and returns the one that fits best; ok is false where
// none does, or the choices are too few.
func (s *choices) rule() (best fit, ok bool) {
	if len(s.list) < leastChoices || len(s.servers) < 2 {
		return best, false
	}
	// Of two that fit alike the first one stands: what turns strictly may look
	// like anything else, and a cookie ties also what a client's address ties.
	for _, f := range []fit{s.inTurn(), s.byCookie(), s.byPath(), s.byClient(), s.leastOpen()} {
		if f.told >= f.least && f.share() >= ruleFits && f.share() > best.share() {
			best = f
		}
	}
	return best, best.told > 0
}

// inTurn is round robin: each server comes again after all others did.
func (s *choices) inTurn() fit {
	f := fit{rule: "round robin", least: leastTold}
	n := len(s.servers)
	for i := n; i < len(s.list); i++ {
		f.told++
		if s.list[i].server == s.list[i-n].server && distinct(s.list[i-n:i]) {
			f.hit++
		}
	}
	return f
}

func distinct(list []choice) bool {
	var seen [mostServers]bool
	for _, c := range list {
		if seen[c.server] {
			return false
		}
		seen[c.server] = true
	}
	return true
}

// leastOpen is least connections: the server with the fewest open ones. Times
// when all had as many say nothing.
func (s *choices) leastOpen() fit {
	f := fit{rule: "least connections", least: leastChoices} // a server in turn is often the one with fewest
	open := make([]int, len(s.servers))
	var running []choice
	for _, c := range s.list {
		kept := running[:0]
		for _, r := range running {
			if r.end <= c.begin {
				open[r.server]--
			} else {
				kept = append(kept, r)
			}
		}
		running = kept
		least, most := open[0], open[0]
		for _, n := range open {
			least, most = min(least, n), max(most, n)
		}
		if least != most {
			f.told++
			if open[c.server] == least {
				f.hit++
			}
		}
		open[c.server]++
		if running = append(running, c); len(running) > mostRunning {
			open[running[0].server]--
			running = running[1:]
		}
	}
	return f
}

const mostRunning = 512

// byKey is a hash of something: the same key leads to the same server, and
// different keys to different ones.
func (s *choices) byKey(rule string, key func(*choice) string) fit {
	f := fit{rule: rule, least: leastTold}
	last := map[string]int{}
	used := map[int]bool{}
	for i := range s.list {
		k := key(&s.list[i])
		if k == "" {
			continue
		}
		if server, ok := last[k]; ok {
			f.told++
			if server == s.list[i].server {
				f.hit++
			}
		}
		last[k] = s.list[i].server
		used[s.list[i].server] = true
	}
	if len(last) < 2 || len(used) < 2 || f.hit < f.told {
		return fit{rule: rule, least: leastTold}
	}
	return f
}

func (s *choices) byClient() fit {
	return s.byKey("a hash of the client's address", func(c *choice) string { return string(c.client.AsSlice()) })
}

func (s *choices) byPath() fit {
	return s.byKey("the path", func(c *choice) string { return section(c.path) })
}

// section is a path's first part: "/api/a?b" and "/api/c" belong to "api".
func section(path string) string {
	path, _, _ = strings.Cut(strings.TrimPrefix(path, "/"), "?")
	first, _, more := strings.Cut(path, "/")
	if !more {
		return ""
	}
	return first
}

// byCookie is a cookie of the balancer's own: it sets one that no server set,
// and whoever sends one stays. Its value is nobody's business, so that one
// client's connection stands for it; what went without a cookie must differ.
func (s *choices) byCookie() fit {
	f := fit{rule: "a cookie that the balancer sets", least: leastTold}
	sets := 0
	last := map[*flow.Conversation]int{}
	used := map[int]bool{}
	for i := range s.list {
		c := &s.list[i]
		if c.sticking {
			sets++
		}
		if server, ok := last[c.leg]; ok && c.cookie {
			f.told++
			if server == c.server {
				f.hit++
			}
		}
		if c.cookie || c.sticking {
			last[c.leg] = c.server
			used[c.server] = true
		}
	}
	if sets < 2 || len(used) < 2 {
		return fit{rule: f.rule, least: leastTold}
	}
	return f
}
