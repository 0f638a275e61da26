package stream

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// However a stream is cut into chunks and however it is taken, the bytes and
// the packets that carried them are the same.
func TestTakenBytesAndPacketsDoNotDependOnChunks(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := 0; round < 200; round++ {
		want := make([]byte, 500)
		owner := make([]int, len(want))
		for i := range want {
			want[i] = byte(rng.Uint32())
		}
		var b Buffer
		var got []byte
		for at, number := 0, 1; at < len(want); number++ {
			n := min(1+rng.IntN(60), len(want)-at)
			data := bytes.Clone(want[at : at+n])
			for i := at; i < at+n; i++ {
				owner[i] = number
			}
			b.Append(dissect.Chunk{Data: data, Offset: int64(at), At: layer.PacketRef{Number: number}})
			at += n
			for b.Len() > 0 && rng.IntN(3) > 0 {
				k := 1 + rng.IntN(b.Len())
				from := len(got)
				got = append(got, b.Bytes()[:k]...)
				if b.Offset() != int64(from) {
					t.Fatalf("offset %d, want %d", b.Offset(), from)
				}
				var p flow.Packets
				first, last := b.Take(k, &p)
				if first.Number != owner[from] || last.Number != owner[from+k-1] {
					t.Fatalf("bytes %d..%d: packets %d..%d, want %d..%d", from, from+k, first.Number, last.Number, owner[from], owner[from+k-1])
				}
				if p.Len() != last.Number-first.Number+1 {
					t.Fatalf("%d packets named, want %d", p.Len(), last.Number-first.Number+1)
				}
			}
			b.Keep()
			for i := range data { // the chunk's memory is gone after the call
				data[i] = 0xee
			}
		}
		got = append(got, b.Bytes()...)
		if !bytes.Equal(got, want) {
			t.Fatal("bytes differ")
		}
	}
}
