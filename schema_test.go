package wiresight_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/protobuf"
)

func TestSchemasComeInThreeForms(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const head = "syntax = \"proto3\";\npackage shop;\n"
	write("tree/shop/item.proto", head+"message Item { string name = 1; }\n")
	write("tree/shop.proto", head+"import \"shop/item.proto\";\nimport \"google/protobuf/duration.proto\";\n"+
		"service Shop { rpc Get(Item) returns (google.protobuf.Duration); }\n")
	set, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{
		protodesc.ToFileDescriptorProto(durationpb.File_google_protobuf_duration_proto),
		{Name: proto.String("a.proto"), Package: proto.String("shop"), MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("Item")}},
			Service: []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("Shop"), Method: []*descriptorpb.MethodDescriptorProto{
				{Name: proto.String("Get"), InputType: proto.String(".shop.Item"), OutputType: proto.String(".google.protobuf.Duration")}}}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "tree"), filepath.Join(dir, "tree", "shop.proto"), write("shop.binpb", string(set))} {
		schema := protobuf.NewSchema()
		if err := wiresight.LoadSchema(t.Context(), schema, path); err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		request, response := schema.Method("/shop.Shop/Get")
		if request == nil || response == nil || request.FullName() != "shop.Item" || response.FullName() != "google.protobuf.Duration" {
			t.Errorf("%s: types %v and %v", path, request, response)
		}
	}
	for path, want := range map[string]string{
		write("bad.proto", "message {"):                    "bad.proto:1",
		write("import.proto", head+`import "none.proto";`): "none.proto",
		write("text", "syntax = \"proto3\";"):              "name it so",
		write("empty/readme", ""):                          "no descriptor set",
		filepath.Join(dir, "nowhere"):                      "no such file",
	} {
		if err := wiresight.LoadSchema(t.Context(), protobuf.NewSchema(), path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}
