package tls

import (
	ctls "crypto/tls"
	"slices"
	"strings"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/secrets"
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
func (*nothing) Inner(layer.Protocol, dissect.Chunk)      {}

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

// No message makes a parser panic, and what was parsed can be described.
func FuzzHandshake(f *testing.F) {
	for _, version := range []uint16{ctls.VersionTLS12, ctls.VersionTLS13} {
		client, server := configs(f, version)
		for _, w := range converse(f, client, server) {
			if h, ok := parseHeader(append(w.data, make([]byte, headerSize)...)); ok && h.kind == typeHandshake && len(w.data) > 9 {
				f.Add(w.data[headerSize], w.data[headerSize+handshakeHeader:], version)
			}
		}
	}
	f.Add(uint8(compressedCert), compressed(f, compressZlib, []byte{0, 0, 0, 0}), uint16(versionTLS13))
	f.Add(uint8(encryptedExtensions), []byte{0, 9, 0, 16, 0, 5, 0, 3, 2, 'h', '2'}, uint16(versionTLS13))
	f.Fuzz(func(t *testing.T, kind uint8, body []byte, version uint16) {
		m, _ := ParseHandshake(kind, body, version)
		if m.Name() == "" || m.Title() == "" {
			t.Error("no name")
		}
		m.Fields(0)
	})
}

// Bytes that were tampered with never become data: what is handed inside is
// what the ends wrote.
func FuzzKeys(f *testing.F) {
	var logs []*secrets.Store
	for i, version := range []uint16{ctls.VersionTLS10, ctls.VersionTLS12, ctls.VersionTLS13} {
		client, server := configs(f, version)
		s := hold(f, client, server)
		var both [2][]byte
		for _, w := range s.writes {
			both[w.Dir] = append(both[w.Dir], w.Data...)
		}
		logs = append(logs, s.store())
		f.Add(both[0], both[1], uint8(i), uint8(100), uint16(0), uint16(0))
		f.Add(both[0], both[1], uint8(i), uint8(9), uint16(700), uint16(20))
	}
	f.Fuzz(func(t *testing.T, toServer, toClient []byte, which, size uint8, lose, gap uint16) {
		r := &dissecttest.Recorder{}
		d := newDissector(dissect.Context{Secrets: logs[int(which)%len(logs)]})
		for dir, b := range [][]byte{toServer[:min(len(toServer), 400)], toClient, toServer[min(len(toServer), 400):]} {
			at := 0
			if dir == 2 {
				at = 400
			}
			missing := 0
			for len(b) > 0 {
				n := min(len(b), int(size)+1)
				if dir == 1 && at <= int(lose) && int(lose) < at+n && gap > 0 {
					missing = n
				} else {
					r.Packet++
					d.Feed(r, dissect.Chunk{Dir: layer.Direction(dir & 1), Data: slices.Clone(b[:n]), Offset: int64(at), Gap: missing, At: layer.PacketRef{Number: r.Packet}})
					missing = 0
				}
				b, at = b[n:], at+n
			}
		}
		d.Finish(r, true)
		for _, in := range r.Inners {
			if !strings.Contains("question", string(in.Data)) && !strings.Contains("answer to question", string(in.Data)) {
				t.Errorf("%q was handed inside", in.Data)
			}
		}
		if n := d.wait.bytes; n > maxWaitingBytes+maxRecord {
			t.Errorf("%d bytes wait", n)
		}
	})
}

func BenchmarkDecrypt(b *testing.B) {
	data := make([]byte, 8<<20)
	client, server := configs(b, ctls.VersionTLS13)
	server.DynamicRecordSizingDisabled = true
	toServer, toClient, store := download(b, client, server, data)
	out := &nothing{}
	b.SetBytes(int64(len(toClient)))
	b.ReportAllocs()
	for b.Loop() {
		d := newDissector(dissect.Context{Secrets: store})
		first := records(toServer)[0][1]
		d.Feed(out, dissect.Chunk{Data: toServer[:first], At: layer.PacketRef{Number: 1}})
		for at, i := 0, 2; at < len(toClient); i++ {
			n := min(1448, len(toClient)-at)
			d.Feed(out, dissect.Chunk{Dir: layer.ToClient, Data: toClient[at : at+n], Offset: int64(at), At: layer.PacketRef{Number: i}})
			at += n
		}
	}
}
