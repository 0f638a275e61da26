package grpc

import (
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/wiresight/wiresight/decode/stream"
)

// reflects reports whether a call asks a server for its schema
// (grpc.reflection.v1 and its forerunner v1alpha).
func reflects(call string) bool {
	return strings.HasPrefix(call, "/grpc.reflection.v1") && strings.HasSuffix(call, ".ServerReflection/ServerReflectionInfo")
}

// Numbers of the fields of ServerReflectionResponse and of its
// FileDescriptorResponse.
const (
	descriptorResponse = 4
	descriptorProto    = 1
)

// learn adds the descriptors that a server sends to the schema. What makes no
// sense is left out: the schema is only for looking.
func (d *dissector) learn(u *stream.Unit) {
	if d.schema == nil {
		return
	}
	b, _, problem := d.content(u)
	if problem != "" {
		return
	}
	each(b, descriptorResponse, func(answer []byte) {
		each(answer, descriptorProto, func(file []byte) { _ = d.schema.AddDescriptor(file) })
	})
}

// each calls f for the length-delimited fields of a message with a number.
func each(b []byte, number protowire.Number, f func([]byte)) {
	for len(b) > 0 {
		n, kind, size := protowire.ConsumeTag(b)
		if size < 0 {
			return
		}
		b = b[size:]
		if size = protowire.ConsumeFieldValue(n, kind, b); size < 0 {
			return
		}
		if n == number && kind == protowire.BytesType {
			v, _ := protowire.ConsumeBytes(b)
			f(v)
		}
		b = b[size:]
	}
}
