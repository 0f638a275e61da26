package tls

import "golang.org/x/crypto/cryptobyte"

// EncryptedExtensions is a parsed EncryptedExtensions message (RFC 8446 section
// 4.3.1). Its byte slices borrow the message.
type EncryptedExtensions struct {
	Extensions []Extension
	ALPN       string // selected, "" for none
	EarlyData  bool   // the server takes the early data
	ServerName bool   // the server used the name
	Groups     []uint16
	// RetryConfigs tells that the server sent other ECH configurations: it did
	// not take the encrypted ClientHello, or the one offered was GREASE (RFC 9849
	// section 7.1).
	RetryConfigs bool
	// QUICParameters are the server's transport parameters (RFC 9001 section 8.2).
	QUICParameters []byte
}

// ParseEncryptedExtensions parses the message's body. It returns what it read
// up to the error.
func ParseEncryptedExtensions(b []byte) (*EncryptedExtensions, error) {
	e := &EncryptedExtensions{}
	var err error
	e.Extensions, err = parseExtensions(len(b), b)
	for i := range e.Extensions {
		if !e.extension(&e.Extensions[i]) {
			err = ErrMalformed
		}
	}
	return e, err
}

func (e *EncryptedExtensions) extension(x *Extension) bool {
	s := cryptobyte.String(x.Data)
	switch x.Type {
	case extServerName: // RFC 6066 section 3
		e.ServerName = true
	case extALPN: // RFC 7301 section 3.1
		names, ok := alpnList(s)
		if len(names) > 0 {
			e.ALPN = names[0]
		}
		return ok
	case extEarlyData: // RFC 8446 section 4.2.10
		e.EarlyData = true
	case extSupportedGroups: // RFC 8446 section 4.2.7
		var list cryptobyte.String
		ok := s.ReadUint16LengthPrefixed(&list)
		e.Groups = uint16s(list)
		return ok
	case extECH: // RFC 9849 section 5
		e.RetryConfigs = true
	case extQUICParameters, extQUICParametersDraft: // RFC 9001 section 8.2
		e.QUICParameters = x.Data
	}
	return true
}
