package quic

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"

	"golang.org/x/crypto/chacha20"

	"github.com/wiresight/wiresight/decode/tls/suite"
)

// seal protects the packets of one direction and encryption level (RFC 9001
// section 5).
type seal struct {
	aead   cipher.AEAD
	iv     [12]byte
	block  cipher.Block // header protection based on AES; nil for the one based on ChaCha20
	chacha [chacha20.KeySize]byte
}

// newSeal derives what protects packets from a traffic secret (RFC 9001 section
// 5.1). The header protection of an earlier phase is kept where there was one:
// key updates do not change it (section 6.1).
func newSeal(s *suite.Suite, version uint32, secret []byte, earlier *seal) (*seal, error) {
	label := labels(version)
	aead, err := s.NewAEAD(suite.ExpandLabel(s.Hash, secret, label+"key", nil, s.KeyLength))
	if err != nil {
		return nil, err
	}
	p := &seal{aead: aead}
	copy(p.iv[:], suite.ExpandLabel(s.Hash, secret, label+"iv", nil, len(p.iv)))
	if earlier != nil {
		p.block, p.chacha = earlier.block, earlier.chacha
		return p, nil
	}
	hp := suite.ExpandLabel(s.Hash, secret, label+"hp", nil, s.KeyLength)
	if s.ID == chachaSuite {
		copy(p.chacha[:], hp)
		return p, nil
	}
	p.block, err = aes.NewCipher(hp)
	return p, err
}

// The suites of TLS 1.3 (RFC 8446 appendix B.4). QUIC does without
// TLS_AES_128_CCM_8_SHA256 (RFC 9001 section 5.3).
const (
	aes128Suite = 0x1301
	aes256Suite = 0x1302
	chachaSuite = 0x1303
)

// labels returns the prefix of a version's labels (RFC 9369 section 3.3.2).
func labels(version uint32) string {
	if isV2(version) {
		return "quicv2 "
	}
	return "quic "
}

const sampleSize = 16

// opener removes protection. It reuses its memory, so that a packet costs no
// allocation.
type opener struct {
	header []byte // of the packet at hand, its protection removed
	plain  []byte
	mask   [sampleSize]byte
	nonce  [12]byte
}

// unmask removes header protection from the packet in b, whose packet number
// stands at offset number (RFC 9001 section 5.4), and restores its packet number.
// next is the one expected. It returns the number's length, 0 where the packet
// is too short.
func (o *opener) unmask(s *seal, b []byte, number int, next uint64) (pn uint64, length int) {
	if number+4+sampleSize > len(b) {
		return 0, 0
	}
	sample := b[number+4 : number+4+sampleSize]
	if s.block != nil {
		s.block.Encrypt(o.mask[:], sample)
	} else if !o.chachaMask(s, sample) {
		return 0, 0
	}
	bits := byte(0x0f)
	if b[0]&longHeader == 0 {
		bits = 0x1f
	}
	first := b[0] ^ o.mask[0]&bits
	length = int(first&3) + 1
	o.header = append(append(o.header[:0], first), b[1:number+length]...)
	truncated := uint64(0)
	for i := range length {
		o.header[number+i] ^= o.mask[1+i]
		truncated = truncated<<8 | uint64(o.header[number+i])
	}
	return decodeNumber(next, truncated, length), length
}

// chachaMask makes the mask of RFC 9001 section 5.4.4.
func (o *opener) chachaMask(s *seal, sample []byte) bool {
	c, err := chacha20.NewUnauthenticatedCipher(s.chacha[:], sample[4:])
	if err != nil {
		return false
	}
	c.SetCounter(binary.LittleEndian.Uint32(sample))
	clear(o.mask[:5])
	c.XORKeyStream(o.mask[:5], o.mask[:5])
	return true
}

// decrypt opens the payload of the packet whose header unmask has read (RFC 9001
// section 5.3). The plaintext is valid until the next call.
func (o *opener) decrypt(s *seal, sealed []byte, pn uint64) (plain []byte, ok bool) {
	o.nonce = s.iv
	for i := range 8 {
		o.nonce[4+i] ^= byte(pn >> (56 - 8*i))
	}
	plain, err := s.aead.Open(o.plain[:0], o.nonce[:], sealed, o.header)
	if err != nil {
		return nil, false
	}
	o.plain = plain
	return plain, true
}

// open removes header and packet protection.
func (o *opener) open(s *seal, b []byte, number int, next uint64) (plain []byte, pn uint64, ok bool) {
	pn, length := o.unmask(s, b, number, next)
	if length == 0 {
		return nil, 0, false
	}
	plain, ok = o.decrypt(s, b[number+length:], pn)
	return plain, pn, ok
}

// decodeNumber restores a packet number from its last bytes (RFC 9000 appendix
// A.3); next is the one expected.
func decodeNumber(next, truncated uint64, length int) uint64 {
	window := uint64(1) << (8 * length)
	candidate := next&^(window-1) | truncated
	switch {
	case candidate+window/2 <= next && candidate < 1<<62-window:
		return candidate + window
	case candidate > next+window/2 && candidate >= window:
		return candidate - window
	}
	return candidate
}
