package tls

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"time"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"golang.org/x/crypto/cryptobyte"
	cryptobyteasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Bounds of what is kept of a chain.
const (
	maxCertificates = 16
	maxSubjectNames = 128
)

// parseCertificates parses a Certificate message of TLS 1.2 or older (RFC 5246
// section 7.4.2). Certificates that crypto/x509 refuses are read field by
// field; what cannot be read at all is kept with its length alone.
func parseCertificates(b []byte) ([]flow.Certificate, error) {
	s := cryptobyte.String(b)
	var list, der cryptobyte.String
	if !s.ReadUint24LengthPrefixed(&list) {
		return nil, ErrMalformed
	}
	var chain []flow.Certificate
	var err error
	for !list.Empty() {
		if !list.ReadUint24LengthPrefixed(&der) {
			return chain, ErrMalformed
		}
		if len(chain) == maxCertificates {
			continue
		}
		c, ok := parseCertificate(der)
		if !ok {
			err = ErrMalformed
		}
		chain = append(chain, c)
	}
	return chain, err
}

// parseCertificate parses one certificate (RFC 5280 section 4.1).
func parseCertificate(der []byte) (flow.Certificate, bool) {
	x, err := x509.ParseCertificate(der)
	if err != nil {
		return readCertificate(der)
	}
	c := flow.Certificate{
		Subject:    layer.Clip([]byte(x.Subject.String()), maxText),
		Issuer:     layer.Clip([]byte(x.Issuer.String()), maxText),
		NotBefore:  x.NotBefore,
		NotAfter:   x.NotAfter,
		SelfSigned: bytes.Equal(x.RawSubject, x.RawIssuer),
		Bytes:      len(der),
	}
	for _, n := range x.DNSNames {
		addName(&c, n)
	}
	for _, ip := range x.IPAddresses {
		addName(&c, ip.String())
	}
	return c, true
}

func addName(c *flow.Certificate, name string) {
	if len(c.Names) < maxSubjectNames {
		c.Names = append(c.Names, layer.Clip([]byte(name), maxText))
	}
}

// readCertificate reads the fields that stand before the public key, for
// certificates that are not quite what RFC 5280 asks for.
func readCertificate(der []byte) (flow.Certificate, bool) {
	c := flow.Certificate{Bytes: len(der)}
	s := cryptobyte.String(der)
	var outer, tbs, issuer, validity, subject cryptobyte.String
	if !s.ReadASN1(&outer, cryptobyteasn1.SEQUENCE) || !outer.ReadASN1(&tbs, cryptobyteasn1.SEQUENCE) ||
		!tbs.SkipOptionalASN1(cryptobyteasn1.Tag(0).Constructed().ContextSpecific()) ||
		!tbs.SkipASN1(cryptobyteasn1.INTEGER) || !tbs.SkipASN1(cryptobyteasn1.SEQUENCE) ||
		!tbs.ReadASN1Element(&issuer, cryptobyteasn1.SEQUENCE) || !tbs.ReadASN1(&validity, cryptobyteasn1.SEQUENCE) ||
		!tbs.ReadASN1Element(&subject, cryptobyteasn1.SEQUENCE) {
		return c, false
	}
	c.NotBefore, c.NotAfter = readTime(&validity), readTime(&validity)
	c.Subject, c.Issuer = distinguishedName(subject), distinguishedName(issuer)
	c.SelfSigned = bytes.Equal(subject, issuer)
	return c, true
}

func readTime(s *cryptobyte.String) (t time.Time) {
	if s.PeekASN1Tag(cryptobyteasn1.UTCTime) {
		s.ReadASN1UTCTime(&t)
	} else {
		s.ReadASN1GeneralizedTime(&t)
	}
	return t
}

func distinguishedName(der []byte) string {
	var rdns pkix.RDNSequence
	if _, err := asn1.Unmarshal(der, &rdns); err != nil {
		return ""
	}
	var n pkix.Name
	n.FillFromRDNSequence(&rdns)
	return layer.Clip([]byte(n.String()), maxText)
}
