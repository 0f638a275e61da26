package suite

import "crypto/rc4"

// stream opens records of RC4 (RFC 5246 section 6.2.3.1), or those that are not
// encrypted but have a MAC.
type stream struct {
	authenticator
	key *rc4.Cipher // nil for NULL
}

func (s *Suite) newStream(mac, key []byte) (Opener, error) {
	o := &stream{authenticator: newAuthenticator(s, mac)}
	if s.mode == rc4Stream {
		var err error
		if o.key, err = rc4.NewCipher(key); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func (s *stream) Open(dst []byte, seq uint64, header Header, body []byte) ([]byte, uint8, bool) {
	if len(body) < s.mac.Size() {
		return nil, 0, false
	}
	n := len(dst)
	dst = append(dst, body...)
	plain := dst[n:]
	if s.key != nil {
		try := *s.key // the key stream goes on when the record has passed
		try.XORKeyStream(plain, plain)
	}
	content := plain[:len(plain)-s.mac.Size()]
	if !s.valid(seq, header, content, plain[len(content):]) {
		return nil, 0, false
	}
	return dst[:n+len(content)], header[0], true
}

// Pass goes on in the key stream.
func (s *stream) Pass(body []byte) {
	if s.key == nil {
		return
	}
	var sink [512]byte
	for len(body) > 0 {
		n := min(len(body), len(sink))
		s.key.XORKeyStream(sink[:n], body[:n])
		body = body[n:]
	}
}

func (s *stream) Overhead() int { return len(Header{}) + s.mac.Size() }
