package timing

import (
	"fmt"

	"github.com/wiresight/wiresight/classify/claim"
)

// ApplicationLimitedLesson teaches transfers that the sender's application
// limits.
var ApplicationLimitedLesson = claim.Lesson{
	ID: "application-limited", Title: "The application limits the transfer",
	About: "The sender's window is open and nothing is in flight, and yet nothing is sent: the application there has nothing to send. " +
		"It computes, reads from a disk or another server, or sends at a pace of its own. A faster network would not help.",
	Is:      "For at least half of the time of a transfer in one direction nothing is sent though all was acknowledged, or after a segment that was not full.",
	IsNot:   "The time between a request and its answer, which is the server's; Nagle's algorithm, which lets go as an acknowledgment arrives.",
	Sources: []string{"Zhang et al., On the Characteristics and Origins of Internet Flow Rates, 2002", "RFC 7661 section 4.1"},
}

// ApplicationLimited finds transfers in which the application had nothing to
// send.
func ApplicationLimited(v *View, out *claim.Sink) {
	v.transfers(func(l *limited) {
		waited := l.by(application)
		if !l.half(waited) {
			return
		}
		sender, _ := ends(l.dir)
		f := claim.Finding{ID: ApplicationLimitedLesson.ID, Severity: claim.Info, Cost: waited}
		f.Title = fmt.Sprintf("The %s's application had nothing to send for %s of the transfer", sender, milliseconds(waited))
		f.Explanation = fmt.Sprintf("For %s of the %s that the transfer took, the %s sent nothing though the window was open and what it had sent was acknowledged, or ended in a segment that was not full. What it waits for is not on this connection.",
			share(waited, l.busy), milliseconds(l.busy), sender)
		f.Advice = fmt.Sprintf("Look at what the %s's application does between its writes: computing, a disk, another server. Where the pace is meant, as with media, nothing is wrong.", sender)
		f.Occurrences = l.longest(application, "the last segment before the longest pause, and the first one behind it")
		out.Finding(f)
	})
}
