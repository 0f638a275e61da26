package header

import (
	"encoding/binary"
	"net/netip"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/decode/layer"
)

// Walker walks one frame after another. The zero value is ready for use.
type Walker struct {
	p      *Packet
	source layer.Source
}

// part is what is left of a frame behind the headers read so far.
type part struct {
	data   []byte // captured
	offset int    // of data[0] in the frame, or in the reassembled datagram
	wire   int    // bytes that were on the wire; more than len(data) where the snap length cut them off
}

// skip returns what lies behind n bytes of header.
func (r part) skip(n int) part {
	n = min(n, len(r.data))
	return part{r.data[n:], r.offset + n, max(r.wire-n, 0)}
}

// trim drops what lies behind n bytes: padding of the layers below.
func (r part) trim(n int) part {
	if n < r.wire {
		r.wire = n
	}
	if n < len(r.data) {
		r.data = r.data[:n]
	}
	return r
}

// Walk reads the headers of one frame into p, which it resets first. data are
// the captured bytes, wire is the frame's length on the wire.
func (w *Walker) Walk(link capture.LinkType, data []byte, wire int, p *Packet) {
	p.reset()
	w.p, w.source = p, layer.Frame
	r := part{data, 0, max(wire, len(data))}
	switch link {
	case capture.LinkEthernet:
		w.ethernet(r)
	case capture.LinkNull, capture.LinkLoop:
		w.loopback(r)
	case capture.LinkRaw, capture.LinkRawBSD, capture.LinkRawOpenBSD, capture.LinkIPv4, capture.LinkIPv6:
		w.ip(r)
	case capture.LinkLinuxSLL:
		w.cooked(r)
	case capture.LinkLinuxSLL2:
		w.cooked2(r)
	case capture.LinkPPP, capture.LinkPPPHDLC:
		w.ppp(r)
	case capture.LinkPPPoE:
		w.pppoe(r, layer.PPPoE)
	case capture.LinkNFLOG:
		w.nflog(r)
	case capture.LinkWLAN:
		w.wlan(r)
	case capture.LinkRadiotap:
		w.radiotap(r)
	case capture.LinkFrameRelay, capture.LinkCiscoHDLC:
		w.bareEtherType(r)
	case capture.LinkIPNET:
		w.ip(r.skip(ipnetLen))
	}
}

// Continue walks on behind a reassembled IP datagram: payload is what the
// fragments held, protocol is its IP protocol number.
func (w *Walker) Continue(protocol uint8, payload []byte, v6 bool, p *Packet) {
	w.p, w.source = p, layer.Reassembled
	p.reassembled = payload
	w.protocol(part{payload, 0, len(payload)}, protocol, v6)
}

// reset forgets the frame before. What is only valid with Transport is left.
func (p *Packet) reset() {
	p.Layers = p.Layers[:0]
	p.Problems = p.Problems[:0]
	p.Src, p.Dst = netip.Addr{}, netip.Addr{}
	p.TTL, p.IPID, p.DSCPECN = 0, 0, 0
	p.ICMP.Quoted = false
	p.Fragment.Is = false
	p.reassembled = nil
	p.Outer = p.Outer[:0]
	p.noTransport()
}

// enter begins the packet inside a tunnel: a transport that was reached
// becomes an outer one.
func (p *Packet) enter() {
	if p.Transport == "" {
		return
	}
	n := len(p.Layers)
	for n > 0 && p.Layers[n-1].Protocol != p.Transport {
		n--
	}
	p.Outer = append(p.Outer, Outer{p.Src, p.Dst, p.SrcPort, p.DstPort, n, p.PayloadLength})
	p.noTransport()
}

// noTransport forgets the transport.
func (p *Packet) noTransport() {
	p.Transport, p.SrcPort, p.DstPort = "", 0, 0
	p.Payload, p.PayloadLength, p.PayloadOffset = nil, 0, -1
}

// add names a layer whose header has n bytes, as far as they were captured.
// It reports whether the walk may go on: the header must be captured whole,
// and the nesting must have an end.
func (w *Walker) add(r part, protocol layer.Protocol, n int) bool {
	if len(w.p.Layers) >= MaxLayers {
		w.problem(protocol, "nested too deeply: the headers inside are not read")
		return false
	}
	w.p.Layers = append(w.p.Layers, Span{Protocol: protocol, Offset: r.offset, Length: min(n, len(r.data)), Source: w.source})
	if len(r.data) >= n {
		return true
	}
	if r.wire < n {
		w.problem(protocol, "the packet ends within the header")
	}
	return false
}

// grow sets the length of the layer just added, where options follow a fixed
// header.
func (w *Walker) grow(r part, n int) {
	w.p.Layers[len(w.p.Layers)-1].Length = min(n, len(r.data))
}

func (w *Walker) problem(protocol layer.Protocol, text string) {
	w.p.Problems = append(w.p.Problems, layer.Problem{Layer: protocol, Text: text})
}

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
