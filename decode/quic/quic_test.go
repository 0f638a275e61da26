package quic

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/quic-go/quic-go/quicvarint"
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// initialPacket builds a protected Initial of one side with the given frames.
func initialPacket(t testing.TB, k *keySet, dir layer.Direction, dcid, scid, token []byte, pn uint64, frames []byte) []byte {
	t.Helper()
	first := byte(0xc1)
	if isV2(k.version) {
		first = 0xd1
	}
	h := []byte{first, byte(k.version >> 24), byte(k.version >> 16), byte(k.version >> 8), byte(k.version), byte(len(dcid))}
	h = append(append(append(h, dcid...), byte(len(scid))), scid...)
	h = append(quicvarint.Append(h, uint64(len(token))), token...)
	h = quicvarint.Append(h, uint64(2+len(frames)+16))
	h = append(h, byte(pn>>8), byte(pn))
	return protect(t, k.of(dir), h, 2, pn, frames)
}

// cryptoFrame builds a CRYPTO frame.
func cryptoFrame(offset int, data []byte) []byte {
	f := quicvarint.Append([]byte{frameCrypto}, uint64(offset))
	return append(quicvarint.Append(f, uint64(len(data))), data...)
}

// helloMessage returns the RFC's ClientHello, handshake header included.
func helloMessage(t testing.TB) []byte { return unhex(t, rfcHello)[4:] }

func TestClientHelloInPiecesInAnyOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	message := helloMessage(t)
	dcid := unhex(t, rfcDCID)
	keys := deriveInitial(version1, dcid, layer.ToServer)
	for round := 0; round < 50; round++ {
		var pieces [][]byte
		for at := 0; at < len(message); {
			n := min(1+rng.IntN(60), len(message)-at)
			from := max(0, at-rng.IntN(5)) // some overlap
			pieces = append(pieces, cryptoFrame(from, message[from:at+n]))
			at += n
		}
		rng.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
		var list []datagram
		for pn := uint64(0); len(pieces) > 0; pn++ {
			n := min(1+rng.IntN(4), len(pieces))
			frames := append(slices.Concat(pieces[:n]...), framePing, 0, 0, 0)
			frames = append(frames, make([]byte, 20)...)
			list = append(list, datagram{layer.ToServer, initialPacket(t, keys, layer.ToServer, dcid, nil, nil, pn, frames)})
			pieces = pieces[n:]
		}
		rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		r := play(list)
		if r.quic.SNI != "example.com" || r.name != "example.com" || r.quic.JA4 == "" || len(r.problems) > 0 {
			t.Fatalf("round %d: %+v, problems %q", round, r.quic, r.problems)
		}
	}
}

func TestRetryChangesTheKeys(t *testing.T) {
	dcid := unhex(t, rfcDCID)
	chosen := []byte{1, 2, 3, 4, 5}
	source := []byte{9, 9}
	first := deriveInitial(version1, dcid, layer.ToServer)
	second := deriveInitial(version1, chosen, layer.ToServer)
	half := helloMessage(t)[:100]
	retryPacket := slices.Concat([]byte{0xf0, 0, 0, 0, 1, 2}, source, []byte{5}, chosen, []byte("token"))
	retryPacket = append(retryPacket, retryTagOf(version1, dcid, retryPacket)...)
	r := play([]datagram{
		{layer.ToServer, initialPacket(t, first, layer.ToServer, dcid, source, nil, 0, append(cryptoFrame(0, half), make([]byte, 30)...))},
		{layer.ToClient, retryPacket},
		{layer.ToServer, initialPacket(t, second, layer.ToServer, chosen, source, []byte("token"), 1, cryptoFrame(0, helloMessage(t)))},
		{layer.ToClient, initialPacket(t, second, layer.ToClient, source, chosen, nil, 0, append([]byte{frameClose, 0x41, 0x28, 0, 3}, "noonoonoonoonoonoo"[:3]...))},
	})
	q := r.quic
	if !q.Retry || q.RetryAt.Number != 2 || q.SNI != "example.com" || q.FirstFlight2.Number != 3 || q.FirstInitial[1].Number != 4 {
		t.Errorf("%+v", q)
	}
	if q.Close == nil || q.Close.Code != 0x128 || q.Close.Reason != "noo" || q.Close.By != layer.ToClient {
		t.Errorf("close %+v", q.Close)
	}
	if !slices.Equal(r.kinds[layer.ToClient], []string{"retry", "initial", "connection_close"}) {
		t.Errorf("the server sent %q", r.kinds[layer.ToClient])
	}
}

func TestAForgedRetryIsIgnored(t *testing.T) {
	dcid := unhex(t, rfcDCID)
	keys := deriveInitial(version1, dcid, layer.ToServer)
	forged := append([]byte{0xf0, 0, 0, 0, 1, 0, 1, 5}, make([]byte, 20)...)
	r := play([]datagram{
		{layer.ToServer, initialPacket(t, keys, layer.ToServer, dcid, nil, nil, 0, cryptoFrame(0, helloMessage(t)))},
		{layer.ToClient, forged},
	})
	if r.quic.Retry || len(r.problems) != 1 {
		t.Errorf("%+v %q", r.quic, r.problems)
	}
}

func TestCompatibleVersionNegotiation(t *testing.T) {
	dcid := unhex(t, rfcDCID)
	one, two := deriveInitial(version1, dcid, layer.ToServer), deriveInitial(version2, dcid, layer.ToServer)
	r := play([]datagram{
		{layer.ToServer, initialPacket(t, one, layer.ToServer, dcid, []byte{7}, nil, 0, cryptoFrame(0, helloMessage(t)))},
		{layer.ToClient, initialPacket(t, two, layer.ToClient, []byte{7}, []byte{8}, nil, 0, append([]byte{framePing}, make([]byte, 30)...))},
	})
	if r.quic.Version != "2" || len(r.problems) > 0 {
		t.Errorf("%+v %q", r.quic, r.problems)
	}
	if l := r.layers[len(r.layers)-1]; l.Source != layer.Decrypted || l.Summary != "Initial: PING" {
		t.Errorf("the server's Initial was not opened: %+v", l)
	}
}

func TestProbe(t *testing.T) {
	dcid := unhex(t, rfcDCID)
	keys := deriveInitial(version1, dcid, layer.ToServer)
	client := initialPacket(t, keys, layer.ToServer, dcid, nil, nil, 0, cryptoFrame(0, helloMessage(t)))
	server := initialPacket(t, keys, layer.ToClient, []byte{1}, []byte{2}, nil, 0, make([]byte, 30))
	for _, c := range []struct {
		name string
		data []byte
		want dissect.Verdict
	}{
		{"a client's first Initial", client, dissect.Verdict{Match: dissect.Yes, Client: dissect.Sender}},
		{"a server's Initial could be of anybody", server, dissect.Verdict{Match: dissect.Yes}},
		{"Version Negotiation comes from servers", []byte{0x80, 0, 0, 0, 0, 1, 5, 1, 6, 0, 0, 0, 1}, dissect.Verdict{Match: dissect.Yes, Client: dissect.Receiver}},
		{"Version Negotiation without a version", []byte{0x80, 0, 0, 0, 0, 1, 5, 1, 6}, dissect.Verdict{}},
		{"a short header says little", append([]byte{0x40}, make([]byte, 30)...), dissect.Verdict{Match: dissect.Maybe}},
		{"an unknown version", append([]byte{0xc0, 1, 2, 3, 4, 0, 0}, make([]byte, 1300)...), dissect.Verdict{}},
		{"a version made to be refused", append([]byte{0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 0, 0}, make([]byte, 1300)...), dissect.Verdict{Match: dissect.Yes, Client: dissect.Sender}},
		{"a DNS query", unhex(t, "123401000001000000000000076578616d706c6503636f6d0000010001"), dissect.Verdict{}},
		{"a STUN request", unhex(t, "000100002112a442000000000000000000000000"), dissect.Verdict{}},
	} {
		if got := probe(c.data, true); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestSpinBit(t *testing.T) {
	short := func(spin bool) []byte {
		b := append([]byte{fixedBit}, bytes.Repeat([]byte{5}, 40)...)
		if spin {
			b[0] |= spinBit
		}
		return b
	}
	rng := rand.New(rand.NewPCG(5, 6))
	var turning, still, random []datagram
	for i := 0; i < 60; i++ {
		turning = append(turning, datagram{layer.ToServer, short(i/10%2 == 1)}, datagram{layer.ToClient, short(i/10%2 == 1)})
		still = append(still, datagram{layer.ToServer, short(false)}, datagram{layer.ToClient, short(false)})
		random = append(random, datagram{layer.ToServer, short(rng.IntN(2) == 0)}, datagram{layer.ToClient, short(false)})
	}
	for _, c := range []struct {
		name string
		list []datagram
		want bool
	}{{"it turns both ways", turning, true}, {"it stands still", still, false}, {"one side sets it at random", random, false}} {
		if got := play(c.list).quic.SpinBit; got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
