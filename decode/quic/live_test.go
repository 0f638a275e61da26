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
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/secrets"
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

// session is what the test's connections share: what they sent, and their keys.
type session struct {
	sent []datagram
	keys *secrets.Store
}

func (s *session) play() *recorder { return playWith(dissect.Context{Secrets: s.keys}, s.sent) }

// keyLog hands a connection's secrets to a store.
type keyLog struct{ *secrets.Store }

func (k keyLog) Write(b []byte) (int, error) { k.AddKeyLog(b); return len(b), nil }

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
func converse(t *testing.T, version quic.Version, validate bool) *session {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	w := &wire{}
	a, b := newEnd(t, w, layer.ToServer), newEnd(t, w, layer.ToClient)
	keys := secrets.New()
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
	c, err := ct.Dial(ctx, b.LocalAddr(), &ctls.Config{ServerName: "example.com", InsecureSkipVerify: true, NextProtos: []string{"test"}, KeyLogWriter: keyLog{keys}}, config)
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
	return &session{slices.Clone(w.sent), keys}
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
			r := play(converse(t, c.version, c.retry).sent)
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

func TestConnectionOfQUICGoIsReadWithKeys(t *testing.T) {
	for _, version := range []quic.Version{quic.Version1, quic.Version2} {
		s := converse(t, version, false)
		r := s.play()
		q := r.quic
		for _, dir := range []layer.Direction{layer.ToServer, layer.ToClient} {
			if got := r.InnerBytes("", dir, 0); string(got) != "question" {
				t.Errorf("%s: %q was read", dir, got)
			}
			if q.Sent[dir] == 0 || q.RTT[dir].Samples == 0 || q.Parameters[dir] == nil || q.Unseen[dir] > q.Sent[dir] || q.Lost[dir] != 0 || q.CaptureLost[dir] != 0 {
				t.Errorf("%s: %+v", dir, q)
			}
		}
		if !q.Decrypted || q.KeyProblem != "" || q.ALPN != "test" || !q.HandshakeDone.Valid() || len(q.Certificates) != 1 || q.Streams[0] != 1 ||
			q.CipherSuite == "" || q.Close == nil || !q.Close.Application || len(r.problems) > 0 {
			t.Errorf("%+v\nproblems %q", q, r.problems)
		}
		dissecttest.CheckFields(t, &r.Recorder)
		if len(r.IDs[0]) < 2 || len(r.IDs[1]) > 0 && len(r.IDs[1][0]) == 0 {
			t.Errorf("connection IDs %x", r.IDs)
		}
		ends := 0
		for i := range r.Inners {
			if c := &r.Inners[i]; c.End {
				ends++
			} else if c.Offset+int64(len(c.Data)) > 8 {
				t.Errorf("bytes behind the end: %+v", c)
			}
		}
		if ends != 2 {
			t.Errorf("%d ends of streams", ends)
		}
	}
}

// Without the right keys nothing is claimed but what anybody can see, and the
// reason is said.
func TestKeysThatAreMissingAreSaid(t *testing.T) {
	s := converse(t, quic.Version1, false)
	other := secrets.New()
	other.AddKeyLog([]byte("CLIENT_RANDOM " + strings.Repeat("00", 32) + " 00\n"))
	without := playWith(dissect.Context{Secrets: other}, s.sent).quic
	if without.Decrypted || !strings.HasPrefix(without.KeyProblem, "no key for client random ") {
		t.Errorf("%+v", without)
	}
	var late []datagram
	for _, g := range s.sent {
		if g.data[0]&longHeader == 0 {
			late = append(late, g)
		}
	}
	if q := playWith(dissect.Context{Secrets: s.keys}, late).quic; q.Decrypted || q.KeyProblem != "the capture begins after the handshake" {
		t.Errorf("%+v", q)
	}
	if q := playWith(dissect.Context{}, s.sent).quic; q.KeyProblem != "" || q.Decrypted {
		t.Errorf("%+v", q)
	}
}
