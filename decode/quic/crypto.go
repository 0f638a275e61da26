package quic

// cryptoStream joins the CRYPTO frames of one direction, which come in any
// order and overlap (Chrome shuffles those of its ClientHello on purpose).
type cryptoStream struct {
	data []byte
	have []span // what of data is there: sorted, apart from each other
	read int    // bytes that were taken as messages
}

type span struct{ from, to int }

// Bounds of what one direction keeps.
const (
	maxCrypto = 64 << 10
	maxSpans  = 1024
)

// add takes a frame's bytes; false where they go beyond the bounds.
func (c *cryptoStream) add(offset uint64, b []byte) bool {
	if offset > maxCrypto || int(offset)+len(b) > maxCrypto || len(c.have) >= maxSpans {
		return false
	}
	from, to := int(offset), int(offset)+len(b)
	if from == to || to <= c.read {
		return true
	}
	if to > len(c.data) {
		c.data = append(c.data, make([]byte, to-len(c.data))...)
	}
	copy(c.data[from:to], b)
	first := 0
	for first < len(c.have) && c.have[first].to < from {
		first++
	}
	last := first
	for last < len(c.have) && c.have[last].from <= to {
		from, to = min(from, c.have[last].from), max(to, c.have[last].to)
		last++
	}
	if first == last {
		c.have = append(c.have, span{})
		copy(c.have[first+1:], c.have[first:])
	} else {
		c.have = append(c.have[:first+1], c.have[last:]...)
	}
	c.have[first] = span{from, to}
	return true
}

// prefix returns the unread bytes up to the first one that is missing.
func (c *cryptoStream) prefix() []byte {
	if len(c.have) == 0 || c.have[0].from > c.read || c.have[0].to < c.read {
		return nil
	}
	return c.data[c.read:c.have[0].to]
}

const messageHeader = 4 // type and length (RFC 8446 section 4)

// message takes the next whole handshake message; ok is false where there is
// none yet.
func (c *cryptoStream) message() (kind uint8, body []byte, ok bool) {
	b := c.prefix()
	if len(b) < messageHeader {
		return 0, nil, false
	}
	n := int(b[1])<<16 | int(b[2])<<8 | int(b[3])
	if len(b) < messageHeader+n {
		return 0, nil, false
	}
	c.read += messageHeader + n
	return b[0], b[messageHeader : messageHeader+n], true
}
