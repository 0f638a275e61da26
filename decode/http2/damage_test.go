package http2

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// longTalk is a connection with many exchanges, one write a packet.
func longTalk(exchanges int) []dissecttest.Write {
	c, s, writes := pair()
	for i := range exchanges {
		id := uint32(2*i + 1)
		if i%7 == 3 {
			c.headers(id, false, ":method: POST", ":scheme: http", fmt.Sprintf(":path: /p.S/M%d", i%5), "content-type: application/grpc", ":authority: example.com")
			c.WriteData(id, true, []byte("\x00\x00\x00\x00\x02ab"))
		} else {
			c.get(id, fmt.Sprintf("/items/%d", i%20))
		}
		writes = append(writes, c.sent())
		if i%5 == 4 {
			s.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: s.block(":status: 404", fmt.Sprintf("etag: %d", i%30), "content-type: text/html"), EndHeaders: true})
		} else {
			s.headers(id, false, ":status: 200", fmt.Sprintf("etag: %d", i%30), "content-type: text/plain")
		}
		body := []byte(strings.Repeat(fmt.Sprintf("body %d ", i), 20*(i%9)+1))
		half := len(body) / 2
		s.WriteData(id, false, body[:half])
		writes = append(writes, s.sent())
		s.WriteData(id, true, body[half:])
		if i%3 == 0 {
			s.WritePing(false, [8]byte{byte(i)})
		}
		writes = append(writes, s.sent())
		if i%4 == 0 {
			c.WriteWindowUpdate(0, 5000)
			c.WriteWindowUpdate(id, 5000)
			writes = append(writes, c.sent())
		}
	}
	return writes
}

// lose removes packets as a capture does that missed them.
func lose(writes []dissecttest.Write, missed func(i int, w dissecttest.Write) bool) (out []dissecttest.Write) {
	var gap [2]int
	for i, w := range writes {
		if missed(i, w) {
			gap[w.Dir] += len(w.Data)
			continue
		}
		w.Gap, gap[w.Dir] = gap[w.Dir], 0
		out = append(out, w)
	}
	return out
}

// What is read of a damaged capture was said in the whole one, too: no message
// is invented, and those that were not harmed are read.
func TestADamagedCaptureInventsNothing(t *testing.T) {
	whole := longTalk(200)
	known := map[string]bool{}
	r := dissecttest.Play(Protocol(), whole...)
	for i := range r.Messages {
		m := &r.Messages[i]
		known[fmt.Sprint(m.Role, m.Stream, m.Name)] = true
		known[fmt.Sprint(m.Role, m.Stream, m.Status)] = true
		known[fmt.Sprint(m.Role, m.Stream, fact(m, "http-status"))] = true // where nothing shows that it is a call
		known[fmt.Sprint(m.Role, m.Stream, "POST "+m.Name)] = true
	}
	all := complete(r)
	for _, c := range []struct {
		name   string
		mid    bool
		missed func(int, dissecttest.Write) bool
		least  float64 // of the messages that were not lost
	}{
		{"the first half is missing", true, func(i int, w dissecttest.Write) bool { return i < len(whole)/2 }, 0.47},
		{"the client's side is missing", false, func(i int, w dissecttest.Write) bool { return w.Dir == layer.ToServer }, 0.5},
		{"the server's side is missing", false, func(i int, w dissecttest.Write) bool { return w.Dir == layer.ToClient }, 0.5},
		{"every 50th packet is missing", false, func(i int, w dissecttest.Write) bool { return i%50 == 49 }, 0.9},
		{"every 3rd packet is missing", false, func(i int, w dissecttest.Write) bool { return i%3 == 2 }, 0.1},
	} {
		writes := lose(whole, c.missed)
		if c.mid {
			for i := range writes {
				writes[i].Gap = 0
			}
		}
		for _, pieces := range []int{1 << 20, 1448, 100, 7} {
			g := dissecttest.Game{Context: dissect.Context{MidStream: c.mid}, Cut: dissecttest.Pieces(pieces)}
			r := g.Play(Protocol(), writes...)
			for i := range r.Messages {
				m := &r.Messages[i]
				if m.Role == flow.Single {
					continue
				}
				if m.Name != "" && !known[fmt.Sprint(m.Role, m.Stream, m.Name)] || m.Status != "" && !known[fmt.Sprint(m.Role, m.Stream, m.Status)] {
					t.Errorf("%s: invented %s", c.name, dissecttest.Line(m))
				}
			}
			if n := complete(r); float64(n) < c.least*float64(all) {
				t.Errorf("%s, in pieces of %d: %d messages of %d", c.name, pieces, n, all)
			}
		}
	}
}

func complete(r *dissecttest.Recorder) (n int) {
	for i := range r.Messages {
		if m := &r.Messages[i]; m.Role != flow.Single && m.State == flow.Complete {
			n++
		}
	}
	return n
}

func TestWhatAGapHarms(t *testing.T) {
	talk := func(lost int, where string) *dissecttest.Recorder {
		c, s, writes := pair()
		c.get(1, "/a")
		c.get(3, "/b")
		writes = append(writes, c.sent())
		s.headers(1, false, ":status: 200", "etag: x")
		s.WriteData(1, false, make([]byte, 1000))
		s.WriteData(1, true, []byte("end"))
		s.headers(3, false, ":status: 200", "etag: x", "age: 7")
		s.WriteData(3, true, []byte("b"))
		w := s.sent()
		at := map[string]int{"headers": 12, "data": 200, "two frames": 600}[where]
		first, rest := w, w
		first.Data, rest.Data, rest.Gap = w.Data[:at], w.Data[at+lost:], lost
		return dissecttest.Play(Protocol(), append(writes, first, rest)...)
	}
	for _, c := range []struct {
		where string
		lost  int
		want  []string
	}{
		{"data", 100, []string{"1 GET /a", "3 GET /b", "1 200 body-bytes 1003 cut", "3 200 body-bytes 1"}},
		{"headers", 3, []string{"1 GET /a", "3 GET /b", "3 200 body-bytes 1"}},
		{"two frames", 425, []string{"1 GET /a", "3 GET /b", "3 200 body-bytes 1", "1 200 body-bytes 578 cut"}},
	} {
		got := brief(talk(c.lost, c.where))
		if !slices.Equal(got, c.want) {
			t.Errorf("%d bytes lost in %s: %q, want %q", c.lost, c.where, got, c.want)
		}
	}
}

func TestHiddenFieldsAreSaid(t *testing.T) {
	c, s, _ := pair()
	c.get(1, "/a") // enters :path, :authority and user-agent into the table
	s.headers(1, true, ":status: 200", "etag: x")
	c.sent()
	s.sent()
	c.get(3, "/a")
	c.get(5, "/b")
	s.headers(3, true, ":status: 200", "etag: x")
	s.headers(5, true, ":status: 418", "etag: y")
	r := dissecttest.Game{Context: dissect.Context{MidStream: true}}.Play(Protocol(), c.sent(), s.sent())
	if got, want := brief(r), []string{"3", "5 GET /b", "3 200", "5 418"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for i := range r.Messages {
		if m := &r.Messages[i]; m.Role == flow.Request && m.Stream == 3 && (fact(m, "method") != "GET" || fact(m, "fields-unknown") != "3") {
			t.Errorf("facts %v", m.Facts)
		}
	}
	if len(r.Problems) > 0 {
		t.Errorf("problems %v", r.Problems)
	}
}

func TestMalformedFramesAreNamed(t *testing.T) {
	for name, c := range map[string]struct{ frame, want string }{
		"no preface":             {"GET / HTTP/1.1\r\n\r\n", "the client's preface is missing (RFC 9113 section 3.4)"},
		"a short ping":           {preface + "\x00\x00\x01\x06\x00\x00\x00\x00\x00a", "PING frame of a wrong size (RFC 9113 section 4.2)"},
		"headers on no stream":   {preface + "\x00\x00\x01\x01\x04\x00\x00\x00\x00\x82", "HEADERS frame on no stream (RFC 9113 section 6)"},
		"too much padding":       {preface + "\x00\x00\x02\x01\x0c\x00\x00\x00\x01\x05\x82", "more padding than payload (RFC 9113 section 6.1)"},
		"a frame too long":       {preface + "\x7f\x00\x02\x01\x0c\x00\x00\x00\x01\x05\x82", "frame longer than SETTINGS_MAX_FRAME_SIZE allows (RFC 9113 section 4.2)"},
		"an interrupted block":   {preface + "\x00\x00\x01\x01\x00\x00\x00\x00\x01\x82\x00\x00\x00\x04\x00\x00\x00\x00\x00", "header block interrupted by another frame (RFC 9113 section 6.10)"},
		"a continuation alone":   {preface + "\x00\x00\x01\x09\x04\x00\x00\x00\x01\x82", "CONTINUATION frame behind no header block (RFC 9113 section 6.10)"},
		"a bad index":            {preface + "\x00\x00\x01\x01\x04\x00\x00\x00\x01\xbe", string(badIndex)},
		"an impossible setting":  {preface + "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x02", "SETTINGS_ENABLE_PUSH has a value that it cannot have (RFC 9113 section 6.5.2)"},
		"a window update of 0":   {preface + "\x00\x00\x04\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00", "WINDOW_UPDATE of 0 bytes (RFC 9113 section 6.9)"},
		"data with huge padding": {preface + "\x00\x00\x02\x00\x08\x00\x00\x00\x01\x05a", "more padding than payload (RFC 9113 section 6.1)"},
	} {
		r := dissecttest.Play(Protocol(), dissecttest.Client(c.frame))
		if len(r.Problems) == 0 || r.Problems[0].Text != c.want {
			t.Errorf("%s: %v, want %s", name, r.Problems, c.want)
		}
	}
}

func TestProbe(t *testing.T) {
	c, s, writes := pair()
	c.get(1, "/a")
	s.headers(1, false, ":status: 200")
	s.WriteData(1, true, []byte("a"))
	for name, v := range map[string]struct {
		first  string
		match  dissect.Match
		client dissect.Client
	}{
		"the preface":                {writes[0].Data, dissect.Yes, dissect.Sender},
		"part of it":                 {preface[:7], dissect.More, dissect.Unknown},
		"a server's settings":        {writes[1].Data, dissect.Yes, dissect.Receiver},
		"part of them":               {writes[1].Data[:11], dissect.More, dissect.Unknown},
		"an answer in the middle":    {s.sent().Data, dissect.Yes, dissect.Receiver},
		"zeros":                      {strings.Repeat("\x00", 100), dissect.No, dissect.Unknown},
		"HTTP/1":                     {"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", dissect.No, dissect.Unknown},
		"TLS":                        {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03abcdefghijkl", dissect.No, dissect.Unknown},
		"a setting that nobody made": {"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x77\x02\x00\x00\x00\x02", dissect.No, dissect.Unknown},
	} {
		if got := probe([]byte(v.first), false); got.Match != v.match || got.Client != v.client {
			t.Errorf("%s: %+v, want %d %d", name, got, v.match, v.client)
		}
	}
}
