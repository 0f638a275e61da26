package pattern

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// The lessons of the four kinds of remote procedure calls, in the order of
// kinds.
var (
	UnaryLesson = claim.Lesson{
		ID: "unary", Title: "A call with one question and one answer",
		About:   "The client sends one message and gets one back: a function call over the network. The plainest kind, the easiest to retry and to balance; each call costs a round trip.",
		Is:      "A call with one message each way. That is what was observed: a streaming method that was used with one message looks the same.",
		IsNot:   "A streaming call that ended early, with an error or before the end of the capture.",
		Sources: []string{"gRPC over HTTP/2", "grpc.io/docs/what-is-grpc/core-concepts"},
	}
	ServerStreamingLesson = claim.Lesson{
		ID: "server-streaming", Title: "A call with one question and many answers",
		About:   "The client asks once, the server sends messages as they come: lists that are long, changes that are watched. The server may be held up by the client's flow control; a balancer places the whole stream on one server.",
		Is:      "A call with one message of the client and two or more of the server.",
		IsNot:   "One large message in several DATA frames.",
		Sources: []string{"gRPC over HTTP/2", "grpc.io/docs/what-is-grpc/core-concepts"},
	}
	ClientStreamingLesson = claim.Lesson{
		ID: "client-streaming", Title: "A call with many questions and one answer",
		About:   "The client sends messages one after another and gets one answer at the end: uploads, measurements. What went wrong early is told late.",
		Is:      "A call with two or more messages of the client and one of the server, behind the client's last.",
		IsNot:   "One large message in several DATA frames.",
		Sources: []string{"gRPC over HTTP/2", "grpc.io/docs/what-is-grpc/core-concepts"},
	}
	BidirectionalStreamingLesson = claim.Lesson{
		ID: "bidirectional-streaming", Title: "A call in which both sides stream",
		About:   "Client and server send messages on one call when they like: chats, negotiations, synchronisation. The most free kind, and the hardest to retry and to observe.",
		Is:      "A call with two or more messages each way, or one in which the server answered before the client had ended its side.",
		IsNot:   "Several unary calls at once, which are streams of their own.",
		Sources: []string{"gRPC over HTTP/2", "grpc.io/docs/what-is-grpc/core-concepts"},
	}
)

// call is a kind's observations.
type call struct {
	n, sure int
	most    [2]int // messages of one call, each way
	method  string
	other   bool // more methods than one
	from    evidence
}

// Calls claims the kinds of the remote procedure calls of a conversation.
func Calls(v *timing.View, out *claim.Sink) {
	var kinds [4]call
	for _, x := range v.Conversation.Exchanges {
		if !remote(x) || !answered(x) {
			continue
		}
		kind, sure, ok := kindOf(x)
		if !ok {
			continue
		}
		kinds[kind].take(x, sure)
	}
	for i, l := range []*claim.Lesson{&UnaryLesson, &ServerStreamingLesson, &ClientStreamingLesson, &BidirectionalStreamingLesson} {
		if kinds[i].n > 0 {
			out.Pattern(kinds[i].claim(l.ID))
		}
	}
}

const (
	unary = iota
	serverStreaming
	clientStreaming
	bidirectional
)

// kindOf tells a call's kind by what was observed; ok is false where it ended
// too early to say.
func kindOf(x *flow.Exchange) (kind int, sure, ok bool) {
	asked, told := messages(&x.Request), messages(&x.Response)
	whole := x.Request.State == flow.Complete && x.Response.State == flow.Complete && x.Response.Fact("messages-incomplete") == ""
	switch {
	case asked >= 2 && told >= 2:
		return bidirectional, true, true
	case told >= 2 && x.Request.State == flow.Complete:
		return serverStreaming, x.Request.Last.Number <= x.Response.First.Number, true
	case !whole || told == 0 || x.Status != "OK" && x.Status != "200":
		return 0, false, false
	case asked >= 2 && x.Request.Last.Number > x.Response.First.Number:
		return bidirectional, false, true
	case asked >= 2:
		return clientStreaming, true, true
	case asked == 1 && x.Request.Last.Number > x.Response.First.Number:
		return bidirectional, false, true
	}
	return unary, asked == 1, asked <= 1
}

// remote reports whether an exchange is a remote procedure call. Connect's keep
// the name and the status of HTTP.
func remote(x *flow.Exchange) bool {
	return x.Protocol == "grpc" || x.Request.Fact("rpc") != ""
}

func messages(p *flow.Part) int {
	n, err := strconv.Atoi(p.Fact("messages"))
	if err != nil {
		return 0
	}
	return n
}

func (k *call) take(x *flow.Exchange, sure bool) {
	if k.n++; sure {
		k.sure++
	}
	k.most[0], k.most[1] = max(k.most[0], messages(&x.Request)), max(k.most[1], messages(&x.Response))
	k.other = k.other || k.method != "" && k.method != x.Name
	k.method = x.Name
	if k.n <= 3 {
		k.from.add(x.Request.First.Number, "a call of "+x.Name+": "+count(messages(&x.Request), "message"))
		k.from.add(x.Response.First.Number, "its answer: "+count(messages(&x.Response), "message"))
	}
}

func (k *call) claim(id string) claim.Pattern {
	what := k.method
	if k.other {
		what = "several methods"
	}
	confidence := 0.95
	if k.sure < k.n {
		confidence = 0.8
	}
	return claim.Pattern{
		ID: id, Confidence: confidence, Basis: claim.Decoded, Evidence: k.from,
		Because: fmt.Sprintf("%s of %s had at most %s of the client and %s of the server; that is what was observed, the method may allow more.",
			count(k.n, "call"), what, count(k.most[0], "message"), count(k.most[1], "message")),
		Metrics: []claim.Metric{{Name: "calls", Value: float64(k.n)}, {Name: "client_messages", Value: float64(k.most[0])}, {Name: "server_messages", Value: float64(k.most[1])}},
	}
}

// GRPCErrorLesson teaches the status of calls.
var GRPCErrorLesson = claim.Lesson{
	ID: "grpc-error", Title: "A remote procedure call failed",
	About:   "The call ended with another status than OK. HTTP's status says 200 all the same: the call's own stands in the trailers, where HTTP's tools do not look.",
	Is:      "A grpc-status other than 0, in the trailers or in the only header section.",
	IsNot:   "CANCELLED of a client that has what it wants.",
	Sources: []string{"gRPC over HTTP/2", "grpc.io/docs/guides/status-codes"},
}

// serversFault are the statuses by which a server, or the way to it, failed.
var serversFault = map[string]bool{"UNKNOWN": true, "DEADLINE_EXCEEDED": true, "UNIMPLEMENTED": true, "INTERNAL": true, "UNAVAILABLE": true, "DATA_LOSS": true, "RESOURCE_EXHAUSTED": true}

// GRPCErrors finds calls that failed.
func GRPCErrors(v *timing.View, out *claim.Sink) {
	f := claim.Finding{ID: GRPCErrorLesson.ID, Severity: claim.Info, Explanation: GRPCErrorLesson.About,
		Advice: "Look up the status and the message in the server's logs; UNAVAILABLE and RESOURCE_EXHAUSTED may be tried again after a pause, DEADLINE_EXCEEDED only where the call may be made twice."}
	n := 0
	var seen []string
	for _, x := range v.Conversation.Exchanges {
		status := strings.ToUpper(x.Status)
		if x.Protocol != "grpc" || !x.Response.Seen() || status == "" || status == "OK" || status[0] < 'A' || status[0] > 'Z' {
			continue
		}
		n++
		if serversFault[status] {
			f.Severity = claim.Warning
		}
		if len(seen) < 4 && !strings.Contains(strings.Join(seen, " "), status) {
			seen = append(seen, status)
		}
		if len(f.Occurrences) == claim.Listed {
			f.Omitted++
			continue
		}
		f.Occurrences = append(f.Occurrences, claim.Occurrence{Packets: packets(x), Shows: x.Name + " ended with " + status + by(x)})
	}
	if n > 0 {
		f.Title = fmt.Sprintf("%s failed: %s", count(n, "call"), strings.Join(seen, ", "))
		out.Finding(f)
	}
}

// by tells who ended a call by a reset.
func by(x *flow.Exchange) string {
	if x.Response.Fact("reset") == "" {
		return ""
	}
	who := "server"
	if x.Response.Fact("reset-by") == layer.ToServer.String() || x.Response.Fact("reset-by") == "client" {
		who = "client"
	}
	return ", by a reset of the " + who + "'s"
}
