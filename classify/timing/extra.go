package timing

import (
	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/layer"
)

// ExtraRoundTripLesson teaches what a set-up costs beyond its plain way.
var ExtraRoundTripLesson = claim.Lesson{
	ID: "extra-round-trip", Title: "The set-up took a round trip more",
	About: "The client's first offer did not fit, and it had to ask again: the server wanted another key share (HelloRetryRequest), " +
		"proof of the client's address (Retry) or another version (Version Negotiation). Each costs a round trip of every new connection.",
	Is:      "A HelloRetryRequest, a Retry or a Version Negotiation packet before the set-up went on.",
	IsNot:   "A lost packet, after which the same message is sent again.",
	Sources: []string{"RFC 8446 section 4.1.4", "RFC 9000 section 8.1.2", "RFC 9000 section 6"},
}

// ExtraRoundTrip finds set-ups that had to begin again.
func ExtraRoundTrip(v *View, out *claim.Sink) {
	f := claim.Finding{ID: ExtraRoundTripLesson.ID, Severity: claim.Notice}
	if v.Path.HasRTT {
		f.Cost = v.Path.RTT
	}
	if t := v.TLS; t != nil && t.HelloRetry && t.ClientHello.Valid() && t.ClientHello2.Valid() {
		f.Title = "The TLS server asked for another key share: one round trip more"
		f.Explanation = "The client's first key share was of no group that the server would take, and the server answered with a HelloRetryRequest (RFC 8446 section 4.1.4). A new connection that begins in the same way pays this again."
		f.Advice = "Let client and server prefer the same group, so that the first key share fits."
		f.Occurrences = []claim.Occurrence{{Packets: []int{t.ClientHello.Number, t.ClientHello2.Number}, Cost: f.Cost,
			Shows: "a ClientHello, and the second one that the HelloRetryRequest asked for"}}
		out.Finding(f)
	}
	q := v.QUIC
	if q == nil || !q.RetryAt.Valid() || !q.FirstInitial[layer.ToServer].Valid() {
		return
	}
	f.Title = "The QUIC server asked the client to prove its address: one round trip more"
	f.Explanation = "The server answered the first Initial with a Retry: the client had to send it again with the token from it, which proves that it is reached at its address (RFC 9000 section 8.1.2)."
	f.Advice = "Retry guards a server under load; a token from an earlier connection (NEW_TOKEN) saves the round trip."
	f.Occurrences = []claim.Occurrence{{Packets: []int{q.FirstInitial[layer.ToServer].Number, q.RetryAt.Number}, Cost: f.Cost,
		Shows: "the first Initial, and the Retry that answers it"}}
	out.Finding(f)
}
