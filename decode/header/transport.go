package header

import (
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Lengths of the transports' headers, in bytes.
const (
	tcpLen  = 20
	udpLen  = 8
	sctpLen = 12
)

// payload is what the innermost transport carries.
func (w *Walker) payload(r part) {
	p := w.p
	p.Payload, p.PayloadLength, p.PayloadOffset = r.data, r.wire, r.offset
	if w.source != layer.Frame {
		p.PayloadOffset = -1
	}
}

// udp reads a UDP header (RFC 768).
func (w *Walker) udp(r part) {
	if !w.add(r, layer.UDP, udpLen) {
		return
	}
	p, b := w.p, r.data
	p.Transport, p.SrcPort, p.DstPort = layer.UDP, be16(b), be16(b[2:])
	inside := r.skip(udpLen)
	switch n := int(be16(b[4:])); {
	case n >= udpLen:
		inside = inside.trim(n - udpLen)
	case n != 0: // 0 for jumbograms (RFC 2675)
		w.problem(layer.UDP, "length is less than the header's")
		w.payload(inside.trim(0))
		return
	}
	w.payload(inside)
	switch p.DstPort {
	case vxlanPort, genevePort, gtpPort, mplsPort:
		w.tunnel(inside, p.DstPort)
	}
}

// sctp reads the common header of SCTP (RFC 9260 section 3.1).
func (w *Walker) sctp(r part) {
	if !w.add(r, layer.SCTP, sctpLen) {
		return
	}
	p := w.p
	p.Transport, p.SrcPort, p.DstPort = layer.SCTP, be16(r.data), be16(r.data[2:])
	w.payload(r.skip(sctpLen))
}

// tcp reads a TCP header (RFC 9293 section 3.1).
func (w *Walker) tcp(r part) {
	if !w.add(r, layer.TCP, tcpLen) {
		return
	}
	p, b := w.p, r.data
	size := int(b[12]>>4) * 4
	if size < tcpLen {
		w.problem(layer.TCP, "header length below 20 bytes")
		return
	}
	w.grow(r, size)
	if size > r.wire {
		w.problem(layer.TCP, "header is longer than the packet")
		size = len(b)
	}
	p.Transport, p.SrcPort, p.DstPort = layer.TCP, be16(b), be16(b[2:])
	h := &p.TCP
	*h = TCPHeader{
		Seq: be32(b[4:]), Ack: be32(b[8:]), Flags: flow.Flags(be16(b[12:]) & 0x1ff),
		Window: be16(b[14:]), Checksum: be16(b[16:]), Urgent: be16(b[18:]),
		WindowScale: -1, OptionBytes: size - tcpLen,
	}
	if size > tcpLen {
		h.options(b[tcpLen:min(size, len(b))])
	}
	w.payload(r.skip(size))
}

// TCP option kinds (the IANA registry "TCP Option Kind Numbers").
const (
	optionEnd           = 0
	optionNop           = 1
	optionMSS           = 2
	optionWindowScale   = 3
	optionSACKPermitted = 4
	optionSACK          = 5
	optionTimestamps    = 8
	optionFastOpen      = 34
	optionExperiment    = 254 // with 0xf989: Fast Open before its number was assigned
)

// options reads what it understands and stops at the first malformed option.
func (h *TCPHeader) options(b []byte) {
	for len(b) > 0 {
		switch b[0] {
		case optionEnd:
			return
		case optionNop:
			b = b[1:]
			continue
		}
		if len(b) < 2 || b[1] < 2 || int(b[1]) > len(b) {
			return
		}
		h.option(b[0], b[2:b[1]])
		b = b[b[1]:]
	}
}

func (h *TCPHeader) option(kind byte, v []byte) {
	switch {
	case kind == optionTimestamps && len(v) == 8:
		h.HasTS, h.TSval, h.TSecr = true, be32(v), be32(v[4:])
	case kind == optionMSS && len(v) == 2:
		h.MSS = be16(v)
	case kind == optionWindowScale && len(v) == 1:
		h.WindowScale = int8(min(v[0], 14)) // RFC 7323 section 2.3
	case kind == optionSACKPermitted:
		h.SACKPermitted = true
	case kind == optionSACK:
		for i := 0; i+8 <= len(v) && i/8 < len(h.SACK); i += 8 {
			h.SACK[i/8] = [2]uint32{be32(v[i:]), be32(v[i+4:])}
			h.SACKBlocks = i/8 + 1
		}
	case kind == optionFastOpen:
		h.FastOpen, h.FastOpenCookie = true, len(v)
	case kind == optionExperiment && len(v) >= 2 && be16(v) == 0xf989:
		h.FastOpen, h.FastOpenCookie = true, len(v)-2
	}
}
