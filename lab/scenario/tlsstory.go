package scenario

import (
	"crypto/ecdh"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"

	"github.com/wiresight/wiresight/lab/role"
)

// tlsStories are what a TLS connection can do besides agreeing on a suite.
func tlsStories() []Scenario {
	openssl, nginx := []string{"openssl"}, []string{"nginx", "openssl"}
	return []Scenario{
		{
			Name: "tls12-resumed-id", Description: "openssl s_client connects to nginx twice over TLS 1.2; the second time it resumes by session id, for nginx gives no tickets.",
			Path: tlsPath, Programs: nginx, Shows: []string{"tcp+tls1.2", "tcp+tls1.2-resumed"},
			Run: func(e *Env) error {
				return runResumption(e, "session-id", "ssl_session_tickets off; ssl_session_cache shared:lab:1m;", "-tls1_2")
			},
			Check: all(statuses(200, 200), versions("TLS 1.2", "TLS 1.2"), resumptions(false, true), connectionsInOrder, handshakeMessages(1, "NewSessionTicket", 0, 0)),
		},
		{
			Name: "tls12-resumed-ticket", Description: "openssl s_client connects to nginx twice over TLS 1.2; the second time it resumes by ticket.",
			Path: tlsPath, Programs: nginx, Shows: []string{"tcp+tls1.2", "tcp+tls1.2-resumed"},
			Run:   func(e *Env) error { return runResumption(e, "ticket", "", "-tls1_2") },
			Check: all(statuses(200, 200), versions("TLS 1.2", "TLS 1.2"), resumptions(false, true), connectionsInOrder, handshakeMessages(0, "NewSessionTicket", 0, 1)),
		},
		{
			Name: "tls13-resumed-openssl", Description: "openssl s_client connects to nginx twice over TLS 1.3; the second time it resumes with a pre-shared key.",
			Path: tlsPath, Programs: nginx, Shows: []string{"tcp+tls1.3", "tcp+tls1.3-psk"},
			Run:   func(e *Env) error { return runResumption(e, "psk", "", "-tls1_3") },
			Check: all(statuses(200, 200), versions("TLS 1.3", "TLS 1.3"), resumptions(false, true), connectionsInOrder),
		},
		{
			Name: "tls12-client-certificate", Description: "nginx asks for the client's certificate in a TLS 1.2 handshake; openssl s_client has one.",
			Path: tlsPath, Programs: nginx,
			Run:   func(e *Env) error { return runClientCertificate(e, "-tls1_2") },
			Check: all(statuses(200), versions("TLS 1.2"), connectionsInOrder, handshakeMessages(0, "CertificateVerify", 1, 0)),
		},
		{
			Name: "tls13-client-certificate", Description: "nginx asks for the client's certificate in a TLS 1.3 handshake; openssl s_client has one.",
			Path: tlsPath, Programs: nginx,
			Run:   func(e *Env) error { return runClientCertificate(e, "-tls1_3") },
			Check: all(statuses(200), versions("TLS 1.3"), connectionsInOrder, handshakeMessages(0, "CertificateVerify", 1, 1)),
		},
		{
			Name: "tls12-renegotiation-client", Description: "openssl s_client asks for a new TLS 1.2 handshake inside the connection before it asks s_server for its page.",
			Path: tlsPath, Programs: openssl,
			Run: func(e *Env) error {
				steps := []step{{"Extended master secret", "R\n"}, {"RENEGOTIATING", ""}, {"Finished", ""}, {"Finished", getOnce("/")}}
				return runServer(e, steps, []string{"-client_renegotiation"}, "-tls1_2", "/")
			},
			Check: all(statuses(200), versions("TLS 1.2"), connectionsInOrder, handshakeMessages(0, "Finished", 2, 2)),
		},
		{
			Name: "tls13-key-update", Description: "Between two requests openssl s_client changes its key without asking nginx for the same, and then with asking.",
			Path: tlsPath, Programs: nginx, Run: runKeyUpdate,
			Check: all(statuses(200, 200, 200), versions("TLS 1.3"), connectionsInOrder, handshakeMessages(0, "KeyUpdate", 2, 1)),
		},
		{
			Name: "tls13-tickets", Description: "openssl s_server sends six tickets after the TLS 1.3 handshake.",
			Path: tlsPath, Programs: openssl,
			Run: func(e *Env) error {
				return runServer(e, []step{{"Verification: OK", getOnce("/")}}, []string{"-num_tickets", "6"}, "-tls1_3", "/")
			},
			Check: all(statuses(200), versions("TLS 1.3"), connectionsInOrder, handshakeMessages(0, "NewSessionTicket", 0, 6)),
		},
		{
			Name: "tls13-0rtt-rejected", Description: "openssl s_client gets a ticket from nginx and sends a request as early data to another port of it, where nginx takes the ticket but no early data: the request is said again.",
			Path: tlsPath, Programs: nginx,
			Run:   runEarlyDataRejected,
			Check: all(statuses(200, 200), versions("TLS 1.3", "TLS 1.3"), resumptions(false, true), connectionsInOrder, earlyData("", "rejected")),
		},
		{
			Name: "tls12-expired-certificate", Description: "nginx's certificate has expired; curl ends the TLS 1.2 handshake with an alert.",
			Path: tlsPath, Programs: []string{"nginx", "curl"}, Shows: []string{"tls-alert"},
			Run:   func(e *Env) error { return runBadCertificate(e, identity{Expired: true}) },
			Check: refused("certificate"),
		},
		{
			Name: "tls12-wrong-name", Description: "nginx's certificate is for another name; curl closes the TLS 1.2 connection after the handshake.",
			Path: tlsPath, Programs: []string{"nginx", "curl"},
			Run:   func(e *Env) error { return runBadCertificate(e, identity{Name: "other.lab.example"}) },
			Check: refused("subject name"),
		},
		{
			Name: "tls13-mlkem-go", Description: "A Go client and a Go server agree on the post-quantum group X25519MLKEM768.",
			Path: tlsPath, Run: func(e *Env) error {
				return runHTTP2Go(e, role.HTTPServer{}, role.HTTPClient{Fetches: gets("/", "/items/1")})
			},
			Check: all(statuses(200, 200), versions("TLS 1.3"), group("X25519MLKEM768")),
		},
		{
			Name: "tls13-ech-go", Description: "A Go client encrypts its ClientHello (ECH) for a Go server, which accepts it: the name in the clear is not the one asked for.",
			Path: tlsPath, Run: runECH,
			Check: all(statuses(200), versions("TLS 1.3"), func(e *Env) error {
				if e.Truth.TLS[0].ECH != "accepted" {
					return fmt.Errorf("ECH %q", e.Truth.TLS[0].ECH)
				}
				return nil
			}),
		},
	}
}

// runBadCertificate lets curl refuse nginx's certificate.
func runBadCertificate(e *Env, who identity) error {
	c, err := e.certificateOf(who)
	if err != nil {
		return err
	}
	if err := e.nginx(fmt.Sprintf("listen %d ssl; ssl_certificate %s; ssl_certificate_key %s;", tlsPort, c.Certificate, c.Key)); err != nil {
		return err
	}
	return curlMustFail(e, "--tls-max", "1.2", "--cacert", c.CA)
}

// runECH gives the client the server's ECHConfig, as DNS would.
func runECH(e *Env) error {
	const public = "public.lab.example"
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	config, err := echConfig(1, key.PublicKey().Bytes(), public)
	if err != nil {
		return err
	}
	var list cryptobyte.Builder
	list.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(config) })
	configs, err := list.Bytes()
	if err != nil {
		return err
	}
	if err := runHTTP2Go(e, role.HTTPServer{ECHConfig: config, ECHKey: key.Bytes()}, role.HTTPClient{ECHConfigs: configs, Fetches: gets("/")}); err != nil {
		return err
	}
	t := &e.Truth.TLS[0]
	t.Inner, t.SNI = t.SNI, public
	return nil
}

// echConfig is an ECHConfig for X25519, HKDF-SHA256 and AES-128-GCM (RFC 9849
// sec. 4).
func echConfig(id uint8, public []byte, name string) ([]byte, error) {
	const x25519, hkdfSHA256, aes128GCM = 0x20, 1, 1
	var c cryptobyte.Builder
	c.AddUint16(0xfe0d)
	c.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		b.AddUint8(id)
		b.AddUint16(x25519)
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(public) })
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddUint16(hkdfSHA256); b.AddUint16(aes128GCM) })
		b.AddUint8(64) // no name is longer
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(name)) })
		b.AddUint16(0) // extensions
	})
	return c.Bytes()
}

// runResumption connects twice; the second time with the session of the first.
func runResumption(e *Env, by, server, version string) error {
	c, err := e.nginxTLS(server)
	if err != nil {
		return err
	}
	session := filepath.Join(e.Temp, "session")
	for i, option := range []string{"-sess_out", "-sess_in"} {
		log, err := e.openssl(c, []step{{"Verification: OK", getOnce("/data.json")}}, "-ign_eof", version, option, session)
		if err != nil {
			return err
		}
		e.noteOpenSSL(log, "/data.json")
		if i == 1 {
			e.Truth.TLS[1].ResumedBy = by
		}
	}
	return nil
}

func runClientCertificate(e *Env, version string) error {
	client, err := e.certificateOf(identity{Name: "client.lab.example"})
	if err != nil {
		return err
	}
	c, err := e.nginxTLS(fmt.Sprintf("ssl_verify_client on; ssl_client_certificate %s;", client.CA))
	if err != nil {
		return err
	}
	log, err := e.openssl(c, []step{{"Verification: OK", getOnce("/data.json")}},
		"-ign_eof", version, "-cert", client.Certificate, "-key", client.Key)
	if err != nil {
		return err
	}
	e.noteOpenSSL(log, "/data.json")
	return nil
}

// runKeyUpdate types s_client's commands: "k" changes its own key, "K" also
// asks the server to.
func runKeyUpdate(e *Env) error {
	c, err := e.nginxTLS("")
	if err != nil {
		return err
	}
	const answered, pageEnd = "HTTP/1.1 200 OK", "The lab's page has parts of several sizes.\n"
	log, err := e.openssl(c, []step{
		{"Verification: OK", getMore("/data.json")}, {answered, ""}, {pageEnd, "k\n"}, {"KEYUPDATE", getMore("/favicon.ico")},
		{answered, ""}, {pageEnd, "K\n"}, {"KEYUPDATE", getOnce("/style.css")},
	}, "-tls1_3")
	if err != nil {
		return err
	}
	e.noteOpenSSL(log, "/data.json", "/favicon.ico", "/style.css")
	return nil
}

// runServer lets openssl s_server answer with its status page.
func runServer(e *Env, steps []step, server []string, version string, targets ...string) error {
	c, err := e.certificate()
	if err != nil {
		return err
	}
	argv := append([]string{"openssl", "s_server", "-accept", e.Server.address(tlsPort), "-cert", c.Certificate, "-key", c.Key, "-www"}, server...)
	p, err := e.start(e.Server, argv...)
	if err != nil {
		return err
	}
	time.Sleep(300 * time.Millisecond) // s_server says "ACCEPT" only to a terminal
	log, err := e.openssl(c, steps, version)
	if err != nil {
		return fmt.Errorf("%w: %s", err, p.errors.String())
	}
	e.noteOpenSSL(log, targets...)
	return nil
}

// messages: openssl logged so many of a message on a connection.
func handshakeMessages(connection int, name string, toServer, toClient int) func(*Env) error {
	return func(e *Env) error {
		s, c := e.Truth.TLS[connection].Messages.Count(name)
		if s != toServer || c != toClient {
			return fmt.Errorf("%d and %d %s, not %d and %d", s, c, name, toServer, toClient)
		}
		return nil
	}
}

func earlyData(want ...string) func(*Env) error {
	return func(e *Env) error {
		var got []string
		for _, t := range e.Truth.TLS {
			got = append(got, t.EarlyData)
		}
		if strings.Join(got, ",") != strings.Join(want, ",") {
			return fmt.Errorf("early data %q, not %q", got, want)
		}
		return nil
	}
}

func group(want string) func(*Env) error {
	return func(e *Env) error {
		if got := e.Truth.TLS[0].Group; got != want {
			return fmt.Errorf("group %s, not %s", got, want)
		}
		return nil
	}
}
