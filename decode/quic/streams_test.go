package quic

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// wireside plays packets whose payloads are given to a dissector with keys.
type wireside struct {
	testing.TB
	*recorder
	d      *dissector
	keys   *traffic
	next   [2]uint64
	number int
	nanos  int64
}

func newWire(t testing.TB) *wireside {
	d, keys := opened(aes128Suite, version1)
	return &wireside{TB: t, recorder: &recorder{}, d: d, keys: keys}
}

// send plays a packet with the next number of its direction.
func (w *wireside) send(dir layer.Direction, frames ...[]byte) {
	w.sendNumber(dir, w.next[dir], frames...)
}

func (w *wireside) sendNumber(dir layer.Direction, pn uint64, frames ...[]byte) {
	w.next[dir] = max(w.next[dir], pn+1)
	w.number++
	w.nanos += 1e6
	b := append(slices.Concat(frames...), make([]byte, 20)...)
	b = shortPacket(w.TB, w.keys.phases[0], pn, false, b)
	w.d.Feed(w.recorder, dissect.Chunk{Dir: dir, Data: b, At: layer.PacketRef{Number: w.number, Nanos: w.nanos}})
}

// lose uses up a packet number that the capture does not hold.
func (w *wireside) lose(dir layer.Direction) uint64 {
	w.next[dir]++
	return w.next[dir] - 1
}

func (w *wireside) finish() *flow.QUIC {
	w.d.Finish(w.recorder, false)
	if w.d.budget.used != 0 {
		w.Errorf("%d bytes are still held", w.d.budget.used)
	}
	return w.d.facts
}

// ack builds an ACK frame of ranges from the highest down.
func ack(ranges ...span) []byte {
	b := varints(frameACK, ranges[0].to-1, 0, uint64(len(ranges)-1), ranges[0].to-ranges[0].from-1)
	for i := 1; i < len(ranges); i++ {
		b = append(b, varints(ranges[i-1].from-ranges[i].to-1, ranges[i].to-ranges[i].from-1)...)
	}
	return b
}

const c2s, s2c = layer.ToServer, layer.ToClient

// However a stream is cut into frames, sent twice and mixed, its bytes come out
// once and in order, each with the packet that carried it, and its end once.
func TestStreamsAreReassembled(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for round := range 60 {
		w := newWire(t)
		want := make([]byte, 1+rng.IntN(3000))
		for i := range want {
			want[i] = byte(rng.Uint32())
		}
		var list [][]byte
		for at := 0; at < len(want); {
			n := min(1+rng.IntN(200), len(want)-at)
			from := max(0, at-rng.IntN(30))
			list = append(list, streamFrame(4, uint64(from), string(want[from:at+n]), at+n == len(want)))
			if rng.IntN(4) == 0 {
				list = append(list, list[rng.IntN(len(list))])
			}
			at += n
		}
		rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		for _, f := range list {
			w.send(c2s, f)
		}
		ends := 0
		for i := range w.Inners {
			c := &w.Inners[i]
			if c.Gap > 0 {
				t.Errorf("round %d: a gap of %d bytes", round, c.Gap)
			}
			if c.End {
				ends++
			}
		}
		if got := w.InnerBytes("", c2s, 4); !bytes.Equal(got, want) || ends != 1 {
			t.Fatalf("round %d: %d bytes of %d, %d ends", round, len(got), len(want), ends)
		}
		if q := w.finish(); q.Lost.Sum() != 0 || q.Streams[c2s] != 1 {
			t.Errorf("round %d: %+v", round, q)
		}
	}
}

// Bytes that the capture missed are given up once their packet is acknowledged,
// and not before: a packet that the network lost is sent again.
func TestBytesThatTheCaptureMissedAreGivenUp(t *testing.T) {
	w := newWire(t)
	w.send(c2s, streamFrame(0, 0, "one ", false))
	w.lose(c2s)
	w.send(c2s, streamFrame(0, 10, "three", false))
	w.send(s2c, ack(span{2, 3}, span{0, 1}))
	if got := w.InnerBytes("", c2s, 0); string(got) != "one " {
		t.Fatalf("%q before the missing packet was acknowledged", got)
	}
	w.send(s2c, ack(span{0, 3}))
	last := w.Inners[len(w.Inners)-1]
	if string(last.Data) != "three" || last.Gap != 6 || last.Offset != 10 || last.At.Number != 2 {
		t.Errorf("%+v", last)
	}
	if q := w.finish(); q.CaptureLost[c2s] != 1 || q.Unseen.Sum() != 0 || q.Lost.Sum() != 0 {
		t.Errorf("%+v", q)
	}

	w = newWire(t)
	w.send(c2s, streamFrame(0, 0, "one ", false))
	w.lose(c2s) // in the network
	w.send(c2s, streamFrame(0, 8, "three", false))
	w.send(c2s, streamFrame(0, 13, " four", false))
	w.send(s2c, ack(span{2, 4}, span{0, 1}))
	w.send(c2s, streamFrame(0, 4, "two ", false))
	w.send(s2c, ack(span{2, 5}, span{0, 1}))
	if got := w.InnerBytes("", c2s, 0); string(got) != "one two three four" {
		t.Errorf("%q", got)
	}
	if q := w.finish(); q.CaptureLost.Sum() != 0 || q.Unseen[c2s] != 1 {
		t.Errorf("%+v", q)
	}
}

// What is held is said at the end, with the gap in front.
func TestHeldBytesAreSaidAtTheEnd(t *testing.T) {
	w := newWire(t)
	w.lose(c2s)
	w.send(c2s, streamFrame(0, 3, "abc", true))
	w.finish()
	if len(w.Inners) != 1 || w.Inners[0].Gap != 3 || !w.Inners[0].End || string(w.Inners[0].Data) != "abc" {
		t.Errorf("%+v", w.Inners)
	}
}

func TestHeldBytesAreBounded(t *testing.T) {
	w := newWire(t)
	big := string(make([]byte, 1000))
	for i := range uint64(4000) {
		w.send(c2s, streamFrame(0, 1+i*1001, big, false))
		if w.d.budget.used > maxHeld+2000 {
			t.Fatalf("%d bytes are held", w.d.budget.used)
		}
	}
	for id := range uint64(2 * maxStreams) {
		w.send(c2s, streamFrame(id*4, 1, "x", false))
	}
	if c := w.d.connections[0]; len(c.streams.open) > maxStreams || len(c.streams.holding) > 2*maxStreams {
		t.Errorf("%d streams, %d waiting", len(c.streams.open), len(c.streams.holding))
	}
	w.finish()
}

func TestResetStreams(t *testing.T) {
	w := newWire(t)
	w.send(c2s, streamFrame(0, 0, "half", false))
	w.send(c2s, varints(frameResetStream, 0, 0x10c, 9))
	last := w.Inners[len(w.Inners)-1]
	if !last.End || !last.Reset || last.Code != 0x10c || len(last.Data) != 0 {
		t.Errorf("%+v", last)
	}
	w.send(c2s, streamFrame(0, 4, "more", true)) // came late
	if got := w.InnerBytes("", c2s, 0); string(got) != "half" {
		t.Errorf("%q behind the reset", got)
	}
	if !slices.Contains(w.kinds[c2s], "reset_stream") {
		t.Errorf("%q", w.kinds)
	}
	w.finish()
}

func TestDatagramFrames(t *testing.T) {
	w := newWire(t)
	w.send(c2s, append(varints(frameDatagramLength, 5), "hello"...))
	if len(w.Inners) != 1 || !w.Inners[0].Datagram || w.Inners[0].Stream != DatagramStream || string(w.Inners[0].Data) != "hello" {
		t.Errorf("%+v", w.Inners)
	}
	w.finish()
}

// 0-RTT data counts once the server takes it.
func TestEarlyData(t *testing.T) {
	for name, c := range map[string]struct {
		decide func(*wireside)
		want   string
	}{
		"taken":   {func(w *wireside) { w.d.connections[0].streams.decide(w.d.connections[0], &w.d.now, true) }, "early late"},
		"refused": {func(w *wireside) { w.d.connections[0].streams.decide(w.d.connections[0], &w.d.now, false) }, "other"},
		"acknowledged, where the handshake could not be read": {func(w *wireside) { w.send(s2c, ack(span{0, 1})) }, "early late"},
		"not known": {func(*wireside) {}, "early late"},
	} {
		w := newWire(t)
		conn := w.d.connections[0]
		r := &w.d.now
		r.out, r.chunk = w.recorder, &dissect.Chunk{Dir: c2s, At: layer.PacketRef{Number: 1, Nanos: 1}}
		r.packet, r.number, r.plain = packet{kind: zeroRTT, version: version1}, 0, streamFrame(0, 0, "early ", false)
		conn.parse(r)
		conn.take(r)
		w.next[c2s] = 1
		if len(w.Inners) != 0 {
			t.Fatalf("%s: said before the server's mind is known", name)
		}
		r.out = w.recorder
		c.decide(w)
		if c.want == "other" {
			w.send(c2s, streamFrame(0, 0, "other", true))
		} else {
			w.send(c2s, streamFrame(0, 6, "late", true))
		}
		w.finish()
		if got := w.InnerBytes("", c2s, 0); string(got) != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
