package timing

import (
	"fmt"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
)

// WindowLimitedLesson teaches transfers that a receive window limits.
var WindowLimitedLesson = claim.Lesson{
	ID: "receive-window-limited", Title: "The receive window limits the transfer",
	About: "A sender may have no more bytes in flight than the receiver's window allows. Where the window is smaller than what fits onto the path in a round trip, " +
		"the sender stops each round trip and waits for acknowledgments, though the network could carry more.",
	Is:      "For at least half of the transfer's time the next segment does not fit into the advertised window, and goes as an acknowledgment opens it.",
	IsNot:   "A closed window, where the receiver does not read at all; the congestion window, where the receiver's has room.",
	Sources: []string{"RFC 7323 section 1.1", "RFC 9293 section 3.8.6", "Zhang et al., On the Characteristics and Origins of Internet Flow Rates, 2002"},
}

// WindowLimited finds transfers that the receiver's window limits.
func WindowLimited(v *View, out *claim.Sink) {
	v.transfers(func(l *limited) {
		waited := l.by(byWindow) - v.closedFor(l)
		if !l.half(waited) {
			return
		}
		sender, receiver := ends(l.dir)
		f := claim.Finding{ID: WindowLimitedLesson.ID, Severity: claim.Notice, Cost: waited}
		f.Title = fmt.Sprintf("The %s's window of %s limits the transfer: %s of waiting", receiver, size(l.x.widest), milliseconds(waited))
		f.Explanation = fmt.Sprintf("For %s of the %s that the transfer took, no further segment fitted into the window that the %s advertises, at most %s; the %s went on as acknowledgments opened it.",
			share(waited, l.busy), milliseconds(l.busy), receiver, size(l.x.widest), sender)
		if l.trip > 0 {
			rate := float64(l.x.widest) / l.trip.Seconds()
			f.Explanation += fmt.Sprintf(" With a round trip of %s that window allows %s per second at most, however fast the network is.", milliseconds(l.trip), size(int64(rate)))
		}
		if v.TCP.WindowScale[l.dir^1] < 0 && v.TCP.SYNs[0] > 0 {
			f.Explanation += " Window scaling (RFC 7323) is not in use, so that no window can be above 65,535 bytes."
		}
		f.Advice = fmt.Sprintf("Let the %s have a larger receive buffer, at least the bandwidth times the round trip (net.ipv4.tcp_rmem, SO_RCVBUF; do not set SO_RCVBUF below it, for that turns off the automatic growth), and let its application read without pauses. If nothing else limits, that saves up to %s.", receiver, milliseconds(waited))
		f.Occurrences = l.longest(byWindow, "the segment that filled the window, the acknowledgment that opened it, and the next segment")
		out.Finding(f)
	})
}

// closedFor returns for how long the receiver's window was closed altogether.
func (v *View) closedFor(l *limited) (sum time.Duration) {
	e := v.tracker.events
	if e == nil {
		return 0
	}
	for i := range e.list {
		if x := &e.list[i]; x.kind == zeroWindow && x.dir == uint8(l.dir^1) {
			sum += nanoseconds(x.nanos)
		}
	}
	return sum
}
