package truth

// TLS is a connection's state as a TLS library told it.
type TLS struct {
	Connection        string       `json:"connection"`
	Version           string       `json:"version,omitempty"` // "TLS 1.2", "TLS 1.3"
	SNI               string       `json:"sni,omitempty"`
	ALPN              string       `json:"alpn,omitempty"`
	Offered           []string     `json:"alpn_offered,omitempty"`
	CipherSuite       string       `json:"cipher_suite,omitempty"`
	Group             string       `json:"group,omitempty"`
	Resumed           bool         `json:"resumed"`
	ResumedBy         string       `json:"resumed_by,omitempty"` // session-id, ticket, psk
	ClientCertificate bool         `json:"client_certificate,omitempty"`
	HelloRetry        bool         `json:"hello_retry,omitempty"`
	EarlyData         string       `json:"early_data,omitempty"`       // accepted, rejected
	EncryptThenMAC    *bool        `json:"encrypt_then_mac,omitempty"` // CBC suites only
	Renegotiated      int          `json:"renegotiated,omitempty"`     // handshakes after the first
	ECH               string       `json:"ech,omitempty"`              // accepted, rejected, grease
	Inner             string       `json:"inner_sni,omitempty"`        // with ECH: the name that only the server reads; sni is the outer
	Messages          *TLSMessages `json:"messages,omitempty"`
	Certificates      []string     `json:"certificates,omitempty"` // subjects, leaf first
	Error             string       `json:"error,omitempty"`        // as the client's library words it
}

// TLSMessages are the handshake messages and alerts as openssl logged them, in
// the order of each direction: "ClientHello", "alert warning close_notify".
type TLSMessages struct {
	ToServer []string `json:"to_server"`
	ToClient []string `json:"to_client"`
}

// Count says how often a message passed, in both directions.
func (m *TLSMessages) Count(name string) (toServer, toClient int) {
	for _, n := range m.ToServer {
		if n == name {
			toServer++
		}
	}
	for _, n := range m.ToClient {
		if n == name {
			toClient++
		}
	}
	return toServer, toClient
}
