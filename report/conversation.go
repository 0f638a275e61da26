package report

import (
	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

func (e *encoder) conversation(c *flow.Conversation, k *classify.Conversation) {
	e.open('{')
	e.key("id")
	e.int(int64(c.ID))
	e.text("transport", string(c.Transport))
	e.endpoint("client", &c.Client)
	e.endpoint("server", &c.Server)
	e.text("role_basis", string(c.RoleBasis))
	e.text("community_id", c.CommunityID())
	e.array("stack")
	for _, p := range c.Stack {
		e.string(string(p))
	}
	e.close(']')
	e.key("first_packet")
	e.int(int64(c.First.Number))
	e.key("last_packet")
	e.int(int64(c.Last.Number))
	e.at("start", c.First.Nanos)
	e.key("duration_s")
	e.seconds(c.Duration())
	e.counts("packets", c.Packets)
	e.counts("bytes", c.Bytes)
	e.counts("payload_bytes", c.Payload)
	e.yes("ports_reused", c.Reused)
	e.count("continues", int64(c.Continues))
	e.related(c.Related)
	e.setup(k.Setup)
	e.ledger(k.Ledger)
	e.tcp(c.TCP, k)
	e.tls("tls", c.TLS)
	e.tls("dtls", c.DTLS)
	e.quic(c.QUIC)
	e.http2(c.HTTP2)
	e.rtp(c.RTP)
	e.exchanges(c, k.Exchanges)
	e.messages(c.Messages)
	e.problems(c.Problems)
	e.patterns(k.Patterns)
	e.findings(k.Findings)
	e.close('}')
}

func (e *encoder) endpoint(k string, p *flow.Endpoint) {
	e.object(k)
	if p.Addr.IsValid() {
		e.key("ip")
		e.next()
		e.b = append(e.b, '"')
		e.b = p.Addr.AppendTo(e.b)
		e.b = append(e.b, '"')
		e.comma = true
	}
	e.count("port", int64(p.Port))
	e.text("name", p.Name)
	e.close('}')
}

func (e *encoder) counts(k string, n flow.Counts) {
	e.object(k)
	e.key("to_server")
	e.int(n[layer.ToServer])
	e.key("to_client")
	e.int(n[layer.ToClient])
	e.close('}')
}

// related lists the packets elsewhere that quote the conversation, such as
// ICMP errors.
func (e *encoder) related(list []layer.PacketRef) {
	if len(list) == 0 {
		return
	}
	e.array("related_packets")
	for _, p := range list {
		e.int(int64(p.Number))
	}
	e.close(']')
}

func (e *encoder) messages(list []flow.MessageCount) {
	if len(list) == 0 {
		return
	}
	e.object("messages")
	for i := range list {
		e.keyText(string(list[i].Protocol) + "/" + list[i].Kind)
		e.int(list[i].Count)
	}
	e.close('}')
}

// exchanges writes the conversation's exchanges with what was measured of
// each.
func (e *encoder) exchanges(c *flow.Conversation, measured []classify.Exchange) {
	if len(c.Exchanges) == 0 {
		return
	}
	e.array("exchanges")
	for i := range c.Exchanges {
		var x classify.Exchange
		if i < len(measured) {
			x = measured[i]
		}
		e.exchange(c.Exchanges[i], &x)
	}
	e.close(']')
	e.count("exchanges_omitted", c.ExchangesTotal-int64(len(c.Exchanges)))
}

func (e *encoder) exchange(x *flow.Exchange, m *classify.Exchange) {
	e.open('{')
	e.key("id")
	e.int(int64(x.ID))
	e.text("protocol", string(x.Protocol))
	if x.Stream != 0 || x.Protocol == "http3" { // QUIC's first stream is 0
		e.key("stream")
		e.int(int64(x.Stream))
	}
	e.text("name", x.Name)
	e.status("status", x.Status)
	e.status("http_status", x.Response.Fact("http-status"))
	e.text("kind", m.Kind)
	e.part("request", &x.Request)
	e.part("response", &x.Response)
	if m.HasService {
		e.duration("service_s", m.Service)
	}
	if m.HasTotal {
		e.duration("total_s", m.Total)
	}
	if m.Waited > 0 {
		e.duration("waited_s", m.Waited)
	}
	e.entries("ledger_s", m.Ledger.Entries())
	e.close('}')
}

// status writes a status as the number it is, or as the name.
func (e *encoder) status(k, s string) {
	if s == "" {
		return
	}
	number := len(s) <= 9 && (s[0] != '0' || len(s) == 1)
	for i := 0; i < len(s); i++ {
		number = number && s[i] >= '0' && s[i] <= '9'
	}
	e.key(k)
	if !number {
		e.string(s)
		return
	}
	e.b = append(e.b, s...)
	e.comma = true
}

func (e *encoder) part(k string, p *flow.Part) {
	if !p.Seen() {
		return
	}
	e.object(k)
	e.array("packets")
	for _, n := range p.Packets.List() {
		e.int(int64(n))
	}
	e.close(']')
	e.count("packets_omitted", int64(p.Packets.Omitted()))
	e.at("start", p.First.Nanos)
	e.key("bytes")
	e.int(p.Bytes)
	e.yes("cut", p.State != flow.Complete)
	e.close('}')
}
