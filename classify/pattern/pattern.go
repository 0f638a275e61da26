// Package pattern holds the rules that tell how two ends communicate: which
// exchanges alternate, repeat at a period, or stand in line, and how
// connections are used. It reads the values of package flow and what package
// timing measured; it never sees bytes, and where it saw only who spoke when,
// its claims say so.
package pattern

import (
	"strconv"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
)

// Pair is all conversations of one client with one server's port, in the order
// of their first packets.
type Pair struct {
	Conversations []*flow.Conversation
}

// ids lists the conversations of a claim.
func ids(list []*flow.Conversation) []int {
	n := make([]int, 0, min(len(list), maxIDs))
	for _, c := range list[:min(len(list), maxIDs)] {
		n = append(n, c.ID)
	}
	return n
}

const maxIDs = 256 // conversations named in one claim

// evidence collects packets for a claim, each once.
type evidence []claim.Evidence

func (e *evidence) add(packet int, shows string) {
	if packet <= 0 || len(*e) >= claim.Evidences {
		return
	}
	if *e == nil {
		*e = make([]claim.Evidence, 0, 6)
	}
	*e = append(*e, claim.Evidence{Packet: packet, Shows: shows})
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// answered reports whether both sides of an exchange were seen, in this order.
func answered(e *flow.Exchange) bool {
	return e.Request.Seen() && e.Response.Seen() && e.Response.First.Number >= e.Request.First.Number
}
