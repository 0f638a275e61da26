package pattern

import (
	"fmt"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
)

// DiscoveryLesson teaches how a name leads to a connection.
var DiscoveryLesson = claim.Lesson{
	ID: "service-discovery", Title: "A name is resolved, then connected to",
	About:   "The client asks the DNS for a name and then connects to an address from the answer. The lookup is part of what the user waits for.",
	Is:      "A DNS answer with the address to which the same client opens a conversation within ten seconds; the first such use only.",
	IsNot:   "A later connection, for which the client already had the address.",
	Sources: []string{"RFC 1034 section 5", "RFC 9460"},
}

// Discovery is one name that was resolved and used.
type Discovery struct {
	Name   string
	DNS    int // conversation
	Lookup timing.Lookup
	User   *flow.Conversation
}

// ServiceDiscovery claims it for all names of a capture together, so that one
// that opens a thousand connections is one claim.
func ServiceDiscovery(k *Capture, out *claim.Sink) {
	list := k.Discoveries
	if len(list) == 0 {
		return
	}
	var e evidence
	var named []int
	for i := range list {
		d := &list[i]
		if i < claim.Evidences/3 {
			e.add(d.Lookup.Query.Number, "asks for "+d.Name)
			e.add(d.Lookup.Answer.Number, "names "+d.User.Server.Addr.String())
			e.add(d.User.First.Number, "opens a conversation with that address")
		}
		if len(named)+2 <= maxIDs {
			named = append(named, d.DNS, d.User.ID)
		}
	}
	out.Pattern(claim.Pattern{
		ID: DiscoveryLesson.ID, Confidence: 0.95, Basis: claim.Decoded,
		Because:  fmt.Sprintf("%s looked up and then connected to within 10 s.", counted(len(list))),
		Evidence: e, Metrics: []claim.Metric{{Name: "names", Value: float64(len(list))}}, Conversations: named,
	})
}

func counted(n int) string {
	if n == 1 {
		return "1 address was"
	}
	return fmt.Sprintf("%d addresses were", n)
}
