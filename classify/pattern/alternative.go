package pattern

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// AlternativeLesson teaches how clients learn of HTTP/3.
var AlternativeLesson = claim.Lesson{
	ID: "alternative-service", Title: "Told of another way to the server, and took it",
	About: "A client cannot see that a server has HTTP/3: it is told, by the server's Alt-Svc field once it is connected, or by the DNS with an HTTPS or SVCB record before that. " +
		"Alt-Svc costs the first visit a connection of the old kind; the record costs nothing but a lookup that runs beside the others.",
	Is:      "An Alt-Svc field, or an HTTPS or SVCB record, that offers a protocol, and behind it the same client's first connection with that protocol to the host and port that were named.",
	IsNot:   "A connection of a client that knew it before, from an earlier visit.",
	Sources: []string{"RFC 7838", "RFC 9460", "RFC 9114 section 3.1"},
}

// offer is one protocol that a client was told of.
type offer struct {
	by    *flow.Conversation
	told  layer.PacketRef
	from  string // "Alt-Svc" or "HTTPS record"
	host  string // that it is for, "" where only the address is known
	alpn  string
	port  uint16
	taken bool
}

const (
	maxOffers    = 10_000 // of a capture
	maxOfferHost = 32     // for one client and host
)

// offers are those of a capture, by client and by the host's address or name.
type offers struct {
	list map[offerKey][]*offer
	n    int
}

type offerKey struct {
	client netip.Addr
	host   string
}

// AlternativeService claims it for all offers of a capture together.
func AlternativeService(k *Capture, out *claim.Sink) {
	all := offers{list: map[offerKey][]*offer{}}
	for _, c := range k.Conversations {
		for _, x := range c.Exchanges {
			all.read(c, x)
		}
	}
	if all.n == 0 {
		return
	}
	var e evidence
	var named []int
	taken, declined := 0, 0
	for _, c := range k.Conversations {
		name, alpn := secured(c)
		o, other := all.of(c, name, alpn)
		if o == nil {
			if other != nil {
				declined++
			}
			continue
		}
		o.taken = true
		if taken++; taken <= claim.Evidences/2 {
			e.add(o.told.Number, fmt.Sprintf("%s: %s is offered on port %d", o.from, o.alpn, o.port))
			e.add(c.First.Number, "opens a connection with "+alpn+" there")
		}
		for _, id := range []int{o.by.ID, c.ID} {
			if len(named) < maxIDs && !slices.Contains(named, id) {
				named = append(named, id)
			}
		}
	}
	if taken == 0 {
		return
	}
	because := fmt.Sprintf("%s told the client of another protocol, and it went on with that one.", count(taken, "Alt-Svc field or DNS record"))
	if declined > 0 {
		because += fmt.Sprintf(" %s opened without it although it was offered.", count(declined, "connection"))
	}
	out.Pattern(claim.Pattern{
		ID: AlternativeLesson.ID, Confidence: 0.9, Basis: claim.Decoded, Because: because, Evidence: e, Conversations: named,
		Metrics: []claim.Metric{{Name: "taken", Value: float64(taken)}, {Name: "declined", Value: float64(declined)}},
	})
}

// secured returns the server name and the protocol that a connection's TLS
// agreed on; where that is encrypted, the only one that was offered.
func secured(c *flow.Conversation) (name, alpn string) {
	var offered []string
	switch {
	case c.QUIC != nil:
		name, alpn, offered = c.QUIC.SNI, c.QUIC.ALPN, c.QUIC.OfferedALPN
	case c.TLS != nil:
		name, alpn, offered = c.TLS.SNI, c.TLS.ALPN, c.TLS.OfferedALPN
	}
	if alpn == "" && len(offered) == 1 {
		alpn = offered[0]
	}
	return strings.ToLower(name), alpn
}

// read notes what an exchange offers.
func (l *offers) read(c *flow.Conversation, x *flow.Exchange) {
	if !x.Response.Seen() {
		return
	}
	o := offer{by: c, told: x.Response.First}
	if x.Protocol == "dns" {
		if kind, host, _ := strings.Cut(x.Name, " "); kind == "HTTPS" || kind == "SVCB" {
			o.from, o.host, o.port = kind+" record", serviceHost(host), serviceOffer
			for _, o.alpn = range strings.Split(x.Response.Fact("alpn"), ",") {
				l.add(c.Client.Addr, o)
			}
		}
		return
	}
	rest := x.Response.Fact("alt-svc")
	if rest == "" {
		return
	}
	o.from = "Alt-Svc"
	name, _ := secured(c)
	for rest != "" {
		var one string
		one, rest, _ = strings.Cut(rest, ",")
		alpn, authority, ok := strings.Cut(strings.TrimSpace(one), "=")
		authority, _, _ = strings.Cut(authority, ";")
		_, digits, isPort := strings.Cut(strings.Trim(authority, `" `), ":")
		port, err := strconv.ParseUint(digits, 10, 16)
		if !ok || !isPort || err != nil {
			continue // "clear", or what nobody can follow
		}
		o.alpn, o.port, o.host = alpn, uint16(port), name
		l.add(c.Client.Addr, o)
	}
}

// serviceOffer is the port of https, which a record is for unless its name says
// otherwise (RFC 9460 section 9.1). A record's own port is not looked at.
const serviceOffer = 443

// serviceHost cuts the labels off a name that say port and scheme:
// _8443._https.example.com.
func serviceHost(name string) string {
	for strings.HasPrefix(name, "_") {
		_, rest, ok := strings.Cut(name, ".")
		if !ok {
			break
		}
		name = rest
	}
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

func (l *offers) add(client netip.Addr, o offer) {
	key := offerKey{client, o.host}
	if o.host == "" {
		key.host = o.by.Server.Addr.String()
	}
	list := l.list[key]
	same := func(p *offer) bool { return p.alpn == o.alpn && p.port == o.port && !p.taken }
	if o.alpn == "" || l.n >= maxOffers || len(list) >= maxOfferHost || slices.ContainsFunc(list, same) {
		return
	}
	l.n++
	l.list[key] = append(list, &o)
}

// of returns the offer that a connection takes for the first time; other is one
// that it could have taken and did not.
func (l *offers) of(c *flow.Conversation, name, alpn string) (o, other *offer) {
	if alpn == "" {
		return nil, nil
	}
	host := name
	if host == "" {
		host = c.Server.Addr.String()
	}
	used := false
	for _, p := range l.list[offerKey{c.Client.Addr, host}] {
		if p.told.Number >= c.First.Number || p.by == c || !p.told.Valid() {
			continue
		}
		switch {
		case p.alpn == alpn && p.port == c.Server.Port:
			used = true
			if !p.taken && o == nil {
				o = p
			}
		case other == nil:
			other = p
		}
	}
	if used {
		other = nil
	}
	return o, other
}
