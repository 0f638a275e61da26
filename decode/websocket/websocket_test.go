package websocket

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

var (
	client = dissecttest.Client
	server = dissecttest.Server
	gap    = dissecttest.Lost
)

// frame writes a frame as a server sends it.
func frame(bits byte, payload string) string {
	return writeFrame(header{bits: bits, length: int64(len(payload))}, payload)
}

// masked writes a frame as a client sends it.
func masked(bits byte, payload string) string {
	return writeFrame(header{bits: bits, masked: true, key: [4]byte{0xa1, 7, 0, 0x99}, length: int64(len(payload))}, payload)
}

func writeFrame(h header, payload string) string {
	h.size = 2
	switch {
	case h.length >= 1<<16:
		h.size += 8
	case h.length >= length16:
		h.size += 2
	}
	if h.masked {
		h.size += 4
	}
	return string(h.unmask(h.append(nil), []byte(payload), 0))
}

const final = fin

// upgraded plays a connection that HTTP has announced.
var upgraded = dissecttest.Game{Context: dissect.Context{Facts: []flow.Fact{{Key: "request", Value: "GET /chat"}}}}

// brief tells frames and the messages that they end in few words.
func brief(r *dissecttest.Recorder) (out []string) {
	for i := range r.Messages {
		m := &r.Messages[i]
		s := m.Dir.String()[3:] + " " + m.Kind
		if m.KeepAs != "" && m.KeepAs != m.Kind {
			s += " as " + m.KeepAs
		}
		if m.Name != "" {
			s += " " + m.Name
		}
		s += fmt.Sprintf(" %d", m.Bytes)
		for _, f := range m.Facts {
			s += fmt.Sprintf(" %s=%s", f.Key, f.Value)
		}
		if !m.Keep {
			s += " not kept"
		}
		if m.State == flow.Cut {
			s += " cut"
		}
		out = append(out, s)
	}
	return out
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\ngot  %q\nwant %q", what, got, want)
	}
}

func problems(r *dissecttest.Recorder) (out []string) {
	for _, p := range r.Problems {
		out = append(out, p.Text)
	}
	return out
}

func TestMessages(t *testing.T) {
	long := strings.Repeat("a", 300)
	for _, c := range []struct {
		name   string
		writes []dissecttest.Write
		want   []string
	}{
		{"a text and its answer", []dissecttest.Write{client(masked(final|1, "hello")), server(frame(final|2, "\x00\x01"))},
			[]string{"server text 11 payload-bytes=5", "client binary 4 payload-bytes=2"}},
		{"empty messages", []dissecttest.Write{client(masked(final|1, "")), server(frame(final|2, ""))},
			[]string{"server text 6 payload-bytes=0", "client binary 2 payload-bytes=0"}},
		{"lengths of 16 and 64 bits", []dissecttest.Write{server(frame(final|2, long)), server(frame(final|2, strings.Repeat("b", 1<<16)))},
			[]string{"client binary 304 payload-bytes=300", "client binary 65546 payload-bytes=65536"}},
		{"fragments with a ping between", []dissecttest.Write{client(masked(1, "he") + masked(final|9, "x") + masked(0, "l") + masked(final, "lo"))},
			[]string{"server text 8 not kept", "server ping 7", "server continuation 7 not kept", "server continuation as text 23 payload-bytes=5 frames=3"}},
		{"a close with a reason", []dissecttest.Write{server(frame(final|8, "\x03\xe9bye\x1b")), client(masked(final|8, ""))},
			[]string{"client close 1001 8 code=1001 reason=bye\\x1b", "server close 6"}},
		{"JSON, JSON-RPC and a session description", []dissecttest.Write{
			client(masked(final|1, `{"a":[1]}`)), client(masked(final|1, `{"jsonrpc":"2.0","method":"eth_call","id":1}`)),
			client(masked(final|1, "v=0\r\no=-\r\n")), client(masked(final|1, `{"type":"offer","sdp":"v=0\r\no=-"}`)), client(masked(final|1, `{"a`))},
			[]string{"server text 15 payload-bytes=9 content=json", "server text eth_call 50 payload-bytes=44 content=json-rpc", "server text 16 payload-bytes=10 content=sdp",
				"server text 41 payload-bytes=35 content=json sdp=present", "server text 9 payload-bytes=3"}},
		{"one that does not end", []dissecttest.Write{client(masked(final|1, "hello")[:8])},
			[]string{"server text 8 cut"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r *dissecttest.Recorder
			if total := len(c.writes[0].Data) + len(c.writes[len(c.writes)-1].Data); total > 4096 {
				r = upgraded.Play(Protocol(), c.writes...)
			} else {
				r = upgraded.EveryCut(t, Protocol(), c.writes...)
			}
			same(t, "messages", brief(r), c.want)
			same(t, "problems", problems(r), nil)
		})
	}
}

// compressor makes messages as permessage-deflate sends them.
type compressor struct {
	b bytes.Buffer
	w *flate.Writer
}

func newCompressor() *compressor {
	c := new(compressor)
	c.w, _ = flate.NewWriter(&c.b, flate.BestCompression)
	return c
}

func (c *compressor) message(text string) string {
	c.b.Reset()
	c.w.Write([]byte(text))
	c.w.Flush()
	return strings.TrimSuffix(c.b.String(), "\x00\x00\xff\xff")
}

func deflating(parameters string) dissecttest.Game {
	return dissecttest.Game{Context: dissect.Context{Facts: []flow.Fact{{Key: extensionsFact, Value: "permessage-deflate" + parameters}}}}
}

func payloads(r *dissecttest.Recorder) (out []string) {
	for _, l := range r.Layers {
		for _, f := range l.Fields {
			if f.Name == "websocket.payload" {
				out = append(out, string(l.Data[f.Offset:f.Offset+f.Length]))
			}
		}
	}
	return out
}

func TestCompression(t *testing.T) {
	const one, two = `{"price": 10000}`, `{"price": 10001}`
	c := newCompressor()
	first, second := c.message(one), c.message(two)
	if newCompressor().message(two) == second {
		t.Fatal("the second message does not refer to the first")
	}
	writes := []dissecttest.Write{server(frame(final|rsv1|1, first)), server(frame(rsv1|1, second[:3]) + frame(final, second[3:])), server(frame(final|1, "plain"))}

	t.Run("with context takeover", func(t *testing.T) {
		r := deflating("; client_no_context_takeover; server_max_window_bits=12").EveryCut(t, Protocol(), writes...)
		same(t, "payloads", payloads(r), []string{one, second[:3], two, "plain"})
		same(t, "problems", problems(r), nil)
	})
	t.Run("without context takeover", func(t *testing.T) {
		writes := []dissecttest.Write{server(frame(final|rsv1|1, first)), gap(10, server(frame(final|rsv1|1, newCompressor().message(two))))}
		r := deflating("; server_no_context_takeover").Play(Protocol(), writes...)
		same(t, "payloads", payloads(r)[:1], []string{one})
	})
	t.Run("a message that refers to a lost one is not read", func(t *testing.T) {
		whole := frame(final|rsv1|1, first)
		r := deflating("").Play(Protocol(), server(whole[:4]), gap(3, server(whole[7:])), server(frame(final|rsv1|1, second)))
		same(t, "messages", brief(r), []string{
			fmt.Sprintf("client text %d compressed=not undone: %s missing=3", len(whole), errIncomplete),
			fmt.Sprintf("client text %d compressed=not undone: %s", len(second)+2, errWindow),
		})
	})
	t.Run("one that does not is", func(t *testing.T) {
		whole := frame(final|rsv1|1, first)
		r := deflating("").Play(Protocol(), server(whole[:4]), gap(3, server(whole[7:])), server(frame(final|rsv1|1, newCompressor().message(two))))
		same(t, "payloads", payloads(r)[1:], []string{two})
	})
	t.Run("not agreed on", func(t *testing.T) {
		r := upgraded.Play(Protocol(), writes...)
		if len(r.Problems) == 0 || !strings.Contains(brief(r)[0], errAgreement.Error()) {
			t.Errorf("%q, problems %q", brief(r), problems(r))
		}
	})
}

func TestABombIsNotInflated(t *testing.T) {
	c := newCompressor()
	big := frame(final|rsv1|2, c.message(strings.Repeat("\x00", maxInflated+1)))
	if len(big) > 64<<10 {
		t.Fatal("no bomb")
	}
	r := deflating("").Play(Protocol(), server(big))
	if got := brief(r); !strings.Contains(got[0], errLarge.Error()) {
		t.Errorf("%q", got)
	}

	const size = 4 << 20
	var writes []dissecttest.Write
	one := frame(final|rsv1|2, newCompressor().message(strings.Repeat("\x00", size)))
	for range freeInflated/size + 2 {
		writes = append(writes, server(one))
	}
	got := brief(deflating("; server_no_context_takeover").Play(Protocol(), writes...))
	if last := got[len(got)-1]; !strings.Contains(last, errBomb.Error()) || strings.Contains(got[0], errBomb.Error()) {
		t.Errorf("first %q, last %q", got[0], last)
	}
}

func TestPayloadGoesToTheSubprotocol(t *testing.T) {
	g := deflating("")
	g.Context.Facts = append(g.Context.Facts, flow.Fact{Key: subprotocolFact, Value: "mqtt"})
	g.Names = map[string]layer.Protocol{"mqtt": "mqtt"}
	c := newCompressor()
	r := g.EveryCut(t, Protocol(),
		client(masked(2, "CON")+masked(final|9, "")+masked(final, "NECT")+masked(final|2, "PUBLISH")),
		server(frame(final|rsv1|2, c.message("CONNACK"))+frame(final|2, "PUBACK")))
	if got := string(r.InnerBytes("mqtt", layer.ToServer, 0)); got != "CONNECTPUBLISH" {
		t.Errorf("from the client %q", got)
	}
	if got := string(r.InnerBytes("mqtt", layer.ToClient, 0)); got != "CONNACKPUBACK" {
		t.Errorf("from the server %q", got)
	}
}

func TestTheSubprotocolLearnsWhatIsMissing(t *testing.T) {
	g := dissecttest.Game{Context: dissect.Context{Facts: []flow.Fact{{Key: subprotocolFact, Value: "mqtt"}}}, Names: map[string]layer.Protocol{"mqtt": "mqtt"}}
	whole := masked(final|2, "0123456789abcdefghij")
	r := g.Play(Protocol(), client(whole[:10]), gap(5, client(whole[15:]+masked(final|2, "next"))))
	type piece struct {
		data   string
		gap    int
		offset int64
	}
	var got []piece
	for _, i := range r.Inners {
		got = append(got, piece{string(i.Data), i.Gap, i.Offset})
	}
	want := []piece{{"0123", 0, 0}, {"9abcdefghij", 5, 9}, {"next", 0, 20}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestLossBetweenFrames(t *testing.T) {
	text := masked(final|1, "and this is read again")
	t.Run("a packet of whole frames is read", func(t *testing.T) {
		r := upgraded.Play(Protocol(), client(masked(final|1, "x")), gap(100, client(text)), client(text))
		same(t, "messages", brief(r), []string{"server text 7 payload-bytes=1", "server text 28 payload-bytes=22", "server text 28 payload-bytes=22"})
	})
	t.Run("one that begins within a frame is not", func(t *testing.T) {
		r := upgraded.Play(Protocol(), client(masked(final|1, "x")), gap(100, client(text[3:])), client(text+text[:4]), client(text))
		same(t, "messages", brief(r), []string{"server text 7 payload-bytes=1", "server text 28 payload-bytes=22"})
	})
	t.Run("what began before is cut", func(t *testing.T) {
		r := upgraded.Play(Protocol(), client(text[:10]), gap(100, client(text)))
		same(t, "messages", brief(r), []string{"server text 10 cut", "server text 28 payload-bytes=22"})
	})
	t.Run("a message's end without its beginning is no message", func(t *testing.T) {
		r := upgraded.Play(Protocol(), client(masked(1, "x")), gap(10, client(masked(final, strings.Repeat("y", 200)))))
		same(t, "messages", brief(r), []string{"server text 7 not kept", "server continuation 208 payload-bytes=200 cut"})
	})
}

func TestProblems(t *testing.T) {
	huge := "\x82\xff" + string(binary.BigEndian.AppendUint64(nil, 1<<63))
	for _, c := range []struct {
		name   string
		writes []dissecttest.Write
		want   string
	}{
		{"an opcode of nobody", []dissecttest.Write{server(frame(final|3, ""))}, "opcode that is not assigned"},
		{"reserved bits", []dissecttest.Write{server(frame(final|0x20|1, ""))}, "reserved bits"},
		{"a long ping", []dissecttest.Write{server(frame(final|9, strings.Repeat("a", 126)))}, "control frame"},
		{"a long way to say a length", []dissecttest.Write{server("\x82\x7e\x00\x01a")}, "more bytes than needed"},
		{"a client without a mask", []dissecttest.Write{client(frame(final|1, "a"))}, "not masked"},
		{"a fragment of nothing", []dissecttest.Write{server(frame(final, "a"))}, "out of order"},
		{"a message within another", []dissecttest.Write{server(frame(1, "a") + frame(final|1, "b"))}, "out of order"},
		{"a frame behind a close", []dissecttest.Write{server(frame(final|8, "") + frame(final|9, "") + frame(final|9, ""))}, "behind a Close"},
		{"a code that only stands for something", []dissecttest.Write{server(frame(final|8, "\x03\xee"))}, "must not be sent"},
		{"text that is none", []dissecttest.Write{server(frame(final|1, "\xff"))}, "not UTF-8"},
		{"an impossible length", []dissecttest.Write{client(huge)}, "2^63"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := upgraded.EveryCut(t, Protocol(), c.writes...)
			if p := problems(r); len(p) != 1 || !strings.Contains(p[0], c.want) {
				t.Errorf("problems %q", p)
			}
		})
	}
}

func TestFieldsAreNamedAsWiresharkNamesThem(t *testing.T) {
	r := upgraded.Play(Protocol(), client(masked(final|1, "hello")), server(frame(final|8, "\x03\xe8bye")))
	var got []string
	for _, l := range r.Layers {
		got = append(got, l.Summary)
		for _, f := range l.Fields {
			got = append(got, f.Name+"="+f.Value)
			for _, k := range f.Children {
				got = append(got, k.Name+"="+k.Value)
			}
		}
	}
	same(t, "fields", got, []string{
		"WebSocket text, 5 bytes, masked", "websocket.fin=1", "websocket.rsv=0x00", "websocket.opcode=1", "websocket.mask=1",
		"websocket.payload_length=5", "websocket.masking_key=a1070099", "websocket.payload=5 bytes", "websocket.payload.text=hello",
		"WebSocket close 1000 (normal closure), 5 bytes", "websocket.fin=1", "websocket.rsv=0x00", "websocket.opcode=8", "websocket.mask=0",
		"websocket.payload_length=5", "websocket.payload=5 bytes", "websocket.payload.close.status_code=1000", "websocket.payload.close.reason=bye",
	})
}

func TestTheMiddleOfAConnection(t *testing.T) {
	greeting := masked(final|1, `{"hello":"world"}`)
	for _, c := range []struct {
		name, first string
		want        dissect.Match
	}{
		{"a client's text", greeting, dissect.Yes},
		{"several", greeting + masked(final|1, ""), dissect.Yes},
		{"a few bytes", masked(final|1, "abc"), dissect.No},
		{"a server's text", frame(final|1, "hello, world"), dissect.No},
		{"no text", masked(final|1, "hello\x00world"), dissect.No},
		{"more than frames", greeting + "x", dissect.No},
		{"less", greeting[:len(greeting)-1], dissect.No},
		{"HTTP", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", dissect.No},
	} {
		if got := probe([]byte(c.first), false); got.Match != c.want {
			t.Errorf("%s: %v", c.name, got.Match)
		}
	}
	r := dissecttest.Game{}.Play(Protocol(), client(greeting), server("half a frame, and more"),
		server(frame(final|1, "hello, world")), server(frame(final|rsv1|1, newCompressor().message(`{"a":1}`))))
	same(t, "messages", brief(r), []string{"server text 23 payload-bytes=17 content=json", "client text 14 payload-bytes=12",
		fmt.Sprintf("client text %d compressed=permessage-deflate payload-bytes=7 content=json", 2+len(newCompressor().message(`{"a":1}`)))})
	same(t, "problems", problems(r), nil)
}
