package tls

import (
	ctls "crypto/tls"
	"reflect"
	"slices"
	"testing"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

func TestHandshakeOfEachVersionIsRead(t *testing.T) {
	for _, c := range []struct {
		version uint16
		name    string
		client  []string // kinds of the client's messages
		alpn    string
	}{
		{ctls.VersionTLS10, "TLS 1.0", []string{"client_hello", "client_key_exchange", "change_cipher_spec", "encrypted_handshake_message"}, "h2"},
		{ctls.VersionTLS11, "TLS 1.1", []string{"client_hello", "client_key_exchange", "change_cipher_spec", "encrypted_handshake_message"}, "h2"},
		{ctls.VersionTLS12, "TLS 1.2", []string{"client_hello", "client_key_exchange", "change_cipher_spec", "encrypted_handshake_message"}, "h2"},
		{ctls.VersionTLS13, "TLS 1.3", []string{"client_hello", "change_cipher_spec", "application_data"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, server := configs(t, c.version)
			r := play(converse(t, client, server))
			got := r.tls
			if got == nil {
				t.Fatal("no facts")
			}
			if got.Version != c.name || got.SNI != "example.com" || r.name != "example.com" || got.ALPN != c.alpn {
				t.Errorf("version %q, SNI %q, server name %q, ALPN %q", got.Version, got.SNI, r.name, got.ALPN)
			}
			if !slices.Equal(got.OfferedALPN, []string{"h2", "http/1.1"}) || !slices.Contains(got.OfferedVersions, c.name) {
				t.Errorf("offered ALPN %q, versions %q", got.OfferedALPN, got.OfferedVersions)
			}
			if got.CipherSuite == "" || got.Group == "" || len(got.JA3) != 32 || len(got.JA4) != 36 {
				t.Errorf("suite %q, group %q, JA3 %q, JA4 %q", got.CipherSuite, got.Group, got.JA3, got.JA4)
			}
			if k := r.kinds(layer.ToServer); len(k) < len(c.client) || !slices.Equal(k[:len(c.client)], c.client) {
				t.Errorf("the client said %q, want %q first", k, c.client)
			}
			if got.Resumed || got.HelloRetry || got.FalseStart || got.EarlyData != "" || got.ClientCertificate {
				t.Errorf("claims too much: %+v", got)
			}
			if !got.ClientHello.Valid() || !got.ServerHello.Valid() || !got.ServerDone.Valid() || !got.ClientFinished.Valid() ||
				!got.FirstAppData[0].Valid() || !got.FirstAppData[1].Valid() {
				t.Errorf("packets missing: %+v", got)
			}
			if got.ServerDone.Number > got.ClientFinished.Number || got.ClientFinished.Number > got.FirstAppData[0].Number {
				t.Errorf("packets out of order: %+v", got)
			}
			if len(r.problems) > 0 {
				t.Errorf("problems: %q", r.problems)
			}
			if c.version == ctls.VersionTLS13 {
				return
			}
			if len(got.Certificates) != 1 {
				t.Fatalf("%d certificates", len(got.Certificates))
			}
			cert := got.Certificates[0]
			if cert.Subject != "CN=example.com,O=Example" || !cert.SelfSigned || cert.NotAfter.Unix() != 1900000000 ||
				!slices.Equal(cert.Names, []string{"example.com", "www.example.com", "192.0.2.1"}) {
				t.Errorf("certificate %+v", cert)
			}
		})
	}
}

func TestResumption(t *testing.T) {
	for _, c := range []struct {
		name    string
		version uint16
		by      string
	}{
		{"a TLS 1.2 ticket makes the handshake abbreviated", ctls.VersionTLS12, "ticket"},
		{"a TLS 1.3 ticket is a pre-shared key", ctls.VersionTLS13, "psk"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, server := configs(t, c.version)
			client.ClientSessionCache = ctls.NewLRUClientSessionCache(4)
			first := play(converse(t, client, server)).tls
			second := play(converse(t, client, server)).tls
			if first.Resumed || !second.Resumed || second.ResumedBy != c.by {
				t.Errorf("first resumed %v, second %v by %q", first.Resumed, second.Resumed, second.ResumedBy)
			}
			if c.version == ctls.VersionTLS12 && !first.TicketIssued {
				t.Error("the ticket was not noticed")
			}
			if second.FalseStart {
				t.Error("an abbreviated handshake is no false start")
			}
			if !second.ServerDone.Valid() || !second.ClientFinished.Valid() {
				t.Errorf("packets missing: %+v", second)
			}
		})
	}
}

func TestHelloRetryRequest(t *testing.T) {
	client, server := configs(t, ctls.VersionTLS13)
	client.CurvePreferences = []ctls.CurveID{ctls.X25519, ctls.CurveP256}
	server.CurvePreferences = []ctls.CurveID{ctls.CurveP256}
	r := play(converse(t, client, server))
	got := r.tls
	if !got.HelloRetry || !got.ClientHello2.Valid() || got.Group != "secp256r1" || got.Version != "TLS 1.3" {
		t.Errorf("%+v", got)
	}
	if got.ClientHello2.Number <= got.ClientHello.Number || got.ServerHello.Number <= got.ClientHello2.Number {
		t.Errorf("packets out of order: %+v", got)
	}
	if k := r.kinds(layer.ToClient); k[0] != "hello_retry_request" {
		t.Errorf("the server said %q", k)
	}
}

func TestClientCertificate(t *testing.T) {
	for _, c := range []struct {
		name  string
		certs []ctls.Certificate
		want  bool
	}{
		{"a client that has a certificate sends it", []ctls.Certificate{testCertificate(t)}, true},
		{"a client that has none sends an empty list", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, server := configs(t, ctls.VersionTLS12)
			client.Certificates = c.certs
			server.ClientAuth = ctls.RequestClientCert
			got := play(converse(t, client, server)).tls
			if !got.CertificateAsked || got.ClientCertificate != c.want || len(got.Certificates) != 1 {
				t.Errorf("asked %v, sent %v, server's chain %d", got.CertificateAsked, got.ClientCertificate, len(got.Certificates))
			}
		})
	}
}

func TestAlertInTheClearIsNamed(t *testing.T) {
	client, server := configs(t, ctls.VersionTLS12)
	server.MinVersion, server.MaxVersion = ctls.VersionTLS13, ctls.VersionTLS13
	got := play(converse(t, client, server)).tls
	if len(got.Alerts) != 1 || got.Alerts[0].Level != "fatal" || got.Alerts[0].Name != "protocol_version" || got.Alerts[0].Dir != layer.ToClient {
		t.Errorf("alerts %+v", got.Alerts)
	}
}

func TestEncryptedAlertIsCalledEncrypted(t *testing.T) {
	client, server := configs(t, ctls.VersionTLS12)
	got := play(converse(t, client, server)).tls // both ends send close_notify
	if len(got.Alerts) == 0 || got.Alerts[0].Name != "encrypted" || got.Alerts[0].Level != "" {
		t.Errorf("alerts %+v", got.Alerts)
	}
}

// However the streams are cut into packets, the same is said.
func TestCutsDoNotMatter(t *testing.T) {
	for _, version := range []uint16{ctls.VersionTLS12, ctls.VersionTLS13} {
		client, server := configs(t, version)
		writes := converse(t, client, server)
		whole := play(writes)
		for _, size := range []int{1, 2, 3, 5, 7, 64, 500} {
			r := playCut(writes, func(_ int, data []byte) [][]byte { return slices.Collect(slices.Chunk(data, size)) })
			for dir := layer.ToServer; dir <= layer.ToClient; dir++ {
				if !slices.Equal(r.kinds(dir), whole.kinds(dir)) {
					t.Errorf("pieces of %d: said %q, want %q", size, r.kinds(dir), whole.kinds(dir))
				}
			}
			var bytes, want int64
			for i := range r.messages {
				bytes += r.messages[i].Bytes
			}
			for i := range whole.messages {
				want += whole.messages[i].Bytes
			}
			if bytes != want {
				t.Errorf("pieces of %d: %d bytes, want %d", size, bytes, want)
			}
			a, b := *r.tls, *whole.tls
			forgetPackets(&a)
			forgetPackets(&b)
			if !reflect.DeepEqual(a, b) {
				t.Errorf("pieces of %d: %+v\nwant %+v", size, a, b)
			}
		}
	}
}

func forgetPackets(t *flow.TLS) {
	none := layer.PacketRef{}
	t.ClientHello, t.ClientHello2, t.ServerHello, t.ServerDone, t.ClientFinished = none, none, none, none, none
	t.FirstAppData = [2]layer.PacketRef{}
	for i := range t.Alerts {
		t.Alerts[i].At = none
	}
}
