package http3

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/quic-go/qpack"
	"github.com/quic-go/quic-go/quicvarint"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// write is what one side sends on a stream.
type write struct {
	stream uint64
	dir    layer.Direction
	data   []byte
	end    bool
	reset  uint64 // code, with end
	gap    int
	whole  bool // a datagram
}

const (
	c2s = layer.ToServer
	s2c = layer.ToClient
)

func client(stream uint64, parts ...[]byte) write {
	return write{stream: stream, dir: c2s, data: slices.Concat(parts...)}
}
func server(stream uint64, parts ...[]byte) write {
	return write{stream: stream, dir: s2c, data: slices.Concat(parts...)}
}
func (w write) last() write           { w.end = true; return w }
func (w write) behind(gap int) write  { w.gap = gap; return w }
func (w write) given(up uint64) write { w.end, w.reset = true, up; return w }

// play plays writes in pieces of n bytes, each a packet.
func play(n int, writes ...write) *dissecttest.Recorder {
	r := &dissecttest.Recorder{Names: map[string]layer.Protocol{"webtransport": WebTransportName, "websocket": "websocket"}}
	d := Protocol().New(dissect.Context{})
	type line struct {
		stream uint64
		dir    layer.Direction
	}
	offset := map[line]int64{}
	for _, w := range writes {
		l := line{w.stream, w.dir}
		offset[l] += int64(w.gap)
		for first := true; first || len(w.data) > 0; first = false {
			k := min(n, len(w.data))
			if w.whole {
				k = len(w.data)
			}
			piece := slices.Clone(w.data[:k])
			w.data = w.data[k:]
			r.Packet++
			c := dissect.Chunk{
				Dir: w.dir, Data: piece, At: layer.PacketRef{Number: r.Packet, Nanos: int64(r.Packet) * 1000}, Offset: offset[l],
				Stream: w.stream, Datagram: w.whole, End: w.end && len(w.data) == 0,
			}
			if first {
				c.Gap = w.gap
			}
			if c.End {
				c.Reset, c.Code = w.reset != 0, w.reset
			}
			offset[l] += int64(k)
			d.Feed(r, c)
			for i := range piece {
				piece[i] = 0xee
			}
		}
	}
	d.Finish(r, true)
	return r
}

// everyCut plays writes in pieces of many sizes and fails where the story
// differs; it returns that of the whole ones.
func everyCut(t *testing.T, writes ...write) *dissecttest.Recorder {
	t.Helper()
	whole := play(1<<20, writes...)
	want := exchangesOnly(whole)
	for _, n := range []int{1, 2, 3, 5, 7, 11, 16, 30, 100} {
		if got := exchangesOnly(play(n, writes...)); got != want {
			t.Errorf("in pieces of %d:\n%s\nwhole:\n%s", n, got, want)
		}
	}
	return whole
}

// exchangesOnly is the story without layers: the instructions of a QPACK stream
// are described as they come.
func exchangesOnly(r *dissecttest.Recorder) string {
	c := *r
	c.Layers = nil
	return c.Story()
}

func varints(values ...uint64) (b []byte) {
	for _, v := range values {
		b = quicvarint.Append(b, v)
	}
	return b
}

func frameOf(kind uint64, payload []byte) []byte {
	return append(varints(kind, uint64(len(payload))), payload...)
}

// section encodes "name: value" lines without a dynamic table.
func section(lines ...string) []byte {
	var b bytes.Buffer
	e := qpack.NewEncoder(&b)
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ": ")
		if err := e.WriteField(qpack.HeaderField{Name: name, Value: value}); err != nil {
			panic(err)
		}
	}
	return b.Bytes()
}

func headers(lines ...string) []byte { return frameOf(frameHeaders, section(lines...)) }

func get(path string, more ...string) []byte {
	return headers(append([]string{":method: GET", ":scheme: https", ":authority: example.com", ":path: " + path}, more...)...)
}

// exchanges lists requests and responses as they ended.
func exchanges(r *dissecttest.Recorder) (list []string) {
	for i := range r.Messages {
		m := &r.Messages[i]
		if m.Role == flow.Single || m.State == flow.Head {
			continue
		}
		text := m.Name
		if m.Role == flow.Response {
			text = m.Status
		}
		if m.State == flow.Cut {
			text += " cut"
		}
		list = append(list, fmt.Sprintf("%d %s", m.Stream, text))
	}
	return list
}

func fact(r *dissecttest.Recorder, role flow.Role, key string) string {
	for i := range r.Messages {
		m := &r.Messages[i]
		for _, f := range m.Facts {
			if m.Role == role && m.State != flow.Head && f.Key == key {
				return f.Value
			}
		}
	}
	return ""
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
}

func clean(t *testing.T, r *dissecttest.Recorder) {
	t.Helper()
	if len(r.Problems) > 0 {
		t.Errorf("problems %v", r.Problems)
	}
}

func TestRequestsAndResponses(t *testing.T) {
	r := everyCut(t,
		client(2, varints(streamControl), frameOf(frameSettings, varints(1, 4096, 7, 16))),
		server(3, varints(streamControl), frameOf(frameSettings, varints(8, 1))),
		client(0, get("/a", "cookie: secret=1", "user-agent: test")).last(),
		client(4, headers(":method: POST", ":scheme: https", ":authority: example.com", ":path: /b"), frameOf(frameData, []byte("hello")), frameOf(0x21, []byte("grease")), frameOf(frameData, []byte(" world")), headers("etag: x")).last(),
		server(4, headers(":status: 103", "link: x"), headers(":status: 201", "content-length: 2"), frameOf(frameData, []byte("ok"))).last(),
		server(0, headers(":status: 404"), frameOf(frameData, nil)).last(),
	)
	clean(t, r)
	same(t, exchanges(r), "0 GET /a", "4 POST /b", "4 201", "0 404")
	if fact(r, flow.Request, "cookie") != "present" || fact(r, flow.Request, "host") != "example.com" || fact(r, flow.Request, "version") != "HTTP/3" ||
		fact(r, flow.Response, "body-bytes") != "2" || fact(r, flow.Request, "trailers") != "present" || fact(r, flow.Request, "body-bytes") != "11" {
		t.Errorf("%+v", r.Messages)
	}
	if !slices.Equal(r.ServerNames, []string{"example.com"}) {
		t.Errorf("%q", r.ServerNames)
	}
}

// Sections that refer to entries which come later wait for them, and so does
// what stands behind them.
func TestBlockedStreamsGoOnInOrder(t *testing.T) {
	// RFC 9204 appendix B.2: two entries, ":authority: www.example.com" and
	// ":path: /sample/path", and a section of both, with GET and https.
	table := []byte("\x3f\xbd\x01\xc0\x0fwww.example.com\xc1\x0c/sample/path")
	block := append([]byte{0x03, 0x81, 0x10, 0x11}, 0xd1, 0xd7)
	settings := frameOf(frameSettings, varints(settingTableCapacity, 220))
	r := everyCut(t,
		client(0, frameOf(frameHeaders, block), frameOf(frameData, []byte("body"))).last(), // before the server's SETTINGS: early data
		server(3, varints(streamControl), settings),
		client(4, frameOf(frameHeaders, block)).last(),
		client(8, get("/free")).last(),
		client(6, varints(streamEncoder), table),
		server(4, headers(":status: 200")).last(),
		server(0, headers(":status: 204")).last(),
	)
	clean(t, r)
	same(t, exchanges(r), "8 GET /free", "0 GET /sample/path", "4 GET /sample/path", "4 200", "0 204")
	if fact(r, flow.Request, "fields-unknown") != "" {
		t.Error("fields are hidden")
	}
}

// Where instructions are missing, what needs them is not known; nothing waits.
func TestMissingInstructionsHideFields(t *testing.T) {
	block := append([]byte{0x03, 0x81, 0x10, 0x11}, 0xd1, 0xd7)
	r := everyCut(t,
		server(3, varints(streamControl), frameOf(frameSettings, varints(settingTableCapacity, 220))),
		client(6, varints(streamEncoder), []byte("\x3f\xbd\x01")),
		client(6, []byte("garbage")).behind(10),
		client(0, frameOf(frameHeaders, block)).last(),
		client(4, get("/known")).last(),
		server(0, headers(":status: 200")).last(),
	)
	same(t, exchanges(r), "0 ", "4 GET /known", "0 200")
	if fact(r, flow.Request, "fields-unknown") != "2" || fact(r, flow.Request, "method") != "GET" {
		t.Errorf("%+v", r.Messages)
	}
}

func TestMissingBytesCostOnlyTheirStream(t *testing.T) {
	body := bytes.Repeat([]byte("x"), 100)
	r := everyCut(t,
		client(0, get("/a")).last(),
		client(4, get("/b")).last(),
		server(0, headers(":status: 200"), varints(frameData, 100), body[:30]),
		server(0, body[50:]).behind(20).last(),
		server(4, headers(":status: 200"), frameOf(frameData, body)),
		server(4, frameOf(frameData, body)).behind(3).last(),
		client(8, get("/c")[7:]).behind(7).last(),
		client(12, get("/d")).last(),
	)
	clean(t, r)
	same(t, exchanges(r), "0 GET /a", "4 GET /b", "0 200 cut", "4 200 cut", "12 GET /d")
	if fact(r, flow.Response, "missing") != "present" {
		t.Errorf("%+v", r.Messages)
	}
}

func TestStreamsThatWereGivenUp(t *testing.T) {
	r := everyCut(t,
		client(0, get("/a")).last(),
		client(4, get("/b")).last(),
		server(0, headers(":status: 200"), varints(frameData, 100), []byte("some")),
		server(0).given(0x10c),
		server(4).given(0x10b),
	)
	clean(t, r)
	same(t, exchanges(r), "0 GET /a", "4 GET /b", "0 200 cut", "4  cut")
	if fact(r, flow.Response, "reset") != "H3_REQUEST_CANCELLED" || fact(r, flow.Response, "reset-by") != "server" {
		t.Errorf("%+v", r.Messages)
	}
}

func TestPushes(t *testing.T) {
	promise := frameOf(framePushPromise, append(varints(3), section(":method: GET", ":scheme: https", ":authority: example.com", ":path: /style.css")...))
	r := everyCut(t,
		client(0, get("/")).last(),
		server(0, promise, headers(":status: 200")).last(),
		server(15, varints(streamPush, 3), headers(":status: 200"), frameOf(frameData, []byte("body {}"))).last(),
	)
	clean(t, r)
	same(t, exchanges(r), "0 GET /", "0 GET /style.css", "0 200", "15 200")
	if fact(r, flow.Request, "push-id") != "3" || fact(r, flow.Request, "pushed") != "0" {
		t.Errorf("%+v", r.Messages)
	}
	keys := map[uint64]int{}
	for i := range r.Messages {
		if m := &r.Messages[i]; m.Role != flow.Single && m.State == flow.Complete {
			keys[m.Key]++
		}
	}
	if len(keys) != 2 {
		t.Errorf("%v", keys)
	}
}

func TestControlFramesAreKept(t *testing.T) {
	r := everyCut(t,
		client(2, varints(streamControl), frameOf(frameSettings, varints(0x33, 1, 0x21, 5)), frameOf(framePriorityUpdate, append(varints(4), "u=1"...))),
		server(3, varints(streamControl), frameOf(frameSettings, nil), frameOf(frameGoAway, varints(8)), frameOf(frameMaxPushID, varints(9))),
		client(10, varints(0x21), []byte("greasy stream")),
		client(14, varints(streamDecoder), []byte{0x80, 0x84}),
	)
	clean(t, r)
	kept := map[string][]flow.Fact{}
	for i := range r.Messages {
		if m := &r.Messages[i]; m.Keep {
			kept[m.Kind] = append(kept[m.Kind], m.Facts...)
		}
	}
	want := map[string][]flow.Fact{
		"settings": {{Key: "h3-datagram", Value: "1"}}, "goaway": {{Key: "last-stream", Value: "8"}},
		"priority_update": {{Key: "element", Value: "4"}, {Key: "priority", Value: "u=1"}},
	}
	for kind, facts := range want {
		if !slices.Equal(kept[kind], facts) {
			t.Errorf("%s: %v, want %v", kind, kept[kind], facts)
		}
	}
}

func TestWebTransport(t *testing.T) {
	connect := headers(":method: CONNECT", ":protocol: webtransport", ":scheme: https", ":authority: example.com", ":path: /wt")
	r := everyCut(t,
		client(0, connect),
		server(0, headers(":status: 200")),
		client(4, varints(frameWebTransport, 0), []byte("bidi")).last(),
		server(4, []byte("answer")).last(),
		client(6, varints(streamWebTransport, 0), []byte("uni")).last(),
		server(1, varints(frameWebTransport, 0), []byte("from the server")).last(),
		write{stream: 1 << 62, dir: c2s, data: append(varints(0), "datagram"...), whole: true},
	)
	clean(t, r)
	same(t, exchanges(r), "0 CONNECT /wt cut", "0 200 cut")
	if fact(r, flow.Request, "protocol") != "webtransport" {
		t.Errorf("%+v", r.Messages)
	}
	for _, c := range []struct {
		dir    layer.Direction
		stream uint64
		want   string
	}{{c2s, 4, "bidi"}, {s2c, 4, "answer"}, {c2s, 6, "uni"}, {s2c, 1, "from the server"}, {c2s, 0, "datagram"}} {
		if got := r.InnerBytes(WebTransportName, c.dir, c.stream); string(got) != c.want {
			t.Errorf("%s, stream %d: %q, want %q", c.dir, c.stream, got, c.want)
		}
	}
}

func TestProtocolsInside(t *testing.T) {
	r := everyCut(t,
		client(0, headers(":method: CONNECT", ":protocol: websocket", ":scheme: https", ":authority: example.com", ":path: /chat"), frameOf(frameData, []byte("early"))),
		server(0, headers(":status: 200")),
		client(0, frameOf(frameData, []byte(" late"))),
		client(4, get("/events")).last(),
		server(4, headers(":status: 200", "content-type: text/event-stream"), frameOf(frameData, []byte("data: 1\n\n"))).last(),
		client(8, headers(":method: POST", ":scheme: https", ":authority: example.com", ":path: /p.S/M", "content-type: application/grpc"), frameOf(frameData, []byte("\x00\x00\x00\x00\x01a"))).last(),
		server(8, headers(":status: 200", "content-type: application/grpc"), frameOf(frameData, []byte("\x00\x00\x00\x00\x01b")), headers("grpc-status: 5")).last(),
	)
	clean(t, r)
	for _, c := range []struct {
		p      layer.Protocol
		dir    layer.Direction
		stream uint64
		want   string
	}{{"websocket", c2s, 0, "early late"}, {"sse", s2c, 4, "data: 1\n\n"}, {"grpc", s2c, 8, "\x00\x00\x00\x00\x01b"}} {
		if got := r.InnerBytes(c.p, c.dir, c.stream); string(got) != c.want {
			t.Errorf("%s: %q, want %q", c.p, got, c.want)
		}
	}
	if got := exchanges(r); !slices.Contains(got, "8 /p.S/M") || !slices.Contains(got, "8 NOT_FOUND") {
		t.Errorf("%q", got)
	}
}

func TestMalformedStreams(t *testing.T) {
	for name, writes := range map[string][]write{
		"a stream ends within a frame": {client(0, get("/a"), varints(frameData, 10), []byte("abc")).last()},
		"SETTINGS on a request stream": {client(0, frameOf(frameSettings, nil), get("/a")).last()},
		"a field section without end":  {client(0, frameOf(frameHeaders, []byte{0, 0, 0x51, 9})).last()},
		"neither request nor response": {client(0, headers("etag: x")).last()},
		"HEADERS on a control stream":  {client(2, varints(streamControl), get("/a"))},
		"SETTINGS cut short":           {client(2, varints(streamControl), frameOf(frameSettings, []byte{1, 0x40}))},
		"a datagram without stream":    {{dir: c2s, whole: true}},
	} {
		if r := play(1<<20, writes...); len(r.Problems) == 0 {
			t.Errorf("%s: no problem; %q", name, exchanges(r))
		}
	}
}

// What waits for a table that never comes is bounded, and said at the end.
func TestBlockedStreamsAreBounded(t *testing.T) {
	block := append([]byte{0x03, 0x81, 0x10, 0x11}, 0xd1, 0xd7)
	writes := []write{server(3, varints(streamControl), frameOf(frameSettings, varints(settingTableCapacity, 220)))}
	for i := range uint64(2 * maxWaiting) {
		writes = append(writes, client(4*i, frameOf(frameHeaders, block), frameOf(frameData, make([]byte, 10000))).last())
	}
	d := newDissector(nil)
	d.notes = newNotes()
	r := &dissecttest.Recorder{Silent: true}
	for i, w := range writes {
		d.Feed(r, dissect.Chunk{Dir: w.dir, Data: w.data, Stream: w.stream, End: w.end, At: layer.PacketRef{Number: i + 1}})
		if d.held > maxHeld+20000 || len(d.waiting) > maxWaiting {
			t.Fatalf("%d bytes of %d streams wait", d.held, len(d.waiting))
		}
	}
	d.Finish(r, true)
	if n := len(exchanges(r)); n != 2*maxWaiting || d.held != 0 {
		t.Errorf("%d requests, %d bytes still held", n, d.held)
	}
}

// The layers name what each packet completes, and hide secrets.
func TestLayers(t *testing.T) {
	r := play(1<<20,
		server(3, varints(streamControl), frameOf(frameSettings, varints(settingTableCapacity, 220))),
		client(0, get("/a", "authorization: Basic c2VjcmV0", "cookie: secret")).last(),
		server(0, headers(":status: 200", "content-type: text/plain"), frameOf(frameData, []byte("hello"))).last(),
	)
	var summaries []string
	for _, l := range r.Layers {
		summaries = append(summaries, l.Summary)
		if text := fmt.Sprint(l.Fields); strings.Contains(text, "c2VjcmV0") || strings.Contains(text, "cookie: secret") {
			t.Errorf("a secret is shown: %s", text)
		}
	}
	same(t, summaries, "Control Stream", "SETTINGS[3]", "HEADERS[0]: GET /a", "HEADERS[0]: 200", "DATA[0]", "response[0] text/plain, 5 bytes")
	if text := fmt.Sprint(r.Layers[1].Fields); !strings.Contains(text, "{http3.settings.qpack.max_table_capacity 220 ") {
		t.Error(text)
	}
	dissecttest.CheckFields(t, r)
}
