package tls

import (
	ctls "crypto/tls"
	"slices"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// No bytes make the dissector panic or keep more than its bounds, and the same
// messages are read however the bytes are cut.
func FuzzDissector(f *testing.F) {
	for _, version := range []uint16{ctls.VersionTLS12, ctls.VersionTLS13} {
		client, server := configs(f, version)
		var both [2][]byte
		for _, w := range converse(f, client, server) {
			both[w.dir] = append(both[w.dir], w.data...)
		}
		f.Add(both[0], both[1], uint8(9))
	}
	f.Fuzz(func(t *testing.T, toServer, toClient []byte, size uint8) {
		writes := []write{{layer.ToServer, toServer}, {layer.ToClient, toClient}}
		probe(toServer, false)
		whole := play(writes)
		cut := playCut(writes, func(_ int, data []byte) [][]byte { return slices.Collect(slices.Chunk(data, int(size)+1)) })
		for dir := layer.ToServer; dir <= layer.ToClient; dir++ {
			if a, b := whole.kinds(dir), cut.kinds(dir); !slices.Equal(a, b) && len(whole.problems) == 0 {
				t.Errorf("whole %q, in pieces %q", a, b)
			}
		}
	})
}

func FuzzGaps(f *testing.F) {
	f.Add([]byte{0x17, 3, 3, 0, 2, 1, 2, 0x17, 3, 3, 0, 1, 5}, uint16(3), uint16(2))
	f.Fuzz(func(t *testing.T, data []byte, at, gap uint16) {
		r := &recorder{recording: true}
		d := newDissector(dissect.Context{MidStream: true})
		cut := min(int(at), len(data))
		d.Feed(r, dissect.Chunk{Data: data[:cut], At: layer.PacketRef{Number: 1}})
		d.Feed(r, dissect.Chunk{Data: data[cut:], At: layer.PacketRef{Number: 2}, Offset: int64(cut) + int64(gap), Gap: int(gap)})
		d.Finish(r, false)
		for dir := range d.half {
			if n := d.half[dir].in.Len() + len(d.half[dir].messages.data); n > maxHandshake+2*maxRecord {
				t.Errorf("%d bytes kept", n)
			}
		}
	})
}

// nothing is a Sink that keeps nothing.
type nothing struct{ recorder }

func (*nothing) Layer(layer.Protocol, func() layer.Layer) {}
func (*nothing) Message(*flow.Message)                    {}

func BenchmarkApplicationData(b *testing.B) {
	record := append([]byte{typeApplicationData, 3, 3, 0x05, 0x00}, make([]byte, 0x500)...)
	d := newDissector(dissect.Context{})
	out := &nothing{}
	var offset int64
	b.SetBytes(int64(len(record)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		d.Feed(out, dissect.Chunk{Data: record, Offset: offset, At: layer.PacketRef{Number: i + 1}})
		offset += int64(len(record))
	}
}
