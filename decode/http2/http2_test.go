package http2

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
)

// peer writes frames as one side of a connection, by x/net's Framer.
type peer struct {
	dir layer.Direction
	out bytes.Buffer
	*http2.Framer
	fields bytes.Buffer
	enc    *hpack.Encoder
}

// newNotes returns what the connections of a chain share.
func newNotes() *http.Notes { return new(http.Notes) }

func newPeer(dir layer.Direction) *peer {
	p := &peer{dir: dir}
	p.Framer = http2.NewFramer(&p.out, nil)
	p.AllowIllegalWrites = true
	p.enc = hpack.NewEncoder(&p.fields)
	return p
}

// block encodes header fields, "name: value" each.
func (p *peer) block(fields ...string) []byte {
	p.fields.Reset()
	for _, f := range fields {
		name, value, _ := strings.Cut(f[1:], ": ")
		p.enc.WriteField(hpack.HeaderField{Name: f[:1] + name, Value: value})
	}
	return bytes.Clone(p.fields.Bytes())
}

func (p *peer) headers(id uint32, end bool, fields ...string) {
	p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: p.block(fields...), EndStream: end, EndHeaders: true})
}

func (p *peer) get(id uint32, path string) {
	p.headers(id, true, ":method: GET", ":scheme: http", ":path: "+path, ":authority: example.com", "user-agent: test")
}

// sent takes what was written so far.
func (p *peer) sent() dissecttest.Write {
	w := dissecttest.Write{Dir: p.dir, Data: p.out.String()}
	p.out.Reset()
	return w
}

// pair returns both sides of a connection that has begun.
func pair() (c, s *peer, writes []dissecttest.Write) {
	c, s = newPeer(layer.ToServer), newPeer(layer.ToClient)
	c.out.WriteString(preface)
	c.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 65535})
	s.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 100})
	s.WriteSettingsAck()
	c.WriteSettingsAck()
	return c, s, []dissecttest.Write{c.sent(), s.sent()}
}

// brief tells requests and responses in few words, Heads left out.
func brief(r *dissecttest.Recorder) (out []string) {
	for i := range r.Messages {
		m := &r.Messages[i]
		if m.State == flow.Head || m.Role == flow.Single && m.Kind != "interim" {
			continue
		}
		s := strings.TrimSpace(fmt.Sprintf("%d %s", m.Stream, strings.TrimSpace(m.Name+" "+m.Status)))
		if m.Protocol != Name {
			s = string(m.Protocol) + " " + s
		}
		if m.Kind == "interim" {
			s += " interim"
		}
		for _, key := range []string{"body-bytes", "messages", "reset", "pushed", "trailers"} {
			if v := fact(m, key); v != "" {
				s += " " + key + " " + v
			}
		}
		if m.State == flow.Cut {
			s += " cut"
		}
		out = append(out, s)
	}
	return out
}

func fact(m *flow.Message, key string) string { return flow.PackFacts(m.Facts).Get(key) }

func frames(r *dissecttest.Recorder) map[string]int {
	n := map[string]int{}
	for i := range r.Messages {
		if m := &r.Messages[i]; m.Role == flow.Single && m.Kind != "interim" {
			n[m.Kind]++
		}
	}
	return n
}

func TestExchanges(t *testing.T) {
	for _, c := range []struct {
		name string
		talk func(c, s *peer) []dissecttest.Write
		want []string
	}{
		{"a request and its answer", func(c, s *peer) []dissecttest.Write {
			c.get(1, "/a")
			s.headers(1, false, ":status: 200", "content-type: text/plain")
			s.WriteData(1, true, []byte("hello"))
			return []dissecttest.Write{c.sent(), s.sent()}
		}, []string{"1 GET /a", "1 200 body-bytes 5"}},
		{"answers in another order than the requests", func(c, s *peer) []dissecttest.Write {
			c.get(1, "/a")
			c.get(3, "/b")
			s.headers(3, true, ":status: 204")
			s.headers(1, false, ":status: 200")
			s.WriteData(1, false, []byte("he"))
			s.WriteData(1, true, []byte("llo"))
			return []dissecttest.Write{c.sent(), s.sent()}
		}, []string{"1 GET /a", "3 GET /b", "3 204", "1 200 body-bytes 5"}},
		{"an interim response, and trailers", func(c, s *peer) []dissecttest.Write {
			c.headers(1, false, ":method: POST", ":scheme: http", ":path: /a", "expect: 100-continue")
			s.headers(1, false, ":status: 100")
			asked, granted := c.sent(), s.sent()
			c.WriteData(1, false, []byte("body"))
			c.headers(1, true, "x-sum: 1")
			s.headers(1, false, ":status: 200")
			s.headers(1, true, "x-sum: 2")
			return []dissecttest.Write{asked, granted, c.sent(), s.sent()}
		}, []string{"1 100 interim", "1 POST /a body-bytes 4 trailers present", "1 200 trailers present"}},
		{"padding counts for the frame, not for the body", func(c, s *peer) []dissecttest.Write {
			c.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: c.block(":method: GET", ":path: /a"), EndStream: true, EndHeaders: true, PadLength: 7,
				Priority: http2.PriorityParam{StreamDep: 3, Weight: 9}})
			s.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: s.block(":status: 200"), EndHeaders: true, PadLength: 200})
			s.WriteDataPadded(1, false, []byte("hello"), make([]byte, 100))
			s.WriteDataPadded(1, true, nil, make([]byte, 3))
			return []dissecttest.Write{c.sent(), s.sent()}
		}, []string{"1 GET /a", "1 200 body-bytes 5"}},
		{"a header block in many frames", func(c, s *peer) []dissecttest.Write {
			b := c.block(":method: GET", ":path: /a", "user-agent: "+strings.Repeat("x", 100))
			c.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: b[:3], EndStream: true})
			c.WriteContinuation(1, false, b[3:9])
			c.WriteContinuation(1, true, b[9:])
			s.headers(1, true, ":status: 404")
			return []dissecttest.Write{c.sent(), s.sent()}
		}, []string{"1 GET /a", "1 404"}},
		{"a push", func(c, s *peer) []dissecttest.Write {
			c.get(1, "/a")
			s.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2, BlockFragment: s.block(":method: GET", ":path: /b"), EndHeaders: true})
			s.headers(1, true, ":status: 200")
			s.headers(2, false, ":status: 200")
			s.WriteData(2, true, []byte("b"))
			return []dissecttest.Write{c.sent(), s.sent()}
		}, []string{"1 GET /a", "2 GET /b pushed 1", "1 200", "2 200 body-bytes 1"}},
		{"a client that gives up", func(c, s *peer) []dissecttest.Write {
			c.get(1, "/a")
			s.headers(1, false, ":status: 200")
			s.WriteData(1, false, []byte("hello"))
			asked, answered := c.sent(), s.sent()
			c.WriteRSTStream(1, http2.ErrCodeCancel)
			s.WriteData(1, true, []byte("late"))
			c.get(3, "/b")
			return []dissecttest.Write{asked, answered, c.sent(), s.sent()}
		}, []string{"1 GET /a", "1 200 body-bytes 5 reset CANCEL cut", "3 GET /b"}},
		{"a server that refuses", func(c, s *peer) []dissecttest.Write {
			c.headers(1, false, ":method: POST", ":path: /a")
			s.WriteRSTStream(1, http2.ErrCodeRefusedStream)
			return []dissecttest.Write{c.sent(), s.sent()}
		}, []string{"1 POST /a reset REFUSED_STREAM cut", "1 reset REFUSED_STREAM cut"}},
		{"a call", func(c, s *peer) []dissecttest.Write {
			c.headers(1, false, ":method: POST", ":path: /p.S/M", "content-type: application/grpc+proto", "te: trailers")
			c.WriteData(1, true, []byte("\x00\x00\x00\x00\x02ab\x00\x00\x00\x00\x00"))
			s.headers(1, false, ":status: 200", "content-type: application/grpc")
			s.WriteData(1, false, []byte("\x00\x00\x00"))
			s.WriteData(1, false, []byte("\x00\x01c"))
			s.headers(1, true, "grpc-status: 5", "grpc-message: no%20such")
			return []dissecttest.Write{c.sent(), s.sent()}
		}, []string{"grpc 1 /p.S/M body-bytes 12 messages 2", "grpc 1 NOT_FOUND body-bytes 6 messages 1 trailers present"}},
		{"a call that fails at once", func(c, s *peer) []dissecttest.Write {
			c.headers(1, false, ":method: POST", ":path: /p.S/M", "content-type: application/grpc")
			c.WriteData(1, true, []byte("\x00\x00\x00\x00\x00"))
			s.headers(1, true, ":status: 200", "content-type: application/grpc", "grpc-status: 12")
			return []dissecttest.Write{c.sent(), s.sent()}
		}, []string{"grpc 1 /p.S/M body-bytes 5 messages 1", "grpc 1 UNIMPLEMENTED messages 0"}},
		{"CONNECT", func(c, s *peer) []dissecttest.Write {
			c.headers(1, false, ":method: CONNECT", ":authority: a.example:443")
			s.headers(1, false, ":status: 200")
			asked, answered := c.sent(), s.sent()
			c.WriteData(1, false, []byte("in"))
			s.WriteData(1, false, []byte("out"))
			return []dissecttest.Write{asked, answered, c.sent(), s.sent()}
		}, []string{"1 CONNECT a.example:443 body-bytes 2 cut", "1 200 body-bytes 3 cut"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, server, writes := pair()
			r := dissecttest.EveryCut(t, Protocol(), append(writes, c.talk(client, server)...)...)
			if got := brief(r); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
			if len(r.Problems) > 0 {
				t.Errorf("problems %v", r.Problems)
			}
		})
	}
}

func TestEveryFrameIsCountedAndDescribed(t *testing.T) {
	c, s, writes := pair()
	c.get(1, "/a")
	c.WritePriority(3, http2.PriorityParam{StreamDep: 1, Weight: 15, Exclusive: true})
	c.WritePing(false, [8]byte{1})
	c.WriteWindowUpdate(0, 1000)
	c.WriteRawFrame(http2.FrameType(framePriorityUpdate), 0, 0, []byte("\x00\x00\x00\x01u=1, i"))
	s.WritePing(true, [8]byte{1})
	s.WriteRawFrame(http2.FrameType(frameAltSvc), 0, 0, []byte("\x00\x09a.exampleh3=\":443\""))
	s.WriteRawFrame(http2.FrameType(frameOrigin), 0, 0, []byte("\x00\x11https://a.example"))
	s.WriteRawFrame(0xee, 0, 5, []byte("grease"))
	s.headers(1, true, ":status: 200", "set-cookie: secret", "authorization: Bearer secret")
	s.WriteGoAway(1, http2.ErrCodeEnhanceYourCalm, []byte("calm\x1bdown"))
	r := dissecttest.EveryCut(t, Protocol(), append(writes, c.sent(), s.sent())...)
	want := map[string]int{"settings": 4, "headers": 2, "priority": 1, "ping": 2, "window_update": 1, "priority_update": 1, "altsvc": 1, "origin": 1, "unknown": 1, "goaway": 1}
	if got := frames(r); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
	text := ""
	for _, l := range r.Layers {
		text += l.Summary + "\n"
		for _, f := range l.Fields {
			text += f.Name + "=" + f.Value + "\n"
			for _, k := range f.Children {
				text += k.Name + "=" + k.Value + "\n"
			}
		}
	}
	for _, want := range []string{
		"Magic", "HEADERS[1]: GET /a", "HEADERS[1]: 200", "http2.settings.max_concurrent_streams=100", "http2.stream_dependency=1", "http2.headers.weight=16",
		"http2.ping=0100000000000000", "http2.window_update.window_size_increment=1000", "http2.priority_update_field_value=u=1, i",
		"http2.altsvc.field_value=h3=\":443\"", "http2.origin.origin=https://a.example", "http2.goaway.error=ENHANCE_YOUR_CALM", `http2.goaway.addata=calm\x1bdown`,
		"http2.headers.user_agent=test", "http2.headers.set_cookie=6 bytes, not shown",
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if strings.Contains(text, "secret") {
		t.Error("a secret is shown")
	}
	h := r.HTTP2s[len(r.HTTP2s)-1]
	if len(h.GoAways) != 1 || h.GoAways[0].Code != "ENHANCE_YOUR_CALM" || h.Settings[layer.ToClient].MaxStreams != 100 || h.Streams[layer.ToServer] != 1 {
		t.Errorf("connection %+v", h)
	}
}

func TestASenderIsHeldUpByItsWindow(t *testing.T) {
	c, s, writes := pair()
	c.get(1, "/a")
	c.get(3, "/b")
	s.headers(1, false, ":status: 200")
	body := make([]byte, 16384)
	for range 3 {
		s.WriteData(1, false, body)
	}
	s.WriteData(1, false, body[:65535-3*16384])
	writes = append(writes, c.sent(), s.sent())
	c.WriteWindowUpdate(1, 20000)
	c.WriteWindowUpdate(0, 20000)
	s.WriteData(1, true, body)
	writes = append(writes, c.sent(), s.sent())
	r := dissecttest.Play(Protocol(), writes...)
	h := r.HTTP2s[len(r.HTTP2s)-1]
	if len(h.Blocked) != 2 || h.BlockedTotal != 2 {
		t.Fatalf("blocked %+v", h.Blocked)
	}
	for i, id := range []uint64{0, 1} {
		if b := h.Blocked[i]; b.Stream != id || b.Dir != layer.ToClient || b.From.Number != 4 || b.To.Number != 5 {
			t.Errorf("blocked %+v", b)
		}
	}
}

// A window that is used up with the last byte holds nobody up.
func TestNobodyIsHeldUpAtTheEnd(t *testing.T) {
	c, s, writes := pair()
	c.get(1, "/a")
	s.headers(1, false, ":status: 200")
	body := make([]byte, 16384)
	for range 3 {
		s.WriteData(1, false, body)
	}
	s.WriteData(1, true, body[:65535-3*16384])
	writes = append(writes, c.sent(), s.sent())
	c.WriteWindowUpdate(0, 65535)
	c.get(3, "/b")
	s.headers(3, false, ":status: 200")
	s.WriteData(3, true, body)
	r := dissecttest.Play(Protocol(), append(writes, c.sent(), s.sent())...)
	if h := r.HTTP2s[len(r.HTTP2s)-1]; h.BlockedTotal != 0 {
		t.Errorf("blocked %+v", h.Blocked)
	}
}

func TestAnUpgradedConnectionAnswersOnStreamOne(t *testing.T) {
	c, s, writes := pair()
	s.headers(1, true, ":status: 200")
	c.get(3, "/b")
	s.headers(3, true, ":status: 404")
	g := dissecttest.Game{Context: dissect.Context{Facts: []flow.Fact{{Key: "request", Value: "GET /a"}, {Key: "upgrade", Value: "h2c"}}}}
	r := g.EveryCut(t, Protocol(), append(writes, c.sent(), s.sent())...)
	if got, want := brief(r), []string{"3 GET /b", "1 GET /a 200", "3 404"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestStreamsGoToTheProtocolInside(t *testing.T) {
	c, s, writes := pair()
	c.headers(1, false, ":method: CONNECT", ":protocol: websocket", ":scheme: https", ":path: /chat", ":authority: a.example", "sec-websocket-protocol: x")
	c.headers(3, false, ":method: POST", ":path: /p.S/M", "content-type: application/grpc")
	c.WriteData(3, true, []byte("call"))
	c.get(5, "/events")
	s.headers(1, false, ":status: 200", "sec-websocket-extensions: permessage-deflate")
	s.headers(5, false, ":status: 200", "content-type: text/event-stream")
	s.WriteData(5, true, []byte("data: a\n\n"))
	s.headers(3, false, ":status: 200", "content-type: text/html")
	s.WriteData(3, true, []byte("<html>"))
	asked, answered := c.sent(), s.sent()
	c.WriteData(1, false, []byte("frame"))
	s.WriteData(1, true, []byte("reply"))
	c.WriteData(1, true, nil)
	r := dissecttest.Game{Names: map[string]layer.Protocol{"websocket": "websocket"}}.EveryCut(t, Protocol(), append(writes, asked, answered, c.sent(), s.sent())...)
	for _, i := range []struct {
		p    layer.Protocol
		dir  layer.Direction
		id   uint64
		want string
	}{
		{"websocket", layer.ToServer, 1, "frame"}, {"websocket", layer.ToClient, 1, "reply"},
		{"grpc", layer.ToServer, 3, "call"}, {"grpc", layer.ToClient, 3, ""}, {"sse", layer.ToClient, 5, "data: a\n\n"},
	} {
		if got := string(r.InnerBytes(i.p, i.dir, i.id)); got != i.want {
			t.Errorf("%s on stream %d %s: %q, want %q", i.p, i.id, i.dir, got, i.want)
		}
	}
	ends := 0
	for _, i := range r.Inners {
		if i.End {
			ends++
		}
	}
	if ends != 6 || len(r.Announces) != 3 {
		t.Errorf("%d ends of 6, announced %v", ends, r.Announces)
	}
	for _, a := range r.Announces {
		if a.Protocol == "websocket" && flow.PackFacts(a.Facts).Get("sec-websocket-extensions") != "permessage-deflate" {
			t.Errorf("announced %v", a)
		}
	}
}
