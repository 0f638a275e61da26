package timing

import (
	"fmt"

	"github.com/wiresight/wiresight/classify/claim"
)

// RecoveryLesson teaches how duplicate acknowledgments repair a loss.
var RecoveryLesson = claim.Lesson{
	ID: "fast-recovery", Title: "Duplicate acknowledgments repaired the loss",
	About:   "A segment was lost while later ones arrived. The duplicate acknowledgments that these cause let the sender repair the loss in about a round trip. It also takes the loss for a sign of congestion, and sends more slowly from there on.",
	Is:      "At least three duplicate acknowledgments, or selective ones, and then the missing segment again.",
	IsNot:   "Reordering, where the segment itself comes late; a timeout, where nothing came back.",
	Sources: []string{"RFC 5681 section 3.2", "RFC 6675", "RFC 8985 section 6"},
}

// Recoveries finds losses that duplicate acknowledgments repaired.
func Recoveries(v *View, out *claim.Sink) {
	n, cost := v.happened(recovery)
	if n == 0 {
		return
	}
	f := claim.Finding{ID: RecoveryLesson.ID, Severity: claim.Notice, Cost: cost}
	f.Title = fmt.Sprintf("%s sent again after duplicate ACKs", times(n, "segment"))
	f.Explanation = fmt.Sprintf("Later segments arrived where one was missing, and the acknowledgments that they caused told the sender (RFC 5681 section 3.2, RFC 6675). It sent %s again without waiting for its timer.", times(n, "segment"))
	if cost > 0 {
		f.Title += fmt.Sprintf(", %s in all", milliseconds(cost))
		f.Explanation += fmt.Sprintf(" What was missing held up all that came behind it for about %s; the path's round trip is %s.", milliseconds(cost), v.roundTrip())
	}
	f.Explanation += v.lostWhere()
	f.Advice = "Look for loss, or queues that overflow, on the path. Explicit congestion notification (RFC 3168) tells of full queues without a loss."
	f.Occurrences, f.Omitted = v.tracker.events.occurrences(recovery, func(x *event) string {
		switch {
		case x.before && x.packets[1] > 0:
			return "the last duplicate ACK that asked for a segment lost before the capture point, and that segment sent again"
		case x.packets[1] == 0:
			return "a segment sent again in the same recovery"
		}
		return "a segment, the last duplicate ACK that asked for it, and the segment again"
	})
	out.Finding(f)
}
