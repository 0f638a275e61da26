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

// Certificates is a parsed Certificate message. Certificates that crypto/x509
// refuses are read field by field; what cannot be read at all is kept with its
// length alone.
type Certificates struct {
	Chain []flow.Certificate // the sender's own first
	// Compression is the algorithm that the message was compressed with (RFC
	// 8879), 0 for none.
	Compression uint16
}

// ParseCertificate parses a Certificate message's body of TLS 1.2 or older (RFC
// 5246 section 7.4.2). It returns what it read up to the error.
func ParseCertificate(b []byte) (*Certificates, error) {
	s := cryptobyte.String(b)
	var list cryptobyte.String
	if !s.ReadUint24LengthPrefixed(&list) {
		return &Certificates{}, ErrMalformed
	}
	return parseChain(list, false)
}

// ParseCertificate13 parses a Certificate message's body of TLS 1.3 (RFC 8446
// section 4.4.2). It returns what it read up to the error.
func ParseCertificate13(b []byte) (*Certificates, error) {
	s := cryptobyte.String(b)
	var context, list cryptobyte.String
	if !s.ReadUint8LengthPrefixed(&context) || !s.ReadUint24LengthPrefixed(&list) {
		return &Certificates{}, ErrMalformed
	}
	return parseChain(list, true)
}

// ParseCompressedCertificate parses a CompressedCertificate message's body (RFC
// 8879 section 4).
func ParseCompressedCertificate(b []byte) (*Certificates, error) {
	algorithm, body, err := decompress(b)
	if err != nil {
		return &Certificates{Compression: algorithm}, err
	}
	c, err := ParseCertificate13(body)
	c.Compression = algorithm
	return c, err
}

// parseChain reads the entries of a certificate_list; in TLS 1.3 each has
// extensions.
func parseChain(list cryptobyte.String, extensions bool) (*Certificates, error) {
	c := &Certificates{}
	var err error
	for !list.Empty() {
		var der, skipped cryptobyte.String
		if !list.ReadUint24LengthPrefixed(&der) || extensions && !list.ReadUint16LengthPrefixed(&skipped) {
			return c, ErrMalformed
		}
		if len(c.Chain) == maxCertificates {
			continue
		}
		one, ok := parseCertificate(der)
		if !ok {
			err = ErrMalformed
		}
		c.Chain = append(c.Chain, one)
	}
	return c, err
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
