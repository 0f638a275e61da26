package timing

import (
	"fmt"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/layer"
)

// BlackHoleLesson teaches paths that swallow large packets.
var BlackHoleLesson = claim.Lesson{
	ID: "mtu-black-hole", Title: "Large packets disappear, small ones arrive",
	About: "A link on the path takes only smaller packets than the sender believes. It should say so with an ICMP message; where that is filtered or never sent, " +
		"the sender repeats a packet that cannot arrive: the handshake and small requests work, and the first large answer hangs.",
	Is:      "A full-sized segment sent three times and more without an acknowledgment, while smaller segments of the same direction were acknowledged, or arrived behind it.",
	IsNot:   "Loss, which meets small segments, too, and seldom the same one three times; a host that is gone, which acknowledges nothing.",
	Sources: []string{"RFC 2923", "RFC 8899", "RFC 1191", "RFC 8201"},
}

// BlackHole finds large segments that never arrive.
func BlackHole(v *View, out *claim.Sink) {
	n, _ := v.happened(bigLost)
	if n == 0 {
		return
	}
	e := v.tracker.events
	for d := range e.repair {
		r := &e.repair[d]
		if r.fulls < leastBigLost || r.passed == 0 {
			continue
		}
		sender, receiver := ends(layer.Direction(d))
		full := v.tracker.fullSegment(v.Conversation)
		f := claim.Finding{ID: BlackHoleLesson.ID, Severity: claim.Problem}
		f.Title = fmt.Sprintf("Full-sized segments from the %s do not arrive, smaller ones do", sender)
		f.Explanation = fmt.Sprintf("A segment of %d bytes was sent %d times, and none of its copies was acknowledged, though smaller segments of the %s were. "+
			"So a link on the way to the %s does not carry packets of that size, and no ICMP message that says so was heeded (RFC 2923).", full, int(r.fulls)+1, sender, receiver)
		if p := v.PathSize; p != nil && len(p.TooBig) > 0 {
			f.Explanation += fmt.Sprintf(" Packet %d is an ICMP message that says so: it did not reach the sender, or was not believed.", p.TooBig[0].At.Number)
		}
		f.Advice = "Let ICMP \"fragmentation needed\" (type 3 code 4) and ICMPv6 \"packet too big\" (type 2) through every firewall; or clamp the MSS where the tunnel or the smaller link begins; or let the sender probe (net.ipv4.tcp_mtu_probing=1)."
		f.Occurrences, f.Omitted = e.occurrences(bigLost, func(*event) string {
			return "a full-sized segment, and the third time that it was sent again"
		})
		for _, o := range f.Occurrences {
			f.Cost += o.Cost
		}
		out.Finding(f)
		return
	}
}
