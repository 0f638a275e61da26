package tls

import (
	"golang.org/x/crypto/cryptobyte"
)

// CertificateRequest is a parsed CertificateRequest (RFC 8446 section 4.3.2,
// RFC 5246 section 7.4.4).
type CertificateRequest struct {
	Extensions          []Extension // of TLS 1.3
	SignatureAlgorithms []uint16
	Authorities         []string // distinguished names of the authorities that the server takes
}

// maxAuthorities bounds the names kept of one request.
const maxAuthorities = 64

// ParseCertificateRequest parses the message's body as a version writes it. It
// returns what it read up to the error.
func ParseCertificateRequest(b []byte, version uint16) (*CertificateRequest, error) {
	r := &CertificateRequest{}
	s := cryptobyte.String(b)
	var skipped, list cryptobyte.String
	if !s.ReadUint8LengthPrefixed(&skipped) { // context, or certificate types
		return r, ErrMalformed
	}
	if !is13(version) {
		if version >= versionTLS12 {
			if !s.ReadUint16LengthPrefixed(&list) {
				return r, ErrMalformed
			}
			r.SignatureAlgorithms = uint16s(list)
		}
		return r, r.authorities(s)
	}
	var err error
	r.Extensions, err = parseExtensions(len(b), s)
	for i := range r.Extensions {
		data := cryptobyte.String(r.Extensions[i].Data)
		switch r.Extensions[i].Type {
		case extSignatureAlgorithms:
			if !data.ReadUint16LengthPrefixed(&list) {
				err = ErrMalformed
			}
			r.SignatureAlgorithms = uint16s(list)
		case extCertificateAuthorities: // RFC 8446 section 4.2.4
			if e := r.authorities(data); e != nil {
				err = e
			}
		}
	}
	return r, err
}

func (r *CertificateRequest) authorities(s cryptobyte.String) error {
	var list, name cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&list) {
		return ErrMalformed
	}
	for !list.Empty() && len(r.Authorities) < maxAuthorities {
		if !list.ReadUint16LengthPrefixed(&name) {
			return ErrMalformed
		}
		r.Authorities = append(r.Authorities, distinguishedName(name))
	}
	return nil
}
