package timing

import (
	"fmt"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
)

// SYNRetryLesson teaches what a lost SYN costs.
var SYNRetryLesson = claim.Lesson{
	ID: "syn-retry", Title: "The connection attempt had to be repeated",
	About:   "A connection attempt that is not answered is repeated after a second, then two, four and so on. Each costs the user that whole wait.",
	Is:      "The same SYN again before the handshake was done.",
	IsNot:   "A new connection on the same ports, which has another initial sequence number; a refused one, which is answered.",
	Sources: []string{"RFC 6298 section 5.7", "RFC 9293 section 3.8.3"},
}

// SYNRetry finds connection attempts that were repeated.
func SYNRetry(v *View, out *claim.Sink) {
	n, cost := v.happened(synRetry)
	if n == 0 {
		return
	}
	f := claim.Finding{ID: SYNRetryLesson.ID, Severity: claim.Notice, Cost: cost}
	if cost >= time.Second {
		f.Severity = claim.Warning
	}
	f.Title = fmt.Sprintf("%s repeated: %s until the last", times(n, "SYN"), milliseconds(cost))
	answered := v.TCP.Handshake.SYNACK.Valid()
	switch {
	case !answered:
		f.Explanation = "The client asked for a connection and no answer was captured; it asked again when its timer ran out, which begins at one second and doubles (RFC 6298 section 5.7). " +
			"Either the SYN or its answer is lost on the way, or something drops them on purpose, as firewalls do."
	case v.TCP.SYNs[1] > 1:
		f.Explanation = fmt.Sprintf("The client asked for a connection, and asked again after its timer of a second or more (RFC 6298 section 5.7), though the server's SYN-ACK is in the capture %d times: "+
			"the SYN-ACK, or the client's answer to it, did not get through.", v.TCP.SYNs[1])
	default:
		f.Explanation = "The client asked for a connection, had no answer, and asked again when its timer ran out, which begins at one second and doubles (RFC 6298 section 5.7). The SYN, or the server's answer to it, was lost."
	}
	f.Explanation += fmt.Sprintf(" The user waited %s for nothing.", milliseconds(cost))
	f.Advice = "See whether the host is reachable, whether a firewall drops SYNs, and whether the server's queue of new connections is full. A kept connection does not run this risk with each request."
	f.Occurrences, f.Omitted = v.tracker.events.occurrences(synRetry, func(*event) string { return "a SYN, and the same SYN again" })
	out.Finding(f)
}

// happened returns how often a kind of event happened, and what it cost.
func (v *View) happened(k kind) (n int, cost time.Duration) {
	if v.tracker == nil || v.tracker.events == nil {
		return 0, 0
	}
	return int(v.tracker.events.count[k]), time.Duration(v.tracker.events.cost[k])
}
