package tls

import (
	"errors"

	"golang.org/x/crypto/cryptobyte"
)

// ErrMalformed says that a handshake message does not follow its grammar.
var ErrMalformed = errors.New("malformed handshake message")

// ClientHello is a parsed ClientHello (RFC 8446 section 4.1.2, RFC 5246
// section 7.4.1.2). Its byte slices borrow the message.
type ClientHello struct {
	Version             uint16 // legacy_version
	Random              []byte
	SessionID           []byte
	CipherSuites        []uint16
	Compressions        []byte
	Extensions          []Extension
	ServerName          string // as sent, "" for none
	ALPN                []string
	Versions            []uint16 // supported_versions
	Groups              []uint16
	PointFormats        []byte
	SignatureAlgorithms []uint16
	KeyShares           []uint16 // groups of the key_share entries
	Ticket              bool     // a session ticket was offered (RFC 5077 section 3.2)
	TicketData          []byte   // which one
	PreSharedKey        bool
	EarlyData           bool
	ECH                 bool // an outer encrypted_client_hello; real and GREASE look alike
}

// Extension is one extension of a hello.
type Extension struct {
	Type   uint16
	Offset int // of the extension's type, from the start of the message body
	Data   []byte
}

// maxExtensions bounds what is kept of a hostile hello.
const maxExtensions = 1024

// ParseClientHello parses a ClientHello's body, without the handshake header.
// It returns what it read up to the error.
func ParseClientHello(b []byte) (*ClientHello, error) {
	h := &ClientHello{}
	s := cryptobyte.String(b)
	var suites, compressions cryptobyte.String
	if !s.ReadUint16(&h.Version) || !s.ReadBytes(&h.Random, 32) || !readBytes8(&s, &h.SessionID) ||
		!s.ReadUint16LengthPrefixed(&suites) {
		return h, ErrMalformed
	}
	h.CipherSuites = uint16s(suites)
	if !s.ReadUint8LengthPrefixed(&compressions) {
		return h, ErrMalformed
	}
	h.Compressions = compressions
	var err error
	h.Extensions, err = parseExtensions(len(b), s)
	for i := range h.Extensions {
		if !h.extension(&h.Extensions[i]) {
			err = ErrMalformed
		}
	}
	return h, err
}

// parseExtensions reads the extension block at the end of a message of the
// given size. A message without one is well-formed (RFC 5246 section 7.4.1.2).
// The extensions before a malformed one are returned with the error.
func parseExtensions(size int, s cryptobyte.String) ([]Extension, error) {
	if s.Empty() {
		return nil, nil
	}
	var length uint16
	if !s.ReadUint16(&length) {
		return nil, ErrMalformed
	}
	var err error
	if int(length) < len(s) {
		size -= len(s) - int(length)
		s = s[:length]
	} else if int(length) > len(s) {
		err = ErrMalformed // read what is there
	}
	return readExtensions(size, s, err)
}

func readExtensions(size int, s cryptobyte.String, err error) ([]Extension, error) {
	var list []Extension
	for !s.Empty() && len(list) < maxExtensions {
		e := Extension{Offset: size - len(s)}
		var data cryptobyte.String
		if !s.ReadUint16(&e.Type) || !s.ReadUint16LengthPrefixed(&data) {
			return list, ErrMalformed
		}
		e.Data = data
		list = append(list, e)
	}
	return list, err
}

// extension reads the extensions that say something about the connection.
func (h *ClientHello) extension(e *Extension) bool {
	s := cryptobyte.String(e.Data)
	switch e.Type {
	case extServerName: // RFC 6066 section 3
		return h.serverName(s)
	case extALPN: // RFC 7301 section 3.1
		var ok bool
		h.ALPN, ok = alpnList(s)
		return ok
	case extSupportedVersions: // RFC 8446 section 4.2.1
		var list cryptobyte.String
		ok := s.ReadUint8LengthPrefixed(&list)
		h.Versions = uint16s(list)
		return ok
	case extSupportedGroups: // RFC 8422 section 5.1.1
		var list cryptobyte.String
		ok := s.ReadUint16LengthPrefixed(&list)
		h.Groups = uint16s(list)
		return ok
	case extPointFormats: // RFC 8422 section 5.1.2
		return readBytes8(&s, &h.PointFormats)
	case extSignatureAlgorithms: // RFC 8446 section 4.2.3
		var list cryptobyte.String
		ok := s.ReadUint16LengthPrefixed(&list)
		h.SignatureAlgorithms = uint16s(list)
		return ok
	case extKeyShare, extKeyShareDraft: // RFC 8446 section 4.2.8
		return h.keyShares(s)
	case extSessionTicket: // RFC 5077 section 3.2
		h.Ticket, h.TicketData = len(s) > 0, s
	case extPreSharedKey: // RFC 8446 section 4.2.11
		h.PreSharedKey = true
	case extEarlyData: // RFC 8446 section 4.2.10
		h.EarlyData = true
	case extECH: // RFC 9849 section 5
		h.ECH = true
	}
	return true
}

func (h *ClientHello) serverName(s cryptobyte.String) bool {
	var list, name cryptobyte.String
	if s.Empty() { // as a server answers it
		return true
	}
	if !s.ReadUint16LengthPrefixed(&list) {
		return false
	}
	for !list.Empty() {
		var kind uint8
		if !list.ReadUint8(&kind) || !list.ReadUint16LengthPrefixed(&name) {
			return false
		}
		if kind == 0 && h.ServerName == "" {
			h.ServerName = string(name)
		}
	}
	return true
}

func (h *ClientHello) keyShares(s cryptobyte.String) bool {
	var list, key cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&list) {
		return false
	}
	for !list.Empty() {
		var group uint16
		if !list.ReadUint16(&group) || !list.ReadUint16LengthPrefixed(&key) {
			return false
		}
		h.KeyShares = append(h.KeyShares, group)
	}
	return true
}

// Offers returns the names of the versions that the hello offers, in its
// order, without GREASE.
func (h *ClientHello) Offers() []string {
	if len(h.Versions) == 0 {
		return []string{VersionName(h.Version)}
	}
	names := make([]string, 0, len(h.Versions))
	for _, v := range h.Versions {
		if !isGREASE(v) {
			names = append(names, VersionName(v))
		}
	}
	return names
}

func alpnList(s cryptobyte.String) (names []string, ok bool) {
	var list, name cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&list) {
		return nil, false
	}
	for !list.Empty() {
		if !list.ReadUint8LengthPrefixed(&name) {
			return names, false
		}
		names = append(names, string(name))
	}
	return names, true
}

func uint16s(s cryptobyte.String) []uint16 {
	if len(s) < 2 {
		return nil
	}
	list := make([]uint16, 0, len(s)/2)
	for len(s) >= 2 {
		list = append(list, uint16(s[0])<<8|uint16(s[1]))
		s = s[2:]
	}
	return list
}

func readBytes8(s *cryptobyte.String, out *[]byte) bool {
	return s.ReadUint8LengthPrefixed((*cryptobyte.String)(out))
}
