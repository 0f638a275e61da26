package http2

import (
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

func FuzzProbe(f *testing.F) {
	for _, w := range longTalk(3) {
		f.Add([]byte(w.Data))
	}
	f.Fuzz(func(t *testing.T, first []byte) {
		probe(first, false)
	})
}

// No bytes make the dissector panic, and where nothing is malformed the same
// messages are read however the bytes are cut.
func FuzzDissector(f *testing.F) {
	var c, s []byte
	for _, w := range longTalk(6) {
		if w.Dir == layer.ToServer {
			c = append(c, w.Data...)
		} else {
			s = append(s, w.Data...)
		}
	}
	f.Add(c, s, uint8(3), uint16(0))
	f.Add(c[:100], s[40:], uint8(9), uint16(70))
	f.Fuzz(func(t *testing.T, toServer, toClient []byte, size uint8, gap uint16) {
		writes := []dissecttest.Write{dissecttest.Client(string(toServer)), dissecttest.Server(string(toClient)), dissecttest.Lost(int(gap), dissecttest.Server(string(toClient)))}
		dissecttest.Game{Context: dissect.Context{MidStream: gap%2 == 1}}.Play(Protocol(), writes...)
		writes = writes[:2]
		whole := dissecttest.Play(Protocol(), writes...)
		cut := dissecttest.Game{Cut: dissecttest.Pieces(int(size) + 1)}.Play(Protocol(), writes...)
		if len(whole.Problems)+len(cut.Problems) > 0 {
			return // what follows is looked for in what has come
		}
		if a, b := whole.Story(), cut.Story(); a != b {
			t.Errorf("whole:\n%s\nin pieces:\n%s", a, b)
		}
	})
}

func TestWhatIsKeptIsBounded(t *testing.T) {
	d := newDissector(dissect.Context{}, newNotes())
	out := &dissecttest.Recorder{Silent: true}
	c := newPeer(layer.ToServer)
	c.out.WriteString(preface)
	for i := range uint32(5 * maxStreams) {
		c.headers(2*i+1, false, ":method: GET", ":path: /a")
	}
	b := c.out.Bytes()
	d.Feed(out, dissect.Chunk{Data: b, At: layer.PacketRef{Number: 1}})
	if len(d.streams) > maxStreams {
		t.Errorf("%d streams are kept", len(d.streams))
	}
	at := int64(len(b))
	for range 1000 { // a block without end
		frame := append([]byte{0, 0x40, 0, byte(frameContinuation), 0, 0, 0x7f, 0, 1}, make([]byte, 16384)...)
		d.Feed(out, dissect.Chunk{Data: frame, Offset: at, At: layer.PacketRef{Number: 2}})
		at += int64(len(frame))
	}
	for i := range 100 { // nothing that looks like frames
		d.Feed(out, dissect.Chunk{Data: []byte("\x00\x3f\xff\x00\x00\x00\x00\x00\x01 nonsense"), Offset: at + int64(i*18), Gap: 1, At: layer.PacketRef{Number: 3}})
	}
	h := &d.half[layer.ToServer]
	if n := h.in.Len() + cap(h.block.fragments); n > maxSearch+maxBlock {
		t.Errorf("%d bytes are kept", n)
	}
}

// nothing is a sink that keeps nothing.
type nothing struct{ dissecttest.Recorder }

func (*nothing) Message(*flow.Message)                        {}
func (*nothing) Layer(layer.Protocol, func() layer.Layer)     {}
func (*nothing) Inner(layer.Protocol, dissect.Chunk)          {}
func (*nothing) Announce(layer.Protocol, uint64, []flow.Fact) {}
func (*nothing) HTTP2(*flow.HTTP2)                            {}
func (*nothing) ServerName(string)                            {}
func (*nothing) Recording() bool                              { return false }

// A hundred exchanges on one connection.
func BenchmarkExchanges(b *testing.B) {
	writes := longTalk(100)
	n := 0
	for _, w := range writes {
		n += len(w.Data)
	}
	b.SetBytes(int64(n))
	b.ReportAllocs()
	out := &nothing{}
	for b.Loop() {
		d := newDissector(dissect.Context{}, newNotes())
		var offset [2]int64
		for i, w := range writes {
			d.Feed(out, dissect.Chunk{Dir: w.Dir, Data: []byte(w.Data), Offset: offset[w.Dir], At: layer.PacketRef{Number: i + 1}})
			offset[w.Dir] += int64(len(w.Data))
		}
	}
}

func BenchmarkData(b *testing.B) {
	d := newDissector(dissect.Context{MidStream: true}, newNotes())
	out := &nothing{}
	c, s, writes := pair()
	c.get(1, "/a")
	s.headers(1, false, ":status: 200")
	writes = append(writes, c.sent(), s.sent())
	var offset [2]int64
	for i, w := range writes {
		d.Feed(out, dissect.Chunk{Dir: w.Dir, Data: []byte(w.Data), Offset: offset[w.Dir], At: layer.PacketRef{Number: i + 1}})
		offset[w.Dir] += int64(len(w.Data))
	}
	s.WriteData(1, false, make([]byte, 16384))
	frame := s.out.Bytes()
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for i := 10; b.Loop(); i++ {
		for k := 0; k < len(frame); k += 1448 {
			piece := frame[k:min(k+1448, len(frame))]
			d.Feed(out, dissect.Chunk{Dir: layer.ToClient, Data: piece, Offset: offset[1], At: layer.PacketRef{Number: i}})
			offset[1] += int64(len(piece))
		}
	}
}
