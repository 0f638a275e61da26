package suite

import (
	"crypto/cipher"
	"encoding/binary"
)

// Opener opens the records that go in one direction under one set of keys.
type Opener interface {
	// Open opens the record with a sequence number and appends its content to
	// dst, whose memory it may use even where it fails; ok is false for a wrong
	// tag. The header is the record's; body is what follows it. In TLS 1.3 the
	// content type comes from inside, 0 where there is none.
	Open(dst []byte, seq uint64, header Header, body []byte) (plain []byte, kind uint8, ok bool)
	// Pass says that a record went by, opened or not: some ciphers go on from
	// one record to the next.
	Pass(body []byte)
	// Overhead returns how many bytes a record is longer on the wire, its header
	// included, than its content. It is exact for an AEAD, while nobody pads.
	Overhead() int
}

// Header is a record's header as on the wire: type, version, length.
type Header [5]byte

// additional is what is authenticated besides the content up to TLS 1.2 (RFC
// 5246 section 6.2.3.3).
type additional [13]byte

func (a *additional) set(seq uint64, h Header, length int) {
	binary.BigEndian.PutUint64(a[:], seq)
	copy(a[8:], h[:3])
	binary.BigEndian.PutUint16(a[11:], uint16(length))
}

// NewTraffic returns what opens the records under a traffic secret of TLS 1.3
// (RFC 8446 section 7.3).
func (s *Suite) NewTraffic(secret []byte) (Opener, error) {
	aead, err := s.NewAEAD(ExpandLabel(s.Hash, secret, "key", nil, s.KeyLength))
	if err != nil {
		return nil, err
	}
	o := &traffic{aead: aead}
	copy(o.iv[:], ExpandLabel(s.Hash, secret, "iv", nil, nonceLength))
	return o, nil
}

// traffic opens records of TLS 1.3 (RFC 8446 section 5.2).
type traffic struct {
	aead   cipher.AEAD
	iv     [nonceLength]byte
	nonce  [nonceLength]byte // here so that it needs no allocation
	header Header
}

func (t *traffic) Open(dst []byte, seq uint64, header Header, body []byte) (plain []byte, kind uint8, ok bool) {
	t.nonce, t.header = t.iv, header
	xorSequence(&t.nonce, seq)
	n := len(dst)
	plain, err := t.aead.Open(dst, t.nonce[:], body, t.header[:])
	if err != nil {
		return nil, 0, false
	}
	end := len(plain)
	for end > n && plain[end-1] == 0 { // padding (RFC 8446 section 5.4)
		end--
	}
	if end == n {
		return plain[:n], 0, true
	}
	return plain[:end-1], plain[end-1], true
}

func (t *traffic) Pass([]byte) {}

func (t *traffic) Overhead() int { return len(Header{}) + 1 + t.aead.Overhead() }

// xorSequence makes the nonce of a record (RFC 8446 section 5.3).
func xorSequence(nonce *[nonceLength]byte, seq uint64) {
	for i := range 8 {
		nonce[4+i] ^= byte(seq >> (56 - 8*i))
	}
}

// sealed12 opens records of an AEAD in TLS 1.2 (RFC 5246 section 6.2.3.3).
type sealed12 struct {
	aead     cipher.AEAD
	iv       [nonceLength]byte
	explicit int // bytes of the nonce that the record carries: RFC 5288 has 8, RFC 7905 none
	nonce    [nonceLength]byte
	add      additional
}

func (a *sealed12) Open(dst []byte, seq uint64, header Header, body []byte) ([]byte, uint8, bool) {
	length := len(body) - a.explicit - a.aead.Overhead()
	if length < 0 {
		return nil, 0, false
	}
	a.nonce = a.iv
	if a.explicit > 0 {
		copy(a.nonce[nonceLength-a.explicit:], body)
	} else {
		xorSequence(&a.nonce, seq)
	}
	a.add.set(seq, header, length)
	plain, err := a.aead.Open(dst, a.nonce[:], body[a.explicit:], a.add[:])
	return plain, header[0], err == nil
}

func (a *sealed12) Pass([]byte) {}

func (a *sealed12) Overhead() int { return len(Header{}) + a.explicit + a.aead.Overhead() }

// explicitLength is how much of the nonce records carry in GCM and CCM (RFC
// 5288 section 3, RFC 6655 section 3).
const explicitLength = 8

// Openers returns what opens the client's and the server's records of TLS 1.2,
// 1.1 or 1.0 under a master secret (RFC 5246 section 6.3). encryptThenMAC tells
// that RFC 7366 was negotiated.
func (s *Suite) Openers(version uint16, master, clientRandom, serverRandom []byte, encryptThenMAC bool) (client, server Opener, err error) {
	if version < version10 || version > version12 || s.Is13() || version < version12 && s.MAC == 0 {
		return nil, nil, ErrCipher
	}
	mac, iv := 0, s.IVLength
	switch {
	case s.MAC != 0:
		mac = s.MAC.Size()
	case s.mode != chacha: // a fixed part, and an explicit one
		iv -= explicitLength
	}
	block := s.prf(version, master, "key expansion", concat(serverRandom, clientRandom), 2*(mac+s.KeyLength+iv))
	take := func(n int) (b []byte) {
		b, block = block[:n], block[n:]
		return b
	}
	clientMAC, serverMAC := take(mac), take(mac)
	clientKey, serverKey := take(s.KeyLength), take(s.KeyLength)
	clientIV, serverIV := take(iv), take(iv)
	if client, err = s.opener(version, clientMAC, clientKey, clientIV, encryptThenMAC); err != nil {
		return nil, nil, err
	}
	server, err = s.opener(version, serverMAC, serverKey, serverIV, encryptThenMAC)
	return client, server, err
}

func (s *Suite) opener(version uint16, mac, key, iv []byte, encryptThenMAC bool) (Opener, error) {
	switch s.mode {
	case aesCBC, tripleDES, singleDES:
		return s.newBlock(version, mac, key, iv, encryptThenMAC)
	case rc4Stream, null:
		return s.newStream(mac, key)
	}
	aead, err := s.NewAEAD(key)
	if err != nil {
		return nil, err
	}
	o := &sealed12{aead: aead, explicit: nonceLength - len(iv)}
	copy(o.iv[:], iv)
	return o, nil
}
