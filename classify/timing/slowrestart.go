package timing

import (
	"fmt"

	"github.com/wiresight/wiresight/classify/claim"
)

// SlowStartRestartLesson teaches what a silence costs.
var SlowStartRestartLesson = claim.Lesson{
	ID: "slow-start-restart", Title: "After a silence the connection was slow again",
	About: "When nothing was sent for longer than the retransmission timeout, the sender no longer trusts its congestion window and begins with the initial one again. " +
		"The first answer after a pause takes round trips that the one before the pause did not.",
	Is:      "Behind a silence of more than 200 ms a flight of about ten segments or fewer, then a wait for its acknowledgment, where flights before the silence were at least twice as large.",
	IsNot:   "Slow start of a new connection; an answer that is short anyhow.",
	Sources: []string{"RFC 5681 section 4.1", "RFC 7661"},
}

// SlowStartRestarts finds transfers that began anew behind a silence.
func SlowStartRestarts(v *View, out *claim.Sink) {
	n, cost := v.happened(restart)
	if n == 0 {
		return
	}
	f := claim.Finding{ID: SlowStartRestartLesson.ID, Severity: claim.Notice, Cost: cost}
	f.Title = fmt.Sprintf("The connection started slowly again %s after a silence: %s of waiting", times(n, "time"), milliseconds(cost))
	f.Explanation = fmt.Sprintf("Before the silence the sender had larger flights under way; behind it, it sent about an initial window and waited for acknowledgments before it went on (RFC 5681 section 4.1). With the window from before, the %s of waiting would not have been; the path's round trip is %s.", milliseconds(cost), v.roundTrip())
	f.Advice = "On Linux net.ipv4.tcp_slow_start_after_idle=0 at the sender keeps the window; sensible on servers with long-lived connections whose paths do not change."
	f.Occurrences, f.Omitted = v.tracker.events.occurrences(restart, func(*event) string {
		return "the last segment before the silence, the first one behind it, and the one that had to wait for an acknowledgment"
	})
	out.Finding(f)
}
