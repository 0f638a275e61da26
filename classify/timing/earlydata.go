package timing

import (
	"strconv"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// EarlyDataRejectedLesson teaches what rejected early data costs.
var EarlyDataRejectedLesson = claim.Lesson{
	ID: "early-data-rejected", Title: "The server did not take early data",
	About: "A client that resumes may send its request with the ClientHello. A server that does not take it skips those bytes: " +
		"the request has to be sent again after the handshake, so that it costs as much as without early data, and the bytes twice.",
	Is:      "Early data offered, and a HelloRetryRequest, or a ServerHello without the first pre-shared key; without keys also a client's flight with no EndOfEarlyData in it, which is an inference.",
	IsNot:   "A resumed connection whose client had nothing to send early.",
	Sources: []string{"RFC 8446 section 4.2.10", "RFC 8446 section 2.3", "RFC 8470"},
}

// EarlyDataRejected finds early data that had to be sent again.
func EarlyDataRejected(v *View, out *claim.Sink) {
	if q := v.QUIC; q != nil && q.EarlyData == "rejected" {
		v.earlyQUIC(q, out)
	}
	t := v.TLS
	if t == nil || t.EarlyData != "rejected" || !t.ClientHello.Valid() || !t.ServerHello.Valid() {
		return
	}
	f := claim.Finding{ID: EarlyDataRejectedLesson.ID, Severity: claim.Notice, Title: "The server rejected the client's early data"}
	if t.EarlyDataLikely {
		f.Title = "The server seems to have rejected the client's early data"
	}
	packets, shows := []int{t.ClientHello.Number, t.ServerHello.Number}, "the ClientHello that offers early data, and the ServerHello"
	f.Explanation = "The ClientHello (packet " + number(t.ClientHello) + ") offered early data, and the server did not take it (RFC 8446 section 4.2.10)."
	if again := t.FirstAppData[layer.ToServer]; again.Valid() {
		packets, shows = append(packets, again.Number), shows+", and the first application data after the handshake"
		f.Explanation += " The client's data went again in packet " + number(again) + "."
		if v.Path.HasRTT {
			f.Cost = v.Path.RTT
			f.Title += ": " + milliseconds(f.Cost) + " more"
			f.Explanation += " Had it been taken, the request would have been there one round trip of " + milliseconds(f.Cost) + " earlier."
		}
	}
	if t.EarlyDataLikely {
		f.Explanation += " This is read from the lengths of encrypted records; with keys it could be said for sure."
	}
	f.Advice = "See whether the server takes early data at all, and whether all servers behind one name share their ticket keys. A server may also refuse tickets that are too old or were used before."
	f.Occurrences = []claim.Occurrence{{Packets: packets, Cost: f.Cost, Shows: shows}}
	out.Finding(f)
}

// earlyQUIC words 0-RTT packets that a QUIC server did not take.
func (v *View) earlyQUIC(q *flow.QUIC, out *claim.Sink) {
	first := q.FirstInitial[layer.ToServer]
	if !first.Valid() {
		return
	}
	f := claim.Finding{ID: EarlyDataRejectedLesson.ID, Severity: claim.Notice, Title: "The server rejected the client's 0-RTT data"}
	f.Explanation = "The client sent 0-RTT packets with its first Initial (packet " + number(first) + "), and the server did not take them (RFC 9001 section 4.6.2): what they carried had to be sent again in 1-RTT packets."
	packets := []int{first.Number}
	if again := q.First1RTT[layer.ToServer]; again.Valid() {
		packets = append(packets, again.Number)
	}
	if v.Path.HasRTT {
		f.Cost = v.Path.RTT
		f.Title += ": " + milliseconds(f.Cost) + " more"
	}
	f.Advice = "See whether the server takes 0-RTT at all, and whether all servers behind one name share their ticket keys and remember the same transport parameters."
	f.Occurrences = []claim.Occurrence{{Packets: packets, Cost: f.Cost, Shows: "the first Initial, and the first 1-RTT packet"}}
	out.Finding(f)
}

// number writes a packet's number.
func number(p layer.PacketRef) string { return strconv.Itoa(p.Number) }
