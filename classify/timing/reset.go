package timing

import (
	"fmt"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// The lessons of connections that were refused or broken off.
var (
	RefusedLesson = claim.Lesson{
		ID: "connection-refused", Title: "The connection was refused",
		About:   "A RST answered the SYN: the host is there, and nothing accepts connections on that port, or a firewall answers in its name.",
		Is:      "A RST that acknowledges the SYN, with no SYN-ACK before it.",
		IsNot:   "A reset of a connection that was set up; silence, where a firewall drops the SYN.",
		Sources: []string{"RFC 9293 section 3.5.2"},
	}
	ResetLesson = claim.Lesson{
		ID: "reset-by-peer", Title: "The connection was reset",
		About:   "One end, or something between that speaks in its name, ended the connection with a RST; what was under way is lost.",
		Is:      "A RST on a connection that was set up or carried data.",
		IsNot:   "A refused connection, where the RST answers the SYN; a RST after both ends' FIN.",
		Sources: []string{"RFC 9293 section 3.10.7"},
	}
)

// Resets finds connections that were refused, or broken off by a RST. One
// after a FIN is the usual end where a side still had something to say.
func Resets(v *View, out *claim.Sink) {
	n, _ := v.happened(resetBy)
	if n == 0 || !v.tracker.refused && v.TCP.ClosedBy != flow.ClosedByReset {
		return
	}
	e := v.tracker.events
	var by layer.Direction
	f := claim.Finding{}
	f.Occurrences, f.Omitted = e.occurrences(resetBy, func(x *event) string {
		by = layer.Direction(x.dir)
		if x.packets[0] > 0 {
			return "the SYN, and the RST"
		}
		return "the RST"
	})
	if v.tracker.refused {
		f.ID, f.Severity = RefusedLesson.ID, claim.Problem
		f.Title = "The server refused the connection: a RST answered the SYN"
		f.Explanation = RefusedLesson.About
		f.Advice = "See whether the service runs, listens on this address and port, and is not shut off by a firewall."
		out.Finding(f)
		return
	}
	sender, other := ends(by)
	f.ID, f.Severity = ResetLesson.ID, claim.Notice
	f.Title = fmt.Sprintf("The connection was reset from the %s's side", sender)
	f.Explanation = fmt.Sprintf("A RST came from the %s, or from something between that speaks in its name, %s after the conversation began; what was still under way to the %s is lost (RFC 9293 section 3.10.7).",
		sender, milliseconds(nanoseconds(v.Last.Nanos-v.First.Nanos)), other)
	f.Advice = fmt.Sprintf("Look in the logs of the %s, and for a firewall or balancer between that ends idle connections.", sender)
	out.Finding(f)
}
