package sip

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/decode/layer"
)

// names are Wireshark's names of header fields that it spells in its own way.
var names = map[string]string{"via": "sip.Via", "from": "sip.From", "to": "sip.To", "call-id": "sip.Call-ID", "cseq": "sip.CSeq", "contact": "sip.Contact"}

// describe builds the layer of a message.
func describe(m *message, head, body []byte) layer.Layer {
	l := layer.Layer{
		Protocol: Name, OSI: osi, Source: layer.Reassembled, Length: len(head) + len(body), Summary: summary(m),
		Data: append(bytes.Clone(head), body[:min(len(body), layer.KeepData)]...),
	}
	line, rest, _ := bytes.Cut(head, []byte{'\n'})
	start := layer.Field{Name: "sip.Request-Line", Value: layer.Clip(bytes.TrimRight(line, "\r"), maxText), Length: len(line)}
	if m.status > 0 {
		start.Name = "sip.Status-Line"
		start.Children = []layer.Field{{Name: "sip.Status-Code", Value: strconv.Itoa(m.status), Offset: len(version) + 1, Length: 3}}
	} else {
		start.Children = []layer.Field{
			{Name: "sip.Method", Value: layer.Clip(m.method, maxText), Length: len(m.method)},
			{Name: "sip.r-uri", Value: layer.Clip(m.uri, maxText), Offset: len(m.method) + 1, Length: len(m.uri)},
		}
	}
	l.Fields = append(l.Fields, start)
	at := len(line) + 1
	for line := range bytes.Lines(rest) {
		if key, value, ok := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte{':'}); ok {
			l.Fields = append(l.Fields, field(key, bytes.TrimSpace(value), at, len(line)))
		}
		at += len(line)
	}
	if len(body) > 0 {
		l.Fields = append(l.Fields, layer.Field{Name: "sip.msg_body", Value: strconv.Itoa(len(body)) + " bytes", Offset: len(head), Length: len(body)})
	}
	return l
}

func field(key, value []byte, at, length int) layer.Field {
	name := strings.ToLower(layer.Clip(bytes.TrimSpace(key), 64))
	if len(name) == 1 && compact[name[0]] != "" {
		name = compact[name[0]]
	}
	f := layer.Field{Name: "sip." + layer.Clip(bytes.TrimSpace(key), 64), Value: layer.Clip(value, maxText), Offset: at, Length: length}
	if known := names[name]; known != "" {
		f.Name = known
	}
	if name == "authorization" || name == "proxy-authorization" {
		scheme, _, _ := bytes.Cut(value, []byte{' '})
		f.Value = layer.Clip(scheme, 32) + " (not shown)"
	}
	return f
}

func summary(m *message) string {
	if m.status > 0 {
		return "Status: " + strconv.Itoa(m.status) + " " + layer.Clip(m.reason, maxText)
	}
	return "Request: " + layer.Clip(m.method, maxText) + " " + layer.Clip(m.uri, maxText)
}
