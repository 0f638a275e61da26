package tls

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	ctls "crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// recorder is a Sink that keeps what a dissector says.
type recorder struct {
	dissecttest.Recorder // for what these tests do not ask

	messages  []flow.Message
	layers    []layer.Layer
	problems  []string
	tls       *flow.TLS
	name      string
	recording bool
}

func (r *recorder) Message(m *flow.Message) {
	c := *m
	c.Packets = m.Packets.Clone()
	r.messages = append(r.messages, c)
}

func (r *recorder) Layer(_ layer.Protocol, describe func() layer.Layer) {
	if r.recording {
		r.layers = append(r.layers, describe())
	}
}
func (r *recorder) Problem(_ layer.Protocol, text string)  { r.problems = append(r.problems, text) }
func (r *recorder) Recording() bool                        { return r.recording }
func (r *recorder) TLS(t *flow.TLS)                        { c := *t; r.tls = &c }
func (r *recorder) ServerName(name string)                 { r.name = name }
func (r *recorder) kinds(dir layer.Direction) (k []string) { return kinds(r.messages, dir) }

func kinds(messages []flow.Message, dir layer.Direction) (k []string) {
	for i := range messages {
		if messages[i].Dir == dir {
			k = append(k, messages[i].Kind)
		}
	}
	return k
}

// write is what one side wrote at once.
type write struct {
	dir  layer.Direction
	data []byte
}

// play feeds writes, each as one packet.
func play(writes []write) *recorder {
	return playCut(writes, func(_ int, data []byte) [][]byte { return [][]byte{data} })
}

// playCut feeds writes, cut into packets by cut.
func playCut(writes []write, cut func(i int, data []byte) [][]byte) *recorder {
	r := &recorder{recording: true}
	d := newDissector(dissect.Context{})
	var offset [2]int64
	packet := 0
	for i, w := range writes {
		for _, piece := range cut(i, w.data) {
			packet++
			buffer := append([]byte(nil), piece...)
			d.Feed(r, dissect.Chunk{Dir: w.dir, Data: buffer, Offset: offset[w.dir], At: layer.PacketRef{Number: packet, Nanos: int64(packet) * 1000}})
			offset[w.dir] += int64(len(piece))
			for k := range buffer { // the chunk's bytes are gone after the call
				buffer[k] = 0xee
			}
		}
	}
	d.Finish(r, true)
	return r
}

// wire joins two ends without ever making a writer wait, and records what
// they write.
type wire struct {
	mu     sync.Mutex
	ready  *sync.Cond
	writes []write
	queue  [2][]byte // by direction
	closed [2]bool
}

// end is one side of a wire; it writes in direction dir.
type end struct {
	net.Conn // nil: nothing else of it is used
	w        *wire
	dir      layer.Direction
}

func (e *end) Write(b []byte) (int, error) {
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	e.w.writes = append(e.w.writes, write{e.dir, append([]byte(nil), b...)})
	e.w.queue[e.dir] = append(e.w.queue[e.dir], b...)
	e.w.ready.Broadcast()
	return len(b), nil
}

func (e *end) Read(b []byte) (int, error) {
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	from := e.dir.Reverse()
	for len(e.w.queue[from]) == 0 {
		if e.w.closed[from] || e.w.closed[e.dir] {
			return 0, io.EOF
		}
		e.w.ready.Wait()
	}
	n := copy(b, e.w.queue[from])
	e.w.queue[from] = e.w.queue[from][n:]
	return n, nil
}

func (e *end) Close() error {
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	e.w.closed[e.dir] = true
	e.w.ready.Broadcast()
	return nil
}

func (e *end) SetDeadline(time.Time) error      { return nil }
func (e *end) SetReadDeadline(time.Time) error  { return nil }
func (e *end) SetWriteDeadline(time.Time) error { return nil }

// converse runs a handshake, then a question and an answer, and returns what
// was written, in order.
func converse(t testing.TB, client, server *ctls.Config) []write {
	t.Helper()
	w := &wire{}
	w.ready = sync.NewCond(&w.mu)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s := ctls.Server(&end{w: w, dir: layer.ToClient}, server)
		buffer := make([]byte, 64)
		if n, err := s.Read(buffer); err == nil {
			s.Write(append([]byte("answer to "), buffer[:n]...))
		}
		s.Close()
	}()
	c := ctls.Client(&end{w: w, dir: layer.ToServer}, client)
	if _, err := c.Write([]byte("question")); err == nil {
		io.ReadAll(c)
	}
	c.Close()
	<-done
	return w.writes
}

var (
	certOnce sync.Once
	certMade ctls.Certificate
)

// testCertificate returns a self-signed certificate for example.com.
func testCertificate(t testing.TB) ctls.Certificate {
	t.Helper()
	certOnce.Do(func() {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{
			SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "example.com", Organization: []string{"Example"}},
			NotBefore: time.Unix(1700000000, 0), NotAfter: time.Unix(1900000000, 0),
			DNSNames: []string{"example.com", "www.example.com"}, IPAddresses: []net.IP{net.IPv4(192, 0, 2, 1).To4()},
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		certMade = ctls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	})
	return certMade
}

// configs returns a client's and a server's configuration that agree on a
// version.
func configs(t testing.TB, version uint16) (client, server *ctls.Config) {
	client = &ctls.Config{
		ServerName: "example.com", InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"},
		MinVersion: version, MaxVersion: version,
	}
	server = &ctls.Config{
		Certificates: []ctls.Certificate{testCertificate(t)}, NextProtos: []string{"h2"},
		MinVersion: version, MaxVersion: version,
	}
	return client, server
}
