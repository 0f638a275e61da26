package timing

import (
	"fmt"

	"github.com/wiresight/wiresight/classify/claim"
)

// FragmentationLesson teaches packets that are too large for a link.
var FragmentationLesson = claim.Lesson{
	ID: "fragmentation", Title: "Packets were too large for the path",
	About: "A packet that a link cannot take whole is cut into IP fragments, or dropped with an ICMP message that says how large it may be. " +
		"Fragments cost more than the bytes: one lost piece loses the whole packet, firewalls often drop all but the first, and the receiver must hold them until all are there.",
	Is:      "IP fragments that were put together, or an ICMP message \"fragmentation needed\" or \"packet too big\" about a packet of the conversation.",
	IsNot:   "TCP segments, which are made to fit; a packet larger than the link that was captured before the network card cut it (offload).",
	Sources: []string{"RFC 791 section 3.2", "RFC 8200 section 4.5", "RFC 8900", "RFC 1191", "RFC 8201"},
}

// Fragmentation finds packets that were too large for the path.
func Fragmentation(v *View, out *claim.Sink) {
	p := v.PathSize
	if p == nil {
		return
	}
	f := claim.Finding{ID: FragmentationLesson.ID, Severity: claim.Notice}
	if n := int(p.Fragmented.Sum()); n > 0 {
		f.Omitted = n - len(p.Fragments)
		pieces := 0
		for _, x := range p.Fragments {
			pieces = max(pieces, x.Pieces)
			f.Occurrences = append(f.Occurrences, claim.Occurrence{Packets: []int{x.First.Number, x.Last.Number}, Shows: fmt.Sprintf("the first and the last of %d fragments of one packet", x.Pieces)})
		}
		f.Title = fmt.Sprintf("%s came in IP fragments", times(n, "packet"))
		f.Explanation = fmt.Sprintf("%s of this conversation came in up to %d pieces. The loss of any piece loses the whole packet, and it can only be repaired by sending all of it again (RFC 8900).", times(n, "packet"), pieces)
	}
	if n := len(p.TooBig); n > 0 {
		said := ""
		for _, x := range p.TooBig {
			f.Occurrences = append(f.Occurrences, claim.Occurrence{Packets: []int{x.At.Number}, Shows: "an ICMP message that a packet was too large"})
			if x.MTU > 0 {
				said = fmt.Sprintf(" The next link takes packets of up to %d bytes.", x.MTU)
			}
		}
		if f.Title == "" {
			f.Title = fmt.Sprintf("%s told that a packet was too large for the path", times(n, "ICMP message"))
		}
		f.Explanation += fmt.Sprintf(" A router answered a packet that its next link cannot take with an ICMP message (packet %d; RFC 1191, RFC 8201): the sender has to make smaller ones, and to send that one again.%s", p.TooBig[0].At.Number, said)
	}
	f.Advice = "Send datagrams that fit into 1280 bytes or into the path's MTU; for DNS limit the UDP size (1232 bytes is usual) and let larger answers go over TCP; clamp the MSS where a tunnel begins."
	out.Finding(f)
}
