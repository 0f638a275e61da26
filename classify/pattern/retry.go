package pattern

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// The lessons of retries.
var (
	RetryLesson = claim.Lesson{
		ID: "retry", Title: "The same request again after a failure",
		About: "What failed for a moment often succeeds a moment later. A good retry waits longer each time and a little by chance (exponential back-off with jitter), keeps to Retry-After, and gives up; " +
			"else the retries of many clients keep down the server that they wait for.",
		Is:      "A request of the same method, target and size after an error that may pass (429, 502, 503, 504, UNAVAILABLE, REFUSED_STREAM), or after a connection that ended without an answer. Look at the pauses between the attempts.",
		IsNot:   "Asking again with credentials after 401; polling a job that is not done; a retransmission, which TCP makes unseen.",
		Sources: []string{"RFC 9110 section 9.2.2", "RFC 9110 section 10.2.3", "RFC 9113 section 8.7"},
	}
	IdempotentRetryLesson = claim.Lesson{
		ID: "idempotent-retry", Title: "A retry that is safe",
		About:   "Doing it twice has the effect of doing it once: the method says so (GET, PUT, DELETE), or the request carries a key or a version by which the server knows it again.",
		Is:      "A retry of an idempotent method, or with Idempotency-Key, If-Match or If-None-Match, or of a stream that the server refused before it did anything.",
		IsNot:   "A POST without a key.",
		Sources: []string{"RFC 9110 section 9.2.2", "RFC 9113 section 8.7"},
	}
	UnsafeRetryLesson = claim.Lesson{
		ID: "unsafe-retry", Title: "A retry that may do it twice",
		About:   "The client repeats a request whose method is not idempotent, and nothing in it lets the server know it again. If the first attempt was carried out and only its answer got lost, it happens twice: two orders, two payments.",
		Is:      "A retry of POST or PATCH without Idempotency-Key, If-Match or If-None-Match.",
		IsNot:   "A stream that the server refused before it did anything (REFUSED_STREAM).",
		Sources: []string{"RFC 9110 section 9.2.2"},
	}
	RetryStormLesson = claim.Lesson{
		ID: "retry-storm", Title: "Retries without a pause",
		About:   "A client repeats what fails again and again without waiting longer each time. It loads the server that it waits for; many such clients keep it down.",
		Is:      "Eight or more retries of one request with pauses of less than a second that do not grow.",
		IsNot:   "Exponential back-off; a few quick retries.",
		Sources: []string{"RFC 9110 section 10.2.3", "Brooker, Exponential Backoff And Jitter, 2015"},
	}
	RetryAfterLesson = claim.Lesson{
		ID: "retry-after", Title: "When to come again is not told, or not heeded",
		About:   "A server that is overloaded can say when to come again (Retry-After). Where it does not, clients guess; where they do not heed it, they come in vain.",
		Is:      "A 429 or 503 without Retry-After that was tried again, or a retry before the time told.",
		IsNot:   "A 502 or 504, whose gateway does not know.",
		Sources: []string{"RFC 9110 section 10.2.3", "RFC 6585 section 4"},
	}
)

// chain is a request and its retries.
type chain struct {
	tries   []try
	success bool
}

// try is an attempt, and the conversation that it went over.
type try struct {
	x *flow.Exchange
	c *flow.Conversation
}

const (
	retryWithin = 120 * time.Second // of the failure
	stormFrom   = 8
	maxTries    = 100_000 // of one pair
)

// Retries claims retries within all conversations of a client with one server.
func Retries(p *Pair, out *claim.Sink) {
	if !mayRetry(p) {
		return
	}
	var chains []chain
	for _, list := range groups(p) {
		chains = append(chains, chainsOf(list)...)
	}
	if len(chains) == 0 {
		return
	}
	slices.SortFunc(chains, func(a, b chain) int {
		return cmp.Compare(a.tries[0].x.Request.First.Number, b.tries[0].x.Request.First.Number)
	})
	retries(chains, out)
	safety(chains, out)
	storms(chains, out)
	retryAfter(chains, out)
}

// mayRetry is soon said: without a failure there is no retry.
func mayRetry(p *Pair) bool {
	n, failures := 0, 0
	for _, c := range p.Conversations {
		for _, x := range c.Exchanges {
			n++
			if repeatable(x) && failure(try{x, c}) != "" {
				failures++
			}
		}
	}
	return failures > 0 && n > 1 && n <= maxTries
}

// repeatable reports whether an exchange is of a protocol whose retries are
// looked for.
func repeatable(x *flow.Exchange) bool {
	return x.Dir == layer.ToServer && x.Request.Seen() && x.Request.State != flow.Cut && x.Name != "" &&
		(strings.HasPrefix(string(x.Protocol), "http") || x.Protocol == "grpc") && !strings.HasPrefix(x.Name, "CONNECT ")
}

// failure tells how an attempt failed so that another may succeed; "" where it
// did not, or where that is not known.
func failure(t try) string {
	switch t.x.Status {
	case "429", "502", "503", "504", "UNAVAILABLE", "RESOURCE_EXHAUSTED", "ABORTED":
		return t.x.Status
	}
	if r := t.x.Response.Fact("reset"); r == "REFUSED_STREAM" {
		return r
	}
	if tcp := t.c.TCP; !t.x.Response.Seen() && t.x.Request.State == flow.Complete && tcp != nil && tcp.ClosedBy != "" && tcp.ClosedBy != flow.Open &&
		tcp.LostInCapture+tcp.ACKedUnseen == 0 && t.c.Packets[layer.ToClient] > 0 {
		return "no answer"
	}
	return ""
}

// groups lists the requests that are the same but for their time.
func groups(p *Pair) [][]try {
	type same struct{ name, size, part string }
	index := map[same]int{}
	var list [][]try
	for _, c := range p.Conversations {
		for _, x := range c.Exchanges {
			if !repeatable(x) {
				continue
			}
			k := same{x.Name, x.Request.Fact("body-bytes"), x.Request.Fact("range")}
			i, ok := index[k]
			if !ok {
				i = len(list)
				index[k] = i
				list = append(list, nil)
			}
			list[i] = append(list[i], try{x, c})
		}
	}
	return list
}

// ended returns when an attempt's failure was known.
func (t try) ended() layer.PacketRef {
	if t.x.Response.Seen() {
		return t.x.Response.Last
	}
	return t.c.Last
}

// chainsOf splits the requests of one kind into chains of retries. Where
// successes are asked for again after the same pause, it is a rhythm of its own
// and no retrying.
func chainsOf(list []try) (chains []chain) {
	slices.SortStableFunc(list, func(a, b try) int { return cmp.Compare(a.x.Request.First.Nanos, b.x.Request.First.Nanos) })
	var calm, hasty []float64
	var now chain
	finish := func() {
		if len(now.tries) > 1 {
			chains = append(chains, now)
		}
		now = chain{}
	}
	for i, t := range list {
		if i > 0 {
			before := list[i-1]
			pause := t.x.Request.First.Since(before.ended())
			gap := t.x.Request.First.Since(before.x.Request.First).Seconds()
			if failure(before) == "" || pause < 0 || pause > retryWithin {
				finish()
				calm = append(calm, gap)
			} else {
				hasty = append(hasty, gap)
			}
		}
		now.tries = append(now.tries, t)
		now.success = failure(t) == "" && t.x.Response.Seen()
	}
	finish()
	if m := median(calm); len(calm) >= 3 && median(hasty) > m*0.7 {
		return nil
	}
	return chains
}

// pauses returns the times from each failure to the next attempt.
func (k *chain) pauses() (list []float64) {
	for i := 1; i < len(k.tries); i++ {
		list = append(list, k.tries[i].x.Request.First.Since(k.tries[i-1].ended()).Seconds())
	}
	return list
}

// backOff words how the pauses grow.
func backOff(pauses []float64) string {
	if len(pauses) < 2 {
		return ""
	}
	grown, ratios := 0, 0
	for i := 1; i < len(pauses); i++ {
		if pauses[i-1] > 0.001 {
			ratios++
			if r := pauses[i] / pauses[i-1]; r >= 1.4 && r <= 4 {
				grown++
			}
		}
	}
	switch {
	case slices.Max(pauses) < 0.02:
		return "without a pause"
	case ratios > 0 && grown*3 >= ratios*2:
		return "with pauses that grow exponentially"
	case variation(pauses) <= 0.15:
		return "with the same pause each time"
	}
	return "with pauses that vary"
}

func (k *chain) cite(e *evidence) {
	for i, t := range k.tries {
		if i == 4 {
			break
		}
		if i == 0 {
			e.add(t.x.Request.First.Number, clipped(t.x.Name))
		} else {
			e.add(t.x.Request.First.Number, "the same again")
		}
		if why := failure(t); why != "" {
			e.add(t.ended().Number, "it fails: "+why)
		}
	}
	if last := k.tries[len(k.tries)-1]; k.success {
		e.add(last.x.Response.First.Number, "it succeeds: "+last.x.Status)
	}
}

// conversations lists those of chains.
func conversations(chains []chain) []int {
	var list []*flow.Conversation
	for i := range chains {
		for _, t := range chains[i].tries {
			if !slices.Contains(list, t.c) && len(list) < maxIDs {
				list = append(list, t.c)
			}
		}
	}
	return ids(list)
}

func retries(chains []chain, out *claim.Sink) {
	n, good := 0, 0
	var e evidence
	longest := &chains[0]
	sure := false
	for i := range chains {
		k := &chains[i]
		n += len(k.tries) - 1
		if k.success {
			good++
		}
		if len(k.tries) > len(longest.tries) {
			longest = k
		}
		sure = sure || failure(k.tries[0]) != "no answer"
	}
	longest.cite(&e)
	pauses := longest.pauses()
	because := fmt.Sprintf("%s failed and %s made again, %s in all; %d then succeeded.", count(len(chains), "request"), was(len(chains)), times(n), good)
	if how := backOff(pauses); how != "" {
		because += " The longest row went " + how + "."
	}
	confidence := 0.95
	if !sure {
		confidence = 0.75 // the capture may have missed the answers
	}
	out.Pattern(claim.Pattern{ID: RetryLesson.ID, Confidence: confidence, Basis: claim.Decoded, Because: because, Evidence: e, Conversations: conversations(chains),
		Metrics: []claim.Metric{{Name: "requests", Value: float64(len(chains))}, {Name: "retries", Value: float64(n)}, {Name: "succeeded", Value: float64(good)},
			{Name: "pause_s", Value: median(pauses)}, {Name: "pause_max_s", Value: slices.Max(pauses)}}})
}

func times(n int) string { return count(n, "time") }

func was(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// twiceAsOnce reports whether a retry is safe; known is false where the
// protocol does not tell, as in remote procedure calls.
func twiceAsOnce(k *chain) (safe, known bool) {
	x := k.tries[1].x
	method, _, _ := strings.Cut(x.Name, " ")
	for _, t := range k.tries[:len(k.tries)-1] {
		known = known || failure(t) != "REFUSED_STREAM"
	}
	switch {
	case !known: // all were refused before anything was done
		return true, true
	case x.Protocol == "grpc":
		return false, false
	case method == "POST" || method == "PATCH":
		return x.Request.Fact("idempotency-key") != "" || x.Request.Fact("if-match") != "" || x.Request.Fact("if-none-match") != "", true
	case method == "GET", method == "HEAD", method == "PUT", method == "DELETE", method == "OPTIONS", method == "TRACE":
		return true, true
	}
	return false, false
}

func safety(chains []chain, out *claim.Sink) {
	var good, bad []chain
	for i := range chains {
		switch safe, known := twiceAsOnce(&chains[i]); {
		case safe:
			good = append(good, chains[i])
		case known:
			bad = append(bad, chains[i])
		}
	}
	for i, list := range [][]chain{good, bad} {
		if len(list) == 0 {
			continue
		}
		var e evidence
		list[0].cite(&e)
		p := claim.Pattern{ID: IdempotentRetryLesson.ID, Confidence: 0.93, Basis: claim.Decoded, Evidence: e, Conversations: conversations(list), Metrics: []claim.Metric{{Name: "requests", Value: float64(len(list))}}}
		p.Because = fmt.Sprintf("%s (%s) may be made twice with the effect of once.", counts(len(list), "request that was made again", "requests that were made again"), clipped(list[0].tries[1].x.Name))
		if i == 1 {
			p.ID = UnsafeRetryLesson.ID
			p.Because = fmt.Sprintf("%s (%s) carries nothing by which the server would know it again.", counts(len(list), "request that was made again", "requests that were made again"), clipped(list[0].tries[1].x.Name))
		}
		out.Pattern(p)
	}
	unsafeRetry(bad, out)
}

func unsafeRetry(list []chain, out *claim.Sink) {
	f := claim.Finding{ID: UnsafeRetryLesson.ID, Severity: claim.Notice, Explanation: UnsafeRetryLesson.About, Conversations: conversations(list),
		Advice: "Send an Idempotency-Key with each POST and PATCH that may be repeated, and let the server keep the answers by it; or do not repeat them without asking."}
	for i := range list {
		k := &list[i]
		why := failure(k.tries[0])
		if why != "429" && why != "503" { // those say that nothing was done, more or less
			f.Severity = claim.Warning
		}
		o := claim.Occurrence{Shows: fmt.Sprintf("%s is made again after %s, without a key", clipped(k.tries[0].x.Name), why)}
		for _, t := range k.tries[:min(4, len(k.tries))] {
			o.Packets = append(o.Packets, t.x.Request.First.Number)
		}
		f.Occurrences = append(f.Occurrences, o)
	}
	f.Title = fmt.Sprintf("%s without a key by which the server would know it again", count(len(list), "repeated request"))
	out.Finding(f)
}

func storms(chains []chain, out *claim.Sink) {
	f := claim.Finding{ID: RetryStormLesson.ID, Severity: claim.Warning, Explanation: RetryStormLesson.About, Conversations: conversations(chains),
		Advice: "Wait longer after each failure, with a part left to chance, and give up after a few; keep a budget of retries for all requests together."}
	n := 0
	for i := range chains {
		k := &chains[i]
		pauses := k.pauses()
		half := len(pauses) / 2
		if len(pauses) < stormFrom || median(pauses) >= 1 || median(pauses[half:]) > 2*median(pauses[:half])+0.01 {
			continue
		}
		n += len(pauses)
		first, last := k.tries[0].x, k.tries[len(k.tries)-1].x
		f.Occurrences = append(f.Occurrences, claim.Occurrence{Packets: []int{first.Request.First.Number, last.Request.First.Number},
			Shows: fmt.Sprintf("%s is made %d times within %.2f s", clipped(first.Name), len(k.tries), last.Request.First.Since(first.Request.First).Seconds())})
	}
	f.Title = fmt.Sprintf("%d retries with pauses that do not grow", n)
	out.Finding(f)
}

// retryAfter finds servers that do not say when to come again, and clients that
// do not heed it.
func retryAfter(chains []chain, out *claim.Sink) {
	f := claim.Finding{ID: RetryAfterLesson.ID, Severity: claim.Info, Explanation: RetryAfterLesson.About, Conversations: conversations(chains),
		Advice: "Let the server send Retry-After with 429 and 503, and the client wait at least as long."}
	missing, ignored := 0, 0
	for i := range chains {
		k := &chains[i]
		for j, pause := range k.pauses() {
			x := k.tries[j].x
			if x.Status != "429" && x.Status != "503" {
				continue
			}
			told, err := strconv.Atoi(x.Response.Fact("retry-after"))
			o := claim.Occurrence{Packets: []int{x.Response.First.Number, k.tries[j+1].x.Request.First.Number}}
			switch {
			case x.Response.Fact("retry-after") == "":
				missing++
				o.Shows = x.Status + " without Retry-After, and the next attempt"
			case err == nil && pause < float64(told)*0.95:
				ignored++
				f.Severity = claim.Notice
				o.Shows = fmt.Sprintf("%s with Retry-After: %d, and the next attempt %.2f s later", x.Status, told, pause)
			default:
				continue
			}
			f.Occurrences = append(f.Occurrences, o)
		}
	}
	switch {
	case ignored > 0:
		f.Title = fmt.Sprintf("%s came earlier than Retry-After told", counts(ignored, "retry", "retries"))
	default:
		f.Title = fmt.Sprintf("%s did not say when to come again (Retry-After)", counts(missing, "answer of an overloaded server", "answers of an overloaded server"))
	}
	out.Finding(f)
}

// counts writes a number with a noun, whatever its plural.
func counts(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + more
}
