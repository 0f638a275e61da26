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

// wire records what two sockets of the loopback send each other.
type wire struct {
	mu   sync.Mutex
	sent []datagram
}

// end is one of them. dir is the direction in which it sends.
type end struct {
	net.PacketConn
	w   *wire
	dir layer.Direction
}

func newEnd(t *testing.T, w *wire, dir layer.Direction) *end {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &end{c, w, dir}
}

func (e *end) WriteTo(b []byte, to net.Addr) (int, error) {
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	e.w.sent = append(e.w.sent, datagram{e.dir, slices.Clone(b)})
	return e.PacketConn.WriteTo(b, to)
}

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

// converse runs a QUIC connection: a question, an answer, a close.
func converse(t *testing.T, version quic.Version, validate bool) []datagram {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	w := &wire{}
	a, b := newEnd(t, w, layer.ToServer), newEnd(t, w, layer.ToClient)
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
	c, err := ct.Dial(ctx, b.LocalAddr(), &ctls.Config{ServerName: "example.com", InsecureSkipVerify: true, NextProtos: []string{"test"}}, config)
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
