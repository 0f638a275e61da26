package subject

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/component"
)

// header tells a conversation in a few lines.
func header(c *flow.Conversation) []Fact {
	list := []Fact{
		{"ends", Endpoint(c.Client) + " → " + Endpoint(c.Server) + roles(c)},
		{"stack", stack(c.Stack)},
		{"sent", fmt.Sprintf("→ %s packets, %s   ← %s packets, %s",
			component.Count(c.Packets[layer.ToServer]), component.Bytes(c.Bytes[layer.ToServer]),
			component.Count(c.Packets[layer.ToClient]), component.Bytes(c.Bytes[layer.ToClient]))},
		{"time", fmt.Sprintf("%s UTC, for %s", c.First.Time().Format("2006-01-02 15:04:05.000000"), component.Span(time.Duration(c.Duration())))},
	}
	if c.TCP != nil {
		list = append(list, Fact{"tcp", tcp(c.TCP)})
	}
	if c.TLS != nil {
		list = append(list, Fact{"tls", tls(c.TLS)})
	}
	if c.QUIC != nil {
		list = append(list, Fact{"quic", quic(c.QUIC)})
	}
	return list
}

// Endpoint names an end with its address.
func Endpoint(e flow.Endpoint) string {
	address := e.Addr.String()
	if e.Port != 0 {
		address = netip.AddrPortFrom(e.Addr, e.Port).String()
	}
	if e.Name == "" {
		return address
	}
	return layer.Printable(e.Name) + " (" + address + ")"
}

// roles tells where client and server are a guess.
func roles(c *flow.Conversation) string {
	switch c.RoleBasis {
	case flow.RolePort:
		return "  (client and server guessed from the ports)"
	case flow.RoleFirstPacket:
		return "  (the left one sent the first packet seen)"
	}
	return ""
}

func stack(protocols []layer.Protocol) string {
	names := make([]string, len(protocols))
	for i, p := range protocols {
		names[i] = string(p)
	}
	return strings.Join(names, " / ")
}

func tcp(t *flow.TCP) string {
	var parts []string
	count := func(n int64, one, more string) {
		switch {
		case n == 1:
			parts = append(parts, "1 "+one)
		case n > 1:
			parts = append(parts, component.Count(n)+" "+more)
		}
	}
	count(t.Retransmissions, "retransmission", "retransmissions")
	count(t.OutOfOrder, "out of order", "out of order")
	count(t.DuplicateACKs, "duplicate ACK", "duplicate ACKs")
	count(t.ZeroWindows, "zero window", "zero windows")
	count(t.LostInCapture, "segment before not captured", "segments before not captured")
	count(t.Resets, "reset", "resets")
	if len(parts) == 0 {
		parts = []string{"no retransmissions"}
	}
	if t.MSS[0] > 0 || t.MSS[1] > 0 {
		parts = append(parts, fmt.Sprintf("MSS %d/%d", t.MSS[0], t.MSS[1]))
	}
	if t.FastOpen.Accepted {
		parts = append(parts, "fast open")
	}
	switch t.ClosedBy {
	case flow.ClosedByReset:
		parts = append(parts, "ended by a reset")
	case flow.ClosedByClient, flow.ClosedByServer:
		parts = append(parts, "closed by the "+string(t.ClosedBy))
	}
	return strings.Join(parts, ", ")
}

func tls(t *flow.TLS) string {
	parts := Present(t.Version, t.CipherSuite, prefixed("name ", t.SNI), prefixed("ALPN ", t.ALPN))
	if t.Resumed {
		parts = append(parts, "resumed by "+t.ResumedBy)
	}
	if t.HelloRetry {
		parts = append(parts, "hello retry")
	}
	if t.EarlyData != "" {
		parts = append(parts, "early data "+t.EarlyData)
	}
	if t.ECH != "" {
		parts = append(parts, "ECH "+t.ECH)
	}
	for _, a := range t.Alerts {
		parts = append(parts, "alert "+layer.Printable(a.Name)+" in packet "+strconv.Itoa(a.At.Number))
	}
	return strings.Join(parts, ", ")
}

func quic(q *flow.QUIC) string {
	parts := Present(prefixed("version ", q.Version), prefixed("name ", q.SNI), prefixed("ALPN ", q.ALPN))
	if q.Retry {
		parts = append(parts, "retry")
	}
	if q.ZeroRTT {
		parts = append(parts, "0-RTT")
	}
	if q.Close != nil {
		parts = append(parts, fmt.Sprintf("closed with code %d %s", q.Close.Code, layer.Printable(q.Close.Reason)))
	}
	return strings.Join(parts, ", ")
}

func prefixed(name, value string) string {
	if value == "" {
		return ""
	}
	return name + value
}

// Present returns the texts that are not empty, made harmless.
func Present(texts ...string) []string {
	var list []string
	for _, t := range texts {
		if t != "" {
			list = append(list, layer.Printable(t))
		}
	}
	return list
}
