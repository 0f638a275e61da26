package tls

import (
	"bytes"
	ctls "crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/cryptotest"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/secrets"
)

// download returns what a server of crypto/tls writes when it sends data in
// records of many sizes, the client's bytes, and the keys.
func download(t testing.TB, client, server *ctls.Config, data []byte) (toServer, toClient []byte, store *secrets.Store) {
	t.Helper()
	w := &wire{}
	w.ready = sync.NewCond(&w.mu)
	var log bytes.Buffer
	client.KeyLogWriter = &log
	done := make(chan struct{})
	go func() {
		defer close(done)
		s := ctls.Server(&end{w: w, dir: layer.ToClient}, server)
		rng := rand.New(rand.NewPCG(1, 2))
		for len(data) > 0 {
			n := min(len(data), 1+rng.IntN(3000))
			s.Write(data[:n])
			data = data[n:]
		}
		s.Close()
	}()
	c := ctls.Client(&end{w: w, dir: layer.ToServer}, client)
	c.Handshake()
	io.ReadAll(c)
	c.Close()
	<-done
	var both [2][]byte
	for _, one := range w.writes {
		both[one.dir] = append(both[one.dir], one.data...)
	}
	store = secrets.New()
	store.AddKeyLog(log.Bytes())
	return both[0], both[1], store
}

// records returns where the records of a stream begin and end.
func records(b []byte) (list [][2]int) {
	for at := 0; at+headerSize <= len(b); {
		h, _ := parseHeader(b[at:])
		end := at + headerSize + h.length
		list = append(list, [2]int{at, end})
		at = end
	}
	return list
}

// Whatever segments are missing, each record that is there as a whole is read,
// with its place in the stream of plain bytes, and nothing else is.
func TestEachWholeRecordIsReadAfterGaps(t *testing.T) {
	// What follows a gap is taken for a record where it looks like one. Of random
	// bytes one in ten million places does: not those of this seed.
	cryptotest.SetGlobalRandom(t, 5)
	data := make([]byte, 300_000)
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	for _, c := range []struct {
		name    string
		version uint16
		suite   uint16
		exact   bool // the length of what was lost can be told to the byte
	}{
		{"TLS 1.3", ctls.VersionTLS13, 0, true},
		{"GCM", ctls.VersionTLS12, ctls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, true},
		{"ChaCha20", ctls.VersionTLS12, ctls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, true},
		{"CBC", ctls.VersionTLS12, ctls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, false},
	} {
		client, server := configs(t, c.version)
		if c.suite != 0 {
			client.CipherSuites, server.CipherSuites = []uint16{c.suite}, []uint16{c.suite}
		}
		toServer, toClient, store := download(t, client, server, data)
		for _, every := range []int{50, 20, 7, 3} {
			for _, size := range []int{1460, 701, 100} {
				t.Run(fmt.Sprintf("%s, segment %d of %d lost", c.name, every, size), func(t *testing.T) {
					lose(t, toServer, toClient, store, every, size, data, c.exact)
				})
			}
		}
	}
}

// lose feeds a download of which segments are missing, the handshake's not.
func lose(t *testing.T, toServer, toClient []byte, store *secrets.Store, every, size int, data []byte, exact bool) {
	r := &dissecttest.Recorder{Names: map[string]layer.Protocol{"h2": "http2"}, Silent: true}
	d := newDissector(dissect.Context{Secrets: store})
	list := records(toClient)
	const keep = 4000 // bytes of the handshake
	feed := func(dir layer.Direction, b []byte, at, gap int) {
		r.Packet++
		d.Feed(r, dissect.Chunk{Dir: dir, Data: bytes.Clone(b), Offset: int64(at), Gap: gap, At: layer.PacketRef{Number: r.Packet}})
	}
	first := records(toServer)[0][1] // the ClientHello
	feed(layer.ToServer, toServer[:first], 0, 0)
	feed(layer.ToClient, toClient[:keep], 0, 0)
	feed(layer.ToServer, toServer[first:], first, 0)
	present := make([]bool, len(toClient))
	for i := range keep {
		present[i] = true
	}
	gap := 0
	for i, at := 1, keep; at < len(toClient); i++ {
		n := min(size, len(toClient)-at)
		if i%every == 0 {
			gap += n
		} else {
			feed(layer.ToClient, toClient[at:at+n], at, gap)
			gap = 0
			for k := at; k < at+n; k++ {
				present[k] = true
			}
		}
		at += n
	}
	d.Finish(r, true)
	want := 0
	for _, rec := range list {
		whole := true
		for k := rec[0]; k < rec[1]; k++ {
			whole = whole && present[k]
		}
		if whole {
			want++
		}
	}
	read := 0
	for i := range r.Messages {
		if m := &r.Messages[i]; m.Dir == layer.ToClient && m.State == flow.Complete && m.Kind != "application_data" {
			read++
		}
	}
	for _, in := range r.Inners {
		if in.Dir != layer.ToClient || len(in.Data) == 0 {
			continue
		}
		read++
		at := int(in.Offset)
		if !exact {
			at = bytes.Index(data, in.Data)
		}
		if at < 0 || at+len(in.Data) > len(data) || !bytes.Equal(data[at:at+len(in.Data)], in.Data) {
			t.Fatalf("%d bytes at %d are not what was sent there", len(in.Data), in.Offset)
		}
	}
	if read != want {
		t.Errorf("%d of %d records were read", read, want)
	}
}
