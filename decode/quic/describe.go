package quic

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/tls"
)

// described gathers the current datagram's description while it is read, if
// somebody looks.
type described struct {
	on      bool
	size    int
	packets []layer.Field
	titles  []string
}

func (s *described) reset(on bool, size int) {
	s.on, s.size, s.packets, s.titles = on, size, s.packets[:0], s.titles[:0]
	if on {
		s.packets = nil // the last description may still be in use
	}
}

// layer describes the current datagram. Offsets count from its first byte.
func (d *dissector) layer() layer.Layer {
	return layer.Layer{
		Protocol: Name, OSI: osi, Source: layer.Reassembled, Length: d.now.size,
		Summary: strings.Join(d.now.titles, ", "), Fields: d.now.packets,
	}
}

// begin opens the description of a packet with a long header.
func (s *described) begin(at int, p *packet) {
	if !s.on {
		return
	}
	s.titles = append(s.titles, titles[p.kind])
	fields := []layer.Field{{Name: "quic.header_form", Value: "1", Offset: at, Length: 1}}
	if p.kind < negotiation {
		name := "quic.long.packet_type"
		if isV2(p.version) {
			name += "_v2"
		}
		fields = append(fields, layer.Field{Name: name, Value: strconv.Itoa(p.code()), Offset: at, Length: 1})
	}
	dcid := at + 5
	scid := dcid + 1 + len(p.dcid)
	fields = append(fields,
		layer.Field{Name: "quic.version", Value: fmt.Sprintf("0x%08x", p.version), Offset: at + 1, Length: 4},
		layer.Field{Name: "quic.dcid", Value: fmt.Sprintf("%x", p.dcid), Offset: dcid + 1, Length: len(p.dcid)},
		layer.Field{Name: "quic.scid", Value: fmt.Sprintf("%x", p.scid), Offset: scid + 1, Length: len(p.scid)})
	switch {
	case p.kind == initial && len(p.token) > 0:
		fields = append(fields, layer.Field{Name: "quic.token", Value: clipHex(p.token)})
	case p.kind == retry:
		fields = append(fields, layer.Field{Name: "quic.retry_token", Value: clipHex(p.token), Offset: scid + 1 + len(p.scid), Length: len(p.token)})
	case p.kind == negotiation:
		fields = append(fields, versionFields(scid+1+len(p.scid), p.versions)...)
	}
	if p.number > 0 {
		fields = append(fields, layer.Field{Name: "quic.length", Value: strconv.Itoa(p.size - p.number)})
	}
	s.packets = append(s.packets, layer.Field{
		Name: "quic.packet", Value: titles[p.kind], Offset: at, Length: p.size, Children: fields,
	})
}

// code returns the type bits as they stood in the header.
func (p *packet) code() int {
	if isV2(p.version) {
		return int(p.kind+1) & 3
	}
	return int(p.kind)
}

// maxListed bounds the versions described.
const maxListed = 64

func versionFields(at int, b []byte) []layer.Field {
	var fields []layer.Field
	for ; len(b) >= 4 && len(fields) < maxListed; b, at = b[4:], at+4 {
		v := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
		fields = append(fields, layer.Field{
			Name: "quic.supported_version", Value: fmt.Sprintf("0x%08x (%s)", v, VersionName(v)), Offset: at, Length: 4,
		})
	}
	return fields
}

// beginShort opens the description of a packet with a short header. id is the
// length of the connection ID in it, -1 if unknown.
func (s *described) beginShort(at int, b []byte, id int) {
	if !s.on {
		return
	}
	s.titles = append(s.titles, titles[oneRTT])
	fields := []layer.Field{
		{Name: "quic.header_form", Value: "0", Offset: at, Length: 1},
		{Name: "quic.spin_bit", Value: strconv.FormatBool(b[0]&spinBit != 0), Offset: at, Length: 1},
	}
	if id > 0 && 1+id <= len(b) {
		fields = append(fields, layer.Field{Name: "quic.dcid", Value: fmt.Sprintf("%x", b[1:1+id]), Offset: at + 1, Length: id})
	}
	s.packets = append(s.packets, layer.Field{
		Name: "quic.packet", Value: titles[oneRTT], Offset: at, Length: len(b), Children: fields,
	})
}

// add appends a field to the current packet's.
func (s *described) add(f layer.Field) {
	if s.on && len(s.packets) > 0 {
		p := &s.packets[len(s.packets)-1]
		if len(p.Children) < maxChildren {
			p.Children = append(p.Children, f)
		}
	}
}

// maxChildren bounds the fields described of one packet.
const maxChildren = 512

func (s *described) sealed() {
	if s.on {
		s.add(layer.Field{Name: "quic.protected_payload", Value: "no key"})
	}
}

func (s *described) number(n int64) {
	if s.on {
		s.add(layer.Field{Name: "quic.packet_number", Value: strconv.FormatInt(n, 10)})
	}
}

func (s *described) frame(f *frame, size int) {
	if !s.on {
		return
	}
	out := layer.Field{Name: "quic.frame", Value: frameNames[f.kind], Children: []layer.Field{
		{Name: "quic.frame_type", Value: strconv.FormatUint(f.kind, 10)},
	}}
	child := func(name, value string) {
		out.Children = append(out.Children, layer.Field{Name: name, Value: value})
	}
	switch f.kind {
	case framePadding:
		child("quic.padding_length", strconv.Itoa(size))
	case frameACK, frameACKECN:
		child("quic.ack.largest_acknowledged", strconv.FormatUint(f.offset, 10))
	case frameCrypto:
		child("quic.crypto.offset", strconv.FormatUint(f.offset, 10))
		child("quic.crypto.length", strconv.Itoa(len(f.data)))
	case frameClose, frameCloseApp:
		child("quic.cc.error_code", strconv.FormatUint(f.code, 10))
		child("quic.cc.reason_phrase", layer.Clip(f.data, maxText))
	}
	s.add(out)
}

func (s *described) clientHello(h *tls.ClientHello) {
	if !s.on {
		return
	}
	title := "Client Hello"
	if h.ServerName != "" {
		title += " (SNI=" + layer.Clip([]byte(h.ServerName), maxText) + ")"
	}
	s.hello(title, clientHello, h.Fields(0))
}

func (s *described) serverHello(h *tls.ServerHello) {
	if !s.on {
		return
	}
	title := "Server Hello"
	if h.HelloRetry {
		title = "Hello Retry Request"
	}
	s.hello(title, serverHello, h.Fields(0))
}

// hello adds a handshake message; its fields come from reassembled bytes and
// have no place in the datagram.
func (s *described) hello(title string, kind int, fields []layer.Field) {
	for i := range fields {
		fields[i].Offset, fields[i].Length = 0, 0
	}
	s.titles = append(s.titles, title)
	s.add(layer.Field{Name: "tls.handshake", Value: title, Children: append([]layer.Field{
		{Name: "tls.handshake.type", Value: strconv.Itoa(kind)},
	}, fields...)})
}

func clipHex(b []byte) string {
	const most = 64
	if len(b) > most {
		return fmt.Sprintf("%x…", b[:most])
	}
	return fmt.Sprintf("%x", b)
}
