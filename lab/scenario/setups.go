package scenario

import (
	"crypto/tls"
	"fmt"
	"strings"

	"github.com/wiresight/wiresight/lab/link"
	"github.com/wiresight/wiresight/lab/role"
)

// waitingScenarios are streams of HTTP/2 that wait for each other's bytes.
func waitingScenarios() []Scenario {
	fetches := gets("/", "/bytes/16000", "/bytes/16001", "/bytes/16002", "/bytes/16003")
	story := func(name, description string, rules []link.Rule, shows, not []string) Scenario {
		return Scenario{
			Name: name, Description: description, Path: lossPath, Vantages: []string{"client", "server"}, Rules: rules, Shows: shows, DoesNotShow: not,
			Run: func(e *Env) error {
				return runHTTP2Go(e, role.HTTPServer{Protocols: []string{"h2c"}}, role.HTTPClient{Protocol: "h2c", Fetches: fetches, Concurrent: true})
			},
			Check: statuses(repeat(200, len(fetches))...),
		}
	}
	return []Scenario{
		story("hol-http2-loss", "Four downloads at once over one HTTP/2 connection, of which one segment is lost: streams that lost nothing wait for it, too.",
			[]link.Rule{{Name: "the 25th data segment", From: "server", Match: link.Data, Nth: 25, Action: link.Drop}},
			[]string{"head-of-line-blocking", "multiplexing"}, []string{"retransmission-timeout", "capture-loss"}),
		story("lookalike-hol-http2", "The same without a loss: nobody waits for another's bytes.",
			nil, []string{"multiplexing"}, []string{"head-of-line-blocking", "fast-recovery", "retransmission-timeout", "capture-loss"}),
	}
}

// setUpScenarios are ways to set up that the others do not show.
func setUpScenarios() []Scenario {
	nginxCurl := []string{"nginx", "curl"}
	return []Scenario{
		{
			Name: "tfo-http", Description: "curl asks nginx three times over new connections with TCP Fast Open: the first asks for a cookie, the others send the request with the SYN.",
			Path: tlsPath, Programs: nginxCurl, Vantages: allVantages, Shows: []string{"tcp", "tfo"}, DoesNotShow: []string{"fast-open-refused"},
			Run: func(e *Env) error {
				return runOpenings(e, "fastopen=16", "3", func(i int) error {
					_, err := e.curl("http", serverPort, []string{"--tcp-fastopen"}, pageTargets()[i])
					return err
				})
			},
			Check: all(statuses(200, 200, 200), opened(false, true, true)),
		},
		{
			Name: "tfo-refused", Description: "The same, but the server forgets its cookies before the second connection: it takes the SYN, and not the data in it.",
			Path: tlsPath, Programs: nginxCurl, Vantages: allVantages, Shows: []string{"tcp", "fast-open-refused"},
			Run: func(e *Env) error {
				return runOpenings(e, "fastopen=16", "3", func(i int) error {
					if i > 0 { // another key: the client's cookie is no longer good
						if err := e.Server.Sysctl("ipv4.tcp_fastopen_key", fmt.Sprintf("00000000-00000000-00000000-0000000%d", i)); err != nil {
							return err
						}
					}
					_, err := e.curl("http", serverPort, []string{"--tcp-fastopen"}, pageTargets()[i])
					return err
				})
			},
			Check: all(statuses(200, 200, 200), opened(false, false, false)),
		},
		{
			Name: "tls13-large-certificate", Description: "The server's certificate holds 700 names, more than the ten segments of an initial window: the server has to wait for an acknowledgment before it can send the rest.",
			Path: tlsPath, Programs: nginxCurl, Vantages: allVantages, Shows: []string{"tcp+tls1.3", "extra-round-trip"},
			Run: runLargeCertificate, Check: all(statuses(200), versions("TLS 1.3")),
		},
		{
			Name: "tfo-tls13", Description: "A Go client asks nginx three times over new connections with TLS 1.3 on TCP Fast Open: the ClientHello goes with the SYN.",
			Path: tlsPath, Programs: []string{"nginx"}, Shows: []string{"tcp+tls1.3", "tfo+tls1.3"},
			Run: func(e *Env) error {
				c, err := e.certificate()
				if err != nil {
					return err
				}
				for _, h := range []*Host{e.Client, e.Server} {
					if err := h.Sysctl("ipv4.tcp_fastopen", "3"); err != nil {
						return err
					}
				}
				if err := e.nginx(fmt.Sprintf("listen %d ssl fastopen=16; ssl_certificate %s; ssl_certificate_key %s; ssl_protocols TLSv1.3;", tlsPort, c.Certificate, c.Key)); err != nil {
					return err
				}
				return e.fetch(role.HTTPClient{
					Base: "https://" + e.Server.address(tlsPort), Host: serverName, Fetches: gets(pageTargets()[:3]...),
					CA: c.CA, Keys: e.Keys, NewConnections: true, MaxTLS: tls.VersionTLS13, FastOpen: true,
				})
			},
			Check: all(statuses(200, 200, 200), opened(false, true, true)),
		},
	}
}

func runLargeCertificate(e *Env) error {
	var names []string
	for i := range 700 {
		names = append(names, fmt.Sprintf("site-%03d.lab.example", i))
	}
	c, err := e.certificateOf(identity{More: names})
	if err != nil {
		return err
	}
	server := fmt.Sprintf("listen %d ssl; ssl_certificate %s; ssl_certificate_key %s; ssl_protocols TLSv1.3;", tlsPort, c.Certificate, c.Key)
	if err := e.nginx(server); err != nil {
		return err
	}
	log, err := e.curl("https", tlsPort, []string{"--cacert", c.CA, "--tlsv1.3"}, "/")
	if err != nil {
		return fmt.Errorf("%w: %s", err, log)
	}
	e.Truth.TLS = append(e.Truth.TLS, curlTLS(e.Truth.Requests[0].Connection, log))
	return nil
}

func runOpenings(e *Env, listen, sysctl string, ask func(int) error) error {
	return runOpeningsOn(e, fmt.Sprintf("listen %d %s;", serverPort, listen), sysctl, ask)
}

func runOpeningsOn(e *Env, server, sysctl string, ask func(int) error) error {
	for _, h := range []*Host{e.Client, e.Server} {
		if err := h.Sysctl("ipv4.tcp_fastopen", sysctl); err != nil {
			return err
		}
	}
	if err := e.nginx(server); err != nil {
		return err
	}
	for i := range 3 {
		if err := ask(i); err != nil {
			return err
		}
	}
	return nil
}

// opened: by the link's account the server took the data in these SYNs.
func opened(want ...bool) func(*Env) error {
	return func(e *Env) error {
		var got []string
		for i := range want {
			c, err := e.tcp(i)
			if err != nil {
				return err
			}
			got = append(got, fmt.Sprint(c.FastOpen))
		}
		if text := strings.Trim(fmt.Sprint(want), "[]"); strings.Join(got, " ") != text {
			return fmt.Errorf("data in the SYN taken: %s, not %s", strings.Join(got, " "), text)
		}
		return nil
	}
}
