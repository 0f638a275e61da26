package suite

import (
	"crypto"
	"encoding/hex"
	"testing"
)

func TestSuitesAreWhatTheirNamesSay(t *testing.T) {
	for _, c := range []struct {
		name string
		want Suite
		ok   bool
	}{
		{"TLS_AES_128_GCM_SHA256", Suite{Hash: crypto.SHA256, KeyLength: 16, IVLength: 12, mode: gcm}, true},
		{"TLS_AES_256_GCM_SHA384", Suite{Hash: crypto.SHA384, KeyLength: 32, IVLength: 12, mode: gcm}, true},
		{"TLS_CHACHA20_POLY1305_SHA256", Suite{Hash: crypto.SHA256, KeyLength: 32, IVLength: 12, mode: chacha}, true},
		{"TLS_AES_128_CCM_8_SHA256", Suite{Hash: crypto.SHA256, KeyLength: 16, IVLength: 12, mode: ccm8}, true},
		{"TLS_RSA_WITH_AES_256_CCM", Suite{Hash: crypto.SHA256, KeyLength: 32, IVLength: 12, RSA: true, mode: ccm16}, true},
		{"TLS_RSA_WITH_AES_128_CBC_SHA", Suite{Hash: crypto.SHA256, MAC: crypto.SHA1, KeyLength: 16, IVLength: 16, RSA: true, mode: aesCBC}, true},
		{"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", Suite{Hash: crypto.SHA384, MAC: crypto.SHA384, KeyLength: 32, IVLength: 16, mode: aesCBC}, true},
		{"TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", Suite{Hash: crypto.SHA256, MAC: crypto.SHA1, KeyLength: 24, IVLength: 8, mode: tripleDES}, true},
		{"TLS_RSA_WITH_RC4_128_MD5", Suite{Hash: crypto.SHA256, MAC: crypto.MD5, KeyLength: 16, RSA: true, mode: rc4Stream}, true},
		{"TLS_RSA_WITH_NULL_SHA256", Suite{Hash: crypto.SHA256, MAC: crypto.SHA256, RSA: true, mode: null}, true},
		{"TLS_NULL_WITH_NULL_NULL", Suite{}, false},
		{"TLS_RSA_EXPORT_WITH_RC4_40_MD5", Suite{}, false},
		{"TLS_KRB5_EXPORT_WITH_DES_CBC_40_SHA", Suite{}, false},
		{"TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256", Suite{}, false},
		{"TLS_EMPTY_RENEGOTIATION_INFO_SCSV", Suite{}, false},
	} {
		id := number(t, c.name)
		got, ok := ByID(id)
		c.want.ID = id
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%s: %+v %v, want %+v %v", c.name, got, ok, c.want, c.ok)
		}
	}
}

func number(t *testing.T, name string) uint16 {
	for i := range names {
		if names[i].name == name {
			return names[i].id
		}
	}
	t.Fatalf("no suite is named %s", name)
	return 0
}

// Every suite that is said to be readable has a cipher.
func TestEverySuiteHasItsCipher(t *testing.T) {
	count := 0
	for i := range names {
		s, ok := ByID(names[i].id)
		if !ok {
			continue
		}
		count++
		if s.Is13() {
			if _, err := s.NewTraffic(make([]byte, s.Hash.Size())); err != nil {
				t.Errorf("%s: %v", names[i].name, err)
			}
			continue
		}
		for _, etm := range []bool{false, true} {
			if _, _, err := s.Openers(version12, make([]byte, masterLength), make([]byte, 32), make([]byte, 32), etm); err != nil {
				t.Errorf("%s: %v", names[i].name, err)
			}
		}
	}
	if count < 150 {
		t.Errorf("%d suites only", count)
	}
}

// RFC 8448 section 3: the client's handshake traffic secret.
func TestTrafficKeysOfRFC8448(t *testing.T) {
	secret := unhex(t, "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21")
	if key := ExpandLabel(crypto.SHA256, secret, "key", nil, 16); hex.EncodeToString(key) != "dbfaa693d1762c5b666af5d950258d01" {
		t.Errorf("key %x", key)
	}
	if iv := ExpandLabel(crypto.SHA256, secret, "iv", nil, 12); hex.EncodeToString(iv) != "5bd3c71b836e0b76bb73265f" {
		t.Errorf("iv %x", iv)
	}
}

func unhex(t *testing.T, s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
