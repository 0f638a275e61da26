package timing

import (
	"fmt"

	"github.com/wiresight/wiresight/classify/claim"
)

// CaptureLossLesson teaches the difference between a lossy capture and a lossy
// network.
var CaptureLossLesson = claim.Lesson{
	ID: "capture-loss", Title: "The capture misses packets",
	About:   "Bytes were acknowledged that the capture never saw. They arrived; the capture lost them, was filtered, or stood where they did not pass. Counts and times around them are not reliable.",
	Is:      "An acknowledgment of bytes that the capture does not hold.",
	IsNot:   "Packet loss in the network, which is repaired by a retransmission. Whether the capture dropped the packets or they took another way is not to be seen.",
	Sources: []string{"RFC 9293 section 3.4", "Wireshark User's Guide, TCP Analysis: ACKed unseen segment"},
}

// CaptureLoss finds bytes that arrived and were not captured.
func CaptureLoss(v *View, out *claim.Sink) {
	n, _ := v.happened(unseen)
	if n == 0 {
		return
	}
	f := claim.Finding{ID: CaptureLossLesson.ID, Severity: claim.Notice}
	f.Title = fmt.Sprintf("%s of bytes that were never captured", times(n, "acknowledgment"))
	f.Explanation = "The receiver acknowledged bytes that are not in the capture: they arrived, and it is the capture that misses them. That is no packet loss in the network. Times and counts near these packets are not reliable."
	if v.Packets[0] == 0 || v.Packets[1] == 0 {
		f.Explanation += " Of this conversation one direction only was captured: the other one takes another way, or is filtered out."
	}
	f.Advice = "Capture with a larger buffer, a filter or a shorter snap length, at a place where both directions pass, and trust counts of this conversation less."
	f.Occurrences, f.Omitted = v.tracker.events.occurrences(unseen, func(x *event) string {
		if x.packets[0] > 0 {
			return "a segment behind bytes that were not captured, and their acknowledgment"
		}
		return "acknowledges bytes that the capture does not hold"
	})
	out.Finding(f)
}
