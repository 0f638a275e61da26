package quic

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"

	"github.com/wiresight/wiresight/decode/layer"
)

// seal protects the packets of one direction (RFC 9001 section 5).
type seal struct {
	aead cipher.AEAD
	mask cipher.Block // header protection, AES-based
	iv   [12]byte
}

// keySet holds the Initial keys that follow from one Destination Connection ID
// of a client.
type keySet struct {
	version uint32
	dcid    []byte
	client  layer.Direction
	side    [2]seal // of the client, of the server
}

// deriveInitial derives both sides' Initial keys (RFC 9001 section 5.2); nil
// for a version without known salt.
func deriveInitial(version uint32, dcid []byte, client layer.Direction) *keySet {
	salt := initialSalt(version)
	if salt == nil {
		return nil
	}
	secret, err := hkdf.Extract(sha256.New, dcid, salt)
	if err != nil {
		return nil
	}
	k := &keySet{version: version, dcid: bytes.Clone(dcid), client: client}
	prefix := "quic "
	if isV2(version) { // RFC 9369 section 3.3.2
		prefix = "quicv2 "
	}
	for i, label := range [2]string{"client in", "server in"} {
		s := &k.side[i]
		side := expandLabel(secret, label, sha256.Size)
		block, err1 := aes.NewCipher(expandLabel(side, prefix+"key", 16))
		mask, err2 := aes.NewCipher(expandLabel(side, prefix+"hp", 16))
		if err1 != nil || err2 != nil {
			return nil
		}
		copy(s.iv[:], expandLabel(side, prefix+"iv", len(s.iv)))
		if s.aead, err = cipher.NewGCM(block); err != nil {
			return nil
		}
		s.mask = mask
	}
	return k
}

// expandLabel is HKDF-Expand-Label without context (RFC 8446 section 7.1).
func expandLabel(secret []byte, label string, length int) []byte {
	info := make([]byte, 0, 10+len(label))
	info = binary.BigEndian.AppendUint16(info, uint16(length))
	info = append(info, byte(6+len(label)))
	info = append(info, "tls13 "...)
	info = append(info, label...)
	info = append(info, 0)
	out, err := hkdf.Expand(sha256.New, secret, string(info), length)
	if err != nil {
		return make([]byte, length)
	}
	return out
}

// of returns what protects packets that go in a direction.
func (k *keySet) of(dir layer.Direction) *seal {
	if dir == k.client {
		return &k.side[0]
	}
	return &k.side[1]
}

// opener removes protection. It reuses its memory.
type opener struct {
	header []byte
	plain  []byte
}

// open removes header and packet protection from the packet in b, whose
// packet number stands at offset number (RFC 9001 section 5.3, 5.4). largest is
// the highest packet number of this direction so far, -1 for none. The
// plaintext is valid until the next call.
func (o *opener) open(s *seal, b []byte, number int, largest int64) (plain []byte, pn int64, ok bool) {
	const sample = 16
	if number+4+sample > len(b) {
		return nil, 0, false
	}
	var mask [sample]byte
	s.mask.Encrypt(mask[:], b[number+4:number+4+sample])
	first := b[0] ^ mask[0]&0x0f
	length := int(first&3) + 1
	o.header = append(append(o.header[:0], first), b[1:number+length]...)
	truncated := int64(0)
	for i := 0; i < length; i++ {
		o.header[number+i] ^= mask[1+i]
		truncated = truncated<<8 | int64(o.header[number+i])
	}
	pn = decodeNumber(largest, truncated, length)
	nonce := s.iv
	for i := 0; i < 8; i++ {
		nonce[4+i] ^= byte(pn >> (56 - 8*i))
	}
	plain, err := s.aead.Open(o.plain[:0], nonce[:], b[number+length:], o.header)
	if err != nil {
		return nil, 0, false
	}
	o.plain = plain
	return plain, pn, true
}

// decodeNumber restores a packet number from its last bytes (RFC 9000 appendix
// A.3).
func decodeNumber(largest, truncated int64, length int) int64 {
	expected := largest + 1
	window := int64(1) << (8 * length)
	candidate := expected&^(window-1) | truncated
	switch {
	case candidate <= expected-window/2 && candidate < 1<<62-window:
		return candidate + window
	case candidate > expected+window/2 && candidate >= window:
		return candidate - window
	}
	return candidate
}
