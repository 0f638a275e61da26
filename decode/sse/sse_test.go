package sse

import (
	"bytes"
	"compress/gzip"
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
	server = dissecttest.Server
	gap    = dissecttest.Lost
)

func brief(r *dissecttest.Recorder) (out []string) {
	for i := range r.Messages {
		m := &r.Messages[i]
		s := fmt.Sprintf("%s %s %d", m.Kind, m.Name, m.Bytes)
		for _, f := range m.Facts {
			s += fmt.Sprintf(" %s=%s", f.Key, f.Value)
		}
		if m.State == flow.Cut {
			s += " cut"
		}
		out = append(out, s)
	}
	return out
}

func same(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("\ngot  %q\nwant %q", got, want)
	}
}

func TestStreams(t *testing.T) {
	for _, c := range []struct {
		name, stream string
		want         []string
	}{
		{"an event without a name", "data: hello\n\n", []string{"event message 13 data-bytes=5"}},
		{"all fields", "event: tick\nid: 7\nretry: 3000\ndata: a\ndata:b\nother: x\n\n",
			[]string{"event tick 55 id=7 retry=3000 data-bytes=3"}},
		{"carriage returns", "data: a\r\rdata: b\r\n\r\n", []string{"event message 9 data-bytes=1", "event message 10 data-bytes=1"}},
		{"a byte order mark", "\xef\xbb\xbfdata: a\n\n", []string{"event message 12 data-bytes=1"}},
		{"comments alone and within an event", ": ping\n\n:\nevent: a\n: x\ndata: b\n\n",
			[]string{"comment  7", "comment  2", "comment  4", "event a 22 data-bytes=1"}},
		{"only the time to reconnect", "retry: 500\n\n", []string{"retry  12 retry=500"}},
		{"nothing to dispatch", "event: a\nid: 1\n\n\n\n", nil},
		{"no such time, and an id with a zero byte", "retry: 5s\nid: a\x00\ndata\n\n", []string{"event message 23 data-bytes=0"}},
		{"JSON-RPC, as agents speak it", "data: {\"jsonrpc\":\"2.0\",\"method\":\"tools/list\"}\n\n",
			[]string{"event message 47 data-bytes=39 content=json-rpc method=tools/list"}},
		{"an event that does not end", "data: a\n\ndata: b\n", []string{"event message 9 data-bytes=1", "event message 8 data-bytes=1 cut"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			same(t, brief(dissecttest.EveryCut(t, Protocol(), server(c.stream))), c.want)
		})
	}
}

func TestLoss(t *testing.T) {
	r := dissecttest.Play(Protocol(), server("data: a\n\ndata: b"), gap(9, server("lost\n\ndata: c\n\n")))
	same(t, brief(r), []string{"event message 9 data-bytes=1", "event message 7 data-bytes=1 cut", "event message 9 data-bytes=1"})
}

func TestCompressedStream(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	var writes []dissecttest.Write
	for i := range 3 {
		fmt.Fprintf(z, "id: %d\ndata: hello, hello\n\n", i)
		z.Flush()
		writes = append(writes, server(b.String()))
		b.Reset()
	}
	g := dissecttest.Game{Context: dissect.Context{Facts: []flow.Fact{{Key: "content-encoding", Value: "gzip"}}}}
	r := g.EveryCut(t, Protocol(), writes...)
	same(t, brief(r), []string{"event message 26 id=0 data-bytes=12", "event message 26 id=1 data-bytes=12", "event message 26 id=2 data-bytes=12"})
	for i, m := range r.Messages {
		if m.First.Number != i+1 || m.Last.Number != i+1 {
			t.Errorf("event %d in packets %d to %d", i, m.First.Number, m.Last.Number)
		}
	}

	writes[1].Gap = 1
	r = g.Play(Protocol(), writes...)
	same(t, brief(r), []string{"event message 26 id=0 data-bytes=12"})
	if len(r.Problems) != 1 {
		t.Errorf("problems %+v", r.Problems)
	}
}

func TestUnknownCoding(t *testing.T) {
	g := dissecttest.Game{Context: dissect.Context{Facts: []flow.Fact{{Key: "content-encoding", Value: "secret"}}}}
	r := g.Play(Protocol(), server("data: a\n\n"), server("data: a\n\n"))
	if len(r.Messages) != 0 || len(r.Problems) != 1 {
		t.Errorf("%q, %+v", brief(r), r.Problems)
	}
}

func TestALongEventIsCounted(t *testing.T) {
	long := "event: big\ndata: " + strings.Repeat("x", 2*maxBlock) + "\n\n"
	r := dissecttest.Game{Cut: dissecttest.Pieces(1400)}.Play(Protocol(), server(long+"data: a\n\n"))
	same(t, brief(r), []string{fmt.Sprintf("event big %d", len(long)), "event message 9 data-bytes=1"})
}

func TestLayer(t *testing.T) {
	r := dissecttest.Play(Protocol(), server("event: tick\nda"), server("ta: a\nx: y\n\n: bye\n"))
	if len(r.Layers) != 2 {
		t.Fatalf("%+v", r.Layers)
	}
	l := r.Layers[0]
	var got []string
	for _, f := range l.Fields {
		got = append(got, f.Name+"="+string(l.Data[f.Offset:f.Offset+f.Length]))
	}
	same(t, got, []string{"sse.event=tick", "sse.data=a", "sse.field=x: y"})
	if l.Summary != "Event stream: tick, 1 bytes" || !slices.Equal(l.Packets, []int{1, 2}) || r.Layers[1].Fields[0].Value != " bye" {
		t.Errorf("%+v", r.Layers)
	}
}

// No bytes make the dissector panic, and the same events are read however the
// bytes are cut.
func FuzzDissector(f *testing.F) {
	f.Add([]byte("\xef\xbb\xbf: a\r\nevent: b\rdata: c\n\ndata\n\n"), uint8(1), uint16(0))
	f.Fuzz(func(t *testing.T, data []byte, size uint8, lost uint16) {
		writes := []dissecttest.Write{server(string(data)), gap(int(lost), server(string(data)))}
		whole := dissecttest.Play(Protocol(), writes...).Story()
		if got := (dissecttest.Game{Cut: dissecttest.Pieces(int(size) + 1)}).Play(Protocol(), writes...).Story(); got != whole {
			t.Errorf("whole:\n%s\nin pieces:\n%s", whole, got)
		}
	})
}

// A broken decoder gives up, and says so once.
func FuzzCompressed(f *testing.F) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte("data: a\n\n"))
	z.Close()
	f.Add(b.Bytes(), "gzip")
	f.Add([]byte("data: a\n\n"), "br")
	f.Fuzz(func(t *testing.T, data []byte, coding string) {
		g := dissecttest.Game{Context: dissect.Context{Facts: []flow.Fact{{Key: "content-encoding", Value: coding}}}}
		if r := g.Play(Protocol(), server(string(data)), server(string(data))); len(r.Problems) > 1 {
			t.Errorf("problems %+v", r.Problems)
		}
	})
}

func BenchmarkEvents(b *testing.B) {
	d := newDissector(new(dissect.Context))
	out := &nothing{}
	data := []byte(strings.Repeat("event: tick\ndata: {\"price\": 100, \"symbol\": \"A\"}\n\n", 28))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for i := 1; b.Loop(); i++ {
		d.Feed(out, dissect.Chunk{Dir: layer.ToClient, Data: data, At: layer.PacketRef{Number: i}})
	}
}

// nothing is a Sink that keeps nothing and wants no descriptions.
type nothing struct{ dissecttest.Recorder }

func (*nothing) Layer(layer.Protocol, func() layer.Layer) {}
func (*nothing) Message(*flow.Message)                    {}
func (*nothing) Recording() bool                          { return false }
