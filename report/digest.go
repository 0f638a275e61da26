package report

import (
	"sort"
	"time"

	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
)

// digest is what a text report tells of a capture: gathered in one pass over
// its conversations, of which it keeps few.
type digest struct {
	shown    int64                // conversations that pass the filter
	total    int64                // all
	full     []judged             // to be told in full, by number
	rows     []*flow.Conversation // to be told in a line
	groups   []*group             // findings, the dearest first
	patterns []claim.Pattern      // of several conversations
}

// judged is a conversation with what is claimed of it.
type judged struct {
	*flow.Conversation
	claims classify.Conversation
	cost   time.Duration
}

// group is all findings of one id.
type group struct {
	id    string
	cost  time.Duration
	count int64      // conversations that show it
	worst []instance // the dearest first
}

type instance struct {
	claim.Finding
	conversation int // 0 for one of the capture
}

func gatherDigest(m *flow.Model, k *classify.Classifier, opt *Options) *digest {
	d := &digest{total: int64(len(m.Conversations))}
	groups := map[string]*group{}
	for _, c := range m.Conversations {
		if !opt.shows(c) {
			continue
		}
		d.shown++
		j := judged{Conversation: c, claims: k.Conversation(c)}
		for _, f := range j.claims.Findings {
			j.cost += f.Cost
			add(groups, instance{f, c.ID})
		}
		d.keep(j)
	}
	patterns, findings := k.Capture()
	d.patterns = patterns
	for _, f := range findings {
		add(groups, instance{f, 0})
	}
	for _, g := range groups {
		d.groups = append(d.groups, g)
	}
	sort.Slice(d.groups, func(i, j int) bool { return d.groups[i].before(d.groups[j]) })
	sort.Slice(d.full, func(i, j int) bool { return d.full[i].ID < d.full[j].ID })
	sort.Slice(d.rows, func(i, j int) bool { return d.rows[i].ID < d.rows[j].ID })
	return d
}

// keep keeps the conversations that lost most time, then those that said most,
// in full; of the others the first ones.
func (d *digest) keep(j judged) {
	at := sort.Search(len(d.full), func(i int) bool {
		return d.full[i].cost < j.cost || d.full[i].cost == j.cost && d.full[i].Bytes.Sum() < j.Bytes.Sum()
	})
	d.full = append(d.full, judged{})
	copy(d.full[at+1:], d.full[at:])
	d.full[at] = j
	if len(d.full) > detailed {
		out := d.full[detailed]
		d.full = d.full[:detailed]
		if len(d.rows) < listed {
			d.rows = append(d.rows, out.Conversation)
		}
	}
}

func add(groups map[string]*group, i instance) {
	g := groups[i.ID]
	if g == nil {
		g = &group{id: i.ID}
		groups[i.ID] = g
	}
	g.cost += i.Cost
	g.count++
	at := sort.Search(len(g.worst), func(n int) bool { return g.worst[n].Cost < i.Cost })
	g.worst = append(g.worst, instance{})
	copy(g.worst[at+1:], g.worst[at:])
	g.worst[at] = i
	if len(g.worst) > instances {
		g.worst = g.worst[:instances]
	}
}

// before puts the dearest group first, then the gravest.
func (g *group) before(h *group) bool {
	if g.cost != h.cost {
		return g.cost > h.cost
	}
	if a, b := g.worst[0].Severity.Rank(), h.worst[0].Severity.Rank(); a != b {
		return a > b
	}
	return g.id < h.id
}
