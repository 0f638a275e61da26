package ip

import (
	"bytes"
	"math/rand"
	"net/netip"
	"testing"

	"github.com/wiresight/wiresight/decode/layer"
)

var key = Key{Src: netip.MustParseAddr("192.0.2.1"), Dst: netip.MustParseAddr("192.0.2.2"), ID: 7, Protocol: 17}

func ref(n int) layer.PacketRef { return layer.PacketRef{Number: n, Nanos: int64(n) * 1e6} }

// cut makes fragments of 8 to 64 bytes.
func cut(rng *rand.Rand, payload []byte) []Fragment {
	var list []Fragment
	for at := 0; at < len(payload); {
		n := min(8*(1+rng.Intn(8)), len(payload)-at)
		list = append(list, Fragment{Offset: at, More: at+n < len(payload), Data: payload[at : at+n]})
		at += n
	}
	return list
}

func TestFragmentsInAnyOrderGiveTheSameDatagram(t *testing.T) {
	for seed := int64(0); seed < 200; seed++ {
		rng := rand.New(rand.NewSource(seed))
		payload := make([]byte, 1+rng.Intn(2000))
		rng.Read(payload)
		list := cut(rng, payload)
		list = append(list, list[rng.Intn(len(list))]) // one comes twice
		rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		r := NewReassembler()
		var got []byte
		for i, f := range list {
			if p, _, ok := r.Add(key, f, ref(i+1)); ok && got == nil {
				got = p
			}
		}
		if !bytes.Equal(got, payload) {
			t.Fatalf("seed %d: %d bytes came out of %d", seed, len(got), len(payload))
		}
	}
}

func TestADatagramWaitsForItsMissingFragment(t *testing.T) {
	r := NewReassembler()
	if _, _, ok := r.Add(key, Fragment{Offset: 0, More: true, Data: make([]byte, 8)}, ref(1)); ok {
		t.Fatal("complete with the last fragment missing")
	}
	if _, _, ok := r.Add(key, Fragment{Offset: 16, Data: make([]byte, 8)}, ref(2)); ok {
		t.Fatal("complete with a hole")
	}
	other := key
	other.ID++
	if _, _, ok := r.Add(other, Fragment{Offset: 8, More: true, Data: make([]byte, 8)}, ref(3)); ok {
		t.Fatal("another datagram's fragment filled the hole")
	}
	_, packets, ok := r.Add(key, Fragment{Offset: 8, More: true, Data: make([]byte, 8)}, ref(4))
	if !ok || len(packets) != 3 || packets[1].Number != 4 {
		t.Fatalf("ok=%v, packets=%v", ok, packets)
	}
}

func TestAReusedIdentificationDoesNotJoinOldFragments(t *testing.T) {
	r := NewReassembler()
	r.Add(key, Fragment{Offset: 0, More: true, Data: make([]byte, 8)}, layer.PacketRef{Number: 1})
	if _, _, ok := r.Add(key, Fragment{Offset: 8, Data: make([]byte, 8)}, layer.PacketRef{Number: 2, Nanos: 61e9}); ok {
		t.Fatal("joined after the time-out")
	}
}

func TestMemoryHasABound(t *testing.T) {
	r := NewReassembler()
	for i := 0; i < 100_000; i++ {
		k := key
		k.ID = uint32(i)
		r.Add(k, Fragment{Offset: 0, More: true, Data: make([]byte, 1400)}, ref(i+1))
	}
	if len(r.waiting) > maxDatagrams || r.held > maxHeld || len(r.order) > 2*maxDatagrams {
		t.Fatalf("%d datagrams with %d bytes wait", len(r.waiting), r.held)
	}
}

func TestTinyFragmentsCountWithTheMemoryTheyTake(t *testing.T) {
	r := NewReassembler()
	for i := range 600_000 {
		k := key
		k.ID = uint32(i / 4000)
		r.Add(k, Fragment{Offset: 8 * (1 + i%4000), More: true, Data: []byte{1}}, ref(1))
	}
	pieces := 0
	for _, d := range r.waiting {
		pieces += len(d.pieces)
	}
	if pieces > maxHeld/pieceCost {
		t.Errorf("%d fragments of a byte are held", pieces)
	}
}

func TestDatagramsThatAreWholeAtOnceLeaveNothingBehind(t *testing.T) {
	r := NewReassembler()
	for i := range 10 * maxDatagrams {
		k := key
		k.ID = uint32(i)
		if _, _, ok := r.Add(k, Fragment{Data: []byte{1}}, ref(i)); !ok { // an atomic fragment, RFC 6946
			t.Fatal("not whole")
		}
	}
	if len(r.order) > 2*maxDatagrams {
		t.Errorf("%d are remembered", len(r.order))
	}
}

func FuzzReassembler(f *testing.F) {
	f.Add([]byte("\x00\x01abcdefgh\x01\x00ijkl"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewReassembler()
		for i := 0; len(b) >= 3; i++ {
			n := min(int(b[2])%40, len(b)-3)
			p, _, ok := r.Add(key, Fragment{Offset: int(b[0]) * 8, More: b[1]&1 != 0, Data: b[3 : 3+n]}, ref(i+1))
			if ok && len(p) > maxDatagram {
				t.Fatalf("%d bytes", len(p))
			}
			b = b[3+n:]
		}
	})
}
