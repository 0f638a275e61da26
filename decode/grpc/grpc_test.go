package grpc

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/protobuf"
)

// prefixed puts flags and length before a message.
func prefixed(flags byte, message string) string {
	b := binary.BigEndian.AppendUint32([]byte{flags}, uint32(len(message)))
	return string(b) + message
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

func about(facts ...string) dissect.Context {
	var c dissect.Context
	for i := 0; i < len(facts); i += 2 {
		c.Facts = append(c.Facts, flow.Fact{Key: facts[i], Value: facts[i+1]})
	}
	return c
}

func brief(r *dissecttest.Recorder) (out []string) {
	for i := range r.Messages {
		m := &r.Messages[i]
		s := fmt.Sprintf("%s %s %s %d", m.Dir, m.Kind, m.Name, m.Bytes)
		if v := flow.PackFacts(m.Facts).Get("compressed"); v != "" {
			s += " " + v
		}
		if m.State == flow.Cut {
			s += " cut"
		}
		out = append(out, s)
	}
	return out
}

func TestMessages(t *testing.T) {
	client, server := dissecttest.Client, dissecttest.Server
	grpc := about("content-type", "application/grpc+proto", "request", "/p.S/M", "grpc-encoding", "gzip")
	text := base64.StdEncoding.EncodeToString([]byte(prefixed(0, "abcd"))) + base64.StdEncoding.EncodeToString([]byte(prefixed(0x80, "grpc-status: 0\r\n")))
	for _, c := range []struct {
		name    string
		context dissect.Context
		writes  []dissecttest.Write
		want    []string
	}{
		{"one message each way", grpc, []dissecttest.Write{client(prefixed(0, "\x08\x01")), server(prefixed(0, "\x0a\x02hi"))},
			[]string{"to_server message /p.S/M 7", "to_client message /p.S/M 9"}},
		{"many messages, empty ones too", grpc, []dissecttest.Write{client(prefixed(0, "") + prefixed(0, "\x08\x02") + prefixed(0, ""))},
			[]string{"to_server message /p.S/M 5", "to_server message /p.S/M 7", "to_server message /p.S/M 5"}},
		{"a compressed message", grpc, []dissecttest.Write{client(prefixed(1, zipped("\x08\x03")))},
			[]string{fmt.Sprintf("to_server message /p.S/M %d gzip", 5+len(zipped("\x08\x03")))}},
		{"a message that is cut off", grpc, []dissecttest.Write{client(prefixed(0, "abcdef")[:8])},
			[]string{"to_server message /p.S/M 8 cut"}},
		{"a hole within a message", grpc, []dissecttest.Write{client(prefixed(0, "abcdef")[:7]), dissecttest.Lost(2, client("ef"+prefixed(0, "g")))},
			[]string{"to_server message /p.S/M 9 cut", "to_server message /p.S/M 6"}},
		{"trailers in the body", about("content-type", "application/grpc-web"), []dissecttest.Write{server(prefixed(0, "a") + prefixed(0x80, "grpc-status: 5\r\n"))},
			[]string{"to_client message  6", "to_client trailers  21"}},
		{"base64", about("content-type", "application/grpc-web-text"), []dissecttest.Write{server(text)},
			[]string{"to_client message  9", "to_client trailers  21"}},
		{"Connect", about("content-type", "application/connect+json", "request", "/p.S/M"), []dissecttest.Write{server(prefixed(0, "{}") + prefixed(2, `{"error":{}}`))},
			[]string{"to_client message /p.S/M 7", "to_client end-stream /p.S/M 17"}},
	} {
		r := dissecttest.Game{Context: c.context}.EveryCut(t, Protocol(), c.writes...)
		if got := brief(r); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if len(r.Problems) > 0 {
			t.Errorf("%s: %v", c.name, r.Problems)
		}
	}
}

func TestWhatIsNoMessageIsNamed(t *testing.T) {
	r := dissecttest.Game{Context: about("content-type", "application/grpc")}.Play(Protocol(), dissecttest.Client("<html>"))
	if len(r.Problems) != 1 || len(r.Messages) != 0 {
		t.Errorf("%v, %q", r.Problems, brief(r))
	}
}

// shop is a service as a server describes it.
func shop() *descriptorpb.FileDescriptorProto {
	f := protodesc.ToFileDescriptorProto(descriptorpb.File_google_protobuf_descriptor_proto)
	f = proto.Clone(f).(*descriptorpb.FileDescriptorProto)
	f.Name, f.Package = proto.String("shop.proto"), proto.String("shop")
	f.EnumType, f.Service, f.SourceCodeInfo = nil, nil, nil
	name, kind, number, label := "greeting", descriptorpb.FieldDescriptorProto_TYPE_STRING, int32(1), descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL
	f.MessageType = []*descriptorpb.DescriptorProto{{Name: proto.String("Item"), Field: []*descriptorpb.FieldDescriptorProto{{Name: &name, Type: &kind, Number: &number, Label: &label}}}}
	f.Service = []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("Shop"), Method: []*descriptorpb.MethodDescriptorProto{
		{Name: proto.String("Get"), InputType: proto.String(".shop.Item"), OutputType: proto.String(".shop.Item")}}}}
	return f
}

// A server's answer to reflection names the fields of later calls.
func TestReflectionTeachesTheSchema(t *testing.T) {
	schema := protobuf.NewSchema()
	file, err := proto.Marshal(shop())
	if err != nil {
		t.Fatal(err)
	}
	answer := protowire.AppendBytes(protowire.AppendTag(nil, descriptorProto, protowire.BytesType), file)
	answer = protowire.AppendBytes(protowire.AppendTag(nil, descriptorResponse, protowire.BytesType), answer)
	c := about("content-type", "application/grpc", "request", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
	c.Schema = schema
	dissecttest.Game{Context: c, Silent: true}.Play(Protocol(), dissecttest.Server(prefixed(1, zipped(string(answer)))))
	c = about("content-type", "application/grpc", "request", "/shop.Shop/Get")
	c.Schema = schema
	r := dissecttest.Game{Context: c}.Play(Protocol(), dissecttest.Client(prefixed(0, "\x0a\x05hello")))
	l := r.Layers[0]
	if l.Summary != "shop.Item, 7 bytes" || l.Fields[2].Children[0].Value != `greeting: "hello"` {
		t.Errorf("%s: %+v", l.Summary, l.Fields)
	}
	if f := l.Fields[2].Children[0]; string(l.Data[f.Offset:f.Offset+f.Length]) != "\x0a\x05hello" {
		t.Errorf("the field stands at %d, %d bytes", f.Offset, f.Length)
	}
}

func TestCompressedMessagesAreDescribedAsWhatTheyWere(t *testing.T) {
	c := about("content-type", "application/grpc", "grpc-encoding", "gzip")
	r := dissecttest.Game{Context: c}.Play(Protocol(), dissecttest.Client(prefixed(1, zipped("\x0a\x05hello"))), dissecttest.Server(prefixed(1, "nonsense")))
	if l := r.Layers[0]; string(l.Data) != "\x0a\x05hello" || !strings.Contains(fmt.Sprint(l.Fields), `1: "hello"`) {
		t.Errorf("%+v", l)
	}
	if l := r.Layers[1]; !strings.Contains(fmt.Sprint(l.Fields), "grpc.body_decompression_failed") {
		t.Errorf("%+v", l)
	}
}

func TestTrailersShowNoSecrets(t *testing.T) {
	c := about("content-type", "application/grpc-web")
	r := dissecttest.Game{Context: c}.Play(Protocol(), dissecttest.Server(prefixed(0x80, "grpc-status: 0\r\nset-cookie: secret\r\n")))
	if text := fmt.Sprint(r.Layers[0].Fields); strings.Contains(text, "secret") || !strings.Contains(text, "grpc-status: 0") {
		t.Error(text)
	}
}

func FuzzDissector(f *testing.F) {
	f.Add([]byte(prefixed(0, "\x08\x01")+prefixed(1, zipped("\x0a\x02hi"))), uint8(3), uint8(0))
	f.Add([]byte(prefixed(0, "a")+prefixed(0x80, "grpc-status: 0\r\n")), uint8(1), uint8(1))
	f.Add([]byte(base64.StdEncoding.EncodeToString([]byte(prefixed(0, "abc")))), uint8(2), uint8(2))
	f.Add([]byte(prefixed(2, "{}")), uint8(2), uint8(3))
	types := []string{"application/grpc", "application/grpc-web", "application/grpc-web-text", "application/connect+json"}
	f.Fuzz(func(t *testing.T, b []byte, size, kind uint8) {
		g := dissecttest.Game{Context: about("content-type", types[int(kind)%len(types)], "request", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")}
		g.Context.Schema = protobuf.NewSchema()
		whole := g.Play(Protocol(), dissecttest.Client(string(b)), dissecttest.Server(string(b)))
		g.Cut = dissecttest.Pieces(int(size) + 1)
		cut := g.Play(Protocol(), dissecttest.Client(string(b)), dissecttest.Server(string(b)))
		if len(whole.Problems)+len(cut.Problems) == 0 && whole.Story() != cut.Story() {
			t.Errorf("whole:\n%s\nin pieces:\n%s", whole.Story(), cut.Story())
		}
		for _, l := range whole.Layers {
			if l.Summary != layer.Printable(l.Summary) {
				t.Errorf("%q", l.Summary)
			}
		}
	})
}
