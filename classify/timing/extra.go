package timing

import (
	"fmt"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/layer"
)

// ExtraRoundTripLesson teaches what a set-up costs beyond its plain way.
var ExtraRoundTripLesson = claim.Lesson{
	ID: "extra-round-trip", Title: "The set-up took a round trip more",
	About: "The set-up did not go the straight way. The server wanted another key share (HelloRetryRequest), proof of the client's address (Retry) or another version (Version Negotiation); " +
		"or its certificates did not fit into what it may send before the client answers; or Nagle's algorithm held a part of the handshake back. Each costs every new connection a round trip.",
	Is: "A HelloRetryRequest, a Retry or a Version Negotiation packet before the set-up went on; " +
		"or a pause in the server's flight that an acknowledgment ends.",
	IsNot:   "A lost packet, after which the same message is sent again.",
	Sources: []string{"RFC 8446 section 4.1.4", "RFC 9000 section 8.1.2", "RFC 9000 section 6", "RFC 6928", "RFC 896"},
}

// ExtraRoundTrip finds set-ups that took longer than their way needs.
func ExtraRoundTrip(v *View, out *claim.Sink) {
	f := claim.Finding{ID: ExtraRoundTripLesson.ID, Severity: claim.Notice}
	if v.Path.HasRTT {
		f.Cost = v.Path.RTT
	}
	v.helloRetry(f, out)
	v.largeFlight(f, out)
	v.heldHandshake(f, out)
	q := v.QUIC
	if q == nil || !q.FirstInitial[layer.ToServer].Valid() {
		return
	}
	if q.VersionNegotiation && q.FirstFlight2.Valid() {
		g := f
		g.Title = "The QUIC server does not speak the version that the client began with: one round trip more"
		g.Explanation = fmt.Sprintf("The server answered the first Initial (packet %d) with a Version Negotiation packet, and the client had to begin again in a version from its list (RFC 9000 section 6).", q.FirstInitial[layer.ToServer].Number)
		g.Advice = "Let the client begin with a version that this server speaks; it can remember it, or learn it from DNS (HTTPS records, RFC 9460)."
		g.Occurrences = []claim.Occurrence{{Packets: []int{q.FirstInitial[layer.ToServer].Number, q.FirstFlight2.Number}, Cost: f.Cost, Shows: "the first Initial, and the client's next one"}}
		out.Finding(g)
	}
	if q.HelloRetry && q.FirstFlight2.Valid() {
		g := f
		g.Title = "The QUIC server asked for another key share: one round trip more"
		g.Explanation = "The client's first key share was of no group that the server would take, and the server answered with a HelloRetryRequest (RFC 8446 section 4.1.4) inside its Initial packet."
		g.Advice = "Let client and server prefer the same group, so that the first key share fits."
		g.Occurrences = []claim.Occurrence{{Packets: []int{q.FirstInitial[layer.ToServer].Number, q.FirstFlight2.Number}, Cost: f.Cost, Shows: "the first Initial, and the client's next flight with another key share"}}
		out.Finding(g)
	}
	if !q.RetryAt.Valid() {
		return
	}
	f.Title = "The QUIC server asked the client to prove its address: one round trip more"
	f.Explanation = "The server answered the first Initial with a Retry: the client had to send it again with the token from it, which proves that it is reached at its address (RFC 9000 section 8.1.2)."
	f.Advice = "Retry guards a server under load; a token from an earlier connection (NEW_TOKEN) saves the round trip."
	f.Occurrences = []claim.Occurrence{{Packets: []int{q.FirstInitial[layer.ToServer].Number, q.RetryAt.Number}, Cost: f.Cost,
		Shows: "the first Initial, and the Retry that answers it"}}
	out.Finding(f)
}

func (v *View) helloRetry(f claim.Finding, out *claim.Sink) {
	t := v.TLS
	if t == nil || !t.HelloRetry || !t.ClientHello.Valid() || !t.ClientHello2.Valid() {
		return
	}
	f.Title = "The TLS server asked for another key share: one round trip more"
	f.Explanation = "The client's first key share was of no group that the server would take, and the server answered with a HelloRetryRequest (RFC 8446 section 4.1.4). A new connection that begins in the same way pays this again."
	if t.Group != "" {
		f.Explanation += " The server wants " + t.Group + "."
	}
	f.Advice = "Let client and server prefer the same group, so that the first key share fits."
	f.Occurrences = []claim.Occurrence{{Packets: []int{t.ClientHello.Number, t.ClientHello2.Number}, Cost: f.Cost,
		Shows: "a ClientHello, and the second one that the HelloRetryRequest asked for"}}
	out.Finding(f)
}

// largeFlight finds certificates that did not fit into the initial window: the
// server had to wait for an acknowledgment in the middle of its first flight.
func (v *View) largeFlight(f claim.Finding, out *claim.Sink) {
	t := v.TLS
	if t == nil || v.tracker == nil || !t.ServerHello.Valid() || !t.ServerDone.Valid() {
		return
	}
	x := v.tracker.side[layer.ToClient].transfer
	if x == nil {
		return
	}
	var sent, trips int64
	var before uint32
	f.Cost = 0
	full := int64(v.tracker.fullSegment(v.Conversation))
	for _, l := range x.flights.firsts() {
		if l.begin > t.ServerDone.Nanos {
			break
		}
		if sent > 0 && l.ack > 0 && l.begin > t.ServerHello.Nanos && sent >= full*leastInitial && 2*l.paused >= int64(v.Path.RTT) {
			trips++
			f.Cost += nanoseconds(l.paused)
			f.Occurrences = append(f.Occurrences, claim.Occurrence{Packets: []int{int(before), int(l.ack), int(l.first)}, Cost: nanoseconds(l.paused),
				Shows: "the end of what the server may send at first, the acknowledgment, and the rest"})
		}
		sent += l.bytes
		before = l.last
	}
	if trips == 0 {
		return
	}
	f.Title = fmt.Sprintf("The server's certificates did not fit into its initial window: %s more", times(int(trips), "round trip"))
	f.Explanation = fmt.Sprintf("The server's first flight has %s, mostly certificates. At the beginning of a connection a sender may have about ten segments in flight (RFC 6928); "+
		"it had to wait %s for acknowledgments before it could send the rest, and the client could not go on without it.", size(sent), milliseconds(f.Cost))
	f.Advice = "Send a shorter chain: leave out the root, take certificates with ECDSA keys and fewer names, or compress them (RFC 8879). Resumption needs no certificates at all."
	out.Finding(f)
}

const leastInitial = 3 // segments: the smallest initial window in use, RFC 3390

// heldHandshake finds parts of a TLS handshake that Nagle's algorithm held
// back.
func (v *View) heldHandshake(f claim.Finding, out *claim.Sink) {
	t := v.TLS
	if t == nil || v.tracker == nil || v.tracker.events == nil || !t.ClientHello.Valid() || !t.ClientFinished.Valid() {
		return
	}
	for d, holds := range v.tracker.events.holds {
		h := v.holdSides(layer.Direction(d))
		if !h.senderKnown || !h.receiverKnown {
			continue
		}
		for i := range holds {
			x := &holds[i]
			if int(x.a) < t.ClientHello.Number || int(x.b) > t.ClientFinished.Number || h.release(x) != held {
				continue
			}
			sender, receiver := ends(layer.Direction(d))
			f.Cost = nanoseconds(x.delay)
			f.Title = fmt.Sprintf("Nagle's algorithm held a part of the %s's TLS handshake back: %s more", sender, milliseconds(f.Cost))
			f.Explanation = fmt.Sprintf("The %s wrote its flight in several small pieces. After the first (packet %d) Nagle's algorithm kept the next one until the %s had acknowledged it (packet %d), %s later (RFC 896).",
				sender, x.a, receiver, x.ack, milliseconds(f.Cost))
			f.Advice = fmt.Sprintf("At the %s set TCP_NODELAY before the handshake, or write the flight at once.", sender)
			f.Occurrences = []claim.Occurrence{{Packets: []int{int(x.a), int(x.ack), int(x.b)}, Cost: f.Cost, Shows: "a small piece of the handshake, its acknowledgment, and the next piece"}}
			out.Finding(f)
			break
		}
	}
}
