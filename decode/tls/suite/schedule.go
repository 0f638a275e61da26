package suite

import (
	"crypto"
	"crypto/hkdf"
	"crypto/hmac"
	"encoding/binary"
	"hash"
)

// ExpandLabel is HKDF-Expand-Label (RFC 8446 section 7.1). It returns nil where
// HKDF cannot give so many bytes.
func ExpandLabel(h crypto.Hash, secret []byte, label string, context []byte, length int) []byte {
	const prefix = "tls13 "
	info := make([]byte, 0, 4+len(prefix)+len(label)+len(context))
	info = binary.BigEndian.AppendUint16(info, uint16(length))
	info = append(info, byte(len(prefix)+len(label)))
	info = append(info, prefix...)
	info = append(info, label...)
	info = append(info, byte(len(context)))
	info = append(info, context...)
	out, err := hkdf.Expand(h.New, secret, string(info), length)
	if err != nil {
		return nil
	}
	return out
}

// NextTraffic returns the traffic secret that follows a KeyUpdate (RFC 8446
// section 7.2).
func (s *Suite) NextTraffic(secret []byte) []byte {
	return ExpandLabel(s.Hash, secret, "traffic upd", nil, s.Hash.Size())
}

// Versions before TLS 1.3 (RFC 5246 appendix A.1).
const (
	version10 = 0x0301
	version11 = 0x0302
	version12 = 0x0303
)

const masterLength = 48

// prf is the pseudorandom function of a version (RFC 5246 section 5, RFC 2246
// section 5).
func (s *Suite) prf(version uint16, secret []byte, label string, seed []byte, length int) []byte {
	seed = append([]byte(label), seed...)
	out := make([]byte, length)
	if version >= version12 {
		expand(out, s.Hash.New, secret, seed)
		return out
	}
	half := (len(secret) + 1) / 2
	expand(out, crypto.MD5.New, secret[:half], seed)
	expand(out, crypto.SHA1.New, secret[len(secret)-half:], seed)
	return out
}

// expand adds P_hash (RFC 5246 section 5) to out by exclusive or.
func expand(out []byte, h func() hash.Hash, secret, seed []byte) {
	m := hmac.New(h, secret)
	sum := func(parts ...[]byte) []byte {
		m.Reset()
		for _, p := range parts {
			m.Write(p)
		}
		return m.Sum(nil)
	}
	for a := sum(seed); len(out) > 0; a = sum(a) {
		b := sum(a, seed)
		n := min(len(b), len(out))
		for i := range n {
			out[i] ^= b[i]
		}
		out = out[n:]
	}
}

// Master derives the master secret from the pre-master secret (RFC 5246 section
// 8.1).
func (s *Suite) Master(version uint16, preMaster, clientRandom, serverRandom []byte) []byte {
	return s.prf(version, preMaster, "master secret", concat(clientRandom, serverRandom), masterLength)
}

// ExtendedMaster derives the master secret of a handshake that negotiated
// extended_master_secret (RFC 7627 section 4). The transcript holds the
// handshake messages from ClientHello to ClientKeyExchange.
func (s *Suite) ExtendedMaster(version uint16, preMaster, transcript []byte) []byte {
	var sessionHash []byte
	if version >= version12 {
		sessionHash = digest(s.Hash, transcript)
	} else {
		sessionHash = concat(digest(crypto.MD5, transcript), digest(crypto.SHA1, transcript))
	}
	return s.prf(version, preMaster, "extended master secret", sessionHash, masterLength)
}

func digest(h crypto.Hash, b []byte) []byte {
	d := h.New()
	d.Write(b)
	return d.Sum(nil)
}

func concat(a, b []byte) []byte { return append(append(make([]byte, 0, len(a)+len(b)), a...), b...) }
