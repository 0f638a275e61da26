package pattern

import (
	"fmt"
	"strings"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// The lessons of what goes wrong in the application's protocol.
var (
	HTTPErrorLesson = claim.Lesson{
		ID: "http-error", Title: "HTTP answered with an error",
		About:   "The server, or a gateway before it, answered that it failed (5xx). Errors of the client's making (4xx) are told apart.",
		Is:      "A response with a status of 400 or more.",
		IsNot:   "401 and 407, which ask for credentials; 404 where a client only looks whether something is there.",
		Sources: []string{"RFC 9110 section 15.5", "RFC 9110 section 15.6"},
	}
	TLSAlertLesson = claim.Lesson{
		ID: "tls-alert", Title: "TLS ended with an alert",
		About:   "One end told the other why it cannot go on: no version in common, an unknown authority, a certificate that is asked for.",
		Is:      "An alert other than close_notify, in the clear.",
		IsNot:   "close_notify, which ends every orderly connection; an encrypted alert, which cannot be read without keys.",
		Sources: []string{"RFC 8446 section 6", "RFC 5246 section 7.2"},
	}
	DNSSlowLesson = claim.Lesson{
		ID: "dns-slow", Title: "A name took long to resolve",
		About:   "Before a connection can begin its name is resolved. A resolver that must ask others, or a lost datagram, delays everything behind it.",
		Is:      "An answer that took 200 ms or longer.",
		IsNot:   "A multicast question, which waits by design.",
		Sources: []string{"RFC 1035 section 4.2.1"},
	}
)

// HTTPErrors finds answers of servers that failed.
func HTTPErrors(v *timing.View, out *claim.Sink) {
	var f claim.Finding
	server, client := 0, 0
	for i := range v.Conversation.Exchanges {
		x := v.Conversation.Exchanges[i]
		if len(x.Status) != 3 || x.Status < "400" || !strings.HasPrefix(string(x.Protocol), "http") || x.Status == "401" || x.Status == "407" {
			continue
		}
		if x.Status >= "500" {
			server++
		} else {
			client++
		}
		if len(f.Occurrences) == claim.Listed {
			f.Omitted++
			continue
		}
		f.Occurrences = append(f.Occurrences, claim.Occurrence{
			Packets: packets(x), Shows: x.Name + " was answered with " + x.Status})
	}
	switch {
	case server > 0:
		f.Severity = claim.Warning
		f.Explanation = HTTPErrorLesson.About
		f.Title = fmt.Sprintf("The server answered %s with an error (5xx)", count(server, "request"))
		if client > 0 {
			f.Title += fmt.Sprintf(", and refused %s (4xx)", count(client, "other"))
		}
		f.Advice = "Look in the server's logs at these times; a 502 or 504 comes from a gateway whose own server failed."
	case client > 0:
		f.Severity = claim.Info
		f.Explanation = "The server, or a gateway before it, found fault with the request and did not do what it asks (RFC 9110 section 15.5)."
		f.Title = fmt.Sprintf("The server refused %s (4xx)", count(client, "request"))
		f.Advice = "See what the client asks for: address, method, rights."
	default:
		return
	}
	f.ID = HTTPErrorLesson.ID
	out.Finding(f)
}

// packets names where an exchange's two sides began.
func packets(x *flow.Exchange) (list []int) {
	if x.Request.Seen() {
		list = append(list, x.Request.First.Number)
	}
	if x.Response.Seen() {
		list = append(list, x.Response.First.Number)
	}
	return list
}

// TLSAlerts finds alerts that were readable.
func TLSAlerts(v *timing.View, out *claim.Sink) {
	if v.TLS == nil {
		return
	}
	f := claim.Finding{ID: TLSAlertLesson.ID, Severity: claim.Warning, Explanation: TLSAlertLesson.About,
		Advice: "The alert's name says what its sender missed: see versions, certificates and names at both ends."}
	for _, a := range v.TLS.Alerts {
		if a.Name == "close_notify" || a.Name == "encrypted" || a.Name == "" {
			continue
		}
		who := "client"
		if a.Dir == layer.ToClient {
			who = "server"
		}
		if f.Title == "" {
			f.Title = fmt.Sprintf("The %s sent the TLS alert %s", who, a.Name)
		}
		f.Occurrences = append(f.Occurrences, claim.Occurrence{Packets: []int{a.At.Number}, Shows: fmt.Sprintf("%s alert %s from the %s", a.Level, a.Name, who)})
	}
	out.Finding(f)
}

const slowAnswer = 200 * time.Millisecond

// SlowDNS finds names that took long to resolve.
func SlowDNS(v *timing.View, out *claim.Sink) {
	f := claim.Finding{ID: DNSSlowLesson.ID, Severity: claim.Notice, Explanation: DNSSlowLesson.About,
		Advice: "See whether the resolver is near and has the name in its cache, and whether questions or answers are lost."}
	n := 0
	for i := range v.Conversation.Exchanges {
		x := v.Conversation.Exchanges[i]
		if x.Protocol != "dns" || !answered(x) {
			continue
		}
		took := x.Response.First.Since(x.Request.Last)
		if took < slowAnswer {
			continue
		}
		n++
		f.Cost += took
		if len(f.Occurrences) == claim.Listed {
			f.Omitted++
			continue
		}
		f.Occurrences = append(f.Occurrences, claim.Occurrence{Packets: packets(x), Cost: took, Shows: x.Name + " is asked for, and answered"})
	}
	if n > 0 {
		f.Title = fmt.Sprintf("%s took %d ms or longer, %d ms in all", count(n, "answer"), slowAnswer.Milliseconds(), f.Cost.Milliseconds())
		out.Finding(f)
	}
}
