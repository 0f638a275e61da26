package http1

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
)

// maxDescribed bounds the header fields described of one message.
const maxDescribed = 256

// keepHead copies the header section of a message that goes on in another
// packet, where somebody will want it described.
func (h *half) keepHead(wanted bool) {
	if !wanted {
		h.head = nil
		return
	}
	if len(h.kept) > 0 && len(h.head) > 0 && &h.kept[0] == &h.head[0] {
		return // kept already
	}
	h.kept = append(h.kept[:0], h.head[:min(len(h.head), maxKept)]...)
	h.head = h.kept
}

// layer describes the message of d.said but for its body. Offsets count from
// its first byte.
func (d *dissector) layer() layer.Layer {
	h := d.said
	l := layer.Layer{Protocol: Name, OSI: osi, Source: layer.Reassembled, Length: len(h.head), Data: bytes.Clone(h.head), Packets: h.numbers()}
	line, size := cutLine(h.head)
	s, ok := parseStart(line)
	if !ok { // nobody wanted it described when it was there
		l.Summary = h.msg.Name + h.msg.Status
		return l
	}
	l.Summary = layer.Clip(http.Hide(line), http.MaxValue)
	if s.response {
		l.Fields = responseLine(line, s)
	} else {
		l.Fields = requestLine(line, s)
	}
	l.Fields = append(l.Fields, headerFields(section{rest: h.head[size:], base: size})...)
	for _, f := range h.msg.Facts {
		if f.Key == "content-length" && h.framed {
			l.Fields = append(l.Fields, layer.Field{Name: "http.content_length", Value: f.Value})
		}
	}
	if h.framed && !h.shown() {
		l.Fields = append(l.Fields, layer.Field{Name: "http.file_data", Value: fmt.Sprintf("%d bytes", h.body)})
	}
	l.Fields = append(l.Fields, h.trailers...)
	return l
}

// shown reports whether all of the body is kept, to be described.
func (h *half) shown() bool { return h.body > 0 && int64(len(h.whole)) == h.body }

// showBody describes a body that is complete, its content codings undone.
func (h *half) showBody(out dissect.Sink) {
	if !h.shown() {
		return
	}
	out.Layer(Name, func() layer.Layer {
		l := http.Body(Name, h.whole, http.Fact(h.msg.Facts, "content-encoding"), http.Fact(h.msg.Facts, "content-type"))
		l.Packets = h.numbers()
		return l
	})
}

// numbers are those of the message's packets.
func (h *half) numbers() (list []int) {
	for _, n := range h.packets.List() {
		list = append(list, int(n))
	}
	return list
}

func requestLine(line []byte, s start) []layer.Field {
	return []layer.Field{
		{Name: "http.request.method", Value: layer.Clip(s.method, http.MaxMethod), Length: len(s.method)},
		{Name: "http.request.uri", Value: layer.Clip(http.Hide(s.target), http.MaxName), Offset: offset(line, s.target), Length: len(s.target)},
		{Name: "http.request.version", Value: versionPrefix + string(s.minor), Offset: len(http.TrimSpace(line)) - versionSize, Length: versionSize},
	}
}

func responseLine(line []byte, s start) []layer.Field {
	fields := []layer.Field{
		{Name: "http.response.version", Value: versionPrefix + string(s.minor), Length: versionSize},
		{Name: "http.response.code", Value: strconv.Itoa(s.status), Offset: offset(line, s.code), Length: len(s.code)},
	}
	if len(s.reason) > 0 {
		fields = append(fields, layer.Field{Name: "http.response.phrase", Value: layer.Clip(s.reason, http.MaxValue), Offset: offset(line, s.reason), Length: len(s.reason)})
	}
	return fields
}

// offset returns where part, a slice of whole, begins in it: both reach to the
// same end of memory.
func offset(whole, part []byte) int { return cap(whole) - cap(part) }

func headerFields(lines section) []layer.Field {
	var fields []layer.Field
	for len(fields) < maxDescribed {
		f, colon, ok := lines.next()
		if !ok {
			break
		}
		l := layer.Field{Name: "http.header", Value: layer.Clip(f.value, http.MaxName), Offset: f.offset, Length: f.length}
		if colon {
			describeField(&l, f)
		}
		fields = append(fields, l)
	}
	return fields
}

// describeField names a header field. Cookies and credentials are not shown.
func describeField(l *layer.Field, f field) {
	k := http.Lookup(f.name)
	l.Value = http.FieldValue(f.name, f.value)
	if k != nil && k.Filter != "" {
		l.Name = k.Filter
		return
	}
	l.Value = layer.Clip(f.name, http.MaxMethod) + ": " + l.Value
}
