package flow

import (
	"time"

	"github.com/wiresight/wiresight/decode/layer"
)

// TLS is what a TLS handshake said (RFC 8446, RFC 5246), as far as it was
// readable.
type TLS struct {
	Version           string // negotiated: "TLS 1.3", "TLS 1.2" ...; "" until the ServerHello
	OfferedVersions   []string
	SNI               string
	OfferedALPN       []string
	ALPN              string // selected; "" where encrypted or none
	CipherSuite       string // IANA name
	Group             string // key exchange group, IANA name
	Resumed           bool
	ResumedBy         string // "session id", "ticket", "psk"
	EarlyData         string // "offered", "accepted", "rejected", or "" ; with EarlyDataLikely it is an inference
	EarlyDataLikely   bool
	HelloRetry        bool
	ClientCertificate bool
	CertificateAsked  bool
	Certificates      []Certificate // the server's chain, leaf first
	// CertificateProblems are those of the server's chain at the time of its
	// message.
	CertificateProblems []CertificateProblem
	ClientCertificates  []Certificate // the client's chain, leaf first
	ECH                 string        // "offered" (GREASE looks alike), "accepted" and "not accepted" with keys, or ""
	HelloID             uint64        // the last bytes of the first ClientHello's random: equal on two connections only where one hello went over both; 0 where it was not read
	JA3, JA3String      string
	JA4                 string
	Alerts              []Alert
	Decrypted           bool   // application data was read with keys
	KeyProblem          string // why it was not, where keys were given: "no key for client random ..."
	FalseStart          bool
	TicketIssued        bool
	Renegotiations      int // further handshakes within the connection, up to TLS 1.2 (RFC 5746)
	KeyUpdates          int // KeyUpdate messages that were read (TLS 1.3)

	// The handshake's packets, invalid where not seen.
	ClientHello    layer.PacketRef // first byte of the first ClientHello
	ClientHello2   layer.PacketRef // after a HelloRetryRequest
	ServerHello    layer.PacketRef
	ServerDone     layer.PacketRef    // last byte of the server's first flight, as far as known
	ClientFinished layer.PacketRef    // the client's last handshake byte; likely in TLS 1.3 without keys
	FirstAppData   [2]layer.PacketRef // first application data record of each direction (TLS 1.3: after the handshake)
}

// Certificate is one X.509 certificate (RFC 5280).
type Certificate struct {
	Subject, Issuer     string
	NotBefore, NotAfter time.Time
	Names               []string // DNS names and IP addresses of the subjectAltName
	SelfSigned          bool
	Bytes               int
}

// CertificateProblem is a reason why a client may refuse a server's chain.
type CertificateProblem string

// The problems that can be seen.
const (
	CertificateExpired      CertificateProblem = "expired" // it, or one above it
	CertificateNotYetValid  CertificateProblem = "not yet valid"
	CertificateNameMismatch CertificateProblem = "not for this name" // the SNI is none of its names
	CertificateSelfSigned   CertificateProblem = "self-signed"
)

// Alert is a TLS alert (RFC 8446 section 6).
type Alert struct {
	At    layer.PacketRef
	Dir   layer.Direction
	Level string // "warning", "fatal"; "" where encrypted
	Name  string // "handshake_failure" ...; "encrypted" where it cannot be read
}
