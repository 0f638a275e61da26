package pattern

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
)

// AsyncReplyLesson teaches work that is done later.
var AsyncReplyLesson = claim.Lesson{
	ID: "asynchronous-request-reply", Title: "Accepted now, answered later",
	About: "The server takes the work and says where to ask for it (202 Accepted, with Location), or the answer comes as a message of its own to an address that the request names (reply-to). " +
		"Nobody holds a connection while the work is done, and the work survives either end's restart; the client must poll or listen, and both must know the work again by its number.",
	Is:      "202, 201 or 303 whose Location is then asked for, until it leads to a result; AMQP or NATS messages with reply-to that were answered; a long-running operation that is asked for (GetOperation).",
	IsNot:   "A redirect that is followed at once to a page; polling of something that no request began.",
	Sources: []string{"RFC 9110 section 15.3.3", "RFC 7240 section 4.1", "google.longrunning.Operations", "AMQP 0-9-1 reply-to"},
}

// job is a request that was accepted.
type job struct {
	accepted try
	polls    []try
	done     bool
}

// AsyncReply claims it within all conversations of a client with one server.
func AsyncReply(p *Pair, out *claim.Sink) {
	var all []try
	accepted := false
	byMessage(p, out)
	for _, c := range p.Conversations {
		for _, x := range c.Exchanges {
			accepted = accepted || x.Status == "202" || (x.Status == "201" || x.Status == "303") && strings.HasPrefix(x.Name, "POST ")
		}
	}
	if !accepted {
		return
	}
	for _, c := range p.Conversations {
		if len(all)+len(c.Exchanges) > maxTries {
			return
		}
		for _, x := range c.Exchanges {
			if answered(x) && strings.HasPrefix(string(x.Protocol), "http") {
				all = append(all, try{x, c})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b try) int { return cmp.Compare(a.x.Request.First.Number, b.x.Request.First.Number) })
	jobs := jobsOf(all)
	if len(jobs) == 0 {
		return
	}
	claimJobs(jobs, out)
}

// jobsOf follows each accepted request to its result.
func jobsOf(all []try) (jobs []*job) {
	waiting := map[string]*job{} // by the status' address
	for _, t := range all {
		method, path, _ := strings.Cut(t.x.Name, " ")
		if j := waiting[path]; j != nil && method == "GET" {
			if len(j.polls) == 0 {
				jobs = append(jobs, j)
			}
			j.polls = append(j.polls, t)
			if t.x.Status != "202" {
				j.done = t.x.Status == "303" || t.x.Status == "302" || t.x.Status == "200" || t.x.Status == "201"
			}
		}
		if method == "GET" || method == "HEAD" || t.x.Status != "202" && t.x.Status != "201" && t.x.Status != "303" {
			continue
		}
		if at := pathOf(t.x.Response.Fact("location")); at != "" && at != path && len(waiting) < maxTries {
			waiting[at] = &job{accepted: t}
		}
	}
	return slices.DeleteFunc(jobs, func(j *job) bool {
		return j.accepted.x.Status != "202" && len(j.polls) < 2 // created, or sent on, and looked at once: no waiting
	})
}

// pathOf returns path and query of an address.
func pathOf(location string) string {
	u, err := url.Parse(location)
	if err != nil || location == "" {
		return ""
	}
	return u.RequestURI()
}

func claimJobs(jobs []*job, out *claim.Sink) {
	var e evidence
	var used []*flow.Conversation
	polls, done := 0, 0
	var took []float64
	for i, j := range jobs {
		polls += len(j.polls)
		last := j.polls[len(j.polls)-1]
		if j.done {
			done++
			took = append(took, last.x.Response.Last.Since(j.accepted.x.Request.First).Seconds())
		}
		if i < 2 {
			e.add(j.accepted.x.Request.First.Number, clipped(j.accepted.x.Name))
			e.add(j.accepted.x.Response.First.Number, "accepted ("+j.accepted.x.Status+"), with the address to ask at")
			e.add(j.polls[0].x.Request.First.Number, "asks there: "+clipped(j.polls[0].x.Name))
			e.add(last.x.Response.First.Number, "the last answer there: "+last.x.Status)
		}
		for _, t := range append([]try{j.accepted}, j.polls...) {
			if !slices.Contains(used, t.c) && len(used) < maxIDs {
				used = append(used, t.c)
			}
		}
	}
	confidence := 0.95
	if done == 0 {
		confidence = 0.85
	}
	p := claim.Pattern{ID: AsyncReplyLesson.ID, Confidence: confidence, Basis: claim.Decoded, Evidence: e, Conversations: ids(used),
		Because: fmt.Sprintf("%s accepted for later and asked for %s at the address that the server named; %d came to an end.", counts(len(jobs), "request was", "requests were"), times(polls), done),
		Metrics: []claim.Metric{{Name: "jobs", Value: float64(len(jobs))}, {Name: "polls", Value: float64(polls)}, {Name: "done", Value: float64(done)}}}
	if len(took) > 0 {
		p.Metrics = append(p.Metrics, claim.Metric{Name: "took_s", Value: median(took)})
	}
	out.Pattern(p)
}

// byMessage claims requests and replies that are messages of a broker, and
// operations that are asked for.
func byMessage(p *Pair, out *claim.Sink) {
	n := 0
	var e evidence
	var used []*flow.Conversation
	what := ""
	for _, c := range p.Conversations {
		before := n
		for _, x := range c.Exchanges {
			said := laterReply(x)
			if said == "" || !answered(x) {
				continue
			}
			what = said
			if n++; n <= 3 {
				e.add(x.Request.First.Number, "asks: "+clipped(x.Name))
				e.add(x.Response.First.Number, "the reply")
			}
		}
		if n > before {
			used = append(used, c)
		}
	}
	if n > 0 {
		out.Pattern(claim.Pattern{ID: AsyncReplyLesson.ID, Confidence: 0.88, Basis: claim.Decoded, Evidence: e, Conversations: ids(used),
			Because: fmt.Sprintf("%s (%s).", what, times(n)), Metrics: []claim.Metric{{Name: "jobs", Value: float64(n)}}})
	}
}

// laterReply tells how an exchange's answer comes as a message of its own, ""
// where it does not.
func laterReply(x *flow.Exchange) string {
	switch {
	case (x.Protocol == "amqp" || x.Protocol == "nats") && x.Request.Fact("reply-to") != "":
		return "Messages that name where the reply is to go were answered there"
	case x.Protocol == "grpc" && strings.HasPrefix(x.Name, "/google.longrunning.Operations/"):
		return "A long-running operation was asked for"
	}
	return ""
}
