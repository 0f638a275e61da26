// Package suite holds what TLS cipher suites stand for: their names, hashes and
// key lengths, the key schedules of TLS 1.3 (RFC 8446 section 7) and of older
// versions (RFC 5246 sections 5 and 6.3), and the ciphers that open records. It
// opens only: a record whose tag or MAC is wrong gives no plaintext. It leans
// on the standard library's ciphers and on two well-kept ones for CCM and
// ChaCha20-Poly1305.
package suite

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	_ "crypto/md5" // registers the hashes that suites name
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"errors"
	"strings"

	"github.com/pion/dtls/v3/pkg/crypto/ccm"
	"golang.org/x/crypto/chacha20poly1305"
)

// Suite is a cipher suite whose records can be opened.
type Suite struct {
	ID   uint16
	Hash crypto.Hash // of the key schedule: HKDF's in TLS 1.3, the PRF's in TLS 1.2
	MAC  crypto.Hash // of the records; 0 for an AEAD
	// KeyLength and IVLength are in bytes. IVLength is that of an AEAD's nonce in
	// TLS 1.3, else the block's.
	KeyLength, IVLength int
	// RSA tells that the client sends the pre-master secret encrypted with the
	// server's RSA key (RFC 5246 section 7.4.7.1).
	RSA bool

	mode mode
}

// mode is how a suite's cipher is used.
type mode uint8

const (
	gcm mode = iota + 1
	ccm16
	ccm8
	chacha
	aesCBC
	tripleDES
	singleDES
	rc4Stream
	null
)

// nonceLength is that of all AEADs here (RFC 8446 section 5.3).
const nonceLength = 12

// ciphers are the parts of suites' names that say which cipher they use; of two
// that fit, the longer one stands first.
var ciphers = [...]struct {
	name    string
	mode    mode
	key, iv int
}{
	{"AES_128_GCM", gcm, 16, nonceLength}, {"AES_256_GCM", gcm, 32, nonceLength},
	{"AES_128_CCM_8", ccm8, 16, nonceLength}, {"AES_256_CCM_8", ccm8, 32, nonceLength},
	{"AES_128_CCM", ccm16, 16, nonceLength}, {"AES_256_CCM", ccm16, 32, nonceLength},
	{"CHACHA20_POLY1305", chacha, 32, nonceLength},
	{"AES_128_CBC", aesCBC, 16, 16}, {"AES_256_CBC", aesCBC, 32, 16},
	{"3DES_EDE_CBC", tripleDES, 24, 8}, {"DES_CBC", singleDES, 8, 8},
	{"RC4_128", rc4Stream, 16, 0}, {"NULL", null, 0, 0},
}

// hashes are how suites' names end. A suite with CCM names none and has SHA-256
// (RFC 6655 section 3).
var hashes = map[string]crypto.Hash{
	"": crypto.SHA256, "_MD5": crypto.MD5, "_SHA": crypto.SHA1, "_SHA256": crypto.SHA256, "_SHA384": crypto.SHA384,
}

// ByID returns the suite with a number of IANA's registry; ok is false where it
// is not known or its records cannot be opened. A suite's name is its
// definition: the key exchange, "WITH", the cipher, the hash.
func ByID(id uint16) (s Suite, ok bool) {
	exchange, name, found := strings.Cut(strings.TrimPrefix(Name(id), "TLS_"), "_WITH_")
	if !found { // TLS 1.3 names no key exchange
		exchange, name = "", exchange
	}
	if strings.Contains(exchange, "EXPORT") {
		return s, false
	}
	for i := range ciphers {
		c := &ciphers[i]
		rest, fits := strings.CutPrefix(name, c.name)
		if !fits {
			continue
		}
		hash, known := hashes[rest]
		if !known {
			return s, false
		}
		s = Suite{ID: id, Hash: hash, KeyLength: c.key, IVLength: c.iv, RSA: exchange == "RSA", mode: c.mode}
		if c.mode >= aesCBC {
			s.MAC = hash
			if hash != crypto.SHA384 { // RFC 5246 section 5: others have SHA-256's PRF
				s.Hash = crypto.SHA256
			}
		}
		return s, rest != "" || c.mode == ccm16 || c.mode == ccm8
	}
	return s, false
}

// Is13 reports whether the suite is one of TLS 1.3 (RFC 8446 appendix B.4).
func (s *Suite) Is13() bool { return s.ID>>8 == 0x13 }

// ErrCipher says that a suite has no cipher for a key.
var ErrCipher = errors.New("no cipher for this suite and key")

// NewAEAD returns the suite's AEAD with a key of KeyLength bytes. It returns
// ErrCipher for a suite without one.
func (s *Suite) NewAEAD(key []byte) (cipher.AEAD, error) {
	if len(key) != s.KeyLength {
		return nil, ErrCipher
	}
	if s.mode == chacha {
		return chacha20poly1305.New(key)
	}
	if s.mode > chacha {
		return nil, ErrCipher
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	switch s.mode {
	case gcm:
		return cipher.NewGCM(block)
	case ccm8:
		return ccm.NewCCM(block, 8, nonceLength)
	}
	return ccm.NewCCM(block, 16, nonceLength)
}
