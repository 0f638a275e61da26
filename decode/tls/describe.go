package tls

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/decode/layer"
)

// layer describes the current record. Offsets count from the record's header.
func (d *dissector) layer() layer.Layer {
	r := &d.rec
	l := layer.Layer{Protocol: Name, OSI: osi, Source: layer.Reassembled, Length: r.header.size + r.header.length}
	l.Data, l.Packets = bytes.Clone(r.raw), r.packetNumbers()
	if r.header.ssl2 {
		l.Fields = []layer.Field{
			{Name: "tls.record.length", Value: strconv.Itoa(r.header.length), Length: r.header.size},
		}
	} else {
		l.Fields = []layer.Field{
			{Name: r.typeName(), Value: strconv.Itoa(int(r.header.kind)), Length: 1},
			{Name: "tls.record.version", Value: fmt.Sprintf("0x%04x", r.header.version), Offset: 1, Length: 2},
			{Name: "tls.record.length", Value: strconv.Itoa(r.header.length), Offset: 3, Length: 2},
		}
	}
	l.Summary = d.summary()
	if r.opened { // what it holds is a layer of its own
		return l
	}
	if r.sealed {
		name := "tls.app_data"
		if r.header.kind == typeAlert {
			name = "tls.alert_message"
		} else if r.header.kind == typeHandshake {
			name = "tls.handshake"
		}
		l.Fields = append(l.Fields, layer.Field{
			Name: name, Value: fmt.Sprintf("%d bytes, encrypted", r.header.length), Offset: r.header.size, Length: r.header.length,
		})
		return l
	}
	l.Fields = append(l.Fields, d.contentFields(r.header.kind, r.header.size)...)
	return l
}

// typeName is how a record's outer type is called: that of TLS 1.3 says nothing
// of what is inside.
func (r *current) typeName() string {
	if r.opened && r.hidden {
		return "tls.record.opaque_type"
	}
	return "tls.record.content_type"
}

func (r *current) packetNumbers() []int {
	if r.packets == nil {
		return nil
	}
	list := make([]int, 0, len(r.packets.List()))
	for _, n := range r.packets.List() {
		list = append(list, int(n))
	}
	return list
}

// openedLayer describes what was inside the current record. Offsets count from
// its content.
func (d *dissector) openedLayer() layer.Layer {
	r := &d.rec
	l := layer.Layer{
		Protocol: Name, OSI: osi, Source: layer.Decrypted, Length: len(r.body),
		Data: bytes.Clone(r.body), Packets: r.packetNumbers(), Summary: d.contentSummary(r.kind),
	}
	if r.hidden {
		l.Fields = append(l.Fields, layer.Field{Name: "tls.record.content_type", Value: strconv.Itoa(int(r.kind))})
	}
	l.Fields = append(l.Fields, d.contentFields(r.kind, 0)...)
	return l
}

// contentFields describes the content of a record that is in the clear, or was
// decrypted; at is where it begins.
func (d *dissector) contentFields(kind uint8, at int) []layer.Field {
	b := d.rec.body
	switch kind {
	case typeHandshake:
		return d.parts()
	case typeChangeCipherSpec:
		return []layer.Field{{Name: "tls.change_cipher_spec", Offset: at, Length: len(b)}}
	case typeAlert:
		if len(b) == 2 {
			return []layer.Field{
				{Name: "tls.alert_message.level", Value: strconv.Itoa(int(b[0])), Offset: at, Length: 1},
				{Name: "tls.alert_message.desc", Value: strconv.Itoa(int(b[1])), Offset: at + 1, Length: 1},
			}
		}
	case typeApplicationData:
		fields := []layer.Field{{Name: "tls.app_data", Value: fmt.Sprintf("%d bytes", len(b)), Offset: at, Length: len(b)}}
		if p := d.inner.protocol; p != "" {
			fields = append(fields, layer.Field{Name: "tls.app_data_proto", Value: string(p)})
		}
		return fields
	}
	return nil
}

func (d *dissector) summary() string {
	r := &d.rec
	if r.sealed {
		switch r.header.kind {
		case typeAlert:
			return "Encrypted Alert"
		case typeHandshake:
			return "Encrypted Handshake Message"
		}
	}
	return d.contentSummary(r.header.kind)
}

func (d *dissector) contentSummary(kind uint8) string {
	r := &d.rec
	switch kind {
	case typeApplicationData:
		return "Application Data"
	case typeChangeCipherSpec:
		return "Change Cipher Spec"
	case typeHeartbeat:
		return "Heartbeat"
	case typeAlert:
		if len(r.body) == 2 {
			return fmt.Sprintf("Alert (Level: %s, Description: %s)", alertLevel(r.body[0]), AlertName(r.body[1]))
		}
		return "Alert"
	case typeHandshake:
	default:
		return "Unknown Content"
	}
	names := make([]string, 0, len(r.parts)+1)
	for i := range r.parts {
		names = append(names, r.parts[i].Title())
	}
	if r.rest > 0 || len(names) == 0 {
		names = append(names, "Handshake (fragment)")
	}
	return strings.Join(names, ", ")
}

// parts describes the messages that the current record completes.
func (d *dissector) parts() []layer.Field {
	fields := make([]layer.Field, 0, len(d.rec.parts))
	for i := range d.rec.parts {
		p := &d.rec.parts[i]
		f := layer.Field{Name: "tls.handshake", Value: p.Title()}
		body := 0
		if p.whole {
			f.Offset, f.Length = p.offset, len(p.Body)
			body = p.offset
			if !d.rec.header.ssl2 {
				f.Length += handshakeHeader
				body += handshakeHeader
			}
		}
		f.Children = p.Fields(body - handshakeHeader)
		if !p.whole { // bytes of several records: no place to point at
			unplace(f.Children)
		}
		fields = append(fields, f)
	}
	return fields
}

func unplace(fields []layer.Field) {
	for i := range fields {
		fields[i].Offset, fields[i].Length = 0, 0
		unplace(fields[i].Children)
	}
}

// Fields describes the hello; body is the offset of its first byte.
func (h *ClientHello) Fields(body int) []layer.Field {
	digest, text := h.JA3()
	fields := []layer.Field{
		{Name: "tls.handshake.version", Value: fmt.Sprintf("0x%04x", h.Version), Offset: body, Length: 2},
		{Name: "tls.handshake.random", Value: hexText(h.Random), Offset: body + 2, Length: len(h.Random)},
		{Name: "tls.handshake.session_id", Value: hexText(h.SessionID), Offset: body + 35, Length: len(h.SessionID)},
		listField("tls.handshake.ciphersuites", "tls.handshake.ciphersuite", h.CipherSuites, CipherSuiteName),
	}
	fields = append(fields, extensionFields(h.Extensions, body)...)
	if h.ServerName != "" {
		fields = append(fields, layer.Field{Name: "tls.handshake.extensions_server_name", Value: layer.Clip([]byte(h.ServerName), maxText)})
	}
	for _, a := range bounded(h.ALPN) {
		fields = append(fields, layer.Field{Name: "tls.handshake.extensions_alpn_str", Value: a})
	}
	for _, g := range h.KeyShares {
		fields = append(fields, layer.Field{Name: "tls.handshake.extensions_key_share_group", Value: GroupName(g)})
	}
	return append(fields,
		listField("tls.handshake.extensions.supported_versions", "tls.handshake.extensions.supported_version", h.Versions, VersionName),
		listField("tls.handshake.extensions_supported_groups", "tls.handshake.extensions_supported_group", h.Groups, GroupName),
		listField("tls.handshake.sig_hash_algs", "tls.handshake.sig_hash_alg", h.SignatureAlgorithms, SignatureName),
		layer.Field{Name: "tls.handshake.ja3", Value: digest},
		layer.Field{Name: "tls.handshake.ja3_full", Value: text})
}

// Fields describes the hello; body is the offset of its first byte.
func (h *ServerHello) Fields(body int) []layer.Field {
	at := body + 35 + len(h.SessionID)
	fields := []layer.Field{
		{Name: "tls.handshake.version", Value: fmt.Sprintf("0x%04x", h.LegacyVersion), Offset: body, Length: 2},
		{Name: "tls.handshake.random", Value: hexText(h.Random), Offset: body + 2, Length: len(h.Random)},
		{Name: "tls.handshake.session_id", Value: hexText(h.SessionID), Offset: body + 35, Length: len(h.SessionID)},
		{Name: "tls.handshake.ciphersuite", Value: CipherSuiteName(h.CipherSuite), Offset: at, Length: 2},
	}
	fields = append(fields, extensionFields(h.Extensions, body)...)
	if h.Version != h.LegacyVersion {
		fields = append(fields, layer.Field{Name: "tls.handshake.extensions.supported_version", Value: VersionName(h.Version)})
	}
	if h.Group != 0 {
		fields = append(fields, layer.Field{Name: "tls.handshake.extensions_key_share_group", Value: GroupName(h.Group)})
	}
	if h.ALPN != "" {
		fields = append(fields, layer.Field{Name: "tls.handshake.extensions_alpn_str", Value: layer.Clip([]byte(h.ALPN), maxText)})
	}
	return fields
}

func extensionFields(list []Extension, body int) []layer.Field {
	fields := make([]layer.Field, 0, len(list))
	for i := range list {
		e := &list[i]
		fields = append(fields, layer.Field{
			Name: "tls.handshake.extension.type", Value: extensionName(e.Type), Offset: body + e.Offset, Length: 4 + len(e.Data),
		})
	}
	return fields
}

// maxListed bounds the values described of one list.
const maxListed = 256

func listField(name, item string, list []uint16, text func(uint16) string) layer.Field {
	f := layer.Field{Name: name, Value: strconv.Itoa(len(list))}
	for _, v := range list[:min(len(list), maxListed)] {
		f.Children = append(f.Children, layer.Field{Name: item, Value: text(v)})
	}
	return f
}

func hexText(b []byte) string {
	const most = 64
	if len(b) > most {
		return fmt.Sprintf("%x…", b[:most])
	}
	return fmt.Sprintf("%x", b)
}
