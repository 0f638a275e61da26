package timing

import (
	"github.com/wiresight/wiresight/classify/claim"
)

// FastOpenRefusedLesson teaches what a refused Fast Open costs.
var FastOpenRefusedLesson = claim.Lesson{
	ID: "fast-open-refused", Title: "TCP Fast Open was not taken",
	About: "The client put data into its SYN, with a cookie from an earlier connection, and the server acknowledged the SYN alone: " +
		"the data has to be sent again after the handshake, and the round trip that Fast Open was to save is paid after all.",
	Is:      "A SYN with a Fast Open cookie and data, and a SYN-ACK that acknowledges no more than the SYN.",
	IsNot:   "A SYN that only asks for a cookie, which every first connection does.",
	Sources: []string{"RFC 7413 section 4.2", "RFC 7413 section 3.1"},
}

// FastOpenRefused finds data in a SYN that the server did not take.
func FastOpenRefused(v *View, out *claim.Sink) {
	if v.TCP == nil {
		return
	}
	h := &v.TCP.Handshake
	if f := &v.TCP.FastOpen; !f.DataInSYN || f.Accepted || !f.CookieSent || !h.FirstSYN.Valid() || !h.SYNACK.Valid() {
		return
	}
	f := claim.Finding{ID: FastOpenRefusedLesson.ID, Severity: claim.Notice, Title: "The server did not take the data in the SYN (TCP Fast Open)"}
	again := ""
	if v.Path.HasRTT {
		f.Cost = v.Path.RTT
		f.Title += ": " + milliseconds(f.Cost) + " more"
		again = " That costs the round trip of " + milliseconds(v.Path.RTT) + " that Fast Open was to save."
	}
	f.Explanation = "The SYN (packet " + number(h.FirstSYN) + ") carried a cookie and data, and the SYN-ACK (packet " + number(h.SYNACK) +
		") acknowledged the SYN alone (RFC 7413 section 4.2). The client has to send the data again once the handshake is done." + again
	f.Advice = "See whether the server has Fast Open switched on for this socket (net.ipv4.tcp_fastopen, TCP_FASTOPEN), whether its keys change or differ behind a load balancer, and whether a middlebox strips the option."
	f.Occurrences = []claim.Occurrence{{Packets: []int{h.FirstSYN.Number, h.SYNACK.Number}, Cost: f.Cost, Shows: "a SYN with data, and the SYN-ACK that leaves it out"}}
	out.Finding(f)
}
