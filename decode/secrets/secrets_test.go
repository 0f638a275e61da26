package secrets

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
)

var random = bytes.Repeat([]byte{0xab}, randomSize)

const line = "CLIENT_RANDOM abababababababababababababababababababababababababababababababab 0102ff\n"

func TestLinesMayBeCutAnywhere(t *testing.T) {
	log := "# a comment\n" + line + "nonsense\nSERVER_TRAFFIC_SECRET_0 " + strings.Repeat("AB", randomSize) + " 77"
	for cut := range len(log) {
		s := New()
		n := s.AddKeyLog([]byte(log[:cut])) + s.AddKeyLog([]byte(log[cut:])) + s.EndKeyLog()
		if n != 2 || !bytes.Equal(s.Lookup(ClientRandom, random), []byte{1, 2, 255}) || !bytes.Equal(s.Lookup(ServerTraffic, random), []byte{0x77}) {
			t.Fatalf("cut at %d: %d secrets", cut, n)
		}
		if !s.Has(random) || s.Has(make([]byte, randomSize)) || s.Empty() {
			t.Fatalf("cut at %d: the random is not known, or another one is", cut)
		}
	}
}

func TestWhatIsNoKeyLogIsPassedOver(t *testing.T) {
	for _, log := range []string{
		"", "\n\n", "CLIENT_RANDOM\n", "CLIENT_RANDOM 00 11\n", strings.Replace(line, "CLIENT_RANDOM", "OTHER", 1),
		strings.Replace(line, "0102ff", "01zz", 1), strings.Replace(line, "0102ff", strings.Repeat("00", maxSecret+1), 1),
		strings.Repeat("x", 10*maxLine) + "\n",
	} {
		s := New()
		if n := s.AddKeyLog([]byte(log)) + s.EndKeyLog(); n != 0 || !s.Empty() || s.Version() != 0 {
			t.Errorf("%.40q: %d secrets", log, n)
		}
	}
}

func TestAMissAsksForMore(t *testing.T) {
	s := New()
	s.OnMiss(func() { s.AddKeyLog([]byte(line)) })
	if s.Empty() || s.Lookup(ClientRandom, random) == nil {
		t.Error("what came meanwhile was not found")
	}
}

func TestANilStoreHasNothing(t *testing.T) {
	var s *Store
	if s.Lookup(ClientRandom, random) != nil || s.Has(random) || s.RSA() != nil || !s.Empty() || s.Version() != 0 {
		t.Error("a nil store has something")
	}
}

func TestRSAKeysComeInBothForms(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	s := New()
	for kind, der := range map[string][]byte{"RSA PRIVATE KEY": x509.MarshalPKCS1PrivateKey(key), "PRIVATE KEY": pkcs8} {
		if err := s.AddRSA(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if len(s.RSA()) != 2 {
		t.Errorf("%d keys", len(s.RSA()))
	}
	if err := s.AddRSA([]byte("-----BEGIN NONSENSE-----\n")); !errors.Is(err, ErrNoRSAKey) {
		t.Errorf("no key: %v", err)
	}
}

func FuzzAddKeyLog(f *testing.F) {
	f.Add([]byte(line), []byte(line))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		cut, whole := New(), New()
		cut.AddKeyLog(a)
		cut.AddKeyLog(b)
		whole.AddKeyLog(append(bytes.Clone(a), b...))
		cut.EndKeyLog()
		whole.EndKeyLog()
		if len(cut.secrets) != len(whole.secrets) && len(a)+len(b) < maxLine {
			t.Errorf("%d secrets in pieces, %d as a whole", len(cut.secrets), len(whole.secrets))
		}
		if len(cut.rest) > maxLine {
			t.Errorf("%d bytes kept", len(cut.rest))
		}
	})
}

func TestTheUsedKeyLogHasNoOtherConnections(t *testing.T) {
	const one, two = "1111111111111111111111111111111111111111111111111111111111111111", "2222222222222222222222222222222222222222222222222222222222222222"
	s := New()
	if s.UsedKeyLog() != nil {
		t.Error("not empty")
	}
	s.AddKeyLog([]byte("CLIENT_RANDOM " + one + " aa\nSERVER_TRAFFIC_SECRET_0 " + two + " bb\nEXPORTER_SECRET " + two + " cc\nCLIENT_TRAFFIC_SECRET_0 " + two + " dd\n"))
	s.Lookup(ClientRandom, bytes.Repeat([]byte{0x33}, 32))
	s.Lookup(ClientTraffic, bytes.Repeat([]byte{0x22}, 32))
	if got, want := string(s.UsedKeyLog()), "CLIENT_TRAFFIC_SECRET_0 "+two+" dd\nSERVER_TRAFFIC_SECRET_0 "+two+" bb\n"; got != want {
		t.Errorf("%q", got)
	}
}

func TestSeveralGrowingKeyLogsAreAsked(t *testing.T) {
	s, asked := New(), 0
	for range 2 {
		s.OnMiss(func() { asked++ })
	}
	s.Lookup(ClientRandom, make([]byte, 32))
	if asked != 2 {
		t.Errorf("%d asked", asked)
	}
}

func TestSessionsAreRememberedByName(t *testing.T) {
	s := New()
	s.Remember([]byte("id"), []byte{1, 2})
	s.Remember(make([]byte, maxSessionName+1), []byte{3})
	if !bytes.Equal(s.Recall([]byte("id")), []byte{1, 2}) || s.Recall([]byte("other")) != nil || s.Recall(make([]byte, maxSessionName+1)) != nil {
		t.Error("a session is not known, or another one is")
	}
	for i := range maxSessions + 10 {
		s.Remember([]byte{byte(i), byte(i >> 8), byte(i >> 16)}, []byte{4})
	}
	if len(s.sessions) > maxSessions {
		t.Errorf("%d sessions are kept", len(s.sessions))
	}
	var none *Store
	none.Remember([]byte("id"), nil)
	if none.Recall([]byte("id")) != nil {
		t.Error("a nil store remembers")
	}
}

func TestEachGoesThroughOneLabel(t *testing.T) {
	s := New()
	s.AddKeyLog([]byte(line + strings.Replace(line, "CLIENT_RANDOM", "EXPORTER_SECRET", 1) + strings.Replace(line, "ab", "cd", 1)))
	n := 0
	s.Each(ClientRandom, func(random, secret []byte) bool {
		if len(random) != randomSize || !bytes.Equal(secret, []byte{1, 2, 255}) {
			t.Errorf("%x %x", random, secret)
		}
		n++
		return true
	})
	if n != 2 {
		t.Errorf("%d entries", n)
	}
	s.Each(ClientRandom, func(_, _ []byte) bool { n++; return false })
	if n != 3 {
		t.Error("it does not stop")
	}
}
