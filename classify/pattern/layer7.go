package pattern

import (
	"fmt"
	"sort"
	"strings"

	"github.com/wiresight/wiresight/classify/claim"
)

// Layer7Lesson teaches balancing by requests.
var Layer7Lesson = claim.Lesson{
	ID: "layer7-load-balancer", Title: "Requests are spread over several servers",
	About:   "A reverse proxy chooses a server for each request. In turn is fair where requests are alike; least connections is better where some take long; by path keeps each server to its part; by cookie or client keeps a session where its state is. Look at the distribution, at the rule that fits, and whether one server answers more slowly than the others.",
	Is:      "A reverse proxy whose legs behind it go to two servers or more.",
	IsNot:   "A reverse proxy with one server; a server that was replaced by another one.",
	Sources: []string{"RFC 9110 section 3.7", "RFC 6265 section 3"},
}

const leastBalanced = 4 // exchanges that must have been spread

// Layer7Balancer claims it for reverse proxies with several servers.
func Layer7Balancer(w *Capture, out *claim.Sink) {
	for _, p := range w.between() {
		hops, ok := p.reverse()
		if !ok || len(hops) < leastBalanced {
			continue
		}
		s := chosen(hops)
		if len(s.servers) < 2 {
			continue
		}
		var e evidence
		cited := map[endpoint]int{}
		named := 0
		for i := range hops {
			h := &hops[i]
			if h.named {
				named++
			}
			if to := at(&h.outside.Server); cited[to] < 2 && len(e) < claim.Evidences {
				cited[to]++
				e.add(h.out.Request.First.Number, h.out.Name+" goes to "+to.String())
			}
		}
		confidence := 0.85
		if named > 0 {
			confidence = 0.95
		}
		basis := claim.Decoded
		if hops[0].in == nil {
			confidence, basis = confidence-0.15, claim.Turns
		}
		s.claim(claim.Pattern{ID: Layer7Lesson.ID, Confidence: confidence, Basis: basis, Evidence: e, Conversations: legIDs(hops)},
			fmt.Sprintf("%s spread %s over %s: %s.", p.front, count(len(s.list), "request"), count(len(s.servers), "server"), s.distribution()), out)
	}
}

// chosen lists the choices of a reverse proxy in the order in which it made
// them.
func chosen(hops []hop) *choices {
	order := make([]*hop, len(hops))
	for i := range hops {
		order[i] = &hops[i]
	}
	sort.SliceStable(order, func(i, j int) bool {
		return order[i].out.Request.First.Number < order[j].out.Request.First.Number
	})
	s := &choices{}
	for _, h := range order {
		_, path, _ := strings.Cut(originForm(h.out.Name), " ")
		c := choice{begin: h.out.Request.First.Nanos, end: h.out.Response.Last.Nanos, client: h.inside.Client.Addr, leg: h.inside, path: path}
		if h.in != nil {
			c.cookie = h.in.Request.Fact("cookie") != ""
			c.sticking = h.in.Response.Fact("set-cookie") != "" && h.out.Response.Fact("set-cookie") == ""
		}
		s.add(c, at(&h.outside.Server))
	}
	return s
}

// claim says which rule fits the choices, and hands the pattern out.
func (s *choices) claim(p claim.Pattern, because string, out *claim.Sink) {
	most := 0
	for _, n := range s.counts {
		most = max(most, n)
	}
	p.Metrics = append(p.Metrics, claim.Metric{Name: "servers", Value: float64(len(s.servers))}, claim.Metric{Name: "choices", Value: float64(len(s.list))},
		claim.Metric{Name: "largest_share", Value: float64(most) / float64(len(s.list))})
	switch f, ok := s.rule(); {
	case ok:
		because += fmt.Sprintf(" The rule that fits best is %s: it foretells %d of %d choices.", f.rule, f.hit, f.told)
		p.Metrics = append(p.Metrics, claim.Metric{Name: "rule_fit", Value: f.share()})
	case len(s.list) < leastChoices:
		because += " That is too little to tell by which rule."
	default:
		because += " No rule that can be seen fits them."
	}
	p.Because = because
	out.Pattern(p)
}
