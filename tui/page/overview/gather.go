package overview

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/page"
)

// sight is what the page shows of a capture.
type sight struct {
	model     flow.Model // without its conversations
	count     int        // conversations
	transport map[layer.Protocol]int
	findings  []told
	patterns  []told
	hosts     []host
	pairs     []pair
	traffic   []bin
	binNanos  int64
	whole     bool // every conversation was judged
}

// told is all claims of one id.
type told struct {
	id       string
	title    string // of the dearest one
	severity claim.Severity
	count    int
	cost     time.Duration
	dearest  time.Duration
	worst    int // conversation of the dearest; 0 for one of the capture
}

// host is an address with all that it sent and received.
type host struct {
	addr          netip.Addr
	name          string
	bytes         int64
	packets       int64
	conversations int
	serves        map[layer.Protocol]bool
}

// pair is two hosts that talk.
type pair struct {
	client, server netip.Addr
	bytes          flow.Counts
	conversations  int
}

// bin is the traffic of a stretch of time.
type bin struct {
	packets, bytes int64
	byTop          map[uint16]int64 // bytes by innermost protocol
}

// Limits of what is kept while gathering.
const (
	maxHosts = 20_000
	maxPairs = 50_000
	bins     = 400
	holdFor  = 2 * time.Millisecond // of the session's lock at a time
)

// gatherer collects a sight in the background.
type gatherer struct {
	src      page.Source
	judge    page.Judge
	whole    page.JudgeAll
	done, of atomic.Int64
	out      sight
	findings map[string]*told
	patterns map[string]*told
	hosts    map[netip.Addr]*host
	pairs    map[[2]netip.Addr]*pair
}

// run looks at each conversation, and never holds the session's lock for
// long. Where ctx ends it early, what was seen until then is returned.
func (g *gatherer) run(ctx context.Context) *sight {
	g.findings, g.patterns = map[string]*told{}, map[string]*told{}
	g.hosts, g.pairs = map[netip.Addr]*host{}, map[[2]netip.Addr]*pair{}
	g.out.transport = map[layer.Protocol]int{}
	var index []wiresight.PacketInfo
	g.src.View(func(v wiresight.View) {
		index = v.Packets // its entries do not change
		if v.Model == nil {
			return
		}
		g.out.model = *v.Model
		g.out.model.Conversations, g.out.model.Names = nil, nil
		g.out.model.Protocols = slices.Clone(v.Model.Protocols)
		g.out.model.Problems = slices.Clone(v.Model.Problems[:min(len(v.Model.Problems), maxProblems)])
		g.out.model.LinkTypes = slices.Clone(v.Model.LinkTypes)
	})
	g.traffic(index)
	for at, more := 0, true; more && ctx.Err() == nil; {
		g.src.View(func(v wiresight.View) {
			if v.Model == nil {
				more = false
				return
			}
			list := v.Model.Conversations
			g.of.Store(int64(len(list)))
			for begun := time.Now(); at < len(list) && time.Since(begun) < holdFor; at++ {
				g.take(v.Model, list[at])
			}
			g.done.Store(int64(at))
			more = at < len(list)
		})
	}
	if g.out.whole = ctx.Err() == nil; g.out.whole {
		g.claims(g.together(), 0)
	}
	g.finish()
	return &g.out
}

// fewConversations are judged together in so little time that reading may
// wait for it.
const fewConversations = 2000

// together returns what only several conversations show. It needs a model
// that holds still: one that is read to its end, or one that is small.
func (g *gatherer) together() (all classify.Conversation) {
	done := g.src.Status().Done
	var model *flow.Model
	g.src.View(func(v wiresight.View) {
		switch {
		case v.Model == nil:
		case done:
			model = v.Model
		case len(v.Model.Conversations) < fewConversations:
			all = g.whole(v.Model)
		}
	})
	if model != nil {
		all = g.whole(model)
	}
	return all
}

// take adds a conversation.
func (g *gatherer) take(m *flow.Model, c *flow.Conversation) {
	g.out.count++
	g.out.transport[c.Transport]++
	g.host(c.Client, c, false)
	g.host(c.Server, c, true)
	k := [2]netip.Addr{c.Client.Addr, c.Server.Addr}
	p := g.pairs[k]
	if p == nil && len(g.pairs) < maxPairs {
		p = &pair{client: k[0], server: k[1]}
		g.pairs[k] = p
	}
	if p != nil {
		p.conversations++
		p.bytes[0] += c.Bytes[0]
		p.bytes[1] += c.Bytes[1]
	}
	g.claims(g.judge(m, c), c.ID)
}

func (g *gatherer) host(e flow.Endpoint, c *flow.Conversation, serves bool) {
	h := g.hosts[e.Addr]
	if h == nil {
		if len(g.hosts) >= maxHosts {
			return
		}
		h = &host{addr: e.Addr, serves: map[layer.Protocol]bool{}}
		g.hosts[e.Addr] = h
	}
	if e.Name != "" {
		h.name = e.Name
	}
	h.conversations++
	h.bytes += c.Bytes.Sum()
	h.packets += c.Packets.Sum()
	if n := len(c.Stack); serves && n > 0 && len(h.serves) < 8 {
		h.serves[c.Stack[n-1]] = true
	}
}

func (g *gatherer) claims(v classify.Conversation, conversation int) {
	for i := range v.Findings {
		f := &v.Findings[i]
		t := tell(g.findings, f.ID)
		t.count++
		t.cost += f.Cost
		if t.count == 1 || f.Cost > t.dearest {
			t.title, t.severity, t.dearest, t.worst = f.Title, f.Severity, f.Cost, conversation
		}
	}
	for i := range v.Patterns {
		k := &v.Patterns[i]
		t := tell(g.patterns, k.ID)
		t.count++
		if t.count == 1 {
			t.title, t.worst = k.Because, conversation
		}
	}
}

func tell(all map[string]*told, id string) *told {
	t := all[id]
	if t == nil {
		t = &told{id: id}
		all[id] = t
	}
	return t
}

// traffic adds up the index by stretches of time.
func (g *gatherer) traffic(index []wiresight.PacketInfo) {
	if len(index) == 0 {
		return
	}
	first, last := index[0].Nanos, index[0].Nanos
	for i := range index {
		first, last = min(first, index[i].Nanos), max(last, index[i].Nanos)
	}
	g.out.model.First.Nanos = first
	g.out.binNanos = max(1, (last-first)/bins+1)
	g.out.traffic = make([]bin, bins)
	for i := range index {
		b := &g.out.traffic[min(int((index[i].Nanos-first)/g.out.binNanos), bins-1)]
		b.packets++
		b.bytes += int64(index[i].Length())
		if b.byTop == nil {
			b.byTop = map[uint16]int64{}
		}
		b.byTop[index[i].Top] += int64(index[i].Length())
	}
}

// finish sorts what was collected.
func (g *gatherer) finish() {
	for _, t := range g.findings {
		g.out.findings = append(g.out.findings, *t)
	}
	for _, t := range g.patterns {
		g.out.patterns = append(g.out.patterns, *t)
	}
	slices.SortFunc(g.out.findings, func(a, b told) int {
		return cmp.Or(cmp.Compare(b.cost, a.cost), cmp.Compare(b.severity.Rank(), a.severity.Rank()), cmp.Compare(a.id, b.id))
	})
	slices.SortFunc(g.out.patterns, func(a, b told) int { return cmp.Or(b.count-a.count, cmp.Compare(a.id, b.id)) })
	for _, h := range g.hosts {
		g.out.hosts = append(g.out.hosts, *h)
	}
	for _, p := range g.pairs {
		g.out.pairs = append(g.out.pairs, *p)
	}
	slices.SortFunc(g.out.hosts, func(a, b host) int { return cmp.Or(cmp.Compare(b.bytes, a.bytes), a.addr.Compare(b.addr)) })
	slices.SortFunc(g.out.pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(b.bytes.Sum(), a.bytes.Sum()), a.client.Compare(b.client), a.server.Compare(b.server))
	})
	slices.SortStableFunc(g.out.model.Protocols, func(a, b flow.ProtocolCount) int {
		return cmp.Or(b.OSI-a.OSI, cmp.Compare(b.Packets, a.Packets))
	})
	g.out.hosts = g.out.hosts[:min(len(g.out.hosts), 500)]
	g.out.pairs = g.out.pairs[:min(len(g.out.pairs), 500)]
}

// maxProblems bounds the problems that are listed.
const maxProblems = 200
