package timing

import (
	"fmt"

	"github.com/wiresight/wiresight/classify/claim"
)

// ReorderingLesson teaches segments that overtake each other.
var ReorderingLesson = claim.Lesson{
	ID: "reordering", Title: "Segments overtook each other",
	About: "Segments came in another order than they were sent in: paths that spread packets over several links, or hardware that retries on its own, do that. " +
		"Nothing is lost, but what came early waits for what is late, and duplicate acknowledgments may lead the sender to send again.",
	Is:      "A segment that fills a hole, never captured before, sent no later than those it comes behind: its time stamp is not above theirs, or it comes sooner than any sender could have learned of a loss.",
	IsNot:   "A retransmission, which bears a later time stamp and comes at least a round trip behind the hole.",
	Sources: []string{"RFC 7323 section 4", "RFC 4737"},
}

// Reordering finds segments that were overtaken.
func Reordering(v *View, out *claim.Sink) {
	n, cost := v.happened(reordered)
	if n == 0 {
		return
	}
	f := claim.Finding{ID: ReorderingLesson.ID, Severity: claim.Info, Cost: cost}
	f.Title = fmt.Sprintf("%s overtaken on the way, late by %s in all", times(n, "segment"), milliseconds(cost))
	f.Explanation = fmt.Sprintf("%s came behind others that were sent later. They are no retransmissions: they bear no later time stamp, or came too soon to be any. What had come before them waited for %s in all.", times(n, "segment"), milliseconds(cost))
	f.Advice = "Look for parallel links that spread one connection's packets, and for receive queues that several processors empty."
	f.Occurrences, f.Omitted = v.tracker.events.occurrences(reordered, func(*event) string { return "a segment, and the one that it had overtaken" })
	out.Finding(f)
}
