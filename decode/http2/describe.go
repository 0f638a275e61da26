package http2

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
)

// maxDescribed bounds the fields described of one frame.
const maxDescribed = 256

// described is what a layer tells of.
type described struct {
	dir     layer.Direction
	preface bool
	frame   frame
	bytes   []byte // the frame, or its beginning
	last    layer.PacketRef
	head    bool // the fields of its header section are wanted
	fields  []layer.Field
	title   [2]string // :method or :status, and :path
}

// field notes a header field while the block is decoded. Cookies and
// credentials are not shown.
func (s *described) field(f *field) {
	name, value := layer.Clip(f.name, http.MaxMethod), "not known: its table entry was not seen"
	if name == "" {
		name = "unknown"
	}
	if f.hasValue {
		value = http.FieldValue(f.name, f.value)
		if f.never && !strings.HasPrefix(name, ":") {
			value = fmt.Sprintf("%d bytes, not shown", len(f.value)) // RFC 7541 section 7.1.3: its sender takes it for a secret
		}
		switch name {
		case ":method", ":status":
			s.title[0] = value
		case ":path":
			s.title[1] = value
		}
	}
	if len(s.fields) < maxDescribed {
		s.fields = append(s.fields, layer.Field{Name: "http2.header", Value: name + ": " + value, Children: []layer.Field{
			{Name: "http2.header.name", Value: name},
			{Name: "http2.headers." + strings.ReplaceAll(strings.TrimPrefix(name, ":"), "-", "_"), Value: value},
		}})
	}
}

// layer describes the frame at hand. Offsets count from its first byte.
func (d *dissector) layer() layer.Layer {
	s := &d.shown
	l := layer.Layer{Protocol: Name, OSI: osi, Source: layer.Reassembled}
	if s.preface {
		l.Summary, l.Length, l.Data = "Magic", len(preface), []byte(preface)
		l.Fields = []layer.Field{{Name: "http2.magic", Value: layer.Printable(preface), Length: len(preface)}}
		return l
	}
	f := s.frame
	l.Length, l.Data = headerSize+f.length, append([]byte(nil), s.bytes...)
	l.Summary = fmt.Sprintf("%s[%d]", f.kind, f.stream)
	l.Fields = append(l.Fields,
		layer.Field{Name: "http2.length", Value: strconv.Itoa(f.length), Length: 3},
		layer.Field{Name: "http2.type", Value: fmt.Sprintf("%s (%d)", f.kind, uint8(f.kind)), Offset: 3, Length: 1},
		layer.Field{Name: "http2.flags", Value: fmt.Sprintf("0x%02x%s", uint8(f.flags), f.flagNames()), Offset: 4, Length: 1},
		layer.Field{Name: "http2.streamid", Value: strconv.FormatUint(uint64(f.stream), 10), Offset: 5, Length: 4},
	)
	if len(s.bytes) > headerSize {
		l.Fields = append(l.Fields, s.payload(s.bytes[headerSize:])...)
	}
	l.Fields = append(l.Fields, s.fields...)
	if s.title[0] != "" {
		l.Summary += ": " + strings.TrimSpace(s.title[0]+" "+s.title[1])
	}
	s.title = [2]string{}
	return l
}

// flagNames names a frame's flags.
func (f *frame) flagNames() string {
	out := ""
	names := []struct {
		flag flags
		name string
	}{{flagEndStream, "END_STREAM"}, {flagEndHeaders, "END_HEADERS"}, {flagPadded, "PADDED"}, {flagPriority, "PRIORITY"}}
	if f.kind == frameSettings || f.kind == framePing {
		names[0].name = "ACK"
	}
	for _, n := range names {
		if int(f.kind) < len(defined) && f.flags&defined[f.kind]&n.flag != 0 {
			out += ", " + n.name
		}
	}
	return out
}

// payload describes what of a frame's payload is no header block; b may be cut
// short.
func (s *described) payload(b []byte) []layer.Field {
	f := s.frame
	if len(b) < f.length && f.kind != frameData || f.fault() != "" {
		return nil
	}
	number := func(name string, at int, mask uint32) layer.Field {
		v := binary.BigEndian.Uint32(b[at:]) & mask
		return layer.Field{Name: name, Value: strconv.FormatUint(uint64(v), 10), Offset: headerSize + at, Length: 4}
	}
	code := func(name string, at int) layer.Field {
		return layer.Field{Name: name, Value: errorName(binary.BigEndian.Uint32(b[at:])), Offset: headerSize + at, Length: 4}
	}
	text := func(name string, from, to int) layer.Field {
		return layer.Field{Name: name, Value: layer.Clip(b[from:to], http.MaxValue), Offset: headerSize + from, Length: to - from}
	}
	const id = 1<<31 - 1
	switch f.kind {
	case frameData:
		return s.data(b)
	case frameSettings:
		return describeSettings(b)
	case framePriority:
		return priority(b, 0)
	case frameHeaders:
		if at := f.padSize(); f.flags&flagPriority != 0 && len(b) >= at+prioritySize {
			return priority(b, at)
		}
	case framePushPromise:
		if at := f.padSize(); len(b) >= at+4 {
			return []layer.Field{number("http2.push_promise.promised_stream_id", at, id)}
		}
	case frameReset:
		return []layer.Field{code("http2.rst_stream.error", 0)}
	case frameWindowUpdate:
		return []layer.Field{number("http2.window_update.window_size_increment", 0, id)}
	case framePing:
		return []layer.Field{{Name: "http2.ping", Value: fmt.Sprintf("%x", b[:8]), Offset: headerSize, Length: 8}}
	case frameGoAway:
		out := []layer.Field{number("http2.goaway.last_stream_id", 0, id), code("http2.goaway.error", 4)}
		if len(b) > 8 {
			out = append(out, text("http2.goaway.addata", 8, len(b)))
		}
		return out
	case frameAltSvc:
		if len(b) < 2 {
			return nil
		}
		if n := 2 + int(binary.BigEndian.Uint16(b)); n <= len(b) {
			return []layer.Field{text("http2.altsvc.origin", 2, n), text("http2.altsvc.field_value", n, len(b))}
		}
	case frameOrigin:
		return origins(b, text)
	case framePriorityUpdate:
		if len(b) >= 4 {
			return []layer.Field{number("http2.priority_update_stream_id", 0, id), text("http2.priority_update_field_value", 4, len(b))}
		}
	}
	return nil
}

// padSize is the size of the pad length field.
func (f *frame) padSize() int {
	if f.flags&flagPadded != 0 {
		return 1
	}
	return 0
}

// origins describes an ORIGIN frame (RFC 8336 section 2.1).
func origins(b []byte, text func(string, int, int) layer.Field) (out []layer.Field) {
	for at := 0; at+2 <= len(b) && len(out) < maxDescribed; {
		n := at + 2 + int(binary.BigEndian.Uint16(b[at:]))
		if n > len(b) {
			break
		}
		out = append(out, text("http2.origin.origin", at+2, n))
		at = n
	}
	return out
}

// priority describes RFC 7540's priority, at an offset of the payload.
func priority(b []byte, at int) []layer.Field {
	v := binary.BigEndian.Uint32(b[at:])
	return []layer.Field{
		{Name: "http2.exclusive", Value: strconv.FormatBool(v>>31 != 0), Offset: headerSize + at, Length: 4},
		{Name: "http2.stream_dependency", Value: strconv.FormatUint(uint64(v&^(1<<31)), 10), Offset: headerSize + at, Length: 4},
		{Name: "http2.headers.weight", Value: strconv.Itoa(int(b[at+4]) + 1), Offset: headerSize + at + 4, Length: 1},
	}
}

// data describes a DATA frame's payload.
func (s *described) data(b []byte) []layer.Field {
	f, at, pad := s.frame, 0, 0
	var out []layer.Field
	if at = f.padSize(); at > 0 {
		pad = int(b[0])
		out = append(out, layer.Field{Name: "http2.pad_length", Value: strconv.Itoa(pad), Offset: headerSize, Length: 1})
	}
	if n := f.length - at - pad; n > 0 {
		out = append(out, layer.Field{Name: "http2.data.data", Value: fmt.Sprintf("%d bytes", n), Offset: headerSize + at, Length: n})
	}
	if pad > 0 && pad <= f.length-at {
		out = append(out, layer.Field{Name: "http2.data.padding", Value: fmt.Sprintf("%d bytes", pad), Offset: headerSize + f.length - pad, Length: pad})
	}
	return out
}

// showBody describes a body that is complete, its content codings undone.
func (d *dissector) showBody(out dissect.Sink, s *exchange, dir layer.Direction) {
	x := &s.side[dir]
	if len(x.kept) == 0 || int64(len(x.kept)) < x.body {
		return
	}
	out.Layer(Name, func() layer.Layer {
		l := http.Body(Name, x.kept, x.coding, http.Fact(x.msg.Facts, "content-type"))
		l.Summary = fmt.Sprintf("%s[%d] %s", kindOf(x), s.id, l.Summary)
		return l
	})
	x.kept = nil
}

func kindOf(x *side) string {
	if x.msg.Role == flow.Request {
		return "request"
	}
	return "response"
}
