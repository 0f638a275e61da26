package dns

import (
	"bytes"
	"slices"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// inside reports whether all fields lie within the layer.
func inside(fields []layer.Field, length int) bool {
	for _, f := range fields {
		if f.Offset < 0 || f.Length < 0 || f.Offset+f.Length > length || !inside(f.Children, length) {
			return false
		}
	}
	return true
}

// No bytes make the dissector panic; fields lie within their message, and what
// is said is fit for a screen. What a strict parser accepts, ours does.
func FuzzDatagram(f *testing.F) {
	f.Add(query(f, 1, "example.com."), uint16(0))
	f.Add(response(f, 1, "www.example.com.", cname("a.example."), a(1)), uint16(3))
	f.Fuzz(func(t *testing.T, b []byte, cut uint16) {
		for _, p := range []layer.Protocol{Name, MDNSName} {
			r := &recorder{}
			d := newDissector(p, dissect.Context{Datagram: true})
			d.Feed(r, dissect.Chunk{Data: b, Cut: int(cut)})
			d.Finish(r, false)
			for _, l := range r.Layers {
				if !inside(l.Fields, l.Length) {
					t.Errorf("a field outside of its message: %+v", l)
				}
			}
			for _, m := range r.Messages {
				if m.Name != layer.Printable(m.Name) {
					t.Errorf("%q", m.Name)
				}
			}
		}
		var strict dnsmessage.Message
		if len(b) >= headerSize && strict.Unpack(b) == nil && len(strict.Questions) > 0 {
			var ours facts
			_ = ours.read(b)
			if !ours.hasName || uint16(strict.Questions[0].Type) != ours.asked.kind {
				t.Errorf("a question was not read: %v", strict.Questions[0])
			}
		}
		probe(b, true)
	})
}

// The same messages are read however a stream is cut.
func FuzzStream(f *testing.F) {
	f.Add(framed(query(f, 1, "a.example."), query(f, 2, "b.example.")), framed(response(f, 2, "b.example.", a(2))), uint8(7))
	f.Fuzz(func(t *testing.T, toServer, toClient []byte, size uint8) {
		kinds := func(r *recorder) (k []string) {
			for i := range r.Messages {
				k = append(k, r.Messages[i].Kind+r.Messages[i].Name+r.Messages[i].Status)
			}
			return k
		}
		probe(toServer, false)
		whole, cut := playStream(toServer, toClient, 1<<20), playStream(toServer, toClient, int(size)+1)
		if a, b := kinds(whole), kinds(cut); len(whole.problems()) == 0 && !slices.Equal(a, b) {
			t.Errorf("whole %q, in pieces %q", a, b)
		}
	})
}

// A message full of names that are chains of pointers is read in bounded time.
func TestHostileCompressionIsBounded(t *testing.T) {
	b := []byte{0, 1, 0x80, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0}
	for len(b)+6 < 1<<16-1 {
		at := max(headerSize, len(b)-6)
		b = append(b, 0xc0|byte(at>>8)&0x3f, byte(at), 0, 1, 0, 1)
	}
	r := play(Name, reply(b))
	if len(r.problems()) != 1 {
		t.Errorf("problems %q", r.problems())
	}
	var described int
	for _, f := range r.Layers[0].Fields {
		described += len(f.Children)
	}
	if described > 2*maxDescribed {
		t.Errorf("%d entries described", described)
	}
}

// nothing is a Sink that keeps nothing.
type nothing struct{ recorder }

func (*nothing) Layer(layer.Protocol, func() layer.Layer) {}
func (*nothing) Message(*flow.Message)                    {}
func (*nothing) Resolved(string, string)                  {}

func benchmark(b *testing.B, dir layer.Direction, m []byte) {
	d := newDissector(Name, dissect.Context{Datagram: true})
	out := &nothing{}
	b.ReportAllocs()
	b.SetBytes(int64(len(m)))
	for b.Loop() {
		d.Feed(out, dissect.Chunk{Dir: dir, Data: m})
	}
}

func BenchmarkQuery(b *testing.B) {
	benchmark(b, layer.ToServer, query(b, 1, "www.example.com."))
}

func BenchmarkResponse(b *testing.B) {
	benchmark(b, layer.ToClient, response(b, 1, "www.example.com.", cname("a.example."), a(1), a(2)))
}

func BenchmarkProbeOfOtherBytes(b *testing.B) {
	m := bytes.Repeat([]byte("not DNS "), 100)
	for b.Loop() {
		if probe(m, true).Match == dissect.Yes {
			b.Fatal("taken for DNS")
		}
	}
}
