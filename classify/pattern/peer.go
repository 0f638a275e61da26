package pattern

import (
	"fmt"
	"strings"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// PeerToPeerLesson teaches how two ends find each other.
var PeerToPeerLesson = claim.Lesson{
	ID: "peer-to-peer", Title: "Two ends find a path and talk as equals",
	About: "Both ends collect addresses under which they may be reached (candidates: their own, the one that a STUN server sees, one at a relay), tell each other over a third party, and try the pairs until one works (ICE). " +
		"Then DTLS sets up keys, and media or data go straight from one to the other. It saves a server and its detour; where address translators forbid it, a relay (TURN) carries everything.",
	Is: "STUN Binding requests with USERNAME and PRIORITY from both sides, USE-CANDIDATE on the pair that was chosen, then DTLS, media or data on it. " +
		"Look at what each step took, and whether the pair is direct or goes over a relay.",
	IsNot:   "Plain STUN, which only asks for the own address or keeps a translation alive; checks from one side only, which a media server answers (ICE lite).",
	Sources: []string{"RFC 8445", "RFC 8656", "RFC 8825"},
}

// session is the pairs of candidates that two peers tried.
type session struct {
	pairs []*pairing
}

// pairing is a pair of candidates: a conversation.
type pairing struct {
	c         *flow.Conversation
	checks    [2]int // requests of each side
	answers   [2]int // that were answered with success
	first     layer.PacketRef
	worked    layer.PacketRef // the first success
	nominated layer.PacketRef // success of a check with USE-CANDIDATE
	asked     layer.PacketRef
}

// PeerToPeer claims ICE's sessions.
func PeerToPeer(k *Capture, out *claim.Sink) {
	sessions := map[string]*session{}
	var order []*session
	var relayed []string
	var gathered layer.PacketRef
	for _, c := range k.Conversations {
		if !c.Has("stun") {
			continue
		}
		id, p := checks(c, &relayed, &gathered)
		if id == "" {
			continue
		}
		s := sessions[id]
		if s == nil {
			s = &session{}
			sessions[id] = s
			order = append(order, s)
		}
		s.pairs = append(s.pairs, p)
	}
	for _, s := range order {
		s.claim(relayed, gathered, out)
	}
}

// checks reads a conversation's connectivity checks. id names the two peers by
// their user name fragments, whoever asks; it is "" where there are none.
func checks(c *flow.Conversation, relayed *[]string, gathered *layer.PacketRef) (id string, p *pairing) {
	p = &pairing{c: c}
	for _, x := range c.Exchanges {
		if x.Protocol != "stun" {
			continue
		}
		if r := x.Response.Fact("relayed-address"); r != "" && len(*relayed) < maxIDs {
			*relayed = append(*relayed, r)
		}
		user := x.Request.Fact("username")
		to, from, ok := strings.Cut(user, ":")
		if x.Name != "Binding" || !ok || x.Request.Fact("priority") == "" {
			if x.Request.Seen() && user == "" && (!gathered.Valid() || x.Request.First.Number < gathered.Number) {
				*gathered = x.Request.First
			}
			continue
		}
		if id == "" {
			id = min(to, from) + ":" + max(to, from)
			p.first = x.Request.First
		}
		p.checks[x.Dir]++
		if x.Status != "success" {
			continue
		}
		if p.answers[x.Dir]++; !p.worked.Valid() {
			p.asked, p.worked = x.Request.First, x.Response.First
		}
		if x.Request.Fact("use-candidate") != "" && !p.nominated.Valid() {
			p.nominated = x.Response.First
		}
	}
	return id, p
}

// chosen returns the pair that was used: the one with media or DTLS, else the
// one that was nominated first.
func (s *session) chosen() *pairing {
	var best *pairing
	rank := func(p *pairing) int {
		switch {
		case p.c.RTP != nil || p.c.Has("sctp"):
			return 4
		case p.c.DTLS != nil:
			return 3
		case p.nominated.Valid():
			return 2
		case p.worked.Valid():
			return 1
		}
		return 0
	}
	for _, p := range s.pairs {
		if best == nil || rank(p) > rank(best) {
			best = p
		}
	}
	return best
}

func (s *session) claim(relayed []string, gathered layer.PacketRef, out *claim.Sink) {
	p := s.chosen()
	both := false
	worked := 0
	first := s.pairs[0].first
	var used []*flow.Conversation
	for _, q := range s.pairs {
		both = both || q.checks[0] > 0 && q.checks[1] > 0
		if q.worked.Valid() {
			worked++
		}
		if q.first.Number < first.Number {
			first = q.first
		}
		used = append(used, q.c)
	}
	if !both || !p.worked.Valid() {
		return // one side only asks: a media server, or no way was found
	}
	var e evidence
	e.add(first.Number, "the first connectivity check")
	e.add(p.asked.Number, "a check on the pair that is used")
	e.add(p.worked.Number, "it works")
	e.add(p.nominated.Number, "the pair is nominated (USE-CANDIDATE)")
	confidence := 0.85
	words := fmt.Sprintf("Both ends sent checks over %s of candidates, of which %d worked", counts(len(s.pairs), "pair", "pairs"), worked)
	metrics := []claim.Metric{{Name: "pairs", Value: float64(len(s.pairs))}, {Name: "worked", Value: float64(worked)}, {Name: "checks_s", Value: seconds(first, p.worked)}}
	if gathered.Valid() && gathered.Number < first.Number {
		metrics = append(metrics, claim.Metric{Name: "gathering_s", Value: seconds(gathered, first)})
	}
	if p.nominated.Valid() {
		words += fmt.Sprintf("; one was nominated %.0f ms after the first check", seconds(first, p.nominated)*1e3)
		metrics = append(metrics, claim.Metric{Name: "nominated_s", Value: seconds(first, p.nominated)})
	}
	if d := p.c.DTLS; d != nil && d.ClientHello.Valid() {
		confidence = 0.95
		e.add(d.ClientHello.Number, "DTLS begins on it")
		if done := d.ClientFinished; done.Valid() {
			words += fmt.Sprintf(", DTLS took %.0f ms", seconds(d.ClientHello, done)*1e3)
			metrics = append(metrics, claim.Metric{Name: "dtls_s", Value: seconds(d.ClientHello, done)})
		}
	}
	if r := p.c.RTP; r != nil && len(r.Streams) > 0 {
		confidence = 0.96
		e.add(r.Streams[0].First.Number, "the first media packet")
		metrics = append(metrics, claim.Metric{Name: "media_s", Value: seconds(first, r.Streams[0].First)})
	}
	way := "It goes straight to the other's address, as far as this capture tells."
	if over(p.c, relayed) {
		way = "One of its addresses was given out by a relay (TURN)."
	}
	out.Pattern(claim.Pattern{ID: PeerToPeerLesson.ID, Confidence: confidence, Basis: claim.Decoded, Evidence: e,
		Because: words + ". " + way, Metrics: metrics, Conversations: ids(used)})
}

// over reports whether a pair uses an address of a relay.
func over(c *flow.Conversation, relayed []string) bool {
	for _, r := range relayed {
		if strings.HasPrefix(r, c.Client.Addr.String()+":") || strings.HasPrefix(r, c.Server.Addr.String()+":") {
			return true
		}
	}
	return c.Server.Port == 3478 && c.Has("stun") && c.Has("rtp")
}

func seconds(from, to layer.PacketRef) float64 {
	return max(0, time.Duration(to.Nanos-from.Nanos).Seconds())
}
