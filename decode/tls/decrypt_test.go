package tls

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	ctls "crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/secrets"
)

// session is a conversation of two ends of crypto/tls with its key log.
type session struct {
	writes []dissecttest.Write
	log    bytes.Buffer
}

// hold runs a handshake, a question and an answer.
func hold(t testing.TB, client, server *ctls.Config) *session {
	t.Helper()
	s := &session{}
	client.KeyLogWriter = &s.log
	for _, w := range converse(t, client, server) {
		s.writes = append(s.writes, dissecttest.Write{Dir: w.dir, Data: string(w.data)})
	}
	return s
}

// store returns the session's keys.
func (s *session) store() *secrets.Store {
	store := secrets.New()
	store.AddKeyLog(s.log.Bytes())
	return store
}

// game plays with keys; the protocols of ALPN are called like their ids.
func game(store *secrets.Store) dissecttest.Game {
	return dissecttest.Game{
		Context: dissect.Context{Secrets: store}, Closed: true,
		Names: map[string]layer.Protocol{"h2": "http2", "http/1.1": "http1"},
	}
}

func handshake(r *dissecttest.Recorder) flow.TLS {
	if len(r.Handshakes) == 0 {
		return flow.TLS{}
	}
	return r.Handshakes[len(r.Handshakes)-1]
}

func recorded(r *dissecttest.Recorder, dir layer.Direction) (k []string) {
	return kinds(r.Messages, dir)
}

// wantRead checks that question and answer were read.
func wantRead(t *testing.T, about string, r *dissecttest.Recorder, p layer.Protocol) {
	t.Helper()
	question, answer := string(r.InnerBytes(p, layer.ToServer, 0)), string(r.InnerBytes(p, layer.ToClient, 0))
	if question != "question" || !strings.HasPrefix("answer to question", answer) || answer == "" { // TLS 1.0 sends "q" first
		t.Errorf("%s: read %q and %q; %v", about, question, answer, r.Problems)
	}
	if h := handshake(r); !h.Decrypted || h.KeyProblem != "" {
		t.Errorf("%s: decrypted %v, problem %q", about, h.Decrypted, h.KeyProblem)
	}
	for dir := range layer.Direction(2) {
		if !slices.ContainsFunc(r.Inners, func(i dissecttest.Inner) bool { return i.Dir == dir && i.End }) {
			t.Errorf("%s: %s did not end", about, dir)
		}
	}
}

var rsaCertificate = sync.OnceValue(func() ctls.Certificate {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "example.com"}, DNSNames: []string{"example.com"},
		NotBefore: time.Unix(1700000000, 0), NotAfter: time.Unix(1900000000, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return ctls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})

// suitesOf returns all suites that crypto/tls has up to TLS 1.2.
func suitesOf(version uint16) (list []*ctls.CipherSuite) {
	for _, c := range append(ctls.CipherSuites(), ctls.InsecureCipherSuites()...) {
		if slices.Contains(c.SupportedVersions, version) && version < ctls.VersionTLS13 {
			list = append(list, c)
		}
	}
	return list
}

func TestEverySuiteOfTheStandardLibraryIsRead(t *testing.T) {
	read := 0
	for _, version := range []uint16{ctls.VersionTLS10, ctls.VersionTLS11, ctls.VersionTLS12} {
		for _, c := range suitesOf(version) {
			client, server := configs(t, version)
			client.CipherSuites, server.CipherSuites = []uint16{c.ID}, []uint16{c.ID}
			if !strings.Contains(c.Name, "ECDSA") {
				server.Certificates = []ctls.Certificate{rsaCertificate()}
			}
			s := hold(t, client, server)
			about := c.Name + " of " + VersionName(version)
			g := game(s.store())
			r := g.Play(Protocol(), s.writes...)
			wantRead(t, about, r, "http2")
			if k := recorded(r, layer.ToServer); !slices.Contains(k, "finished") || !slices.Contains(k, "alert") {
				t.Errorf("%s: the client said %q", about, k)
			}
			g.Cut = dissecttest.Pieces(7)
			if got, want := g.Play(Protocol(), s.writes...).Story(), r.Story(); got != want {
				t.Errorf("%s in pieces of 7:\n%s\nwhole:\n%s", about, got, want)
			}
			read++
		}
	}
	if read < 40 {
		t.Errorf("%d suites only", read)
	}
}

func TestTLS13IsRead(t *testing.T) {
	client, server := configs(t, ctls.VersionTLS13)
	client.ClientSessionCache = ctls.NewLRUClientSessionCache(1)
	client.Certificates, server.ClientAuth = []ctls.Certificate{testCertificate(t)}, ctls.RequestClientCert
	s := hold(t, client, server)
	r := game(s.store()).EveryCut(t, Protocol(), s.writes...)
	wantRead(t, "TLS 1.3", r, "http2")
	want := [2][]string{
		{"client_hello", "change_cipher_spec", "certificate", "certificate_verify", "finished", "application_data", "alert"},
		{"server_hello", "change_cipher_spec", "encrypted_extensions", "certificate_request", "certificate", "certificate_verify", "finished",
			"new_session_ticket", "application_data", "alert"},
	}
	for dir := range want {
		if got := recorded(r, layer.Direction(dir)); !slices.Equal(got, want[dir]) {
			t.Errorf("%s: %q, want %q", layer.Direction(dir), got, want[dir])
		}
	}
	h := handshake(r)
	if h.ALPN != "h2" || len(h.Certificates) != 1 || !h.CertificateAsked || !h.ClientCertificate || len(h.ClientCertificates) != 1 || !h.TicketIssued {
		t.Errorf("%+v", h)
	}
	if !slices.Equal(h.CertificateProblems, []flow.CertificateProblem{flow.CertificateNotYetValid, flow.CertificateSelfSigned}) {
		t.Errorf("problems %q", h.CertificateProblems) // the packets of the test are of 1970
	}
	if len(h.Alerts) != 2 || h.Alerts[0].Name != "close_notify" {
		t.Errorf("alerts %+v", h.Alerts)
	}
}

// What was decrypted is a layer of its own: its bytes, and the packets that they
// came in.
func TestLayersShowRecordAndContent(t *testing.T) {
	client, server := configs(t, ctls.VersionTLS13)
	s := hold(t, client, server)
	g := game(s.store())
	g.Cut = dissecttest.Pieces(20)
	for _, l := range g.Play(Protocol(), s.writes...).Layers {
		if l.Source != layer.Decrypted || string(l.Data) != "question" {
			continue
		}
		if len(l.Packets) < 2 || l.Packets[len(l.Packets)-1] != l.Packet || l.Length != len("question") {
			t.Errorf("%+v", l)
		}
		return
	}
	t.Error("no layer holds the question")
}

func TestResumptionIsRead(t *testing.T) {
	for _, version := range []uint16{ctls.VersionTLS12, ctls.VersionTLS13} {
		client, server := configs(t, version)
		client.ClientSessionCache = ctls.NewLRUClientSessionCache(4)
		first, s := hold(t, client, server), hold(t, client, server)
		store := first.store() // crypto/tls does not log the secret of TLS 1.2 again
		store.AddKeyLog(s.log.Bytes())
		game(store).Play(Protocol(), first.writes...)
		r := game(store).Play(Protocol(), s.writes...)
		wantRead(t, VersionName(version), r, "http2")
		if h := handshake(r); !h.Resumed || !h.ServerDone.Valid() || !h.ClientFinished.Valid() {
			t.Errorf("%s: %+v", VersionName(version), h)
		}
	}
}

func TestHelloRetryIsRead(t *testing.T) {
	client, server := configs(t, ctls.VersionTLS13)
	client.CurvePreferences = []ctls.CurveID{ctls.X25519, ctls.CurveP256}
	server.CurvePreferences = []ctls.CurveID{ctls.CurveP256}
	s := hold(t, client, server)
	r := game(s.store()).Play(Protocol(), s.writes...)
	wantRead(t, "after a retry", r, "http2")
}

// The server's RSA key opens what was exchanged with it, with and without an
// extended master secret (crypto/tls always negotiates one), and the session's
// resumption.
func TestRSAKeyOpensTheConnectionsThatExchangedKeysByIt(t *testing.T) {
	cert := rsaCertificate()
	key := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(cert.PrivateKey.(*rsa.PrivateKey))})
	for _, version := range []uint16{ctls.VersionTLS10, ctls.VersionTLS11, ctls.VersionTLS12} {
		client, server := configs(t, version)
		client.CipherSuites, server.CipherSuites = []uint16{ctls.TLS_RSA_WITH_AES_128_CBC_SHA}, []uint16{ctls.TLS_RSA_WITH_AES_128_CBC_SHA}
		server.Certificates = []ctls.Certificate{cert}
		client.ClientSessionCache = ctls.NewLRUClientSessionCache(4)
		store := secrets.New()
		if err := store.AddRSA(key); err != nil {
			t.Fatal(err)
		}
		for _, about := range []string{"full", "resumed"} {
			s := hold(t, client, server)
			wantRead(t, VersionName(version)+" "+about, game(store).Play(Protocol(), s.writes...), "http2")
		}
	}
}

func TestKeyProblemsAreNamed(t *testing.T) {
	for _, version := range []uint16{ctls.VersionTLS12, ctls.VersionTLS13} {
		client, server := configs(t, version)
		s, other := hold(t, client, server), hold(t, client, server)
		wrong := secrets.New()
		for line := range strings.Lines(s.log.String()) {
			words := strings.Fields(line)
			secret := strings.Repeat("5", len(words[2]))
			wrong.AddKeyLog([]byte(words[0] + " " + words[1] + " " + secret + "\n"))
		}
		foreign := other.store()
		partial := secrets.New()
		partial.AddKeyLog([]byte(strings.Replace(strings.SplitAfter(s.log.String(), "\n")[0], "CLIENT_", "EXPORTER_", 1)))
		for _, c := range []struct {
			about  string
			store  *secrets.Store
			writes []dissecttest.Write
			want   string
		}{
			{"nobody gave keys", nil, s.writes, ""},
			{"no keys at all", secrets.New(), s.writes, ""},
			{"another connection's key", foreign, s.writes, "no key for client random "},
			{"a wrong key", wrong, s.writes, "key found, but it does not open the records"},
			{"the capture begins late", s.store(), s.writes[len(s.writes)-4:], "the capture begins after the ClientHello"},
		} {
			r := game(c.store).Play(Protocol(), c.writes...)
			h := handshake(r)
			if h.Decrypted || len(r.Inners) > 0 || !strings.HasPrefix(h.KeyProblem, c.want) || (h.KeyProblem == "") != (c.want == "") {
				t.Errorf("%s, %s: decrypted %v, %q", VersionName(version), c.about, h.Decrypted, h.KeyProblem)
			}
		}
	}
}

// A key that comes while records wait for it opens them all; what is said of
// packets is said of theirs.
func TestKeysMayComeLate(t *testing.T) {
	for _, version := range []uint16{ctls.VersionTLS12, ctls.VersionTLS13} {
		client, server := configs(t, version)
		s := hold(t, client, server)
		for late := range s.writes {
			store, r := secrets.New(), &dissecttest.Recorder{Names: game(nil).Names}
			store.OnMiss(func() { // the program has written its key log meanwhile
				if r.Packet > late {
					store.AddKeyLog(s.log.Bytes())
				}
			})
			d := Protocol().New(dissect.Context{Secrets: store})
			var offset [2]int64
			for _, w := range s.writes {
				r.Packet++
				d.Feed(r, dissect.Chunk{Dir: w.Dir, Data: []byte(w.Data), Offset: offset[w.Dir], At: layer.PacketRef{Number: r.Packet}})
				offset[w.Dir] += int64(len(w.Data))
			}
			d.Finish(r, true)
			wantRead(t, VersionName(version), r, "http2")
			for _, in := range r.Inners {
				if string(in.Data) == "question" && !strings.Contains(s.writes[in.At.Number-1].Data, "\x17\x03\x03") {
					t.Errorf("the question came in packet %d", in.At.Number)
				}
			}
		}
	}
}

// A record in which one bit differs is not read, and those around it are.
func TestTamperedRecordsAreNotRead(t *testing.T) {
	for _, version := range []uint16{ctls.VersionTLS10, ctls.VersionTLS12, ctls.VersionTLS13} {
		for _, c := range append(suitesOf(version), &ctls.CipherSuite{Name: "its default"}) {
			client, server := configs(t, version)
			if c.ID != 0 {
				client.CipherSuites, server.CipherSuites = []uint16{c.ID}, []uint16{c.ID}
			}
			if !strings.Contains(c.Name, "ECDSA") {
				server.Certificates = []ctls.Certificate{rsaCertificate()}
			}
			s := hold(t, client, server)
			for i, w := range s.writes {
				if w.Dir != layer.ToServer || w.Data[0] != typeApplicationData || version == ctls.VersionTLS13 && len(w.Data) != headerSize+len("question")+17 {
					continue
				}
				for _, at := range []int{headerSize, len(w.Data)/2 + 3, len(w.Data) - 1} {
					writes := slices.Clone(s.writes)
					b := []byte(w.Data)
					b[at] ^= 0x10
					writes[i].Data = string(b)
					r := game(s.store()).Play(Protocol(), writes...)
					question, answer := r.InnerBytes("http2", layer.ToServer, 0), r.InnerBytes("http2", layer.ToClient, 0)
					if bytes.Equal(question, []byte("question")) || !strings.Contains("question", string(question)) || len(answer) == 0 {
						t.Errorf("%s, %s, byte %d of %d: read %q and %q", VersionName(version), c.Name, at, len(b), question, answer)
					}
				}
			}
		}
	}
}
