package pattern

import (
	"fmt"
	"strings"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// The lessons of what an end remembers between exchanges.
var (
	StatefulLesson = claim.Lesson{
		ID: "stateful", Title: "The server remembers between exchanges",
		About:   "What an exchange means depends on earlier ones: a session that a cookie names, a login or a chosen database on the connection, a transaction, a subscription. The client, or the connection, must come back to where its state lies: a balancer must know, and a lost connection or server loses it. Look at what carries the state.",
		Is:      "A cookie that was set and then sent back, a TLS session resumed, Redis' SELECT, AUTH or MULTI, a login of a database, an MQTT session that was kept, a WebSocket.",
		IsNot:   "A token that each request carries and that stands for itself; a cache's validators.",
		Sources: []string{"RFC 6265 section 3", "RFC 8446 section 2.2", "RFC 6455", "MQTT 5.0 section 4.1"},
	}
	StatelessLesson = claim.Lesson{
		ID: "stateless", Title: "Each exchange stands for itself",
		About:   "No exchange leans on an earlier one: any server can answer any of them, so that they can be spread, repeated and scaled freely. What must be known goes with each request.",
		Is:      "Exchanges over several connections that were answered alike, without a cookie, a login on the connection or a resumed session.",
		IsNot:   "Too few exchanges to tell; state that is kept where the capture does not look, such as a token in the path.",
		Sources: []string{"RFC 9110 section 3.3"},
	}
)

// memory is what speaks for state between one client and one server.
type memory struct {
	evidence evidence
	signs    []string
	counts   []int
	sure     float64

	set       int // packet that set a cookie, 0 for none
	exchanges int
	alike     int // answered with success
	web       int // connections with HTTP exchanges
}

func (m *memory) sign(text string, sure float64, packet int, shows string) {
	m.sure = max(m.sure, sure)
	for i, s := range m.signs {
		if s == text {
			if m.counts[i]++; m.counts[i] <= 2 {
				m.evidence.add(packet, shows)
			}
			return
		}
	}
	m.evidence.add(packet, shows)
	m.signs, m.counts = append(m.signs, text), append(m.counts, 1)
}

const (
	leastStateless   = 6
	leastIndependent = 3 // connections
)

// State claims stateful or, where enough was seen, stateless.
func State(p *Pair, out *claim.Sink) {
	var m memory
	for _, c := range p.Conversations {
		m.look(c)
	}
	if len(m.signs) > 0 {
		var parts []string
		for i, s := range m.signs {
			parts = append(parts, fmt.Sprintf("%s (%d)", s, m.counts[i]))
		}
		out.Pattern(claim.Pattern{
			ID: StatefulLesson.ID, Confidence: m.sure, Basis: claim.Decoded, Evidence: m.evidence, Conversations: ids(p.Conversations),
			Because: "State is kept between exchanges: " + strings.Join(parts, ", ") + ".",
			Metrics: []claim.Metric{{Name: "signs", Value: float64(len(m.signs))}},
		})
		return
	}
	if m.web < leastIndependent || m.exchanges < leastStateless || m.alike*10 < m.exchanges*9 || m.set > 0 {
		return
	}
	var e evidence
	for _, c := range p.Conversations[:min(len(p.Conversations), claim.Evidences/2)] {
		if len(c.Exchanges) > 0 && answered(c.Exchanges[0]) {
			e.add(c.Exchanges[0].Request.First.Number, "a request without a cookie on a connection of its own")
			e.add(c.Exchanges[0].Response.First.Number, "is answered like the others")
		}
	}
	out.Pattern(claim.Pattern{
		ID: StatelessLesson.ID, Confidence: 0.75, Basis: claim.Decoded, Evidence: e, Conversations: ids(p.Conversations),
		Because: fmt.Sprintf("%s over %s were answered alike, with no cookie, login or resumed session among them: likely none leans on another.", count(m.exchanges, "exchange"), count(m.web, "connection")),
		Metrics: []claim.Metric{{Name: "exchanges", Value: float64(m.exchanges)}, {Name: "connections", Value: float64(m.web)}},
	})
}

func (m *memory) look(c *flow.Conversation) {
	for _, t := range [...]*flow.TLS{c.TLS, c.DTLS} {
		if t != nil && t.Resumed {
			m.sign("TLS session resumed", 0.7, t.ServerHello.Number, "the server takes up an earlier TLS session")
		}
	}
	if c.Has("websocket") {
		m.webSocket(c)
	}
	web := false
	for _, x := range c.Exchanges {
		switch {
		case strings.HasPrefix(string(x.Protocol), "http"):
			web = true
			m.http(x)
		case x.Protocol == "redis":
			m.redis(x)
		case x.Protocol == "mqtt":
			m.mqtt(x)
		case x.Protocol == "postgresql" || x.Protocol == "mysql":
			m.database(x)
		}
	}
	if web {
		m.web++
	}
}

func (m *memory) http(x *flow.Exchange) {
	if !answered(x) || x.Dir != layer.ToServer {
		return
	}
	m.exchanges++
	if len(x.Status) == 3 && (x.Status[0] == '2' || x.Status == "304") {
		m.alike++
	}
	if x.Request.Fact("authorization-scheme") != "" {
		m.alike-- // it may stand for itself or for a session: nothing to claim
	}
	if x.Request.Fact("cookie") != "" {
		switch {
		case m.set > 0 && m.set < x.Request.First.Number:
			m.sign("cookies set and sent back", 0.95, m.set, "the server sets a cookie")
			m.evidence.add(x.Request.First.Number, "the client sends a cookie")
		default:
			m.sign("cookies sent that were set before the capture, or elsewhere", 0.8, x.Request.First.Number, "the client sends a cookie")
		}
	}
	if m.set == 0 && x.Response.Fact("set-cookie") != "" {
		m.set = x.Response.First.Number
	}
}

func (m *memory) webSocket(c *flow.Conversation) {
	for _, x := range c.Exchanges {
		if x.Status == "101" || strings.HasPrefix(x.Name, "CONNECT ") {
			m.sign("WebSocket", 0.9, x.Request.First.Number, "a WebSocket is opened: what follows belongs together")
			return
		}
	}
	if len(c.Events) > 0 {
		m.sign("WebSocket", 0.85, c.Events[0].First.Number, "a message of a WebSocket: what flows belongs together")
	}
}

func (m *memory) redis(x *flow.Exchange) {
	name, _, _ := strings.Cut(x.Name, " ")
	switch name {
	case "SELECT", "AUTH", "MULTI", "WATCH", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE":
		m.sign("Redis "+name, 0.95, x.Request.First.Number, "changes what later commands on this connection mean: "+name)
	case "HELLO":
		if x.Request.Fact("password") != "" {
			m.sign("Redis AUTH", 0.95, x.Request.First.Number, "the connection is signed in with HELLO")
		}
	}
}

func (m *memory) mqtt(x *flow.Exchange) {
	if !strings.HasPrefix(x.Name, "CONNECT") {
		return
	}
	kept := x.Request.Fact("clean-session") == "false" || x.Request.Fact("clean-start") == "false"
	switch {
	case x.Response.Fact("session-present") == "true":
		m.sign("MQTT session taken up", 0.95, x.Response.First.Number, "the broker still has the client's session")
	case kept:
		m.sign("MQTT session to be kept", 0.9, x.Request.First.Number, "the client asks for its session to be kept")
	}
}

func (m *memory) database(x *flow.Exchange) {
	name, _, _ := strings.Cut(strings.ToUpper(x.Name), " ")
	switch name {
	case "BEGIN", "START":
		m.sign("a transaction", 0.95, x.Request.First.Number, "a transaction begins: what follows on this connection belongs to it")
	}
}
