package timing

import (
	"fmt"
	"strings"

	"github.com/wiresight/wiresight/classify/claim"
)

// CongestionLimitedLesson teaches transfers that the congestion window limits.
var CongestionLimitedLesson = claim.Lesson{
	ID: "congestion-limited", Title: "The congestion window limits the transfer",
	About: "A sender begins with a few segments and doubles what it has in flight each round trip (slow start) until something is lost; then it halves that, and grows slowly. " +
		"A short transfer ends before the window has grown, and a lossy path keeps it small.",
	Is: "For at least half of the transfer's time the sender waits for acknowledgments though the receiver's window has room, " +
		"in flights that grow each round trip, or after losses.",
	IsNot:   "A small receive window; an application with nothing to send; a link that is simply full, where segments come evenly. A send buffer that is too small looks much the same.",
	Sources: []string{"RFC 5681 section 3.1", "RFC 6928", "Zhang et al., On the Characteristics and Origins of Internet Flow Rates, 2002"},
}

// CongestionLimited finds transfers that slow start or losses limit.
func CongestionLimited(v *View, out *claim.Sink) {
	v.transfers(func(l *limited) {
		waited := l.by(bySender) + l.by(byLoss)
		if !l.half(waited) {
			return
		}
		lossy := v.repaired(l) > 0
		sizes, grew := l.growth()
		if !lossy && !grew {
			return // what held the sender back is not to be seen
		}
		sender, _ := ends(l.dir)
		f := claim.Finding{ID: CongestionLimitedLesson.ID, Severity: claim.Info, Cost: waited}
		if lossy {
			f.Title = fmt.Sprintf("Losses kept the %s's congestion window small: %s of waiting", sender, milliseconds(waited))
			f.Explanation = fmt.Sprintf("The %s repaired %s on this connection. After each it sends less (RFC 5681), and for %s of the %s that the transfer took it waited for acknowledgments or for a repair, though the receiver's window had room.",
				sender, times(v.repaired(l), "loss"), share(waited, l.busy), milliseconds(l.busy))
			f.Advice = "Find out where packets get lost. A kept connection keeps its congestion window, too; a newer congestion control (CUBIC, BBR) recovers faster on long paths."
		} else {
			f.Title = fmt.Sprintf("Slow start held the %s back: %s of waiting", sender, milliseconds(waited))
			f.Explanation = fmt.Sprintf("The %s sent flights of %s segments, each as the one before was acknowledged: the congestion window grew from round trip to round trip (slow start, RFC 5681 section 3.1). Nothing was lost, and the receiver's window had room; the waits are %s of the %s that the transfer took.",
				sender, sizes, share(waited, l.busy), milliseconds(l.busy))
			f.Advice = "Keep connections, so that the window need not grow anew; send fewer bytes; bring the server nearer. An initial window of 10 segments (RFC 6928) is usual; a larger one saves a round trip each time it doubles."
		}
		f.Occurrences = l.longest(bySender, "the end of a flight, and the beginning of the next as its acknowledgment arrives")
		f.Occurrences = append(f.Occurrences, l.longest(byLoss, "the longest wait while a loss was repaired")...)
		out.Finding(f)
	})
}

// repaired counts the losses that were repaired in a direction.
func (v *View) repaired(l *limited) (n int) {
	if v.tracker.events == nil {
		return 0
	}
	r := &v.tracker.events.repair[l.dir]
	return int(r.beyond + r.ahead)
}

// growth lists the sizes of the first flights in segments, and reports whether
// they grow as in slow start: those that an acknowledgment let go are twice as
// large as the ones before, more or less.
func (l *limited) growth() (sizes string, grew bool) {
	var text []string
	grown := 0
	var last uint32
	for _, f := range l.x.flights.firsts() {
		if f.ack == 0 && len(text) > 0 {
			break
		}
		text = append(text, fmt.Sprint(f.segments))
		if last > 0 && f.segments*2 >= last*3 {
			grown++
		}
		last = f.segments
	}
	return strings.Join(text, ", "), grown >= 2 || grown == 1 && len(text) == 2
}
