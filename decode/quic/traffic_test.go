package quic

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/quic-go/quic-go/quicvarint"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/tls/suite"
)

// secretOf returns a traffic secret of a suite.
func secretOf(id uint16) []byte {
	s, _ := suite.ByID(id)
	return bytes.Repeat([]byte{7}, s.Hash.Size())
}

// shortPacket seals a packet with a short header and the connection ID 1 2 3 4.
func shortPacket(t testing.TB, s *seal, pn uint64, phase bool, frames []byte) []byte {
	first := byte(0x41)
	if phase {
		first |= keyPhaseBit
	}
	return protect(t, s, []byte{first, 1, 2, 3, 4, byte(pn >> 8), byte(pn)}, 2, pn, frames)
}

// streamFrame builds a STREAM frame.
func streamFrame(id, offset uint64, data string, fin bool) []byte {
	kind := byte(frameStream | streamOffset | streamLength)
	if fin {
		kind |= streamFin
	}
	f := quicvarint.Append([]byte{kind}, id)
	f = quicvarint.Append(f, offset)
	return append(quicvarint.Append(f, uint64(len(data))), data...)
}

// opened returns a dissector that has the keys of both directions, and the
// traffic that the client sends with.
func opened(id uint16, version uint32) (*dissector, *traffic) {
	d := newDissector(dissect.Context{}, &budget{})
	c := d.connections[0]
	c.version, c.random = version, make([]byte, 32)
	for dir := range c.levels {
		c.levels[dir][levelApplication].keys = []*traffic{newTraffic(id, version, secretOf(id))}
		c.ids[dir].list, c.ids[dir].length = [][]byte{{1, 2, 3, 4}}, 4
	}
	return d, newTraffic(id, version, secretOf(id))
}

// feed hands a datagram to the dissector.
func (d *dissector) feed(out dissect.Sink, dir layer.Direction, number int, b []byte) {
	d.Feed(out, chunkOf(dir, number, b))
}

func chunkOf(dir layer.Direction, number int, b []byte) dissect.Chunk {
	return dissect.Chunk{Dir: dir, Data: b, At: layer.PacketRef{Number: number, Nanos: int64(number) * 1e6}}
}

// The example of RFC 9001 appendix A.5.
func TestChaCha20ExampleOfTheRFC(t *testing.T) {
	secret := unhex(t, "9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b")
	k := newTraffic(chachaSuite, version1, secret)
	b := unhex(t, "4cfe4189655e5cd55c41f69080575d7999c25a5bfb")
	var o opener
	plain, pn, _, ok := k.open(&o, b, 1, 654360564)
	if !ok || pn != 654360564 || !bytes.Equal(plain, []byte{framePing}) {
		t.Errorf("opened %v, number %d, %x", ok, pn, plain)
	}
	next := k.phase(1)
	if next == nil || next.chacha != k.phases[0].chacha {
		t.Error("a key update changes the header protection")
	}
}

func TestEachSuiteAndVersionIsOpened(t *testing.T) {
	for _, version := range []uint32{version1, version2, 0xff00001d} {
		for _, id := range []uint16{aes128Suite, aes256Suite, chachaSuite, ccmSuite} {
			d, client := opened(id, version)
			r := &recorder{}
			d.feed(r, layer.ToServer, 1, shortPacket(t, client.phases[0], 0, false, streamFrame(0, 0, "hello", true)))
			if got := r.InnerBytes("", layer.ToServer, 0); string(got) != "hello" || !d.facts.Decrypted {
				t.Errorf("version %s, suite %#x: %q", VersionName(version), id, got)
			}
		}
	}
}

// Without the ServerHello the suite is found by trying those that the secret can
// be of.
func TestSuitesAreTriedWhereTheHelloIsMissing(t *testing.T) {
	d, client := opened(chachaSuite, version1)
	l := &d.connections[0].levels[layer.ToServer][levelApplication]
	l.keys = nil
	for _, id := range suitesOf(secretOf(chachaSuite)) {
		l.keys = append(l.keys, newTraffic(id, version1, secretOf(chachaSuite)))
	}
	r := &recorder{}
	d.feed(r, layer.ToServer, 1, shortPacket(t, client.phases[0], 0, false, streamFrame(0, 0, "hello", true)))
	if got := r.InnerBytes("", layer.ToServer, 0); string(got) != "hello" || len(l.keys) != 1 || l.keys[0].suite.ID != chachaSuite {
		t.Errorf("%q with %d keys", got, len(l.keys))
	}
}

// Key updates are followed, late packets of the phase before are opened, and so
// are packets behind an update that the capture missed.
func TestKeyUpdates(t *testing.T) {
	d, client := opened(aes128Suite, version1)
	r := &recorder{}
	for i, c := range []struct {
		number uint64
		phase  int
	}{{0, 0}, {1, 0}, {3, 1}, {2, 0}, {4, 1}, {6, 2}, {5, 1}, {10, 4}, {11, 5}} {
		s := client.phase(c.phase)
		d.feed(r, layer.ToServer, i+1, shortPacket(t, s, c.number, c.phase%2 == 1, streamFrame(c.number*4, 0, "x", true)))
		if got := r.InnerBytes("", layer.ToServer, c.number*4); string(got) != "x" {
			t.Errorf("packet %d of phase %d was not opened", c.number, c.phase)
		}
	}
	if n := d.facts.KeyUpdates[layer.ToServer]; n != 5 {
		t.Errorf("%d key updates, want 5", n)
	}
	if k := d.connections[0].levels[layer.ToServer][levelApplication].keys[0]; len(k.phases) > 6 {
		t.Errorf("%d phases are kept", len(k.phases))
	}
	garbage := shortPacket(t, client.phase(0), 12, true, make([]byte, 40))
	garbage[30] ^= 1
	for i := range 3 * maxMisses {
		d.feed(r, layer.ToServer, 100+i, garbage)
	}
	if k := d.connections[0].levels[layer.ToServer][levelApplication].keys[0]; len(k.phases) > 8 {
		t.Errorf("garbage makes %d phases", len(k.phases))
	}
}

func BenchmarkStreamPacket(b *testing.B) {
	for _, id := range []uint16{aes128Suite, aes256Suite, chachaSuite} {
		b.Run(fmt.Sprintf("%#x", id), func(b *testing.B) {
			d, client := opened(id, version1)
			out := &nothing{}
			const many = 1 << 12
			list := make([][]byte, many)
			for i := range list {
				list[i] = shortPacket(b, client.phases[0], uint64(i), false, streamFrame(0, uint64(i)*1200, string(make([]byte, 1200)), false))
			}
			b.SetBytes(int64(len(list[0])))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%many == 0 {
					b.StopTimer()
					d, _ = opened(id, version1)
					b.StartTimer()
				}
				d.feed(out, layer.ToServer, i+1, list[i%many])
			}
		})
	}
}
