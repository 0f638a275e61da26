package http

import (
	"bytes"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/wiresight/wiresight/decode/layer"
)

// statusDetails tells what a grpc-status-details-bin field holds, a
// google.rpc.Status in base64: the types of its details, by their names.
func statusDetails(value []byte) string {
	var text Base64
	b := text.Append(nil, append(bytes.Clone(value), '='))
	var names []string
	for len(b) > 0 && len(names) < maxDetails {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			break
		}
		b = b[n:]
		if number != detailsField || kind != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(number, kind, b); n < 0 {
				break
			}
			b = b[n:]
			continue
		}
		detail, n := protowire.ConsumeBytes(b)
		if n < 0 {
			break
		}
		b = b[n:]
		if name := anyType(detail); name != "" {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// Numbers of google.rpc.Status's fields and google.protobuf.Any's.
const (
	detailsField = 3
	typeField    = 1
	maxDetails   = 16
)

// anyType returns the name of the type of a google.protobuf.Any.
func anyType(b []byte) string {
	number, kind, n := protowire.ConsumeTag(b)
	if n < 0 || number != typeField || kind != protowire.BytesType {
		return ""
	}
	url, n := protowire.ConsumeBytes(b[n:])
	if n < 0 {
		return ""
	}
	if i := bytes.LastIndexByte(url, '/'); i >= 0 {
		url = url[i+1:]
	}
	const longest = 128
	return layer.Clip(url, longest)
}
