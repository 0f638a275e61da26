package tls

import (
	"time"

	"golang.org/x/crypto/cryptobyte"
)

// NewSessionTicket is a parsed NewSessionTicket (RFC 8446 section 4.6.1, RFC
// 5077 section 3.3). Its byte slices borrow the message.
type NewSessionTicket struct {
	Lifetime   time.Duration // from when it was received; 0 in TLS 1.2: not told
	Ticket     []byte
	EarlyData  bool   // it may be used to send early data
	MaxEarly   uint32 // bytes of it
	Extensions []Extension
}

// ParseNewSessionTicket parses the message's body as TLS 1.3 or as TLS 1.2
// writes it. It returns what it read up to the error.
func ParseNewSessionTicket(b []byte, v13 bool) (*NewSessionTicket, error) {
	t := &NewSessionTicket{}
	s := cryptobyte.String(b)
	var lifetime uint32
	var ticket cryptobyte.String
	if !s.ReadUint32(&lifetime) {
		return t, ErrMalformed
	}
	t.Lifetime = time.Duration(lifetime) * time.Second
	var nonce cryptobyte.String
	if v13 && (!s.Skip(4) || !s.ReadUint8LengthPrefixed(&nonce)) { // ticket_age_add
		return t, ErrMalformed
	}
	if !s.ReadUint16LengthPrefixed(&ticket) {
		return t, ErrMalformed
	}
	t.Ticket = ticket
	if !v13 {
		return t, nil
	}
	var err error
	t.Extensions, err = parseExtensions(len(b), s)
	for i := range t.Extensions {
		if t.Extensions[i].Type == extEarlyData { // RFC 8446 section 4.2.10
			t.EarlyData = true
			early := cryptobyte.String(t.Extensions[i].Data)
			if !early.ReadUint32(&t.MaxEarly) {
				err = ErrMalformed
			}
		}
	}
	return t, err
}
