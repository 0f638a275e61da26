// Package dissecttest helps to test dissectors: a Recorder keeps what a
// dissector says, and Play feeds it a conversation cut into packets in
// whatever way a test wants. It is imported by tests only.
package dissecttest

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Recorder is a dissect.Sink that keeps copies of all that it is told. The
// zero value is ready for use.
type Recorder struct {
	Messages    []flow.Message
	Layers      []Layer
	Problems    []Problem
	Inners      []Inner
	Handshakes  []flow.TLS
	Connections []flow.QUIC
	HTTP2s      []flow.HTTP2
	ServerNames []string
	Resolutions [][2]string // name, address
	Announces   []Announcement
	Expected    map[netip.AddrPort]layer.Protocol
	Withdrawn   bool
	IDs         [2][][]byte // connection IDs, by the direction of what they address
	// Names maps what outer protocols announce to protocols, for Announced.
	Names map[string]layer.Protocol

	// Silent makes Recording answer false and keeps layers from being described.
	Silent bool
	// Packet is the number of the packet that is being read; Play sets it.
	Packet int
}

// Layer is a layer together with the packet on which it was said.
type Layer struct {
	Packet int
	layer.Layer
}

// Problem is a problem together with the packet on which it was said.
type Problem struct {
	Packet   int
	Protocol layer.Protocol
	Text     string
}

// Inner is a chunk that was handed to an inner protocol; its bytes are a copy.
type Inner struct {
	Protocol layer.Protocol
	dissect.Chunk
}

// Announcement is what was said of an inner protocol before its bytes came.
type Announcement struct {
	Protocol layer.Protocol
	Stream   uint64
	Facts    []flow.Fact
}

var _ dissect.Sink = (*Recorder)(nil)

// Message implements dissect.Sink.
func (r *Recorder) Message(m *flow.Message) {
	c := *m
	c.Facts = slices.Clone(m.Facts)
	c.Packets = m.Packets.Clone()
	r.Messages = append(r.Messages, c)
}

// Layer implements dissect.Sink.
func (r *Recorder) Layer(p layer.Protocol, describe func() layer.Layer) {
	l := layer.Layer{Protocol: p}
	if !r.Silent {
		l = describe()
	}
	r.Layers = append(r.Layers, Layer{r.Packet, l})
}

// Inner implements dissect.Sink.
func (r *Recorder) Inner(p layer.Protocol, c dissect.Chunk) {
	c.Data = slices.Clone(c.Data)
	r.Inners = append(r.Inners, Inner{p, c})
}

// Announce implements dissect.Sink.
func (r *Recorder) Announce(p layer.Protocol, stream uint64, facts []flow.Fact) {
	r.Announces = append(r.Announces, Announcement{p, stream, slices.Clone(facts)})
}

// Announced implements dissect.Sink.
func (r *Recorder) Announced(name string) layer.Protocol { return r.Names[name] }

// Expect implements dissect.Sink.
func (r *Recorder) Expect(at netip.AddrPort, p layer.Protocol) {
	if r.Expected == nil {
		r.Expected = map[netip.AddrPort]layer.Protocol{}
	}
	r.Expected[at] = p
}

// ConnectionID implements dissect.Sink.
func (r *Recorder) ConnectionID(id []byte, dir layer.Direction) {
	r.IDs[dir] = append(r.IDs[dir], slices.Clone(id))
}

// Withdraw implements dissect.Sink.
func (r *Recorder) Withdraw() { r.Withdrawn = true }

// Problem implements dissect.Sink.
func (r *Recorder) Problem(p layer.Protocol, text string) {
	r.Problems = append(r.Problems, Problem{r.Packet, p, text})
}

// Recording implements dissect.Sink.
func (r *Recorder) Recording() bool { return !r.Silent }

// TLS implements dissect.Sink.
func (r *Recorder) TLS(t *flow.TLS) { r.Handshakes = append(r.Handshakes, *t) }

// QUIC implements dissect.Sink.
func (r *Recorder) QUIC(q *flow.QUIC) { r.Connections = append(r.Connections, *q) }

// HTTP2 implements dissect.Sink.
func (r *Recorder) HTTP2(h *flow.HTTP2) { r.HTTP2s = append(r.HTTP2s, *h) }

// RTP implements dissect.Sink.
func (r *Recorder) RTP(*flow.RTP) {}

// DTLS implements dissect.Sink.
func (r *Recorder) DTLS(t *flow.TLS) { r.Handshakes = append(r.Handshakes, *t) }

// ServerName implements dissect.Sink.
func (r *Recorder) ServerName(name string) { r.ServerNames = append(r.ServerNames, name) }

// Resolved implements dissect.Sink.
func (r *Recorder) Resolved(name, addr string) {
	r.Resolutions = append(r.Resolutions, [2]string{name, addr})
}

// InnerBytes joins what one direction handed to protocol p on one stream.
func (r *Recorder) InnerBytes(p layer.Protocol, dir layer.Direction, stream uint64) []byte {
	var all []byte
	for _, i := range r.Inners {
		if i.Protocol == p && i.Dir == dir && i.Stream == stream {
			all = append(all, i.Data...)
		}
	}
	return all
}

// Story tells what was said without the packets: the same for a conversation
// however it was cut into packets. Heads and continuations are left out, as they
// say only that a packet ended within a message.
func (r *Recorder) Story() string {
	var b strings.Builder
	for i := range r.Messages {
		if r.Messages[i].State != flow.Head {
			fmt.Fprintln(&b, Line(&r.Messages[i]))
		}
	}
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "problem %s: %s\n", p.Protocol, p.Text)
	}
	for _, l := range r.Layers {
		if l.Summary == layer.Continuation {
			continue
		}
		fmt.Fprintf(&b, "layer %s: %s\n", l.Protocol, l.Summary)
	}
	type stream struct {
		protocol layer.Protocol
		dir      layer.Direction
		id       uint64
	}
	var streams []stream
	for _, i := range r.Inners {
		if s := (stream{i.Protocol, i.Dir, i.Stream}); len(i.Data) > 0 && !slices.Contains(streams, s) {
			streams = append(streams, s)
			fmt.Fprintf(&b, "inner %q %s stream %d: %q\n", s.protocol, s.dir, s.id, r.InnerBytes(s.protocol, s.dir, s.id))
		}
	}
	fmt.Fprintf(&b, "server names %q, resolved %q\n", slices.Compact(slices.Clone(r.ServerNames)), r.Resolutions)
	return b.String()
}

var (
	roles  = [...]string{flow.Single: "single", flow.Request: "request", flow.Response: "response"}
	states = [...]string{flow.Complete: "complete", flow.Head: "head", flow.Cut: "cut"}
)

// Line tells a message in one line, without its packets.
func Line(m *flow.Message) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s %s %s key %d stream %d name %q status %q bytes %d",
		m.Dir, m.Protocol, m.Kind, roles[m.Role], states[m.State], m.Key, m.Stream, m.Name, m.Status, m.Bytes)
	for _, f := range m.Facts {
		fmt.Fprintf(&b, " %s=%q", f.Key, f.Value)
	}
	return b.String()
}
