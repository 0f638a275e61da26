package quic

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/decode/layer"
)

// packetLayer describes the packet at hand, whose first byte offsets count from.
func (d *dissector) packetLayer() layer.Layer {
	r := &d.now
	p := &r.packet
	l := layer.Layer{Protocol: Name, OSI: osi, Source: layer.Reassembled, Length: p.size, Data: bytes.Clone(r.raw), Packets: []int{r.chunk.At.Number}}
	title := titles[p.kind]
	if r.reset {
		title = "Stateless Reset"
	}
	l.Summary = title
	l.Fields = append(l.Fields, layer.Field{Name: "quic.packet_length", Value: strconv.Itoa(p.size), Length: p.size})
	switch {
	case r.reset:
		l.Fields = append(l.Fields, r.resetFields()...)
	case p.kind == oneRTT:
		l.Fields = append(l.Fields, r.shortFields()...)
	default:
		l.Fields = append(l.Fields, r.longFields()...)
	}
	if p.number > 0 && !r.reset {
		l.Fields = append(l.Fields, r.protectedFields(d)...)
	}
	return l
}

// longFields describes a long header.
func (r *reading) longFields() []layer.Field {
	p := &r.packet
	fields := []layer.Field{{Name: "quic.header_form", Value: "1", Length: 1}}
	if p.kind < negotiation {
		name := "quic.long.packet_type"
		if isV2(p.version) {
			name += "_v2"
		}
		fields = append(fields,
			layer.Field{Name: "quic.fixed_bit", Value: bit(r.raw[0], fixedBit), Length: 1},
			layer.Field{Name: name, Value: strconv.Itoa(p.code()), Length: 1})
	}
	dcid := 5
	scid := dcid + 1 + len(p.dcid)
	rest := scid + 1 + len(p.scid)
	fields = append(fields,
		layer.Field{Name: "quic.version", Value: fmt.Sprintf("0x%08x", p.version), Offset: 1, Length: 4},
		layer.Field{Name: "quic.dcil", Value: strconv.Itoa(len(p.dcid)), Offset: dcid, Length: 1},
		layer.Field{Name: "quic.dcid", Value: fmt.Sprintf("%x", p.dcid), Offset: dcid + 1, Length: len(p.dcid)},
		layer.Field{Name: "quic.scil", Value: strconv.Itoa(len(p.scid)), Offset: scid, Length: 1},
		layer.Field{Name: "quic.scid", Value: fmt.Sprintf("%x", p.scid), Offset: scid + 1, Length: len(p.scid)})
	switch p.kind {
	case initial:
		fields = append(fields, layer.Field{Name: "quic.token_length", Value: strconv.Itoa(len(p.token)), Offset: rest, Length: varintLength(r.raw, rest)})
		if len(p.token) > 0 {
			fields = append(fields, layer.Field{Name: "quic.token", Value: clipHex(p.token), Offset: bytes.Index(r.raw, p.token), Length: len(p.token)})
		}
	case retry:
		fields = append(fields,
			layer.Field{Name: "quic.retry_token", Value: clipHex(p.token), Offset: rest, Length: len(p.token)},
			layer.Field{Name: "quic.retry_integrity_tag", Value: clipHex(r.raw[len(r.raw)-retryTag:]), Offset: len(r.raw) - retryTag, Length: retryTag})
	case negotiation:
		fields = append(fields, versionFields(rest, p.versions)...)
	}
	if p.number > 0 {
		fields = append(fields, layer.Field{Name: "quic.length", Value: strconv.Itoa(p.size - p.number)})
	}
	return fields
}

// varintLength returns the length of the variable-length integer at b[at].
func varintLength(b []byte, at int) int {
	if at >= len(b) {
		return 0
	}
	return 1 << (b[at] >> 6)
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
		v := binary.BigEndian.Uint32(b)
		fields = append(fields, layer.Field{
			Name: "quic.supported_version", Value: fmt.Sprintf("0x%08x (%s)", v, VersionName(v)), Offset: at, Length: 4,
		})
	}
	return fields
}

// shortFields describes a short header, as far as it is in the clear.
func (r *reading) shortFields() []layer.Field {
	first := r.raw[0]
	fields := []layer.Field{
		{Name: "quic.header_form", Value: "0", Length: 1},
		{Name: "quic.fixed_bit", Value: bit(first, fixedBit), Length: 1},
		{Name: "quic.spin_bit", Value: strconv.FormatBool(first&spinBit != 0), Length: 1},
	}
	if id := r.packet.dcid; len(id) > 0 {
		fields = append(fields, layer.Field{Name: "quic.dcid", Value: fmt.Sprintf("%x", id), Offset: 1, Length: len(id)})
	}
	return fields
}

func (r *reading) resetFields() []layer.Field {
	n := len(r.raw) - resetToken
	return []layer.Field{
		{Name: "quic.unpredictable_bits", Value: fmt.Sprintf("%d bytes", n), Length: n},
		{Name: "quic.stateless_reset_token", Value: fmt.Sprintf("%x", r.raw[n:]), Offset: n, Length: resetToken},
	}
}

// protectedFields describes what header and packet protection hid.
func (r *reading) protectedFields(d *dissector) []layer.Field {
	p := &r.packet
	at := p.number
	if r.plain == nil {
		return []layer.Field{{Name: "quic.protected_payload", Value: "no key", Offset: at, Length: p.size - p.number}}
	}
	header := d.opener.header
	n := int(header[0]&3) + 1
	fields := make([]layer.Field, 0, 4)
	if p.kind == oneRTT {
		fields = append(fields, layer.Field{Name: "quic.key_phase", Value: strconv.FormatBool(r.phase), Length: 1})
	}
	return append(fields,
		layer.Field{Name: "quic.packet_number_length", Value: strconv.Itoa(n), Length: 1},
		layer.Field{Name: "quic.packet_number", Value: decimal(r.number), Offset: at, Length: n},
		layer.Field{Name: "quic.payload", Value: fmt.Sprintf("%d bytes", len(r.plain)), Offset: at + n, Length: p.size - p.number - n})
}

// payloadLayer describes the frames of a packet. Offsets count from the first
// byte of the decrypted payload.
func (d *dissector) payloadLayer() layer.Layer {
	r := &d.now
	l := layer.Layer{
		Protocol: Name, OSI: osi, Source: layer.Decrypted, Length: len(r.plain), Data: bytes.Clone(r.plain),
		Packets: []int{r.chunk.At.Number},
	}
	names := make([]string, 0, 8)
	for b := r.plain; len(b) > 0; {
		f, err := parseFrame(b)
		if err != nil {
			l.Fields = append(l.Fields, layer.Field{Name: "quic.remaining_payload", Value: err.Error(), Offset: len(r.plain) - len(b), Length: len(b)})
			break
		}
		f.at = len(r.plain) - len(b)
		b = b[f.size:]
		if len(l.Fields) < maxFrames {
			l.Fields = append(l.Fields, f.field())
		}
		if f.kind != framePadding && len(names) < maxNamed {
			names = append(names, f.title())
		}
	}
	for i := range r.messages {
		m := &r.messages[i]
		names = append(names, m.Title())
		l.Fields = append(l.Fields, m.field())
	}
	l.Summary = titles[r.packet.kind]
	if len(names) > 0 {
		l.Summary += ": " + strings.Join(names, ", ")
	}
	return l
}

// Bounds of what is described of one packet.
const (
	maxFrames = 512
	maxNamed  = 16
)

// field describes a handshake message; its fields come from reassembled bytes
// and have no place in the packet.
func (m *message) field() layer.Field {
	fields := m.Fields(0)
	nowhere(fields)
	return layer.Field{Name: "tls.handshake", Value: m.Title(), Children: append(fields, parameterList(m.parameters)...)}
}

func nowhere(fields []layer.Field) {
	for i := range fields {
		fields[i].Offset, fields[i].Length = 0, 0
		nowhere(fields[i].Children)
	}
}

func bit(b, mask byte) string {
	if b&mask != 0 {
		return "1"
	}
	return "0"
}

func decimal(v uint64) string { return strconv.FormatUint(v, 10) }

func clipHex(b []byte) string {
	const most = 64
	if len(b) > most {
		return fmt.Sprintf("%x…", b[:most])
	}
	return fmt.Sprintf("%x", b)
}
