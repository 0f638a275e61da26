package suite

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/hmac"
	"hash"
)

// authenticator checks the MAC of records (RFC 5246 section 6.2.3.1).
type authenticator struct {
	mac hash.Hash
	add additional
	sum []byte
}

func newAuthenticator(s *Suite, key []byte) authenticator {
	return authenticator{mac: hmac.New(s.MAC.New, key), sum: make([]byte, 0, s.MAC.Size())}
}

// valid reports whether tag is the MAC of a record with this content.
func (a *authenticator) valid(seq uint64, h Header, content, tag []byte) bool {
	a.add.set(seq, h, len(content))
	a.mac.Reset()
	a.mac.Write(a.add[:])
	a.mac.Write(content)
	a.sum = a.mac.Sum(a.sum[:0])
	return hmac.Equal(a.sum, tag)
}

// blockMode is a cipher.BlockMode that can begin anew.
type blockMode interface {
	cipher.BlockMode
	SetIV([]byte)
}

// block opens records of a block cipher in CBC mode (RFC 5246 section 6.2.3.2).
type block struct {
	authenticator
	cbc            blockMode
	iv             []byte // of the next record in TLS 1.0, else unused
	explicit       bool   // records carry their IVs (since TLS 1.1)
	encryptThenMAC bool   // RFC 7366
}

func (s *Suite) newBlock(version uint16, mac, key, iv []byte, encryptThenMAC bool) (Opener, error) {
	var c cipher.Block
	var err error
	switch s.mode {
	case aesCBC:
		c, err = aes.NewCipher(key)
	case tripleDES:
		c, err = des.NewTripleDESCipher(key)
	default:
		c, err = des.NewCipher(key)
	}
	if err != nil {
		return nil, err
	}
	mode, ok := cipher.NewCBCDecrypter(c, iv).(blockMode)
	if !ok {
		return nil, ErrCipher
	}
	return &block{
		authenticator: newAuthenticator(s, mac), cbc: mode, iv: append([]byte(nil), iv...),
		explicit: version > version10, encryptThenMAC: encryptThenMAC,
	}, nil
}

func (b *block) Open(dst []byte, seq uint64, header Header, body []byte) ([]byte, uint8, bool) {
	size := b.mac.Size()
	if b.encryptThenMAC {
		if len(body) < size {
			return nil, 0, false
		}
		tag := body[len(body)-size:]
		body = body[:len(body)-size]
		if !b.valid(seq, header, body, tag) {
			return nil, 0, false
		}
		size = 0
	}
	iv := b.iv
	if b.explicit {
		if len(body) < len(iv) {
			return nil, 0, false
		}
		iv, body = body[:len(iv)], body[len(iv):]
	}
	if len(body) == 0 || len(body)%b.cbc.BlockSize() != 0 {
		return nil, 0, false
	}
	n := len(dst)
	dst = append(dst, body...)
	plain := dst[n:]
	b.cbc.SetIV(iv)
	b.cbc.CryptBlocks(plain, body)
	plain, ok := unpad(plain, size)
	if !ok {
		return nil, 0, false
	}
	content := plain[:len(plain)-size]
	if size > 0 && !b.valid(seq, header, content, plain[len(content):]) {
		return nil, 0, false
	}
	return dst[:n+len(content)], header[0], true
}

// unpad takes off the padding, each byte of which is its length (RFC 5246
// section 6.2.3.2), where as many as rest bytes stay.
func unpad(b []byte, rest int) ([]byte, bool) {
	n := int(b[len(b)-1]) + 1
	if n+rest > len(b) {
		return nil, false
	}
	for _, v := range b[len(b)-n:] {
		if int(v) != n-1 {
			return nil, false
		}
	}
	return b[:len(b)-n], true
}

// Pass keeps the last block, which is the next record's IV in TLS 1.0 (RFC 2246
// section 6.2.3.2).
func (b *block) Pass(body []byte) {
	if b.explicit {
		return
	}
	if b.encryptThenMAC {
		body = body[:max(0, len(body)-b.mac.Size())]
	}
	if len(body) >= len(b.iv) {
		copy(b.iv, body[len(body)-len(b.iv):])
	}
}

func (b *block) Overhead() int {
	n := len(Header{}) + b.mac.Size() + (b.cbc.BlockSize()+1)/2
	if b.explicit {
		n += len(b.iv)
	}
	return n
}
