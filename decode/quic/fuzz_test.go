package quic

import (
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// No datagrams make the dissector panic or keep more than its bounds.
func FuzzDissector(f *testing.F) {
	dcid := unhex(f, rfcDCID)
	keys := deriveInitial(version1, dcid, layer.ToServer)
	client := initialPacket(f, keys, layer.ToServer, dcid, []byte{7}, nil, 0, cryptoFrame(0, helloMessage(f)))
	server := initialPacket(f, keys, layer.ToClient, []byte{7}, []byte{8}, nil, 0, make([]byte, 30))
	f.Add(client, server)
	f.Add([]byte{0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, append([]byte{0x41}, make([]byte, 30)...))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		probe(a, true)
		r := &recorder{quic: &flow.QUIC{}}
		d := newDissector()
		for i := 0; i < 3; i++ {
			d.Feed(r, dissect.Chunk{Dir: layer.ToServer, Data: a, At: layer.PacketRef{Number: 2*i + 1}})
			d.Feed(r, dissect.Chunk{Dir: layer.ToClient, Data: b, At: layer.PacketRef{Number: 2*i + 2}})
		}
		d.Finish(r, false)
		if n := len(d.crypto[0].data) + len(d.crypto[1].data); n > 2*maxCrypto {
			t.Errorf("%d bytes kept", n)
		}
	})
}

// Frames are what an attacker who knows the keys (anybody) can put into an
// Initial packet.
func FuzzFrames(f *testing.F) {
	f.Add(unhex(f, rfcHello))
	f.Add([]byte{frameACK, 5, 0, 1, 0, 0, 0, framePing, 0, 0, frameClose, 1, 0, 1, 'x'})
	f.Fuzz(func(t *testing.T, plain []byte) {
		r := &recorder{quic: &flow.QUIC{}}
		d := newDissector()
		d.now.reset(true, 0)
		d.now.begin(0, &packet{})
		d.frames(r, &dissect.Chunk{At: layer.PacketRef{Number: 1}}, plain)
		d.Finish(r, false)
	})
}

// nothing is a Sink that keeps nothing and asks for no descriptions.
type nothing struct{ recorder }

func (*nothing) Message(*flow.Message)                    {}
func (*nothing) Layer(layer.Protocol, func() layer.Layer) {}
func (*nothing) Recording() bool                          { return false }
func (*nothing) QUIC(*flow.QUIC)                          {}

func BenchmarkShortHeader(b *testing.B) {
	data := append([]byte{fixedBit}, make([]byte, 1200)...)
	d := newDissector()
	out := &nothing{}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		d.Feed(out, dissect.Chunk{Data: data, At: layer.PacketRef{Number: i + 1}})
	}
}

func BenchmarkClientHello(b *testing.B) {
	dcid := unhex(b, rfcDCID)
	keys := deriveInitial(version1, dcid, layer.ToServer)
	data := initialPacket(b, keys, layer.ToServer, dcid, []byte{7}, nil, 0, append(cryptoFrame(0, helloMessage(b)), make([]byte, 900)...))
	out := &nothing{}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		newDissector().Feed(out, dissect.Chunk{Data: data, At: layer.PacketRef{Number: 1}})
	}
}
