package pattern

import (
	"fmt"
	"strings"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
)

// ConditionalLesson teaches conditional requests.
var ConditionalLesson = claim.Lesson{
	ID: "conditional-request", Title: "Asked only for what changed",
	About:   "The client names the version that it has, and the server sends the content only if it is another one (304 Not Modified), or changes it only if it is still that one (412 Precondition Failed).",
	Is:      "A 304 or 412 answer.",
	IsNot:   "An answer from a cache that the capture did not see.",
	Sources: []string{"RFC 9110 section 13"},
}

// Conditional claims conditional requests by their answers.
func Conditional(v *timing.View, out *claim.Sink) {
	var e evidence
	n := 0
	for i := range v.Conversation.Exchanges {
		x := v.Conversation.Exchanges[i]
		if x.Status != "304" && x.Status != "412" || !strings.HasPrefix(string(x.Protocol), "http") || !answered(x) {
			continue
		}
		if n++; n <= 3 {
			e.add(x.Request.First.Number, "a request for "+x.Name)
			e.add(x.Response.First.Number, "answered "+x.Status)
		}
	}
	if n == 0 {
		return
	}
	out.Pattern(claim.Pattern{
		ID: ConditionalLesson.ID, Confidence: 0.97, Basis: claim.Decoded,
		Because:  fmt.Sprintf("%s got 304 or 412 for an answer: how a server answers a conditional request.", count(n, "request")),
		Evidence: e, Metrics: []claim.Metric{{Name: "requests", Value: float64(n)}},
	})
}
