package scenario

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wiresight/wiresight/lab/role"
	"github.com/wiresight/wiresight/lab/truth"
)

const tlsPort = 443

// tlsPath makes round trips stand out from the time that cryptography takes.
var tlsPath = Path{OneWay: 10 * time.Millisecond}

func tlsScenarios() []Scenario {
	nginxCurl := []string{"nginx", "curl"}
	return []Scenario{
		{
			Name: "tls12-nginx-curl", Description: "curl asks nginx over TLS 1.2, twice over one connection.",
			Path: tlsPath, Programs: nginxCurl, Vantages: allVantages,
			Shows: []string{"tcp+tls1.2", "keep-alive-reuse"}, DoesNotShow: []string{"tcp+tls1.2-resumed"},
			Run:   func(e *Env) error { return runTLSCurl(e, "", "--tls-max", "1.2") },
			Check: all(statuses(200, 200), versions("TLS 1.2")),
		},
		{
			Name: "tls13-nginx-curl", Description: "curl asks nginx over TLS 1.3, twice over one connection.",
			Path: tlsPath, Programs: nginxCurl, Vantages: allVantages,
			Shows: []string{"tcp+tls1.3", "keep-alive-reuse"}, DoesNotShow: []string{"tcp+tls1.3-psk"},
			Run:   func(e *Env) error { return runTLSCurl(e, "", "--tlsv1.3") },
			Check: all(statuses(200, 200), versions("TLS 1.3")),
		},
		{
			Name: "tls12-resumed", Description: "A Go client connects to nginx three times over TLS 1.2; the second and third time it resumes its session.",
			Path: tlsPath, Programs: []string{"nginx"},
			Shows: []string{"tcp+tls1.2", "tcp+tls1.2-resumed", "connection-per-request"},
			Run:   func(e *Env) error { return runTLSGo(e, "", 3, tls.VersionTLS12) },
			Check: all(statuses(200, 200, 200), versions("TLS 1.2", "TLS 1.2", "TLS 1.2"), resumptions(false, true, true)),
		},
		{
			Name: "tls13-resumed", Description: "A Go client connects to nginx three times over TLS 1.3; the second and third time it resumes its session.",
			Path: tlsPath, Programs: []string{"nginx"},
			Shows: []string{"tcp+tls1.3", "tcp+tls1.3-psk", "connection-per-request"},
			Run:   func(e *Env) error { return runTLSGo(e, "", 3, tls.VersionTLS13) },
			Check: all(statuses(200, 200, 200), versions("TLS 1.3", "TLS 1.3", "TLS 1.3"), resumptions(false, true, true)),
		},
		{
			Name: "tls13-hello-retry", Description: "nginx takes only the group P-384, for which the Go client has sent no share: a HelloRetryRequest costs a round trip.",
			Path: tlsPath, Programs: []string{"nginx"},
			Shows: []string{"tcp+tls1.3-hrr", "extra-round-trip"},
			Run:   func(e *Env) error { return runTLSGo(e, "ssl_ecdh_curve secp384r1;", 1, tls.VersionTLS13) },
			Check: all(statuses(200), versions("TLS 1.3"), retried),
		},
		{
			Name: "tls13-0rtt", Description: "openssl s_client connects to nginx twice; the second time it sends its request as early data, which nginx accepts.",
			Path: tlsPath, Programs: []string{"nginx", "openssl"},
			Shows: []string{"tcp+tls1.3", "tcp+tls1.3-0rtt"},
			Run:   runEarlyData, Check: all(versions("TLS 1.3", "TLS 1.3"), resumptions(false, true), connectionsInOrder, earlyData("", "accepted")),
		},
		{
			Name: "tls12-unknown-ca", Description: "curl does not know the CA of nginx's certificate and ends the TLS 1.2 handshake with an alert.",
			Path: tlsPath, Programs: nginxCurl, Shows: []string{"tls-alert"},
			Run: func(e *Env) error { return runTLSFailure(e, "", false, "--tls-max", "1.2") }, Check: refused("certificate"),
		},
		{
			Name: "tls13-unknown-ca", Description: "The same with TLS 1.3, where the alert is encrypted.",
			Path: tlsPath, Programs: nginxCurl,
			Run: func(e *Env) error { return runTLSFailure(e, "", false, "--tlsv1.3") }, Check: refused("certificate"),
		},
		{
			Name: "tls-protocol-version", Description: "nginx speaks only TLS 1.3, curl at most 1.2: nginx refuses with an alert.",
			Path: tlsPath, Programs: nginxCurl, Shows: []string{"tls-alert"},
			Run:   func(e *Env) error { return runTLSFailure(e, "ssl_protocols TLSv1.3;", true, "--tls-max", "1.2") },
			Check: refused("protocol version"),
		},
	}
}

// nginxTLS starts nginx with the lab's certificate.
func (e *Env) nginxTLS(options string) (certificate, error) {
	c, err := e.certificate()
	if err != nil {
		return c, err
	}
	return c, e.nginx(fmt.Sprintf("listen %d ssl; ssl_certificate %s; ssl_certificate_key %s; ssl_protocols TLSv1.2 TLSv1.3; %s",
		tlsPort, c.Certificate, c.Key, options))
}

func runTLSCurl(e *Env, server string, options ...string) error {
	c, err := e.nginxTLS(server)
	if err != nil {
		return err
	}
	log, err := e.curl("https", tlsPort, append([]string{"--cacert", c.CA}, options...), "/", "/data.json")
	if err != nil {
		return fmt.Errorf("%w: %s", err, log)
	}
	e.Truth.TLS = append(e.Truth.TLS, curlTLS(e.Truth.Requests[0].Connection, log))
	return nil
}

// runTLSFailure lets curl fail; trusted says whether it knows the lab's CA.
func runTLSFailure(e *Env, server string, trusted bool, options ...string) error {
	server = strings.TrimSpace(server)
	var c certificate
	var err error
	if server == "" {
		c, err = e.nginxTLS("")
	} else if c, err = e.certificate(); err == nil {
		err = e.nginx(fmt.Sprintf("listen %d ssl; ssl_certificate %s; ssl_certificate_key %s; %s", tlsPort, c.Certificate, c.Key, server))
	}
	if err != nil {
		return err
	}
	if trusted {
		options = append(options, "--cacert", c.CA)
	}
	return curlMustFail(e, options...)
}

// curlMustFail lets curl say why it does not talk to the server.
func curlMustFail(e *Env, options ...string) error {
	log, err := e.curl("https", tlsPort, options, "/")
	if err == nil {
		return fmt.Errorf("curl did not fail")
	}
	t := truth.TLS{SNI: serverName, Error: e.Truth.Requests[0].Error}
	if m := curlOffered.FindStringSubmatch(log); m != nil {
		t.Offered = strings.Split(m[1], ",")
	}
	e.Truth.TLS, e.Truth.Requests = []truth.TLS{t}, nil
	time.Sleep(4 * tlsPath.OneWay) // the alert and the FIN go their way
	return nil
}

func runTLSGo(e *Env, server string, connections int, version uint16) error {
	c, err := e.nginxTLS(server)
	if err != nil {
		return err
	}
	return e.fetch(role.HTTPClient{
		Base: "https://" + e.Server.address(tlsPort), Host: serverName, Fetches: gets(pageTargets()[:connections]...),
		CA: c.CA, Keys: e.Keys, NewConnections: true, Resume: true, MaxTLS: version,
	})
}

// versions: the libraries negotiated these, in this order.
func versions(want ...string) func(*Env) error {
	return func(e *Env) error {
		var got []string
		for _, t := range e.Truth.TLS {
			got = append(got, t.Version)
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("TLS versions %q, not %q", got, want)
		}
		return nil
	}
}

func resumptions(want ...bool) func(*Env) error {
	return func(e *Env) error {
		var got []bool
		for _, t := range e.Truth.TLS {
			got = append(got, t.Resumed)
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("resumed %v, not %v", got, want)
		}
		return nil
	}
}

func retried(e *Env) error {
	if !e.Truth.TLS[0].HelloRetry {
		return fmt.Errorf("there was no HelloRetryRequest")
	}
	return nil
}

// refused: the handshake failed, for this reason in the client's words. The
// connection is the only one on the link.
func refused(because string) func(*Env) error {
	return func(e *Env) error {
		c, err := e.tcp(0)
		if err != nil {
			return err
		}
		t := &e.Truth.TLS[0]
		t.Connection = c.Client.String()
		if !strings.Contains(t.Error, because) {
			return fmt.Errorf("curl failed for another reason: %s", t.Error)
		}
		return nil
	}
}
