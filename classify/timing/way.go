package timing

import (
	"strings"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// tlsTrips returns the round trips before the client may send application data
// under TLS (RFC 8446 section 2; RFC 5246 section 7.3; RFC 7918).
func tlsTrips(t *flow.TLS) int {
	if t.Version == "TLS 1.3" {
		switch {
		case t.HelloRetry:
			return 2
		case t.EarlyData == "accepted":
			return 0
		}
		return 1
	}
	if t.Resumed || t.FalseStart {
		return 1
	}
	return 2
}

// ways names the way of the set-up and counts its round trips.
func (s *Setup) ways(v *View) {
	if v.TCP == nil {
		s.datagramWays(v)
		return
	}
	base, trips := "tcp", 1
	if v.TCP.FastOpen.Accepted {
		base, trips = "tfo", 0
	}
	s.HasRoundTrips = v.TCP.Handshake.SYN.Valid() || v.TCP.Handshake.FirstSYN.Valid()
	t := v.TLS
	if t == nil || t.Version == "" {
		s.Way, s.RoundTrips = []string{base}, trips
		return
	}
	way := base + "+" + strings.ToLower(strings.ReplaceAll(t.Version, " ", ""))
	s.Way = []string{way}
	s.RoundTrips, s.MutualTLS = trips+tlsTrips(t), t.ClientCertificate
	if upgraded(v) {
		s.HasRoundTrips = false
	}
	if t.Version != "TLS 1.3" {
		if t.Resumed {
			s.Way = append(s.Way, way+"-resumed")
		}
		return
	}
	if t.HelloRetry {
		s.Way = append(s.Way, way+"-hrr")
	}
	if t.Resumed {
		s.Way = append(s.Way, way+"-psk")
	}
	if t.EarlyData == "accepted" || t.EarlyData == "rejected" {
		s.Way = append(s.Way, way+"-0rtt")
	}
}

// upgraded reports whether another protocol spoke before TLS, as with STARTTLS
// (RFC 3207, RFC 2595): what that cost is not among the round trips of TCP and
// TLS. A CONNECT is: Setup.proxy adds it.
func upgraded(v *View) bool {
	if v.tracker == nil || v.tracker.turns.count == 0 || !v.TLS.ClientHello.Valid() {
		return false
	}
	if len(v.Conversation.Exchanges) > 0 && connects(v.Conversation.Exchanges[0].Name) {
		return false
	}
	return int(v.tracker.turns.list[0].number) < v.TLS.ClientHello.Number
}

func (s *Setup) datagramWays(v *View) {
	q := v.QUIC
	if q == nil {
		s.Way, s.HasRoundTrips = []string{"udp"}, true
		return
	}
	s.Way, s.RoundTrips = []string{"quic"}, 1
	s.HasRoundTrips = q.FirstInitial[layer.ToServer].Valid()
	if q.VersionNegotiation {
		s.Way, s.RoundTrips = append(s.Way, "quic-version-negotiation"), s.RoundTrips+1
	}
	if q.Retry {
		s.Way, s.RoundTrips = append(s.Way, "quic-retry"), s.RoundTrips+1
	}
	if q.HelloRetry {
		s.RoundTrips++
	}
	if q.ZeroRTT {
		s.Way = append(s.Way, "quic-0rtt")
		if earlyTaken(v) {
			s.RoundTrips--
		}
	}
}

// earlyTaken reports whether the server took QUIC's 0-RTT data, as far as can
// be told: without keys it likely did, unless the connection began again with
// other ones.
func earlyTaken(v *View) bool {
	q := v.QUIC
	return q.EarlyData == "accepted" || q.EarlyData != "rejected" && !q.VersionNegotiation && !q.HelloRetry
}
