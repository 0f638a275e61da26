package grpc

import (
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
)

// isJSON reports whether a Content-Type says that messages are JSON.
func isJSON(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	return strings.HasSuffix(strings.ToLower(strings.TrimSpace(t)), "+json")
}

// content returns a unit's message, its compression undone, and what hinders
// reading it.
func (d *dissector) content(u *stream.Unit) (b []byte, plain bool, problem string) {
	b = u.Head[http.PrefixSize:]
	if u.Head[0]&http.Compressed == 0 {
		return b, true, ""
	}
	if !u.Whole() {
		return nil, false, "too long to be decompressed"
	}
	b, err := http.Uncompress(d.coding, b, layer.KeepData)
	if err != nil {
		return b, false, layer.Printable(err.Error())
	}
	return b, false, ""
}

// layer describes the message at hand. Offsets count from its prefix, or, where
// it was compressed, from the first byte of what came out.
func (d *dissector) layer() layer.Layer {
	u := d.unit
	l := layer.Layer{Protocol: Name, OSI: osi, Source: layer.Reassembled, Length: len(u.Head)}
	for _, n := range u.Packets.List() {
		l.Packets = append(l.Packets, int(n))
	}
	if len(u.Head) < http.PrefixSize {
		return l
	}
	b, plain, problem := d.content(u)
	at := 0
	compressed := layer.Field{Name: "grpc.compressed_flag", Value: strconv.FormatBool(u.Head[0]&http.Compressed != 0)}
	length := layer.Field{Name: "grpc.message_length", Value: strconv.FormatInt(u.Size-http.PrefixSize, 10)}
	if plain {
		at = http.PrefixSize
		compressed.Length, length.Offset, length.Length = 1, 1, 4
		l.Data = append([]byte(nil), u.Head...)
	} else {
		l.Data = append([]byte(nil), b...)
		l.Length = len(b)
	}
	l.Fields = []layer.Field{compressed, length}
	if problem != "" {
		l.Fields = append(l.Fields, layer.Field{Name: "grpc.body_decompression_failed", Value: problem})
	}
	what := "message"
	switch {
	case u.Head[0]&http.Trailers != 0:
		what = "trailers"
		l.Fields = append(l.Fields, trailers(b, at)...)
	case d.json || d.style == http.Connect && u.Head[0]&http.EndStream != 0:
		l.Fields = append(l.Fields, layer.Field{Name: "grpc.message_data", Value: layer.Clip(b, http.MaxName), Offset: at, Length: len(b)})
	default:
		var name string
		var fields []layer.Field
		if name, fields = d.message(u.Dir, b, at, u.Whole()); name != "" {
			what = name
		}
		l.Fields = append(l.Fields, fields...)
	}
	l.Summary = fmt.Sprintf("%s, %d bytes", what, u.Size-http.PrefixSize)
	return l
}

// message describes a message by its type, where that is known.
func (d *dissector) message(dir layer.Direction, b []byte, at int, whole bool) (name string, fields []layer.Field) {
	request, response := d.schema.Method(d.call)
	var kind protoreflect.MessageDescriptor = request
	if dir == layer.ToClient {
		kind = response
	}
	if kind != nil {
		name = layer.Clip([]byte(kind.FullName()), http.MaxMethod)
	}
	f := layer.Field{Name: "protobuf.message", Value: name, Offset: at, Length: len(b)}
	ok := true
	if f.Children, ok = d.schema.Describe(b, at, kind); !ok && whole {
		f.Children = append(f.Children, layer.Field{Name: "protobuf.failed_parse_field", Value: "what follows is no field"})
	}
	if name == "" {
		f.Value = "of an unknown type"
	}
	return name, []layer.Field{f}
}

// trailers describes gRPC-Web's trailer section. Secrets in it are not shown.
func trailers(b []byte, at int) (out []layer.Field) {
	for line := range strings.Lines(string(b)) {
		if len(out) >= http.MaxFacts {
			break
		}
		name, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		out = append(out, layer.Field{
			Name: "grpc.trailer", Value: layer.Clip([]byte(name), http.MaxMethod) + ": " + http.FieldValue([]byte(name), http.TrimSpace([]byte(value))), Offset: at, Length: len(line),
		})
		at += len(line)
	}
	return out
}
