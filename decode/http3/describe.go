package http3

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/quic-go/quic-go/quicvarint"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/http3/qpack"
	"github.com/wiresight/wiresight/decode/layer"
)

// maxDescribed bounds the fields described of one frame.
const maxDescribed = 256

// described is what a layer tells of: a frame, a stream's type, QPACK
// instructions, or a datagram.
type described struct {
	x        *side
	frame    frame
	bytes    []byte // the frame, or its beginning
	stream   uint64 // type of a unidirectional stream
	opens    bool   // the stream begins here
	size     int
	id       uint64 // of a push, a session, a datagram's stream
	datagram bool
	head     bool // the fields of a section are wanted
	fields   []layer.Field
	title    [2]string // :method or :status, and :path
}

// field notes a field line while a section is decoded. Cookies and credentials
// are not shown.
func (s *described) field(f *qpack.Field) {
	name, value := layer.Clip(f.Name, http.MaxMethod), "not known: its table entry was not seen"
	if name == "" {
		name = "unknown"
	}
	if f.HasValue {
		value = http.FieldValue(f.Name, f.Value)
		if f.Never && !strings.HasPrefix(name, ":") {
			value = fmt.Sprintf("%d bytes, not shown", len(f.Value)) // its sender takes it for a secret
		}
		switch name {
		case ":method", ":status":
			s.title[0] = value
		case ":path":
			s.title[1] = value
		}
	}
	if len(s.fields) < maxDescribed {
		s.fields = append(s.fields, layer.Field{Name: "http3.headers.header", Value: name + ": " + value, Children: []layer.Field{
			{Name: "http3.headers.header.name", Value: name},
			{Name: "http3.headers." + strings.ReplaceAll(strings.TrimPrefix(name, ":"), "-", "_"), Value: value},
		}})
	}
}

// layer describes what is at hand. Offsets count from its first byte.
func (d *dissector) layer() layer.Layer {
	s := &d.shown
	l := layer.Layer{Protocol: Name, OSI: osi, Source: layer.Reassembled}
	switch {
	case s.datagram:
		l.Summary = fmt.Sprintf("DATAGRAM(%d)", s.id)
		l.Length, l.Data = len(s.bytes), bytes.Clone(s.bytes)
		l.Fields = []layer.Field{{Name: "http3.datagram", Value: fmt.Sprintf("%d bytes", len(s.bytes)), Length: len(s.bytes)}}
	case s.opens, s.frame.size == 0:
		s.streamLayer(&l)
	default:
		s.frameLayer(&l)
	}
	if s.x != nil {
		for _, n := range [2]layer.PacketRef{s.x.first, s.x.last} {
			if n.Valid() && (len(l.Packets) == 0 || l.Packets[len(l.Packets)-1] != n.Number) {
				l.Packets = append(l.Packets, n.Number)
			}
		}
	}
	return l
}

// streamLayer describes a stream's beginning, or instructions of the encoder.
func (s *described) streamLayer(l *layer.Layer) {
	l.Length = s.size
	l.Data = bytes.Clone(s.x.in.Bytes()[:0])
	if s.frame.kind == frameWebTransport {
		l.Summary = fmt.Sprintf("WEBTRANSPORT_STREAM[%d] of session %d", s.x.s.id, s.id)
		return
	}
	name := streamNames[s.stream]
	if name == "" {
		name = "Unknown 0x" + strconv.FormatUint(s.stream, 16)
		if reserved(s.stream) {
			name = "Reserved (GREASE)"
		}
	}
	l.Summary = name + " Stream"
	if !s.opens {
		l.Summary = fmt.Sprintf("QPACK instructions, %d bytes", s.size)
		return
	}
	l.Fields = append(l.Fields, layer.Field{Name: "http3.stream_type", Value: fmt.Sprintf("%s (0x%02x)", name, s.stream)})
	switch s.stream {
	case streamPush:
		l.Fields = append(l.Fields, layer.Field{Name: "http3.push_id", Value: strconv.FormatUint(s.id, 10)})
	case streamWebTransport:
		l.Fields = append(l.Fields, layer.Field{Name: "http3.session_id", Value: strconv.FormatUint(s.id, 10)})
	}
}

// frameLayer describes a frame.
func (s *described) frameLayer(l *layer.Layer) {
	f := s.frame
	l.Length = f.size + int(min(f.length, 1<<31))
	l.Data = bytes.Clone(s.bytes)
	l.Summary = fmt.Sprintf("%s[%d]", f.title(), s.x.s.id)
	kind := varintSize(f.kind)
	l.Fields = append(l.Fields,
		layer.Field{Name: "http3.frame_type", Value: fmt.Sprintf("%s (0x%02x)", f.title(), f.kind), Length: kind},
		layer.Field{Name: "http3.frame_length", Value: strconv.FormatUint(f.length, 10), Offset: kind, Length: f.size - kind})
	if f.length > 0 {
		l.Fields = append(l.Fields, layer.Field{Name: "http3.frame_payload", Value: fmt.Sprintf("%d bytes", f.length), Offset: f.size, Length: l.Length - f.size})
	}
	if len(s.bytes) > f.size {
		l.Fields = append(l.Fields, s.payload(s.bytes[f.size:])...)
	}
	l.Fields = append(l.Fields, s.fields...)
	if s.title[0] != "" {
		l.Summary += ": " + strings.TrimSpace(s.title[0]+" "+s.title[1])
	}
}

func varintSize(v uint64) int { return quicvarint.Len(v) }

// payload describes what of a frame's payload is no field section.
func (s *described) payload(b []byte) []layer.Field {
	switch s.frame.kind {
	case frameSettings:
		return s.settings(b)
	case framePushPromise:
		return []layer.Field{{Name: "http3.push_id", Value: strconv.FormatUint(s.id, 10), Offset: s.frame.size, Length: varintSize(s.id)}}
	case frameGoAway, frameCancelPush, frameMaxPushID:
		if id, n, err := quicvarint.Parse(b); err == nil {
			return []layer.Field{{Name: "http3.push_id", Value: strconv.FormatUint(id, 10), Offset: s.frame.size, Length: n}}
		}
	case framePriorityUpdate, framePriorityPush:
		if id, n, err := quicvarint.Parse(b); err == nil {
			return []layer.Field{
				{Name: "http3.priority_update_element_id", Value: strconv.FormatUint(id, 10), Offset: s.frame.size, Length: n},
				{Name: "http3.priority_update_field_value", Value: layer.Clip(b[n:], maxPriority), Offset: s.frame.size + n, Length: len(b) - n},
			}
		}
	}
	return nil
}

func (s *described) settings(b []byte) (fields []layer.Field) {
	list, _ := parseSettings(b)
	for _, one := range list {
		name := settingNames[one.id]
		if name == "" {
			name = "unknown"
			if reserved(one.id) {
				name = "reserved"
			}
		}
		at := s.frame.size + one.at
		value := strconv.FormatUint(one.value, 10)
		fields = append(fields, layer.Field{
			Name: "http3.settings", Value: name + ": " + value, Offset: at, Length: one.size, Children: []layer.Field{
				{Name: "http3.settings.id", Value: fmt.Sprintf("0x%x", one.id), Offset: at, Length: varintSize(one.id)},
				{Name: "http3.settings." + settingField(one.id), Value: value, Offset: at + varintSize(one.id), Length: one.size - varintSize(one.id)},
			},
		})
	}
	return fields
}

// showBody describes a body that is complete, its content codings undone.
func (d *dissector) showBody(out dissect.Sink, x *side) {
	if len(x.whole) == 0 || int64(len(x.whole)) < x.body {
		return
	}
	out.Layer(Name, func() layer.Layer {
		coding, kind := http.Fact(x.msg.Facts, "content-encoding"), http.Fact(x.msg.Facts, "content-type")
		l := http.Body(Name, x.whole, coding, kind)
		for _, n := range x.packets.List() {
			l.Packets = append(l.Packets, int(n))
		}
		l.Summary = fmt.Sprintf("%s[%d] %s", x.msg.Kind, x.s.id, l.Summary)
		return l
	})
	x.whole = nil
}
