package quic

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	ctls "crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/wiresight/wiresight/decode/layer"
)

// wire joins two packet connections in memory and records what they send.
type wire struct {
	mu   sync.Mutex
	sent []datagram
}

type end struct {
	w       *wire
	dir     layer.Direction // in which this end sends
	in, out chan []byte
	done    chan struct{}
	once    sync.Once
}

type address string

func (address) Network() string  { return "memory" }
func (a address) String() string { return string(a) }

func newWire() (client, server *end, w *wire) {
	w = &wire{}
	a, b := make(chan []byte, 256), make(chan []byte, 256)
	client = &end{w: w, dir: layer.ToServer, in: a, out: b, done: make(chan struct{})}
	server = &end{w: w, dir: layer.ToClient, in: b, out: a, done: make(chan struct{})}
	return client, server, w
}

func (e *end) peer() net.Addr { return address(e.dir.Reverse().String()) }

func (e *end) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case d := <-e.in:
		return copy(b, d), e.peer(), nil
	case <-e.done:
		return 0, nil, net.ErrClosed
	}
}

func (e *end) WriteTo(b []byte, _ net.Addr) (int, error) {
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	e.w.sent = append(e.w.sent, datagram{e.dir, slices.Clone(b)})
	select {
	case e.out <- slices.Clone(b):
	default: // lost
	}
	return len(b), nil
}

func (e *end) Close() error                     { e.once.Do(func() { close(e.done) }); return nil }
func (e *end) LocalAddr() net.Addr              { return address(e.dir.String()) }
func (e *end) SetDeadline(time.Time) error      { return nil }
func (e *end) SetReadDeadline(time.Time) error  { return nil }
func (e *end) SetWriteDeadline(time.Time) error { return nil }

func serverConfig(t *testing.T) *ctls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"example.com"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &ctls.Config{Certificates: []ctls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, NextProtos: []string{"test"}}
}

// converse runs a QUIC connection in memory: a question, an answer, a close.
func converse(t *testing.T, version quic.Version, validate bool) []datagram {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	a, b, w := newWire()
	st := &quic.Transport{Conn: b, VerifySourceAddress: func(net.Addr) bool { return validate }}
	defer st.Close()
	config := &quic.Config{Versions: []quic.Version{version}}
	l, err := st.Listen(serverConfig(t), config)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		c, err := l.Accept(ctx)
		if err != nil {
			return
		}
		s, err := c.AcceptStream(ctx)
		if err != nil {
			return
		}
		io.Copy(s, s)
		s.Close()
	}()
	ct := &quic.Transport{Conn: a}
	defer ct.Close()
	c, err := ct.Dial(ctx, a.peer(), &ctls.Config{ServerName: "example.com", InsecureSkipVerify: true, NextProtos: []string{"test"}}, config)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.OpenStreamSync(ctx)
	if err != nil {
		t.Fatal(err)
	}
	s.Write([]byte("question"))
	s.Close()
	if answer, err := io.ReadAll(s); err != nil || string(answer) != "question" {
		t.Fatalf("%q %v", answer, err)
	}
	c.CloseWithError(0, "")
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.sent)
}

func TestConnectionOfQUICGo(t *testing.T) {
	for _, c := range []struct {
		name    string
		version quic.Version
		retry   bool
		want    string
	}{
		{"version 1", quic.Version1, false, "1"},
		{"version 2", quic.Version2, false, "2"},
		{"version 1 with Retry", quic.Version1, true, "1"},
		{"version 2 with Retry", quic.Version2, true, "2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := play(converse(t, c.version, c.retry))
			q := r.quic
			if q.Version != c.want || q.SNI != "example.com" || q.Retry != c.retry || !slices.Equal(q.OfferedALPN, []string{"test"}) {
				t.Errorf("%+v", q)
			}
			if !q.FirstInitial[0].Valid() || !q.FirstInitial[1].Valid() || !q.FirstFlight2.Valid() || !q.First1RTT[0].Valid() || !q.First1RTT[1].Valid() {
				t.Errorf("packets missing: %+v", q)
			}
			if len(r.problems) > 0 {
				t.Errorf("problems: %q", r.problems)
			}
			for _, kind := range []string{"initial", "handshake", "1rtt"} {
				if !slices.Contains(r.kinds[0], kind) || !slices.Contains(r.kinds[1], kind) {
					t.Errorf("no %s in %q", kind, r.kinds)
				}
			}
		})
	}
}
