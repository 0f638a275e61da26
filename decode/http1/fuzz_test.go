package http1

import (
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
)

func FuzzProbe(f *testing.F) {
	f.Add([]byte(get))
	f.Add([]byte(ok))
	f.Add([]byte("\r\nPROPFIND /"))
	f.Fuzz(func(t *testing.T, first []byte) {
		whole := probe(first, false).Match
		for n := range min(len(first), 256) {
			if probe(first[:n], false).Match == dissect.No && whole == dissect.Yes {
				t.Errorf("yes to %q, no to %q", first, first[:n])
			}
		}
	})
}

// No bytes make the dissector panic, and where nothing is malformed the same
// messages are read however the bytes are cut.
func FuzzDissector(f *testing.F) {
	f.Add([]byte(get+get), []byte(ok+"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n"), uint8(3))
	f.Add([]byte("POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"), []byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200\n\nabc"), uint8(1))
	f.Add([]byte("CONNECT a:1 HTTP/1.1\r\n\r\nabc"), []byte("HTTP/1.1 200 OK\r\n\r\n"+ok), uint8(7))
	f.Add([]byte("GET / HTTP/1.1\r\nUpgrade: a\r\n\r\n"+get), []byte("HTTP/1.1 101 OK\r\nUpgrade: a\r\n\r\nabc"), uint8(9))
	f.Add([]byte("HEAD / HTTP/1.1\r\nA: b\r\n c\r\nB\r\n : x\r\n\r\n"), []byte("HTTP/1.1 304 OK\r\nContent-Length: 5,6\r\n\r\n"), uint8(2))
	f.Fuzz(func(t *testing.T, toServer, toClient []byte, size uint8) {
		writes := []dissecttest.Write{client(string(toServer)), server(string(toClient))}
		whole := dissecttest.Game{Closed: true}.Play(Protocol(), writes...)
		cut := dissecttest.Game{Closed: true, Cut: dissecttest.Pieces(int(size) + 1)}.Play(Protocol(), writes...)
		for _, p := range append(whole.Problems, cut.Problems...) {
			if isLoss(p.Text) {
				return
			}
		}
		if a, b := whole.Story(), cut.Story(); a != b {
			t.Errorf("whole:\n%s\nin pieces:\n%s", a, b)
		}
	})
}

// isLoss reports whether a problem makes the dissector look for the next
// packet that begins with a start line, which depends on the packets.
func isLoss(text string) bool {
	switch text {
	case "no HTTP/1 start line where one should begin", "header section of more than 256 KiB", "trailer section of more than 16 KiB",
		"malformed chunk size (RFC 9112 section 7.1)", "a chunk's data is longer than its size (RFC 9112 section 7.1)":
		return true
	}
	return false
}

// Gaps make no panic, and what is kept is bounded.
func FuzzGaps(f *testing.F) {
	f.Add([]byte(get+ok+get+ok), uint8(20), uint16(3))
	f.Fuzz(func(t *testing.T, data []byte, size uint8, lost uint16) {
		d := newDissector(dissect.Context{MidStream: lost&1 != 0}, new(http.Notes))
		r := &dissecttest.Recorder{}
		var offset int64
		for i := 0; len(data) > 0; i++ {
			n := min(len(data), int(size)+1)
			c := dissect.Chunk{Dir: layer.Direction(i & 1), Data: data[:n], Offset: offset, At: layer.PacketRef{Number: i + 1}}
			if i%3 == 2 {
				c.Gap = int(lost)
			}
			d.Feed(r, c)
			data = data[n:]
			offset += int64(n)
			for k := range d.half {
				if kept := d.half[k].in.Len(); kept > maxHeader+int(size)+1 {
					t.Fatalf("%d bytes kept", kept)
				}
			}
		}
		d.Finish(r, lost&2 != 0)
	})
}

// nothing is a Sink that keeps nothing and wants no descriptions.
type nothing struct{ dissecttest.Recorder }

func (*nothing) Layer(layer.Protocol, func() layer.Layer) {}
func (*nothing) Message(*flow.Message)                    {}
func (*nothing) Recording() bool                          { return false }

const (
	benchRequest = "GET /items/1?page=2 HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0)\r\n" +
		"Accept: text/html,application/xhtml+xml\r\nAccept-Language: en\r\nAccept-Encoding: gzip, br\r\nConnection: keep-alive\r\n" +
		"Referer: https://www.example.com/\r\nCookie: a=b; c=d\r\nCache-Control: max-age=0\r\nX-Request-Id: 1234\r\n\r\n"
	benchResponse = "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Type: text/html\r\n" +
		"Content-Length: 100\r\nConnection: keep-alive\r\nETag: \"abc\"\r\n\r\n" +
		"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
)

// An exchange is two messages.
func BenchmarkExchange(b *testing.B) {
	benchmark(b, dissect.Chunk{Data: []byte(benchRequest)}, dissect.Chunk{Dir: layer.ToClient, Data: []byte(benchResponse)})
}

func BenchmarkBody(b *testing.B) {
	d := newDissector(dissect.Context{}, new(http.Notes))
	out := &nothing{}
	d.Feed(out, dissect.Chunk{Data: []byte("POST / HTTP/1.1\r\nContent-Length: 999999999999999999\r\n\r\n"), At: layer.PacketRef{Number: 1}})
	body := make([]byte, 1448)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for i := 2; b.Loop(); i++ {
		d.Feed(out, dissect.Chunk{Data: body, At: layer.PacketRef{Number: i}})
	}
}

func benchmark(b *testing.B, chunks ...dissect.Chunk) {
	d := newDissector(dissect.Context{}, new(http.Notes))
	out := &nothing{}
	bytes := 0
	for _, c := range chunks {
		bytes += len(c.Data)
	}
	b.SetBytes(int64(bytes))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		for k := range chunks {
			chunks[k].At = layer.PacketRef{Number: i + 1}
			chunks[k].Offset += int64(len(chunks[k].Data))
			d.Feed(out, chunks[k])
		}
	}
}
