package pattern

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// The lessons of how a server goes about several requests. The wire shows when
// requests came and when their answers began, not who worked on them.
var (
	SerialLesson = claim.Lesson{
		ID: "serial-server", Title: "The server works on one request at a time",
		About:   "Requests of different connections wait for each other: each answer begins about one service time after the one before it, and who comes while others wait, waits for all of them. A single thread without an event loop does that, or one lock around everything. Whether it is one or the other the wire cannot tell.",
		Is:      "Ten requests or more, most of the time several open at once, whose answers are spaced as if one worker took them in the order of arrival.",
		IsNot:   "A server that is slow but takes requests side by side; one connection that asks in turn.",
		Sources: []string{"L. Kleinrock, Queueing Systems, volume 1, 1975"},
	}
	ConcurrentLesson = claim.Lesson{
		ID: "concurrent-server", Title: "The server works on requests side by side",
		About:   "Requests that came together take no longer than those that came alone: the server has a thread, a process or a task for each, and no ceiling was reached. Which of them it is the wire cannot tell.",
		Is:      "Several requests of different connections open at once whose answers take about as long as those of requests that were alone.",
		IsNot:   "A server with a ceiling that this load did not reach: that looks the same.",
		Sources: []string{"L. Kleinrock, Queueing Systems, volume 1, 1975"},
	}
	BoundedLesson = claim.Lesson{
		ID: "bounded-workers", Title: "The server works on so many requests at a time",
		About:   "Up to a ceiling requests are worked on side by side; beyond it they wait until one is done: a pool of workers or of connections to something behind. Whether workers are threads or processes, and whether one queue feeds them, the wire cannot tell.",
		Is:      "Answers that are spaced as if k workers took the requests in the order of arrival, while more than k were open.",
		IsNot:   "A client that keeps no more than k requests open: nobody waits then.",
		Sources: []string{"L. Kleinrock, Queueing Systems, volume 1, 1975"},
	}
	ServerSerialLesson = claim.Lesson{
		ID: "server-serial", Title: "Requests wait for each other in the server",
		About:   "Most of what these requests took was the wait for others, not their own work. More workers, or work that does not block the one there is, would take that away.",
		Is:      "A serial server, as the pattern says, with the sum of the waits.",
		IsNot:   "A server whose work for each request is long.",
		Sources: []string{"L. Kleinrock, Queueing Systems, volume 1, 1975"},
	}
)

// task is a request at the server: when it came there and when its answer began
// to leave, corrected by the way between the capture point and the server.
type task struct {
	come, gone int64
	queued     int64 // when its connection was there, which workers take in this order; come where it had been there for long
	c          *flow.Conversation
	x          *flow.Exchange
}

const (
	leastJobs    = 10
	fresh        = 5 * time.Millisecond // from a connection to its first request, where that was meant to follow
	mostJobs     = 2048                 // of one server
	leastService = 2 * time.Millisecond // what is shorter is lost in the noise of the path
	leastWaiting = 0.8                  // share of the busy time in which several were open, for a serial server
	narrow       = 0.35                 // spread of service times by which they count as alike
)

// Execution looks at each server's jobs.
func Execution(w *Capture, out *claim.Sink) {
	index := map[endpoint]int{}
	var all [][]*flow.Conversation
	for _, c := range w.Conversations {
		if c.TCP == nil || len(c.Exchanges) == 0 {
			continue
		}
		e := at(&c.Server)
		i, ok := index[e]
		if !ok {
			i = len(all)
			index[e] = i
			all = append(all, nil)
		}
		all[i] = append(all[i], c)
	}
	for _, list := range all {
		if len(list) >= 2 {
			judge(jobs(list), out)
		}
	}
}

// jobs lists what came to a server, in the order in which it came.
func jobs(list []*flow.Conversation) (all []task) {
	for _, c := range list {
		p := timing.PathOf(c)
		half := int64(p.Server / 2)
		for _, x := range c.Exchanges {
			if len(all) >= mostJobs {
				break
			}
			if x.Dir != layer.ToServer || !answered(x) || x.Request.State == flow.Head || waitsByNature(x) {
				continue
			}
			t := task{come: x.Request.Last.Nanos + half, c: c, x: x}
			t.gone, t.queued = max(t.come, x.Response.First.Nanos-half), t.come
			if ack := c.TCP.Handshake.ACK; x.ID == 1 && ack.Valid() && x.Request.Last.Since(ack) < fresh {
				t.queued = ack.Nanos + half
			}
			all = append(all, t)
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].queued < all[j].queued })
	return all
}

// waitsByNature reports whether an exchange's length says nothing about the
// server's work: what is asked to wait, or opens something.
func waitsByNature(x *flow.Exchange) bool {
	return x.Protocol == "socks" || x.Protocol == "mqtt" || x.Protocol == "kafka" || strings.HasPrefix(x.Name, "CONNECT ") || x.Status == "101" ||
		strings.HasPrefix(x.Response.Fact("content-type"), "text/event-stream")
}

// load is what a server's jobs show.
type load struct {
	jobs     []task
	peak     int
	several  float64 // share of the busy time in which two or more were open
	alone    float64 // service time of jobs that met no other, in nanoseconds; the least of all where there are none
	gone     []int64 // sorted
	connects int
}

func measureLoad(list []task) load {
	l := load{jobs: list, gone: make([]int64, len(list))}
	seen := map[*flow.Conversation]bool{}
	var alone, all []float64
	for i, j := range list {
		l.gone[i] = j.gone
		seen[j.c] = true
	}
	l.connects = len(seen)
	sort.Slice(l.gone, func(i, j int) bool { return l.gone[i] < l.gone[j] })
	done := 0
	var busy, several, last int64
	for i, j := range list {
		for done < len(l.gone) && l.gone[done] <= j.come {
			l.spend(&busy, &several, i-done, last, l.gone[done])
			last = l.gone[done]
			done++
		}
		l.spend(&busy, &several, i-done, last, j.come)
		last = j.come
		open := i + 1 - done
		l.peak = max(l.peak, open)
		took := float64(j.gone - j.come)
		all = append(all, took)
		if open == 1 && (i+1 == len(list) || list[i+1].come >= j.gone) {
			alone = append(alone, took)
		}
	}
	for ; done < len(l.gone); done++ {
		l.spend(&busy, &several, len(list)-done, last, l.gone[done])
		last = l.gone[done]
	}
	if busy > 0 {
		l.several = float64(several) / float64(busy)
	}
	if len(alone) > 0 {
		l.alone = median(alone)
	} else {
		l.alone = slices.Min(all)
	}
	return l
}

func (l *load) spend(busy, several *int64, open int, from, to int64) {
	d := max(0, to-from)
	if open >= 1 {
		*busy += d
	}
	if open >= 2 {
		*several += d
	}
}

// served returns each task's own time and its wait, if k workers took the jobs
// in the order in which they came: the i-th begins when i-k others are done.
func (l *load) served(k int) (own, wait []float64) {
	own, wait = make([]float64, len(l.jobs)), make([]float64, len(l.jobs))
	for i, j := range l.jobs {
		begin := j.come
		if i >= k {
			begin = max(begin, l.gone[i-k])
		}
		own[i], wait[i] = float64(j.gone-begin), float64(begin-j.come)
	}
	return own, wait
}

// tooQuick is the share of jobs that would have been done impossibly fast.
func (l *load) tooQuick(own []float64) float64 {
	n := 0
	for _, s := range own {
		if s < l.alone/2 {
			n++
		}
	}
	return float64(n) / float64(len(own))
}

// workers returns the number of workers whose times come nearest to those of a
// job that was alone. ok is false where no number fits well.
func (l *load) workers() (k int, own, wait []float64, ok bool) {
	const most, few = 32, 0.2
	off := math.Inf(1)
	for n := 1; n <= min(l.peak, most); n++ {
		o, w := l.served(n)
		if away := l.away(o); away < off && l.tooQuick(o) <= few && spread(o) <= narrow {
			k, own, wait, off = n, o, w, away
		}
	}
	return k, own, wait, off <= narrow
}

// away is how far jobs lie from one that was alone, as a share of that.
func (l *load) away(own []float64) float64 {
	sum := 0.0
	for _, s := range own {
		sum += min(math.Abs(s-l.alone)/l.alone, 2)
	}
	return sum / float64(len(own))
}

// spread is the distance between the quartiles over the median.
func spread(list []float64) float64 {
	s := append([]float64(nil), list...)
	sort.Float64s(s)
	m := s[len(s)/2]
	if m <= 0 {
		return 1
	}
	return (s[len(s)*3/4] - s[len(s)/4]) / m
}

func judge(list []task, out *claim.Sink) {
	if len(list) < leastJobs {
		return
	}
	l := measureLoad(list)
	if l.connects < 2 || l.peak < 2 || l.alone < float64(leastService) {
		return
	}
	k, own, wait, ok := l.workers()
	if !ok {
		return // the work differs too much to tell work from waiting
	}
	waiting, waited := 0, 0.0
	for _, s := range wait {
		if s > l.alone/10 {
			waiting++
			waited += s
		}
	}
	queue := waiting*5 >= len(list) && waiting >= 4
	switch {
	case k == 1 && queue && l.several >= leastWaiting/2:
		l.serial(own, waiting, time.Duration(waited), out)
	case k == l.peak && l.peak >= 3 && waiting*10 <= len(list):
		l.concurrent(own, out)
	case k > 1 && k < l.peak && queue:
		l.bounded(k, own, waiting, out)
	}
}

func (l *load) pattern(id string, confidence float64, because string, own []float64, waiting int) claim.Pattern {
	var e evidence
	from := l.crowded()
	for _, j := range l.jobs[from:min(len(l.jobs), from+claim.Evidences/2)] {
		e.add(j.x.Request.Last.Number, "a request has come")
	}
	for _, j := range l.jobs[from:min(len(l.jobs), from+claim.Evidences/2)] {
		e.add(j.x.Response.First.Number, "its answer begins")
	}
	var c []*flow.Conversation
	seen := map[*flow.Conversation]bool{}
	for _, j := range l.jobs {
		if !seen[j.c] {
			seen[j.c] = true
			c = append(c, j.c)
		}
	}
	return claim.Pattern{
		ID: id, Confidence: confidence, Basis: claim.Decoded, Because: because, Evidence: e, Conversations: ids(c),
		Metrics: []claim.Metric{{Name: "exchanges", Value: float64(len(l.jobs))}, {Name: "peak_open", Value: float64(l.peak)}, {Name: "waited", Value: float64(waiting)},
			{Name: "service_s", Value: median(append([]float64(nil), own...)) / 1e9}, {Name: "several_open_share", Value: l.several}},
	}
}

// crowded returns the first task that met others.
func (l *load) crowded() int {
	for i := 1; i < len(l.jobs); i++ {
		if l.jobs[i].come < l.jobs[i-1].gone {
			return i - 1
		}
	}
	return 0
}

func (l *load) serial(own []float64, waiting int, waited time.Duration, out *claim.Sink) {
	confidence := 0.85
	if l.several < leastWaiting {
		confidence = 0.75
	}
	p := l.pattern(SerialLesson.ID, confidence, "", own, waiting)
	p.Because = fmt.Sprintf("Likely one at a time: %s over %s to %s, up to %d open at once, are answered as if one worker took them in turn, about %.1f ms each; %d waited for others.",
		count(len(l.jobs), "request"), count(l.connects, "connection"), at(&l.jobs[0].c.Server), l.peak, p.Metrics[3].Value*1e3, waiting)
	p.Metrics = append(p.Metrics, claim.Metric{Name: "waited_s", Value: waited.Seconds()})
	out.Pattern(p)
	f := claim.Finding{
		ID: ServerSerialLesson.ID, Severity: claim.Warning, Cost: waited, Conversations: p.Conversations,
		Title:       fmt.Sprintf("%d of %d requests likely waited in the server for others, %.0f ms in all", waiting, len(l.jobs), waited.Seconds()*1e3),
		Explanation: "The answers are spaced as if the server took one request after another, whatever connection it came on. It is inferred from the times of requests and answers: the wire does not show who works.",
		Advice:      "See how the server is run: more workers or threads, an event loop that is not blocked, or no lock around the slow part.",
	}
	_, wait := l.served(1)
	for i, j := range l.jobs {
		if wait[i] <= l.alone/10 {
			continue
		}
		if len(f.Occurrences) == claim.Listed {
			f.Omitted++
			continue
		}
		f.Occurrences = append(f.Occurrences, claim.Occurrence{Packets: packets(j.x), Cost: time.Duration(wait[i]), Shows: j.x.Name + " came while others were being answered, and had to wait"})
	}
	out.Finding(f)
}

func (l *load) concurrent(own []float64, out *claim.Sink) {
	confidence := 0.8
	if l.peak >= 6 {
		confidence = 0.88
	}
	p := l.pattern(ConcurrentLesson.ID, confidence, "", own, 0)
	p.Because = fmt.Sprintf("Likely side by side: up to %d of %s to %s were open at once, and took about %.1f ms whether alone or not. No ceiling was seen.",
		l.peak, count(len(l.jobs), "request"), at(&l.jobs[0].c.Server), p.Metrics[3].Value*1e3)
	out.Pattern(p)
}

func (l *load) bounded(k int, own []float64, waiting int, out *claim.Sink) {
	p := l.pattern(BoundedLesson.ID, 0.8, "", own, waiting)
	p.Because = fmt.Sprintf("Likely %d at a time: of %s to %s up to %d were open at once, and their answers are spaced as if %d workers took them in turn, about %.1f ms each; %d waited for others.",
		k, count(len(l.jobs), "request"), at(&l.jobs[0].c.Server), l.peak, k, p.Metrics[3].Value*1e3, waiting)
	p.Metrics = append(p.Metrics, claim.Metric{Name: "workers", Value: float64(k)})
	out.Pattern(p)
}
