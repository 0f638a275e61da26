package http

import (
	"fmt"

	"github.com/wiresight/wiresight/decode/layer"
)

// Body describes a message's whole content as a layer of the protocol that
// carried it, its content codings undone: Layer.Data is what a reader sees.
// What is too large to be shown is cut off at layer.KeepData bytes.
func Body(p layer.Protocol, body []byte, contentEncoding, contentType string) layer.Layer {
	const osi = 7
	l := layer.Layer{Protocol: p, OSI: osi, Source: layer.Reassembled}
	what := "content"
	if t := mediaType(contentType); t != "" {
		what = layer.Clip([]byte(t), MaxMethod)
	}
	if !Coded(contentEncoding) {
		l.Data = append([]byte(nil), body[:min(len(body), layer.KeepData)]...)
		l.Length = len(l.Data)
		l.Summary = fmt.Sprintf("%s, %d bytes", what, len(body))
		l.Fields = append([]layer.Field{{Name: "http.file_data", Value: fmt.Sprintf("%d bytes", len(body)), Length: l.Length}}, parts(contentType, l.Data)...)
		return l
	}
	decoded, err := Decode(contentEncoding, body, layer.KeepData)
	l.Data, l.Length = decoded, len(decoded)
	l.Summary = fmt.Sprintf("%s, %d bytes, decoded from %d bytes of %s", what, len(decoded), len(body), layer.Clip([]byte(contentEncoding), MaxMethod))
	l.Fields = []layer.Field{
		{Name: "http.content_encoding", Value: layer.Clip([]byte(contentEncoding), MaxMethod)},
		{Name: "http.file_data", Value: fmt.Sprintf("%d bytes", len(decoded)), Length: l.Length},
	}
	l.Fields = append(l.Fields, parts(contentType, decoded)...)
	if err != nil {
		l.Fields = append(l.Fields, layer.Field{Name: "http.body_decompression_failed", Value: layer.Clip([]byte(err.Error()), MaxValue)})
	}
	return l
}
