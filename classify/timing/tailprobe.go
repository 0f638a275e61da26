package timing

import (
	"fmt"

	"github.com/wiresight/wiresight/classify/claim"
)

// ProbeLesson teaches tail loss probes.
var ProbeLesson = claim.Lesson{
	ID: "tail-loss-probe", Title: "A probe asked for the end of a flight",
	About: "When the last segments of a flight are lost, no later ones cause duplicate acknowledgments. After about two round trips without an answer the sender sends the last segment again: " +
		"what comes back tells whether something is missing, long before the retransmission timer runs out.",
	Is:      "The highest segment alone, sent again after about two round trips without an acknowledgment, while earlier ones wait, too.",
	IsNot:   "A timeout, which begins with the first segment that was not acknowledged.",
	Sources: []string{"RFC 8985 section 7"},
}

// Probes finds tail loss probes.
func Probes(v *View, out *claim.Sink) {
	n, cost := v.happened(probe)
	if n == 0 {
		return
	}
	f := claim.Finding{ID: ProbeLesson.ID, Severity: claim.Notice, Cost: cost}
	f.Title = fmt.Sprintf("%s sent to find out about the end of a flight, after %s in all", times(n, "tail loss probe"), milliseconds(cost))
	f.Explanation = fmt.Sprintf("The end of a flight was not acknowledged, and nothing behind it could tell what was missing. The sender sent the last segment again after %s, about twice the round trip of %s (RFC 8985 section 7).%s",
		milliseconds(cost/nanoseconds(int64(n))), v.roundTrip(), v.lostWhere())
	f.Advice = "Look for loss on the path, and for a queue that overflows at the end of a burst."
	f.Occurrences, f.Omitted = v.tracker.events.occurrences(probe, func(*event) string { return "the last segment of a flight, and the same again as a probe" })
	out.Finding(f)
}
