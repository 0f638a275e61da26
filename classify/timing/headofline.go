package timing

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/layer"
)

// HeadOfLineLesson teaches streams that wait for each other.
var HeadOfLineLesson = claim.Lesson{
	ID: "head-of-line-blocking", Title: "Streams waited for bytes that were not theirs",
	About: "TCP hands bytes on in order. When a segment is lost, all that came behind it waits in the receiver's buffer until it was sent again, also what belongs to other streams of HTTP/2. " +
		"With pipelining in HTTP/1.1 an answer waits for those before it even without a loss. QUIC hands each stream on by itself: only the stream that lost something waits.",
	Is:      "A hole in TCP's byte stream with no byte of a stream in it, while bytes of that stream behind it had arrived.",
	IsNot:   "The time that a stream waits for its own lost bytes; streams that take turns because the link is full.",
	Sources: []string{"RFC 9000 section 2", "RFC 9113 section 5", "RFC 9112 section 9.3.2"},
}

// HeadOfLine finds streams that waited for others' bytes.
func HeadOfLine(v *View, out *claim.Sink) {
	if v.tracker == nil {
		return
	}
	v.blockedByLoss(out)
	v.blockedInLine(out)
}

// blockedByLoss takes the holes in TCP's streams, and asks whose bytes came
// behind them.
func (v *View) blockedByLoss(out *claim.Sink) {
	if v.tracker.events == nil || len(v.Conversation.Exchanges) < 2 {
		return
	}
	f := claim.Finding{ID: HeadOfLineLesson.ID, Severity: claim.Notice}
	streams := map[uint64]bool{}
	for i := range v.tracker.events.list {
		x := &v.tracker.events.list[i]
		if x.kind != gapped || x.packets[1] == 0 {
			continue
		}
		hit := v.waiting(x)
		if len(hit) == 0 {
			continue
		}
		for _, s := range hit {
			streams[s] = true
		}
		f.Cost += nanoseconds(x.nanos)
		f.Occurrences = append(f.Occurrences, claim.Occurrence{Packets: []int{int(x.packets[0]), int(x.packets[1])}, Cost: nanoseconds(x.nanos),
			Shows: fmt.Sprintf("a hole, and what fills it; bytes of %s came between, and had to wait", named(hit))})
	}
	if len(f.Occurrences) == 0 {
		return
	}
	f.Title = fmt.Sprintf("%s waited up to %s for bytes of others that were lost", times(len(streams), "stream"), milliseconds(f.Cost))
	f.Explanation = fmt.Sprintf("What was missing belonged to other streams, but TCP hands bytes on in order: %s had bytes in the receiver's buffer that could not be handed on until the lost ones had been sent again, up to %s in all. "+
		"Over QUIC these streams would have gone on (RFC 9000 section 2).", times(len(streams), "stream"), milliseconds(f.Cost))
	f.Advice = "Find out where packets get lost. HTTP/3 does without this wait; so do several connections, each of which can only hold itself up."
	out.Finding(f)
}

// waiting returns the streams that had bytes between a hole and what filled it,
// and lost none themselves.
func (v *View) waiting(x *event) (streams []uint64) {
	from, to := x.packets[0], x.packets[1]
	for _, e := range v.Conversation.Exchanges {
		part := &e.Response
		if e.Dir == layer.Direction(x.dir) {
			part = &e.Request
		}
		if !part.Seen() || uint32(part.First.Number) > to || uint32(part.Last.Number) < from {
			continue
		}
		between, own := false, false
		for _, p := range part.Packets.List() {
			own = own || p == to || !x.before && p == from
			between = between || p < to && (p > from || x.before && p == from)
		}
		if between && !own && !slices.Contains(streams, e.Stream) {
			streams = append(streams, e.Stream)
		}
	}
	return streams
}

func named(streams []uint64) string {
	const few = 6
	var text []string
	for _, s := range streams[:min(len(streams), few)] {
		text = append(text, fmt.Sprint(s))
	}
	if len(streams) == 1 {
		return "stream " + text[0]
	}
	list := "streams " + strings.Join(text, ", ")
	if len(streams) > few {
		list += fmt.Sprintf(" and %d more", len(streams)-few)
	}
	return list
}

const leastInLine = 10 * time.Millisecond

// blockedInLine takes pipelined requests whose answers waited for those before
// them.
func (v *View) blockedInLine(out *claim.Sink) {
	f := claim.Finding{ID: HeadOfLineLesson.ID, Severity: claim.Info}
	n := 0
	var longest time.Duration
	for i := range v.Exchanges {
		x, e := &v.Exchanges[i], v.Conversation.Exchanges[i]
		if x.Waited < leastInLine || e.Protocol != "http1" {
			continue
		}
		n++
		longest = max(longest, x.Waited)
		f.Cost += x.Waited
		f.Occurrences = append(f.Occurrences, claim.Occurrence{Packets: []int{e.Request.Last.Number, e.Response.First.Number}, Cost: x.Waited,
			Shows: e.Name + " stands behind earlier ones until they were answered"})
	}
	if n == 0 {
		return
	}
	f.Title = fmt.Sprintf("%s waited for the answers to earlier ones, up to %s", times(n, "pipelined request"), milliseconds(longest))
	f.Explanation = "HTTP/1.1 answers in the order of the requests (RFC 9112 section 9.3.2): an answer that is ready waits until those before it were sent. " +
		fmt.Sprintf("Here %s did, the longest for %s.", times(n, "request"), milliseconds(longest))
	f.Advice = "HTTP/2 and HTTP/3 answer in any order; or use several connections, and ask for what is slow on one of its own."
	out.Finding(f)
}
