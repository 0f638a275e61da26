package timing

import (
	"fmt"

	"github.com/wiresight/wiresight/classify/claim"
)

// SpuriousLesson teaches retransmissions that nobody needed.
var SpuriousLesson = claim.Lesson{
	ID: "spurious-retransmission", Title: "Segments were sent again that had arrived",
	About: "The sender took for lost what had arrived: an acknowledgment was lost or late, the path reordered segments, or its round trip grew suddenly. " +
		"The bytes travel twice, and the sender may slow down as if there were congestion.",
	Is: "A segment sent again though the receiver had acknowledged all of it, or whose second copy the receiver reports as a duplicate (DSACK), " +
		"or which is acknowledged with the time stamp of its first copy (Eifel).",
	IsNot:   "A loss: nothing is missing at the receiver.",
	Sources: []string{"RFC 2883", "RFC 3522", "RFC 5682"},
}

// Spurious finds retransmissions that are proven to have been needless.
func Spurious(v *View, out *claim.Sink) {
	n, _ := v.happened(spurious)
	if n == 0 {
		return
	}
	f := claim.Finding{ID: SpuriousLesson.ID, Severity: claim.Info}
	f.Title = fmt.Sprintf("%s sent again without need", times(n, "segment"))
	f.Explanation = fmt.Sprintf("The receiver had got %s already when the sender sent it again: an acknowledgment was lost or late, segments overtook each other, or the path became slower than the sender's timer expects. No packet of data was lost here.", times(n, "segment"))
	f.Advice = "Look for lost acknowledgments and for reordering on the path; a round trip that jumps by 200 ms and more (mobile networks, full queues) makes timers run out too early."
	f.Occurrences, f.Omitted = v.tracker.events.occurrences(spurious, func(x *event) string {
		if x.packets[2] > 0 {
			return "a segment, the same again, and the acknowledgment that proves the second one needless"
		}
		return "the acknowledgment, and the segment sent again behind it"
	})
	out.Finding(f)
}
