package websocket

import (
	"strings"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// No bytes make the dissector panic, and the same frames and messages are read
// however the bytes are cut.
func FuzzDissector(f *testing.F) {
	c := newCompressor()
	f.Add([]byte(masked(1, "a")+masked(final|9, "b")+masked(final, "c")), []byte(frame(final|rsv1|1, c.message("hello"))+frame(final|rsv1|1, c.message("hello"))), uint8(2))
	f.Add([]byte(masked(final|8, "\x03\xe8bye")), []byte(frame(final|2, strings.Repeat("a", 200))), uint8(0))
	f.Fuzz(func(t *testing.T, toServer, toClient []byte, size uint8) {
		g := deflating("; client_no_context_takeover")
		g.Context.Facts = append(g.Context.Facts, flow.Fact{Key: subprotocolFact, Value: "x"})
		g.Names = map[string]layer.Protocol{"x": "x"}
		writes := []dissecttest.Write{client(string(toServer)), server(string(toClient))}
		whole := g.Play(Protocol(), writes...)
		for _, p := range whole.Problems {
			if strings.Contains(p.Text, "2^63") { // what follows is looked for packet by packet
				return
			}
		}
		g.Cut = dissecttest.Pieces(int(size) + 1)
		if a, b := whole.Story(), g.Play(Protocol(), writes...).Story(); a != b {
			t.Errorf("whole:\n%s\nin pieces:\n%s", a, b)
		}
	})
}

// Gaps make no panic, and what is kept is bounded.
func FuzzGaps(f *testing.F) {
	f.Add([]byte(masked(final|1, "hello")+masked(final|2, strings.Repeat("a", 300))), uint8(7), uint16(3))
	f.Fuzz(func(t *testing.T, data []byte, size uint8, lost uint16) {
		p := Protocol()
		d := p.New(dissect.Context{MidStream: lost&1 != 0}).(*dissector)
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
				if kept := d.half[k].in.Len(); kept > maxHeader {
					t.Fatalf("%d bytes wait", kept)
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

func BenchmarkFrames(b *testing.B) {
	p := Protocol()
	d := p.New(dissect.Context{})
	out := &nothing{}
	data := []byte(strings.Repeat(masked(final|2, strings.Repeat("a", 100)), 13))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for i := 1; b.Loop(); i++ {
		d.Feed(out, dissect.Chunk{Data: data, At: layer.PacketRef{Number: i}})
	}
}

// What the probe calls a WebSocket is read as one.
func FuzzProbe(f *testing.F) {
	f.Add([]byte(masked(final|1, "hello, world")))
	f.Fuzz(func(t *testing.T, first []byte) {
		if probe(first, false).Match != dissect.Yes {
			return
		}
		r := dissecttest.Play(Protocol(), client(string(first)))
		if len(r.Messages) == 0 || len(r.Problems) > 0 {
			t.Errorf("%d messages, problems %+v", len(r.Messages), r.Problems)
		}
	})
}
