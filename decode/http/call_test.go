package http

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

func prefixed(flags byte, message string) string {
	return string(binary.BigEndian.AppendUint32([]byte{flags}, uint32(len(message)))) + message
}

func TestCallsTellTheirMessagesAndStatus(t *testing.T) {
	text := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	zipped := string(encoded("gzip", "grpc-status: 9\r\n"))
	for _, c := range []struct {
		name, contentType, body string
		facts                   map[string]string
		status                  string
	}{
		{"three messages, one compressed", "application/grpc", prefixed(0, "ab") + prefixed(1, "") + prefixed(0, "c"), map[string]string{"messages": "3", "messages-compressed": "1"}, ""},
		{"trailers in the body", "application/grpc-web+proto", prefixed(0, "ab") + prefixed(0x80, "grpc-status:7\r\ngrpc-message:not%20you%E2%82%AC%zz\r\n"),
			map[string]string{"messages": "1", "grpc-message": "not you€%zz", "rpc": "grpc-web"}, "PERMISSION_DENIED"},
		{"compressed trailers", "application/grpc-web", prefixed(0x81, zipped), map[string]string{"messages": "0"}, "FAILED_PRECONDITION"},
		{"text", "application/grpc-web-text", text(prefixed(0, "abcd")) + text(prefixed(0x80, "grpc-status: 0\r\n")), map[string]string{"messages": "1"}, "OK"},
		{"the end of a Connect stream", "application/connect+json", prefixed(0, "{}") + prefixed(2, "{}"), map[string]string{"messages": "1", "rpc": "connect"}, "OK"},
		{"its error", "application/connect+proto", prefixed(2, `{"error":{"code":"canceled","message":"gone"}}`), map[string]string{"messages": "0", "grpc-message": "gone"}, "CANCELLED"},
		{"no messages at all", "application/grpc", "<html>", map[string]string{"messages": "0", "messages-incomplete": "present"}, ""},
		{"an unknown status", "application/grpc-web", prefixed(0x80, "grpc-status: 99\r\n"), nil, "99"},
	} {
		for _, size := range []int{1, 3, 1 << 16} {
			call := CallOf([]flow.Fact{{Key: "content-type", Value: c.contentType}})
			for b := []byte(c.body); len(b) > 0; b = b[min(size, len(b)):] {
				call.Feed(layer.ToClient, b[:min(size, len(b))])
			}
			facts := call.Facts(layer.ToClient, nil)
			for key, want := range c.facts {
				if got := Fact(facts, key); got != want {
					t.Errorf("%s: %s is %q, want %q", c.name, key, got, want)
				}
			}
			if got := CallStatus(facts); got != c.status {
				t.Errorf("%s: status %q, want %q", c.name, got, c.status)
			}
		}
	}
	if CallOf([]flow.Fact{{Key: "content-type", Value: "text/html"}}).IsGRPC() {
		t.Error("a page is a call")
	}
}

func TestCallsAfterAHoleCountNoMore(t *testing.T) {
	call := CallOf([]flow.Fact{{Key: "content-type", Value: "application/grpc"}})
	call.Feed(layer.ToServer, []byte(prefixed(0, "a")))
	call.Lost(layer.ToServer)
	call.Feed(layer.ToServer, []byte(prefixed(0, "b")))
	if facts := call.Facts(layer.ToServer, nil); Fact(facts, "messages") != "1" || Fact(facts, "messages-incomplete") == "" {
		t.Errorf("%v", facts)
	}
}

func TestCallNames(t *testing.T) {
	for request, want := range map[string]string{"POST /p.S/M": "/p.S/M", "GET /p.S/M?a=b c": "/p.S/M", "/p.S/M": "/p.S/M", "": ""} {
		if got := CallName(request); got != want {
			t.Errorf("%q: %q, want %q", request, got, want)
		}
	}
}

func TestTimeouts(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"150m": 150 * time.Millisecond, "1S": time.Second, "99999999H": 1<<63 - 1, "2M": 2 * time.Minute, "5u": 5 * time.Microsecond, "7n": 7,
	} {
		if got, ok := Timeout(value); !ok || got != want {
			t.Errorf("%s: %v %v, want %v", value, got, ok, want)
		}
	}
	for _, bad := range []string{"", "m", "1", "1x", "-1S", "123456789S", "1.5S"} {
		if got, ok := Timeout(bad); ok {
			t.Errorf("%q: %v", bad, got)
		}
	}
}

func TestDetailsOfAStatusAreNamed(t *testing.T) {
	detail := func(name string) []byte {
		b := protowire.AppendString(protowire.AppendTag(nil, typeField, protowire.BytesType), "type.googleapis.com/"+name)
		return protowire.AppendString(protowire.AppendTag(b, 2, protowire.BytesType), "value")
	}
	b := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 3)
	b = protowire.AppendString(protowire.AppendTag(b, 2, protowire.BytesType), "message")
	for _, name := range []string{"google.rpc.BadRequest", "google.rpc.\x1bErrorInfo"} {
		b = protowire.AppendBytes(protowire.AppendTag(b, detailsField, protowire.BytesType), detail(name))
	}
	const want = `google.rpc.BadRequest, google.rpc.\x1bErrorInfo`
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding} {
		var n Notes
		n.Status([]byte("200"))
		n.Field(Lookup([]byte("grpc-status-details-bin")), []byte(encoding.EncodeToString(b)))
		if _, facts := n.Take(nil); Fact(facts, "grpc-status-details") != want {
			t.Errorf("%v, want %s", facts, want)
		}
	}
}

func TestBase64(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var want []byte
		var text string
		for range 1 + rng.IntN(4) { // a piece of text each, padded by itself
			piece := make([]byte, rng.IntN(20))
			for i := range piece {
				piece[i] = byte(rng.Uint32())
			}
			want, text = append(want, piece...), text+base64.StdEncoding.EncodeToString(piece)
		}
		var b Base64
		var got []byte
		for len(text) > 0 {
			n := 1 + rng.IntN(len(text))
			got, text = b.Append(got, []byte(text[:n])), text[n:]
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("%x, want %x", got, want)
		}
	}
	var b Base64
	if got := b.Append(nil, []byte("QUJD*QUJD")); string(got) != "ABC" {
		t.Errorf("%q", got)
	}
}

func FuzzCall(f *testing.F) {
	f.Add("application/grpc-web", []byte(prefixed(0, "a")+prefixed(0x80, "grpc-status: 0\r\n")), uint8(2))
	f.Add("application/connect+json", []byte(prefixed(2, `{"error":{"code":"unknown"}}`)), uint8(3))
	f.Add("application/grpc-web-text", []byte("AAAAAAFh"), uint8(1))
	f.Fuzz(func(t *testing.T, contentType string, body []byte, size uint8) {
		facts := []flow.Fact{{Key: "content-type", Value: contentType}}
		whole, cut := CallOf(facts), CallOf(facts)
		if whole == nil {
			return
		}
		whole.Feed(layer.ToClient, body)
		for b := body; len(b) > 0; b = b[min(int(size)+1, len(b)):] {
			cut.Feed(layer.ToClient, b[:min(int(size)+1, len(b))])
		}
		a, b := flow.PackFacts(whole.Facts(layer.ToClient, nil)), flow.PackFacts(cut.Facts(layer.ToClient, nil))
		if a != b {
			t.Errorf("%q as a whole, %q in pieces", a, b)
		}
		for _, x := range a.List() {
			if x.Value != layer.Printable(x.Value) || strings.ContainsAny(x.Value, "\x1b\n") {
				t.Errorf("%q", x.Value)
			}
		}
	})
}
