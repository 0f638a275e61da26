// Package pattern holds the rules that tell how two ends communicate: which
// exchanges alternate, repeat at a period, or stand in line, and how
// connections are used. It reads the values of package flow and what package
// timing measured; it never sees bytes, and where it saw only who spoke when,
// its claims say so.
package pattern

import (
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
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

// turns cites the first turns of a conversation in which the client began;
// answers says what a turn of the server's shows.
func (e *evidence) turns(t timing.Turns, answers string) {
	const most = 6
	for i := range t.Runs[:min(len(t.Runs), most)] {
		if i%2 == 0 {
			e.add(t.Runs[i].First.Number, "the client speaks")
		} else {
			e.add(t.Runs[i].First.Number, answers)
		}
	}
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// waited reports whether a request can have been sent in the knowledge of an
// answer. Near the server a request may be captured after the answer that it
// crossed on its way: no client reacts in less than the round trip between it
// and the capture point. Half of that leaves room for a floor that was measured
// too high.
func waited(v *timing.View, request, answer layer.PacketRef) bool {
	if request.Number <= answer.Number {
		return false
	}
	return !v.Path.HasClient || request.Since(answer) >= v.Path.Client/2
}

// clipped cuts a request's name that is too long for a sentence.
func clipped(name string) string {
	const most = 100
	if len(name) <= most {
		return name
	}
	return strings.ToValidUTF8(name[:most], "") + "..."
}

// answered reports whether both sides of an exchange were seen, in this order.
func answered(e *flow.Exchange) bool {
	return e.Request.Seen() && e.Response.Seen() && e.Response.First.Number >= e.Request.First.Number
}
