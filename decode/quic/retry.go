package quic

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/hex"
)

// retryKeys are what the Retry Integrity Tag is made with (RFC 9001 section 5.8,
// RFC 9369 section 3.3.3, and drafts from 25 on).
type retryKeys struct{ key, nonce string }

func retryKeysOf(version uint32) (k retryKeys, ok bool) {
	switch d := draft(version); {
	case version == version1 || d > 32 && d <= newestDraft:
		return retryKeys{"be0c690b9f66575a1d766b54e368c84e", "461599d35d632bf2239825bb"}, true
	case version == version2:
		return retryKeys{"8fb4b01b56ac48e260fbcbcead7ccc92", "d86969bc2d7c6d9990efb04a"}, true
	case d >= 29 && d <= 32:
		return retryKeys{"ccce187ed09a09d05728155a6cb96be1", "e54930f97f2136f0530a8c1c"}, true
	case d >= 25 && d < 29:
		return retryKeys{"4d32ecdb2a2133c841e4043df27d4430", "4d1611d05513a552c587d575"}, true
	}
	return k, false
}

// retryTagValid checks the Retry Integrity Tag of the Retry packet in b, which
// answers a client whose first Destination Connection ID was odcid (RFC 9001
// section 5.8). checked is false for a version that is not known to have one.
func retryTagValid(version uint32, odcid, b []byte) (valid, checked bool) {
	n := len(b) - retryTag
	tag := retryTagOf(version, odcid, b[:max(n, 0)])
	if tag == nil || n < 0 {
		return false, false
	}
	return subtle.ConstantTimeCompare(tag, b[n:]) == 1, true
}

// retryTagOf makes the tag of a Retry packet; nil for a version without.
func retryTagOf(version uint32, odcid, b []byte) []byte {
	k, ok := retryKeysOf(version)
	if !ok {
		return nil
	}
	key, err1 := hex.DecodeString(k.key)
	nonce, err2 := hex.DecodeString(k.nonce)
	if err1 != nil || err2 != nil {
		return nil
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil
	}
	pseudo := append(append([]byte{byte(len(odcid))}, odcid...), b...)
	return aead.Seal(nil, nonce, nil, pseudo)
}
