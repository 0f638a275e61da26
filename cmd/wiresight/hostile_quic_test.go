package main

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"

	"github.com/wiresight/wiresight/decode/tls/suite"
)

var hostileQUIC = []hostile{
	{"QUIC ACK ranges", "quic", quicRanges, 30_000, 15, 200, "1024 spans are kept; four ACK frames of a packet are heeded"},
	{"QUIC CRYPTO frames with holes", "quic", quicHoles, 30_000, 10, 200, "256 KB of a handshake wait"},
	{"QUIC connection IDs", "quic", quicIDs, 100_000, 15, 200, "keys are derived for 256 IDs of a conversation"},
	{"QUIC Initials from everywhere", "quic", quicEverywhere, 30_000, 15, 500, "a conversation each"},
	{"QUIC packets that cannot be opened", "quic", quicShort, 300_000, 10, 150, "counted"},
	{"QUIC packets of a few bytes in one datagram", "quic", quicCoalesced, 50_000, 10, 150, "64 packets of a datagram are read"},
}

// quicSeal is what a client's Initial packets are protected with (RFC 9001
// section 5.2).
type quicSeal struct {
	dcid   []byte
	aead   cipher.AEAD
	iv     []byte
	header cipher.Block
}

var quicSalt = []byte{
	0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
	0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a,
}

func newQUICSeal(dcid []byte) *quicSeal {
	initial, err := hkdf.Extract(sha256.New, dcid, quicSalt)
	if err != nil {
		panic(err)
	}
	expand := func(secret []byte, label string, n int) []byte {
		return suite.ExpandLabel(crypto.SHA256, secret, label, nil, n)
	}
	client := expand(initial, "client in", 32)
	block, err := aes.NewCipher(expand(client, "quic key", 16))
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	header, err := aes.NewCipher(expand(client, "quic hp", 16))
	if err != nil {
		panic(err)
	}
	return &quicSeal{dcid, aead, expand(client, "quic iv", 12), header}
}

// initial returns an Initial packet with the frames, padded as a client's must
// be.
func (s *quicSeal) initial(number uint32, frames []byte) []byte {
	for len(frames) < 1162 {
		frames = append(frames, 0)
	}
	b := append([]byte{0xc3, 0, 0, 0, 1, byte(len(s.dcid))}, s.dcid...)
	b = append(b, 0, 0) // no source connection ID, no token
	b = binary.BigEndian.AppendUint16(b, 0x4000|uint16(4+len(frames)+s.aead.Overhead()))
	at := len(b)
	b = binary.BigEndian.AppendUint32(b, number)
	nonce := append([]byte(nil), s.iv...)
	for i := range 4 {
		nonce[8+i] ^= b[at+i]
	}
	b = s.aead.Seal(b, nonce, frames, b)
	mask := make([]byte, 16)
	s.header.Encrypt(mask, b[at+4:at+20])
	b[0] ^= mask[0] & 0x0f
	for i := range 4 {
		b[at+i] ^= mask[1+i]
	}
	return b
}

func quicRanges(tr *trace, n int) {
	s := newQUICSeal([]byte("12345678"))
	for i := range uint32(n) {
		ranges := []byte{2, 0xbf, 0xff, 0xff, 0xff, 0, 0x41, 0xf4, 0} // 500 of them
		for range 500 {
			ranges = append(ranges, byte(i)&0x3f, byte(i>>6)&0x3f)
		}
		tr.udp(alice, bob, 5000, 443, s.initial(i, ranges))
	}
}

func quicHoles(tr *trace, n int) {
	s := newQUICSeal([]byte("12345678"))
	for i := range uint32(n) {
		var frames []byte
		for j := range uint32(160) {
			frames = append(frames, 6)
			frames = binary.BigEndian.AppendUint32(frames, 0x80000000|1+2*(i*160+j)%500_000)
			frames = append(frames, 1, 'a')
		}
		tr.udp(alice, bob, 5000, 443, s.initial(i, frames))
	}
}

func quicIDs(tr *trace, n int) {
	b := newQUICSeal([]byte("12345678")).initial(0, nil)
	for i := range uint32(n) {
		binary.BigEndian.PutUint32(b[6:], i)
		tr.udp(alice, bob, 5000, 443, b)
	}
}

func quicEverywhere(tr *trace, n int) {
	for i := range uint32(n) {
		s := newQUICSeal(binary.BigEndian.AppendUint64(nil, uint64(i)))
		tr.udp(alice+i>>15<<8, bob, uint16(1024+i%30000), 443, s.initial(0, []byte{6, 0, 4, 1, 0, 4, 0}))
	}
}

func quicShort(tr *trace, n int) {
	s := newQUICSeal([]byte("12345678"))
	tr.udp(alice, bob, 5000, 443, s.initial(0, []byte{6, 0, 4, 1, 0, 4, 0}))
	random := rand.New(rand.NewPCG(1, 4))
	b := make([]byte, 100)
	for range n {
		for j := range b {
			b[j] = byte(random.Uint32())
		}
		b[0] = b[0]&0x3f | 0x40
		tr.udp(alice, bob, 5000, 443, b)
	}
}

func quicCoalesced(tr *trace, n int) {
	s := newQUICSeal([]byte("12345678"))
	tr.udp(alice, bob, 5000, 443, s.initial(0, []byte{6, 0, 4, 1, 0, 4, 0}))
	var b []byte
	for range 70 {
		b = append(b, 0xc3, 0, 0, 0, 1, 0, 0, 0, 5, 1, 2, 3, 4, 5)
	}
	for range n {
		tr.udp(alice, bob, 5000, 443, b)
	}
}
