package timing

import (
	"fmt"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/layer"
)

// TimeoutLesson teaches the slowest way to repair a loss.
var TimeoutLesson = claim.Lesson{
	ID: "retransmission-timeout", Title: "Only a timer repaired the loss",
	About:   "Data, or the acknowledgment of it, did not arrive in time, and nothing came back that could have told the sender: it sent again only when a timer ran out, 200 ms or more later. Each further loss of the same segment doubles the wait.",
	Is:      "The first segment that was not acknowledged, sent again after at least 200 ms, and not on the heels of duplicate or selective acknowledgments.",
	IsNot:   "Fast recovery, which duplicate acknowledgments start within about a round trip; a zero-window probe; a needless retransmission. Where a single segment was in flight, a tail-loss probe (RFC 8985) waits about as long.",
	Sources: []string{"RFC 6298", "RFC 8985 section 7"},
}

// Timeouts finds segments that were sent again when a timer ran out.
func Timeouts(v *View, out *claim.Sink) {
	n, cost := v.happened(timeout)
	if n == 0 {
		return
	}
	f := claim.Finding{ID: TimeoutLesson.ID, Severity: claim.Warning, Cost: cost}
	f.Title = fmt.Sprintf("%s sent again only after a timer, %s in all", times(n, "segment"), milliseconds(cost))
	f.Explanation = fmt.Sprintf("Nothing came back that could have told the sender of the loss, so that it waited for its retransmission timer: %s in all (RFC 6298). "+
		"The timer is at least 200 ms on most systems and doubles each time it runs out in vain; this path's round trip is %s.%s",
		milliseconds(cost), v.roundTrip(), v.lostWhere())
	f.Advice = "Look for loss on the path. Where it is the last segments of an answer that get lost, tail-loss probes at the sender (RFC 8985) shorten the wait; many small connections cannot profit from duplicate ACKs, a few kept ones can."
	f.Occurrences, f.Omitted = v.tracker.events.occurrences(timeout, func(x *event) string {
		if x.before {
			return "a segment lost before the capture point, sent again after the timer"
		}
		return "a segment, and the same again after the timer"
	})
	out.Finding(f)
}

// roundTrip writes the path's round trip.
func (v *View) roundTrip() string {
	if !v.Path.HasRTT {
		return "not known"
	}
	return milliseconds(v.Path.RTT)
}

// lostWhere tells on which side of the capture point segments got lost.
func (v *View) lostWhere() (text string) {
	e := v.tracker.events
	for d := range e.repair {
		r := &e.repair[d]
		sender, receiver := ends(layer.Direction(d))
		switch {
		case r.beyond > 0 && r.ahead > 0:
			text += fmt.Sprintf(" Of the %s's segments %d were lost between the capture point and the %s, and %d before they came there.", sender, r.beyond, receiver, r.ahead)
		case r.beyond > 0 && v.Path.Vantage != Unknown:
			text += fmt.Sprintf(" The first copies passed the capture point, so that the %s's segments, or what answers them, got lost between it and the %s.", sender, receiver)
		case r.ahead > 0:
			text += fmt.Sprintf(" The first copies never came to the capture point: they were lost between the %s and it.", sender)
		}
	}
	return text
}
