package quic

// cryptoStream joins the CRYPTO frames of one direction and encryption level,
// which come in any order and overlap (Chrome shuffles those of its ClientHello
// on purpose).
type cryptoStream struct {
	data []byte // from offset base on
	base uint64
	have ranges
}

// maxCrypto bounds what one direction keeps of handshake messages that are not
// whole; chains of certificates get long.
const maxCrypto = 256 << 10

// add takes a frame's bytes; false where they go beyond the bounds.
func (c *cryptoStream) add(offset uint64, b []byte) bool {
	to := offset + uint64(len(b))
	if to > c.base+maxCrypto || len(c.have.list) >= maxSpans {
		return false
	}
	if offset < c.base { // sent again
		if to <= c.base {
			return true
		}
		b, offset = b[c.base-offset:], c.base
	}
	if n := int(to - c.base); n > len(c.data) {
		c.data = append(c.data, make([]byte, n-len(c.data))...)
	}
	copy(c.data[offset-c.base:], b)
	c.have.add(offset, to)
	return true
}

// prefix returns the unread bytes up to the first one that is missing.
func (c *cryptoStream) prefix() []byte {
	for _, s := range c.have.list {
		if s.from <= c.base && s.to > c.base {
			return c.data[:s.to-c.base]
		}
	}
	return nil
}

const messageHeader = 4 // type and length (RFC 8446 section 4)

// message takes the next whole handshake message; ok is false where there is
// none yet. The body is valid until the next call of add.
func (c *cryptoStream) message() (kind uint8, body []byte, ok bool) {
	b := c.prefix()
	if len(b) < messageHeader {
		return 0, nil, false
	}
	n := messageHeader + (int(b[1])<<16 | int(b[2])<<8 | int(b[3]))
	if len(b) < n {
		return 0, nil, false
	}
	c.base += uint64(n)
	c.data = c.data[n:]
	return b[0], b[messageHeader:n], true
}
