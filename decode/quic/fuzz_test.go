package quic

import (
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
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
		d := newDissector(dissect.Context{}, &budget{})
		for i := 0; i < 3; i++ {
			d.Feed(r, dissect.Chunk{Dir: layer.ToServer, Data: a, At: layer.PacketRef{Number: 2*i + 1}})
			d.Feed(r, dissect.Chunk{Dir: layer.ToClient, Data: b, At: layer.PacketRef{Number: 2*i + 2}})
		}
		d.Finish(r, false)
		if n := d.kept(); n > maxConnections*6*maxCrypto {
			t.Errorf("%d bytes kept", n)
		}
		dissecttest.CheckFields(t, &r.Recorder)
	})
}

// kept counts the handshake's bytes that are held.
func (d *dissector) kept() (n int) {
	for _, c := range d.connections {
		for dir := range c.crypto {
			for space := range c.crypto[dir] {
				n += len(c.crypto[dir][space].data)
			}
		}
	}
	return n
}

// Frames are what an attacker who knows the keys (anybody) can put into an
// Initial packet.
func FuzzFrames(f *testing.F) {
	f.Add(unhex(f, rfcHello))
	f.Add([]byte{frameACK, 5, 0, 1, 0, 0, 0, framePing, 0, 0, frameClose, 1, 0, 1, 'x'})
	f.Fuzz(func(t *testing.T, plain []byte) {
		r := &recorder{quic: &flow.QUIC{}}
		d := newDissector(dissect.Context{}, &budget{})
		for i, kind := range []packetType{initial, handshake, zeroRTT, oneRTT} {
			for _, dir := range []layer.Direction{layer.ToServer, layer.ToClient} {
				d.now.out, d.now.chunk = r, &dissect.Chunk{Dir: dir, At: layer.PacketRef{Number: 2*i + int(dir) + 1, Nanos: int64(i)}}
				d.now.packet, d.now.number, d.now.plain = packet{kind: kind, version: version1, size: 40}, uint64(i), plain
				d.now.frames, d.now.messages = d.now.frames[:0], d.now.messages[:0]
				d.now.raw, d.opener.header = make([]byte, 40), []byte{0x43}
				d.read(d.connections[0])
			}
		}
		d.Finish(r, false)
		dissecttest.CheckFields(t, &r.Recorder)
	})
}

// nothing is a Sink that keeps nothing and asks for no descriptions.
type nothing struct{ recorder }

func (*nothing) Message(*flow.Message)                    {}
func (*nothing) Layer(layer.Protocol, func() layer.Layer) {}
func (*nothing) Recording() bool                          { return false }
func (*nothing) QUIC(*flow.QUIC)                          {}
func (*nothing) Inner(layer.Protocol, dissect.Chunk)      {}
func (*nothing) HTTP2(*flow.HTTP2)                        {}

func BenchmarkShortHeader(b *testing.B) {
	data := append([]byte{fixedBit}, make([]byte, 1200)...)
	d := newDissector(dissect.Context{}, &budget{})
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
		newDissector(dissect.Context{}, &budget{}).Feed(out, dissect.Chunk{Data: data, At: layer.PacketRef{Number: 1}})
	}
}

// Packets that an endpoint with the keys could send, some of them missing, make
// nothing panic and leave nothing held.
func FuzzConnection(f *testing.F) {
	f.Add(append(streamFrame(0, 0, "hello", false), streamFrame(0, 9, "world", true)...), append(ack(span{0, 3}), varints(frameMaxData, 9)...), uint8(5))
	f.Add(varints(frameResetStream, 4, 1, 9, frameStreamDataBlocked, 0, 5), varints(frameACK, 9, 0, 1, 2, 0, 1), uint8(2))
	f.Fuzz(func(t *testing.T, a, b []byte, size uint8) {
		w := newWire(t)
		for len(a)+len(b) > 0 {
			for dir, data := range [2]*[]byte{&a, &b} {
				n := min(len(*data), int(size)+1)
				if n == 0 {
					continue
				}
				w.send(layer.Direction(dir), (*data)[:n])
				*data = (*data)[n:]
				if n%3 == 0 {
					w.lose(layer.Direction(dir))
				}
			}
		}
		w.finish()
		for _, c := range w.Inners {
			if c.Gap < 0 || c.Offset < 0 {
				t.Errorf("%+v", c)
			}
		}
	})
}
