package tls

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
)

// ServerHello is a parsed ServerHello or HelloRetryRequest (RFC 8446 section
// 4.1.3). Its byte slices borrow the message.
type ServerHello struct {
	LegacyVersion uint16
	Random        []byte
	SessionID     []byte
	CipherSuite   uint16
	Compression   uint8
	Extensions    []Extension
	Version       uint16 // negotiated: supported_versions, else LegacyVersion
	ALPN          string
	Group         uint16 // of the key_share, 0 for none
	PreSharedKey  bool
	Identity      uint16 // the PSK selected
	Ticket        bool   // a NewSessionTicket will follow (RFC 5077 section 3.2)
	HelloRetry    bool

	EncryptThenMAC bool // RFC 7366
	ExtendedMaster bool // RFC 7627
}

// helloRetryRandom is the random by which a HelloRetryRequest is known
// (RFC 8446 section 4.1.3).
var helloRetryRandom = []byte{
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
}

// ParseServerHello parses a ServerHello's body, without the handshake header.
// It returns what it read up to the error.
func ParseServerHello(b []byte) (*ServerHello, error) {
	h := &ServerHello{}
	s := cryptobyte.String(b)
	if !s.ReadUint16(&h.LegacyVersion) || !s.ReadBytes(&h.Random, 32) {
		return h, ErrMalformed
	}
	h.Version = h.LegacyVersion
	h.HelloRetry = bytes.Equal(h.Random, helloRetryRandom)
	// TLS 1.3 drafts up to 21 have neither session id nor compression.
	old := h.LegacyVersion>>8 == 0x7f && h.LegacyVersion&0xff < 22
	if !old && !readBytes8(&s, &h.SessionID) || !s.ReadUint16(&h.CipherSuite) || !old && !s.ReadUint8(&h.Compression) {
		return h, ErrMalformed
	}
	var err error
	h.Extensions, err = parseExtensions(len(b), s)
	for i := range h.Extensions {
		if !h.extension(&h.Extensions[i]) {
			err = ErrMalformed
		}
	}
	return h, err
}

func (h *ServerHello) extension(e *Extension) bool {
	s := cryptobyte.String(e.Data)
	switch e.Type {
	case extSupportedVersions: // RFC 8446 section 4.2.1
		return s.ReadUint16(&h.Version)
	case extKeyShare, extKeyShareDraft: // RFC 8446 section 4.2.8
		return s.ReadUint16(&h.Group)
	case extPreSharedKey: // RFC 8446 section 4.2.11
		h.PreSharedKey = true
		return s.ReadUint16(&h.Identity)
	case extALPN: // RFC 7301 section 3.1
		names, ok := alpnList(s)
		if len(names) > 0 {
			h.ALPN = names[0]
		}
		return ok
	case extSessionTicket: // RFC 5077 section 3.2
		h.Ticket = true
	case extEncryptThenMAC:
		h.EncryptThenMAC = true
	case extExtendedMasterSecret:
		h.ExtendedMaster = true
	}
	return true
}
