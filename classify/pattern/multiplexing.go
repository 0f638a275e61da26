package pattern

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// MultiplexingLesson teaches multiplexing.
var MultiplexingLesson = claim.Lesson{
	ID: "multiplexing", Title: "Several exchanges at once on one connection",
	About: "Each exchange has a number, so that several can be under way on one connection and a slow answer does not hold up the others. " +
		"It is the right choice wherever requests are independent of each other: one handshake, one congestion window. " +
		"On TCP a lost segment still holds up all streams behind it; on QUIC only its own.",
	Is:      "HTTP/2 or HTTP/3 streams, AMQP channels or Kafka correlation ids: a request left while an earlier one of another number was not yet answered in full. Look at the peak and the mean of open exchanges, and at how often their packets alternate.",
	IsNot:   "HTTP/2 with one stream at a time, which is question and answer in turn; pipelining, which has no numbers and answers in order.",
	Sources: []string{"RFC 9113 section 5", "RFC 9114 section 6.1"},
}

// Multiplexing claims it where numbered exchanges were open at the same time.
func Multiplexing(v *timing.View, out *claim.Sink) {
	list := v.Conversation.Exchanges
	if len(list) < 2 || oneSided(list) {
		return
	}
	var open []*flow.Exchange
	var e evidence
	c := concurrency{}
	n, beside := 0, 0
	for _, x := range list {
		if !x.Request.Seen() || x.Dir != 0 || !numbered(x) || x.Protocol == "mqtt" { // MQTT's are acknowledgments
			continue
		}
		n++
		open = slices.DeleteFunc(open, func(o *flow.Exchange) bool { return finished(o) <= x.Request.First.Number })
		if len(open) > 0 {
			if beside == 0 {
				e.add(open[0].Request.First.Number, "a request")
			}
			if beside++; beside <= 4 {
				e.add(x.Request.First.Number, "another request, while the earlier one is not yet answered in full")
			}
			if beside == 1 && open[0].Response.Seen() {
				e.add(open[0].Response.Last.Number, "the last of the earlier one's answer")
			}
		}
		if len(open) < maxIDs {
			open = append(open, x)
		}
		c.add(x, v.Last)
	}
	if beside == 0 {
		return
	}
	peak, mean, together := c.measure()
	if peak < 2 {
		return
	}
	swaps := interleaved(list)
	confidence := 0.97
	if beside == 1 || beside*5 < n || together < leastTogether {
		confidence = 0.85
	}
	because := fmt.Sprintf("%d of %d requests left while others were still open: at most %d at once, %.1f on average while any was open.", beside, n, peak, mean)
	if swaps > 0 {
		because += fmt.Sprintf(" The packets of different answers alternated %s.", count(swaps, "time"))
	}
	out.Pattern(claim.Pattern{
		ID: MultiplexingLesson.ID, Confidence: confidence, Basis: claim.Decoded, Because: because, Evidence: e,
		Metrics: []claim.Metric{{Name: "exchanges", Value: float64(n)}, {Name: "peak_open", Value: float64(peak)}, {Name: "mean_open", Value: mean},
			{Name: "together_s", Value: together.Seconds()}, {Name: "interleaved", Value: float64(swaps)}},
	})
}

// oneSided reports whether most exchanges have no answer: the capture missed
// them, or nobody gave any.
func oneSided(list []*flow.Exchange) bool {
	unanswered := 0
	for _, x := range list {
		if !answered(x) {
			unanswered++
		}
	}
	return unanswered*2 > len(list)
}

// leastTogether is how long exchanges must be open together to be beyond doubt.
const leastTogether = time.Millisecond

// numbered reports whether an exchange's protocol tells its exchanges apart by
// numbers.
func numbered(x *flow.Exchange) bool {
	switch x.Protocol {
	case "kafka", "smb", "smb2", "ldap", "mqtt":
		return true
	}
	return x.Stream != 0
}

// finished returns the packet in which an exchange ended; one that did not is
// open to the end.
func finished(x *flow.Exchange) int {
	if !x.Response.Seen() || x.Response.State == flow.Head {
		return int(^uint(0) >> 1)
	}
	return max(x.Response.Last.Number, x.Request.Last.Number)
}

// concurrency follows how many exchanges are open over time.
type concurrency struct{ edges []edge }

type edge struct {
	nanos int64
	step  int
}

// add takes an exchange; end stands for the end of one that had none.
func (c *concurrency) add(x *flow.Exchange, end layer.PacketRef) {
	done := end.Nanos
	if finished(x) <= end.Number {
		done = max(x.Response.Last.Nanos, x.Request.Last.Nanos)
	}
	c.edges = append(c.edges, edge{x.Request.First.Nanos, 1}, edge{max(done, x.Request.First.Nanos), -1})
}

// measure returns the most that were open at once, the mean while any was, and
// how long two or more were.
func (c *concurrency) measure() (peak int, mean float64, together time.Duration) {
	slices.SortFunc(c.edges, func(a, b edge) int {
		return cmp.Or(cmp.Compare(a.nanos, b.nanos), cmp.Compare(a.step, b.step))
	})
	open := 0
	var busy, area int64
	for i, e := range c.edges {
		if i > 0 && open > 0 {
			gap := e.nanos - c.edges[i-1].nanos
			busy, area = busy+gap, area+gap*int64(open)
			if open > 1 {
				together += time.Duration(gap)
			}
		}
		open += e.step
		peak = max(peak, open)
	}
	if busy > 0 {
		mean = float64(area) / float64(busy)
	}
	return peak, mean, together
}

// interleaved counts how often the packets of answers went from one answer to
// another and back, as far as their packets are known.
func interleaved(list []*flow.Exchange) int {
	type piece struct{ packet, of int }
	var all []piece
	of := 0
	for _, x := range list {
		if !x.Response.Seen() || !numbered(x) {
			continue
		}
		of++
		for _, n := range x.Response.Packets.List() {
			all = append(all, piece{int(n), of})
		}
	}
	slices.SortStableFunc(all, func(a, b piece) int { return cmp.Compare(a.packet, b.packet) })
	changes := 0
	for i := 1; i < len(all); i++ {
		if all[i].of != all[i-1].of {
			changes++
		}
	}
	return max(0, changes-max(0, of-1))
}
