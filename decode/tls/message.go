package tls

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/decode/layer"
)

// Handshake is one handshake message. Of the pointers at most one is set: what
// the body says. Its byte slices borrow the message.
type Handshake struct {
	Type uint8
	Body []byte // without the handshake header

	ClientHello         *ClientHello
	ServerHello         *ServerHello
	EncryptedExtensions *EncryptedExtensions
	Certificates        *Certificates
	CertificateRequest  *CertificateRequest
	NewSessionTicket    *NewSessionTicket
}

// ParseHandshake parses a message of a connection of a version, which is 0 until
// the ServerHello. It returns what it read up to the error; a type that is not
// looked into has no error.
func ParseHandshake(kind uint8, body []byte, version uint16) (m Handshake, err error) {
	m = Handshake{Type: kind, Body: body}
	v13 := is13(version)
	switch kind {
	case clientHello:
		m.ClientHello, err = ParseClientHello(body)
	case serverHello:
		m.ServerHello, err = ParseServerHello(body)
	case encryptedExtensions:
		m.EncryptedExtensions, err = ParseEncryptedExtensions(body)
	case certificate:
		if v13 {
			m.Certificates, err = ParseCertificate13(body)
		} else {
			m.Certificates, err = ParseCertificate(body)
		}
	case compressedCert:
		m.Certificates, err = ParseCompressedCertificate(body)
	case certificateRequest:
		m.CertificateRequest, err = ParseCertificateRequest(body, version)
	case newSessionTicket:
		m.NewSessionTicket, err = ParseNewSessionTicket(body, v13)
	}
	return m, err
}

// Name returns the RFCs' name in lower case, "unknown" for a type without one.
func (m *Handshake) Name() string {
	if m.ServerHello != nil && m.ServerHello.HelloRetry {
		return messageNames[helloRetryRequest][0]
	}
	if n := messageNames[m.Type][0]; n != "" {
		return n
	}
	return "unknown"
}

// Title returns the message's name as a packet list shows it.
func (m *Handshake) Title() string {
	switch {
	case m.ClientHello != nil && m.ClientHello.ServerName != "":
		return "Client Hello (SNI=" + layer.Clip([]byte(m.ClientHello.ServerName), maxText) + ")"
	case m.ServerHello != nil && m.ServerHello.HelloRetry:
		return "Hello Retry Request"
	}
	if n := messageNames[m.Type][1]; n != "" {
		return n
	}
	return "Unknown Handshake Message"
}

// Fields describes the message; at is the offset of its handshake header.
func (m *Handshake) Fields(at int) []layer.Field {
	fields := []layer.Field{
		{Name: "tls.handshake.type", Value: strconv.Itoa(int(m.Type)), Offset: at, Length: 1},
		{Name: "tls.handshake.length", Value: strconv.Itoa(len(m.Body)), Offset: at + 1, Length: 3},
	}
	body := at + handshakeHeader
	switch {
	case m.ClientHello != nil:
		return append(fields, m.ClientHello.Fields(body)...)
	case m.ServerHello != nil:
		return append(fields, m.ServerHello.Fields(body)...)
	case m.EncryptedExtensions != nil:
		return append(fields, m.EncryptedExtensions.Fields(body)...)
	case m.Certificates != nil:
		return append(fields, m.Certificates.fields()...)
	case m.CertificateRequest != nil:
		return append(fields, m.CertificateRequest.fields(body)...)
	case m.NewSessionTicket != nil:
		return append(fields, m.NewSessionTicket.fields(body)...)
	}
	return append(fields, m.plainFields(body)...)
}

// plainFields describes messages that are a number or opaque bytes.
func (m *Handshake) plainFields(body int) []layer.Field {
	b := m.Body
	switch m.Type {
	case certificateVerify: // RFC 8446 section 4.4.3
		if len(b) >= 4 {
			return []layer.Field{
				{Name: "tls.handshake.sig_hash_alg", Value: SignatureName(uint16(b[0])<<8 | uint16(b[1])), Offset: body, Length: 2},
				{Name: "tls.handshake.sig", Value: fmt.Sprintf("%d bytes", len(b)-4), Offset: body + 4, Length: len(b) - 4},
			}
		}
	case finished:
		return []layer.Field{{Name: "tls.handshake.verify_data", Value: hexText(b), Offset: body, Length: len(b)}}
	case keyUpdate: // RFC 8446 section 4.6.3
		if len(b) == 1 {
			text := "update not requested"
			if b[0] == 1 {
				text = "update requested"
			}
			return []layer.Field{{Name: "tls.handshake.key_update.request_update", Value: text, Offset: body, Length: 1}}
		}
	case serverKeyExchange: // RFC 8422 section 5.4
		if len(b) > 3 && b[0] == namedCurve {
			return []layer.Field{{Name: "tls.handshake.server_named_curve", Value: GroupName(uint16(b[1])<<8 | uint16(b[2])), Offset: body + 1, Length: 2}}
		}
	}
	return nil
}

// Fields describes the message; body is the offset of its first byte.
func (e *EncryptedExtensions) Fields(body int) []layer.Field {
	fields := extensionFields(e.Extensions, body)
	if e.ALPN != "" {
		fields = append(fields, layer.Field{Name: "tls.handshake.extensions_alpn_str", Value: layer.Clip([]byte(e.ALPN), maxText)})
	}
	if len(e.Groups) > 0 {
		fields = append(fields, listField("tls.handshake.extensions_supported_groups", "tls.handshake.extensions_supported_group", e.Groups, GroupName))
	}
	return fields
}

func (c *Certificates) fields() (fields []layer.Field) {
	if c.Compression != 0 {
		fields = append(fields, layer.Field{Name: "tls.compress_certificate.algorithm", Value: CompressionName(c.Compression)})
	}
	for i := range c.Chain {
		x := &c.Chain[i]
		fields = append(fields, layer.Field{Name: "tls.handshake.certificate", Value: x.Subject, Children: []layer.Field{
			{Name: "x509af.subject", Value: x.Subject},
			{Name: "x509af.issuer", Value: x.Issuer},
			{Name: "x509af.notBefore", Value: x.NotBefore.UTC().Format("2006-01-02 15:04:05 MST")},
			{Name: "x509af.notAfter", Value: x.NotAfter.UTC().Format("2006-01-02 15:04:05 MST")},
			{Name: "x509ce.dNSName", Value: strings.Join(x.Names, ", ")},
		}})
	}
	return fields
}

func (r *CertificateRequest) fields(body int) []layer.Field {
	fields := extensionFields(r.Extensions, body)
	fields = append(fields, listField("tls.handshake.sig_hash_algs", "tls.handshake.sig_hash_alg", r.SignatureAlgorithms, SignatureName))
	for _, name := range r.Authorities {
		fields = append(fields, layer.Field{Name: "tls.handshake.dname", Value: name})
	}
	return fields
}

// fields never show the ticket: some servers' tickets hold keys that only
// they can open, but who holds one can resume the session.
func (t *NewSessionTicket) fields(body int) []layer.Field {
	fields := []layer.Field{
		{Name: "tls.handshake.session_ticket_lifetime_hint", Value: strconv.Itoa(int(t.Lifetime.Seconds())), Offset: body, Length: 4},
		{Name: "tls.handshake.session_ticket_length", Value: strconv.Itoa(len(t.Ticket))},
	}
	if t.EarlyData {
		fields = append(fields, layer.Field{Name: "tls.early_data.max_early_data_size", Value: strconv.FormatUint(uint64(t.MaxEarly), 10)})
	}
	return append(fields, extensionFields(t.Extensions, body)...)
}
