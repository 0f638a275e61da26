package display

import (
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// whole visits a conversation's values of one field.
type whole func(*flow.Conversation, visit)

// wholes yield what a conversation knows of a field without its packets.
// Either end sends, so either end's address is a source's.
var wholes = map[string]whole{
	"ip.addr": ends(true), "ip.src": ends(true), "ip.dst": ends(true),
	"ipv6.addr": ends(false), "ipv6.src": ends(false), "ipv6.dst": ends(false),
	"tcp.port": ports, "tcp.srcport": ports, "tcp.dstport": ports,
	"udp.port": ports, "udp.srcport": ports, "udp.dstport": ports,
	"sctp.port": ports, "sctp.srcport": ports, "sctp.dstport": ports,

	"http.request.method": requests("http1", firstWord), "http.request.uri": requests("http1", rest), "http.response.code": statuses("http1"),
	"http2.headers.method": requests("http2", firstWord), "http2.headers.path": requests("http2", rest), "http2.headers.status": statuses("http2"),
	"http3.headers.method": requests("http3", firstWord), "http3.headers.path": requests("http3", rest), "http3.headers.status": statuses("http3"),
	"dns.qry.name": queries,
	"http.host":    hosts,

	"tls.handshake.extensions_server_name": serverName,
	"tls.handshake.ja3":                    ja3,
	"tls.handshake.ja4":                    ja4,

	"tcp.flags.reset":                      resets,
	"tcp.analysis":                         counted(analysisFlags...),
	"tcp.analysis.flags":                   counted(analysisFlags...),
	"tcp.analysis.retransmission":          counted("tcp.analysis.retransmission"),
	"tcp.analysis.fast_retransmission":     counted("tcp.analysis.fast_retransmission"),
	"tcp.analysis.spurious_retransmission": counted("tcp.analysis.spurious_retransmission"),
	"tcp.analysis.out_of_order":            counted("tcp.analysis.out_of_order"),
	"tcp.analysis.duplicate_ack":           counted("tcp.analysis.duplicate_ack"),
	"tcp.analysis.lost_segment":            counted("tcp.analysis.lost_segment"),
	"tcp.analysis.ack_lost_segment":        counted("tcp.analysis.ack_lost_segment"),
	"tcp.analysis.zero_window":             counted("tcp.analysis.zero_window"),
	"tcp.analysis.window_full":             counted("tcp.analysis.window_full"),
	"tcp.analysis.window_update":           counted("tcp.analysis.window_update"),
	"tcp.analysis.keep_alive":              counted("tcp.analysis.keep_alive"),
	"tcp.analysis.keep_alive_ack":          counted("tcp.analysis.keep_alive_ack"),
	"tcp.analysis.zero_window_probe":       counted("tcp.analysis.zero_window_probe"),
}

// ends yields the addresses of IPv4, or those of IPv6.
func ends(four bool) whole {
	return func(c *flow.Conversation, v visit) {
		for _, e := range []*flow.Endpoint{&c.Client, &c.Server} {
			if e.Addr.IsValid() && e.Addr.Unmap().Is4() == four && !v(e.Addr.String()) {
				return
			}
		}
	}
}

func ports(c *flow.Conversation, v visit) {
	if v(strconv.Itoa(int(c.Client.Port))) {
		v(strconv.Itoa(int(c.Server.Port)))
	}
}

// counters are those of a connection by the names of Wireshark's flags.
func counters(t *flow.TCP, name string) int64 {
	switch name {
	case "tcp.analysis.retransmission":
		return t.Retransmissions
	case "tcp.analysis.fast_retransmission":
		return t.FastRetransmissions
	case "tcp.analysis.spurious_retransmission":
		return t.SpuriousRetransmissions
	case "tcp.analysis.out_of_order":
		return t.OutOfOrder
	case "tcp.analysis.duplicate_ack":
		return t.DuplicateACKs
	case "tcp.analysis.lost_segment":
		return t.LostInCapture
	case "tcp.analysis.ack_lost_segment":
		return t.ACKedUnseen
	case "tcp.analysis.zero_window":
		return t.ZeroWindows
	case "tcp.analysis.window_full":
		return t.WindowFull
	case "tcp.analysis.window_update":
		return t.WindowUpdates
	case "tcp.analysis.keep_alive":
		return t.KeepAlives
	case "tcp.analysis.keep_alive_ack":
		return t.KeepAliveACKs
	case "tcp.analysis.zero_window_probe":
		return t.ZeroWindowProbes
	}
	return 0
}

// counted yields a value for each of the flags that some segment had.
func counted(names ...string) whole {
	return func(c *flow.Conversation, v visit) {
		if c.TCP == nil {
			return
		}
		for _, name := range names {
			if counters(c.TCP, name) > 0 && !v("1") {
				return
			}
		}
	}
}

func resets(c *flow.Conversation, v visit) {
	if c.TCP != nil && c.TCP.Resets > 0 && !v("Set") {
		return
	}
	v("Not set")
}

func serverName(c *flow.Conversation, v visit) {
	if c.TLS != nil && c.TLS.SNI != "" && !v(c.TLS.SNI) {
		return
	}
	if c.QUIC != nil && c.QUIC.SNI != "" {
		v(c.QUIC.SNI)
	}
}

func ja3(c *flow.Conversation, v visit) {
	if c.TLS != nil && c.TLS.JA3 != "" && !v(c.TLS.JA3) {
		return
	}
	if c.QUIC != nil && c.QUIC.JA3 != "" {
		v(c.QUIC.JA3)
	}
}

func ja4(c *flow.Conversation, v visit) {
	if c.TLS != nil && c.TLS.JA4 != "" && !v(c.TLS.JA4) {
		return
	}
	if c.QUIC != nil && c.QUIC.JA4 != "" {
		v(c.QUIC.JA4)
	}
}

// requests yields a part of the names of a protocol's requests.
func requests(p layer.Protocol, part func(string) string) whole {
	return func(c *flow.Conversation, v visit) {
		for i := range c.Exchanges {
			if e := c.Exchanges[i]; e.Protocol == p && e.Name != "" && !v(part(e.Name)) {
				return
			}
		}
	}
}

func statuses(p layer.Protocol) whole {
	return func(c *flow.Conversation, v visit) {
		for i := range c.Exchanges {
			if e := c.Exchanges[i]; e.Protocol == p && e.Status != "" && !v(e.Status) {
				return
			}
		}
	}
}

func firstWord(s string) string {
	first, _, _ := strings.Cut(s, " ")
	return first
}

func rest(s string) string {
	_, after, _ := strings.Cut(s, " ")
	return after
}

// queries yields the names asked for: "A example.com" asks for the last word.
func queries(c *flow.Conversation, v visit) {
	for i := range c.Exchanges {
		e := c.Exchanges[i]
		if (e.Protocol == "dns" || e.Protocol == "mdns") && e.Name != "" && !v(rest(e.Name)) {
			return
		}
	}
}

// hosts yields the Host of the requests that kept it.
func hosts(c *flow.Conversation, v visit) {
	for i := range c.Exchanges {
		e := c.Exchanges[i]
		if host := e.Request.Fact("host"); e.Protocol == "http1" && host != "" && !v(host) {
			return
		}
	}
}
