package protobuf

import (
	"math"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/wiresight/wiresight/decode/layer"
)

// tell writes fields in lines, nested ones indented.
func tell(fields []layer.Field, indent string) string {
	var b strings.Builder
	for _, f := range fields {
		b.WriteString(indent + f.Value + "\n")
		b.WriteString(tell(f.Children, indent+"  "))
	}
	return b.String()
}

func message() []byte {
	inner := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 7)
	b := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 150)
	b = protowire.AppendString(protowire.AppendTag(b, 2, protowire.BytesType), "testing é")
	b = protowire.AppendBytes(protowire.AppendTag(b, 3, protowire.BytesType), inner)
	b = protowire.AppendFixed32(protowire.AppendTag(b, 4, protowire.Fixed32Type), math.Float32bits(1.5))
	b = protowire.AppendFixed64(protowire.AppendTag(b, 5, protowire.Fixed64Type), math.Float64bits(-2))
	b = protowire.AppendBytes(protowire.AppendTag(b, 6, protowire.BytesType), []byte{0xff, 0xfe})
	b = protowire.AppendTag(b, 7, protowire.StartGroupType)
	b = append(b, inner...)
	return protowire.AppendTag(b, 7, protowire.EndGroupType)
}

func TestWithoutASchemaFieldsHaveNumbers(t *testing.T) {
	var s *Schema
	fields, ok := s.Describe(message(), 5, nil)
	want := `1: 150
2: "testing é"
3: message, likely
  1: 7
4: 1069547520 (or 1.5)
5: 13835058055282163712 (or -2)
6: 2 bytes: fffe
7: group
  1: 7
`
	if got := tell(fields, ""); got != want || !ok {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if f := fields[1]; f.Offset != 8 || f.Length != 12 {
		t.Errorf("the second field stands at %d, %d bytes", f.Offset, f.Length)
	}
	if f := fields[2].Children[0]; f.Offset != 22 || f.Length != 2 {
		t.Errorf("the inner field stands at %d, %d bytes", f.Offset, f.Length)
	}
}

// lab is a schema of the kind that people write.
func lab() *descriptorpb.FileDescriptorProto {
	type field = descriptorpb.FieldDescriptorProto
	one := func(name string, number int32, kind fieldType, typeName string, label descriptorpb.FieldDescriptorProto_Label) *field {
		f := &field{Name: &name, Number: &number, Type: &kind, Label: &label}
		if typeName != "" {
			f.TypeName = &typeName
		}
		return f
	}
	const optional, repeated = descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL, descriptorpb.FieldDescriptorProto_LABEL_REPEATED
	return &descriptorpb.FileDescriptorProto{
		Name: proto.String("lab.proto"), Package: proto.String("lab"), Syntax: proto.String("proto3"), Dependency: []string{"google/protobuf/duration.proto"},
		EnumType: []*descriptorpb.EnumDescriptorProto{{Name: proto.String("Kind"), Value: []*descriptorpb.EnumValueDescriptorProto{
			{Name: proto.String("NONE"), Number: proto.Int32(0)}, {Name: proto.String("GOOD"), Number: proto.Int32(1)}}}},
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("Item"), Field: []*field{
			one("id", 1, descriptorpb.FieldDescriptorProto_TYPE_SINT32, "", optional),
			one("kind", 2, descriptorpb.FieldDescriptorProto_TYPE_ENUM, ".lab.Kind", optional),
			one("sizes", 3, descriptorpb.FieldDescriptorProto_TYPE_UINT32, "", repeated),
			one("took", 4, descriptorpb.FieldDescriptorProto_TYPE_MESSAGE, ".google.protobuf.Duration", optional),
			one("password", 5, descriptorpb.FieldDescriptorProto_TYPE_STRING, "", optional),
			one("weight", 6, descriptorpb.FieldDescriptorProto_TYPE_DOUBLE, "", optional),
			one("next", 7, descriptorpb.FieldDescriptorProto_TYPE_MESSAGE, ".lab.Item", optional),
			one("ok", 8, descriptorpb.FieldDescriptorProto_TYPE_BOOL, "", optional),
		}}},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("Shop"), Method: []*descriptorpb.MethodDescriptorProto{
			{Name: proto.String("Get"), InputType: proto.String(".lab.Item"), OutputType: proto.String(".google.protobuf.Duration")}}}},
	}
}

type fieldType = descriptorpb.FieldDescriptorProto_Type

func item() []byte {
	next := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), protowire.EncodeZigZag(-4))
	took, _ := proto.Marshal(&durationpb.Duration{Seconds: 3})
	b := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), protowire.EncodeZigZag(-3))
	b = protowire.AppendVarint(protowire.AppendTag(b, 2, protowire.VarintType), 1)
	b = protowire.AppendBytes(protowire.AppendTag(b, 3, protowire.BytesType), []byte{1, 2, 0x96, 1})
	b = protowire.AppendBytes(protowire.AppendTag(b, 4, protowire.BytesType), took)
	b = protowire.AppendString(protowire.AppendTag(b, 5, protowire.BytesType), "hunter2")
	b = protowire.AppendFixed64(protowire.AppendTag(b, 6, protowire.Fixed64Type), math.Float64bits(2.5))
	b = protowire.AppendBytes(protowire.AppendTag(b, 7, protowire.BytesType), next)
	b = protowire.AppendVarint(protowire.AppendTag(b, 8, protowire.VarintType), 1)
	return protowire.AppendVarint(protowire.AppendTag(b, 99, protowire.VarintType), 5)
}

// Descriptors may come in any order, as reflection sends them.
func TestWithASchemaFieldsHaveNames(t *testing.T) {
	s := NewSchema()
	if request, _ := s.Method("/lab.Shop/Get"); request != nil {
		t.Fatal("an empty schema knows a method")
	}
	for _, f := range []*descriptorpb.FileDescriptorProto{lab(), protodesc.ToFileDescriptorProto(durationpb.File_google_protobuf_duration_proto)} {
		b, err := proto.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.AddDescriptor(b); err != nil {
			t.Fatal(err)
		}
		if err := s.AddDescriptor(b); err != nil {
			t.Error("the same again:", err)
		}
	}
	request, response := s.Method("/lab.Shop/Get")
	if request == nil || response == nil || response.FullName() != "google.protobuf.Duration" || response.IsPlaceholder() {
		t.Fatalf("types %v and %v", request, response)
	}
	fields, ok := s.Describe(item(), 0, request)
	want := `id: -3
kind: GOOD
sizes: [1, 2, 150]
took: google.protobuf.Duration
  seconds: 3
password: 8 bytes, not shown
weight: 2.5
next: lab.Item
  id: -4
ok: true
99: 5
`
	if got := tell(fields, ""); got != want || !ok {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSetsOfDescriptors(t *testing.T) {
	b, _ := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{lab()}})
	s := NewSchema()
	if err := s.AddSet(b); err != nil {
		t.Fatal(err)
	}
	if request, response := s.Method("/lab.Shop/Get"); request == nil || response != nil {
		t.Errorf("types %v and %v", request, response)
	}
	for _, bad := range []string{"", "package main", "\x0a\x02\x0a\x00"} {
		if err := s.AddSet([]byte(bad)); err == nil && bad != "\x0a\x02\x0a\x00" {
			t.Errorf("%q is a descriptor set", bad)
		}
	}
	if err := s.AddDescriptor(make([]byte, maxFile+1)); err == nil {
		t.Error("a descriptor without bounds is taken")
	}
}

func TestCutAndNestedMessages(t *testing.T) {
	b := message()
	for n := range b {
		NewSchema().Describe(b[:n], 0, nil)
	}
	deep := []byte{8, 1}
	for range 200 {
		deep = protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), deep)
	}
	fields, _ := NewSchema().Describe(deep, 0, nil)
	depth := 0
	for len(fields) > 0 {
		fields, depth = fields[0].Children, depth+1
	}
	if depth > maxDepth+2 {
		t.Errorf("%d levels are described", depth)
	}
	many := make([]byte, 0, 4*maxFields)
	for range 2 * maxFields {
		many = append(many, 8, 1)
	}
	if fields, _ = NewSchema().Describe(many, 0, nil); len(fields) > maxFields {
		t.Errorf("%d fields are described", len(fields))
	}
}

func FuzzDescribe(f *testing.F) {
	f.Add(message())
	f.Add(item())
	s := NewSchema()
	b, _ := proto.Marshal(lab())
	if err := s.AddDescriptor(b); err != nil {
		f.Fatal(err)
	}
	d, _ := s.Method("/lab.Shop/Get")
	var check func(t *testing.T, fields []layer.Field, size int)
	check = func(t *testing.T, fields []layer.Field, size int) {
		for _, x := range fields {
			if x.Offset < 0 || x.Length < 0 || x.Offset+x.Length > size || x.Value != layer.Printable(x.Value) {
				t.Fatalf("%+v of %d bytes", x, size)
			}
			check(t, x.Children, size)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		fields, _ := s.Describe(b, 0, nil)
		check(t, fields, len(b))
		fields, _ = s.Describe(b, 0, d)
		check(t, fields, len(b))
	})
}

func FuzzDescriptor(f *testing.F) {
	b, _ := proto.Marshal(lab())
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		s := NewSchema()
		if s.AddDescriptor(b) != nil {
			return
		}
		for path := range s.methods {
			request, response := s.Method(path)
			s.Describe(item(), 0, request)
			s.Describe(message(), 0, response)
		}
	})
}
