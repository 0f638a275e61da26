package tcp

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// collector puts the chunks of one direction together and checks that offsets
// and gaps are consistent.
type collector struct {
	t    *testing.T
	data []byte
	gaps int
	next int64
}

func (c *collector) Chunk(k dissect.Chunk) {
	c.gaps += k.Gap
	c.next += int64(k.Gap)
	if k.Offset != c.next {
		c.t.Fatalf("chunk at offset %d, want %d", k.Offset, c.next)
	}
	c.next += int64(len(k.Data))
	c.data = append(c.data, k.Data...)
}

type piece struct {
	at, n int
}

func feed(t *testing.T, isn uint32, stream []byte, pieces []piece) *collector {
	h := half{known: true, next: isn}
	c := &collector{t: t}
	b := &Budget{Limit: 1 << 24}
	for i, p := range pieces {
		data := bytes.Clone(stream[p.at : p.at+p.n])
		h.segment(isn+uint32(p.at), data, p.n, layer.PacketRef{Number: i + 1}, b, c)
		clear(data) // the segment's memory is gone after the call
	}
	h.finish(b, c)
	if b.Used != 0 || h.bytes != 0 {
		t.Fatalf("%d bytes of the budget were not given back", b.Used)
	}
	return c
}

func TestAnyOrderAnyOverlapGivesTheSameStream(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 11))
	for round := 0; round < 500; round++ {
		stream := make([]byte, 1+rng.IntN(3000))
		for i := range stream {
			stream[i] = byte(rng.Uint32())
		}
		var pieces []piece
		for at := 0; at < len(stream); {
			n := min(1+rng.IntN(200), len(stream)-at)
			back := min(at, rng.IntN(30)) // overlaps what came before
			pieces = append(pieces, piece{at - back, n + back})
			if rng.IntN(4) == 0 { // and again
				pieces = append(pieces, piece{at, n})
			}
			at += n
		}
		rng.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
		isn := uint32(0xffffff00) + uint32(rng.IntN(512)) // wraps around
		c := feed(t, isn, stream, pieces)
		if !bytes.Equal(c.data, stream) || c.gaps != 0 {
			t.Fatalf("round %d: got %d bytes with %d missing, want %d", round, len(c.data), c.gaps, len(stream))
		}
	}
}

func TestAHoleThatIsNeverFilledIsAGap(t *testing.T) {
	stream := []byte("0123456789abcdef")
	c := feed(t, 100, stream, []piece{{0, 4}, {8, 4}, {12, 4}})
	if string(c.data) != "012389abcdef" || c.gaps != 4 {
		t.Fatalf("got %q with %d missing", c.data, c.gaps)
	}
}

func TestAcknowledgedHoleIsGivenUpAtOnce(t *testing.T) {
	h := half{known: true, next: 100}
	c := &collector{t: t}
	b := &Budget{Limit: 1 << 20}
	h.segment(110, []byte("later"), 5, layer.PacketRef{Number: 1}, b, c)
	h.acked(105, b, c)
	if len(c.data) != 0 {
		t.Fatal("the hole was given up although it is not acknowledged yet")
	}
	h.acked(115, b, c)
	if string(c.data) != "later" || c.gaps != 10 {
		t.Fatalf("got %q with %d missing", c.data, c.gaps)
	}
}

func TestSnappedPayloadCountsAsMissing(t *testing.T) {
	h := half{known: true, next: 0}
	c := &collector{t: t}
	b := &Budget{Limit: 1 << 20}
	h.segment(0, []byte("abc"), 10, layer.PacketRef{Number: 1}, b, c)
	h.segment(10, []byte("def"), 3, layer.PacketRef{Number: 2}, b, c)
	if string(c.data) != "abcdef" || c.gaps != 7 {
		t.Fatalf("got %q with %d missing", c.data, c.gaps)
	}
}

func TestHeldBytesStayBounded(t *testing.T) {
	h := half{known: true, next: 0}
	c := &collector{t: t}
	b := &Budget{Limit: 256 << 10}
	data := make([]byte, 100)
	for i := 0; i < 50_000; i++ {
		h.segment(uint32(1+i*101), data, 100, layer.PacketRef{Number: i + 1}, b, c)
		if b.Used > b.Limit+1000 || len(h.held) > maxHeldSegments+1 {
			t.Fatalf("%d bytes in %d segments are held", b.Used, len(h.held))
		}
	}
}

func FuzzStream(f *testing.F) {
	f.Add([]byte{0, 0, 0, 5, 1, 0, 0, 10, 5})
	f.Fuzz(func(t *testing.T, script []byte) {
		h := half{}
		c := &collector{t: t}
		b := &Budget{Limit: 64 << 10}
		var payload [255]byte
		for i := 0; i+3 < len(script); i += 4 {
			seq := uint32(script[i+1])<<24 | uint32(script[i+2])<<8
			n := int(script[i+3])
			switch script[i] % 3 {
			case 0, 1:
				h.segment(seq, payload[:n/(1+int(script[i]%3))], n, layer.PacketRef{Number: i + 1}, b, c)
			case 2:
				h.acked(seq, b, c)
			}
		}
		h.finish(b, c)
		if b.Used != 0 {
			t.Fatalf("%d bytes of the budget were not given back", b.Used)
		}
	})
}
