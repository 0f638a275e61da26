package scenario

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/wiresight/wiresight/lab/role"
	"github.com/wiresight/wiresight/lab/truth"
)

func dnsScenarios() []Scenario {
	return []Scenario{
		{
			Name: "dns",
			Description: "A client asks unbound for addresses, an alias, a name that is not there and an answer too large for UDP, " +
				"which it asks for again over TCP.",
			Path: Path{OneWay: 5 * time.Millisecond}, Programs: []string{"unbound"}, Vantages: []string{"client", "server"},
			DoesNotShow: []string{"peer-to-peer"},
			Run:         runDNS, Check: answered,
		},
		{
			Name:        "dns-then-http",
			Description: "A client asks unbound for a server's addresses and then connects to the one it learned.",
			Path:        Path{OneWay: 5 * time.Millisecond}, Programs: []string{"unbound"},
			Shows: []string{"service-discovery", "request-response"},
			Run:   runDNSThenHTTP, Check: statuses(200, 200),
		},
		{
			Name:        "dns-https-record",
			Description: "A client asks unbound for a server's HTTPS record (RFC 9460), which says that it has HTTP/3, and connects with QUIC at once.",
			Path:        Path{OneWay: 10 * time.Millisecond}, Programs: []string{"unbound"},
			Shows: []string{"quic", "alternative-service"},
			Run:   runHTTPSRecord, Check: all(statuses(200, 200), quicIs("v1", false), func(e *Env) error {
				if a := e.Truth.DNS[0].Answers; len(a) != 1 || !strings.Contains(a[0], "alpn=h3,h2") {
					return fmt.Errorf("the answer is %q", a)
				}
				return nil
			}),
		},
	}
}

func runDNS(e *Env) error {
	return e.ask(
		role.Question{Name: serverName + ".", Type: "A"},
		role.Question{Name: serverName + ".", Type: "AAAA"},
		role.Question{Name: "www.lab.example.", Type: "A"},
		role.Question{Name: "lab.example.", Type: "MX"},
		role.Question{Name: "nosuch.lab.example.", Type: "A"},
		role.Question{Name: "large.lab.example.", Type: "TXT"},
	)
}

func runDNSThenHTTP(e *Env) error {
	if err := e.ask(role.Question{Name: serverName + ".", Type: "A"}, role.Question{Name: serverName + ".", Type: "AAAA"}); err != nil {
		return err
	}
	if _, err := e.serve(e.Server, "http-server", role.HTTPServer{Addresses: []string{e.Server.address(serverPort)}}); err != nil {
		return err
	}
	address := strings.TrimPrefix(e.Truth.DNS[0].Answers[0], "A ")
	return e.fetch(role.HTTPClient{Base: "http://" + address, Host: serverName, Fetches: gets("/", "/items/1")})
}

func runHTTPSRecord(e *Env) error {
	if err := e.ask(role.Question{Name: serverName + ".", Type: "HTTPS"}, role.Question{Name: serverName + ".", Type: "A"}); err != nil {
		return err
	}
	return runQUIC(e, role.HTTP3Server{}, role.HTTP3Client{HTTPClient: role.HTTPClient{Fetches: gets("/", "/items/1")}})
}

// ask starts unbound and asks it.
func (e *Env) ask(questions ...role.Question) error {
	if err := e.unbound(); err != nil {
		return err
	}
	var answers []truth.DNS
	if err := e.run(e.Client, "dns-client", role.DNSClient{Server: e.Server.address(53), Questions: questions}, &answers); err != nil {
		return err
	}
	e.Truth.DNS = append(e.Truth.DNS, answers...)
	return nil
}

// unbound starts a DNS server with the zone lab.example.
func (e *Env) unbound() error {
	var zone strings.Builder
	record := func(text string) { fmt.Fprintf(&zone, "  local-data: '%s'\n", text) }
	record("lab.example. 300 IN SOA ns.lab.example. admin.lab.example. 1 3600 900 604800 300")
	record(serverName + ". 300 IN A " + e.Server.IP)
	record(serverName + ". 300 IN AAAA fd00:7::2")
	record(serverName + ` 300 IN HTTPS 1 . alpn="h3,h2" port=443 ipv4hint=` + e.Server.IP)
	record("www.lab.example. 300 IN CNAME " + serverName + ".")
	record("lab.example. 300 IN MX 10 mail.lab.example.")
	for i := range 50 {
		record(fmt.Sprintf("host%d.lab.example. 60 IN A 192.0.2.%d", i, i+1))
	}
	for i := range 12 {
		record(fmt.Sprintf(`large.lab.example. 60 IN TXT "part %02d %s"`, i, strings.Repeat("of a long text ", 6)))
	}
	log, conf := filepath.Join(e.Temp, "unbound.log"), filepath.Join(e.Temp, "unbound.conf")
	text := fmt.Sprintf(`server:
  interface: %s
  port: 53
  access-control: 10.7.0.0/24 allow
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "%s"
  pidfile: ""
  use-syslog: no
  logfile: "%s"
  module-config: "iterator"
  local-zone: "lab.example." static
%s
remote-control:
  control-enable: no
`, e.Server.IP, e.Temp, log, zone.String())
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return err
	}
	e.software("unbound", "unbound", "-V")
	if _, err := e.start(e.Server, "unbound", "-d", "-c", conf); err != nil {
		return err
	}
	return e.waitFor(e.Server, log, "start of service")
}

// answered: each question had the answer that the zone holds.
func answered(e *Env) error {
	want := []string{
		"udp A NOERROR 1", "udp AAAA NOERROR 1", "udp A NOERROR 1", "udp MX NOERROR 1", "udp A NXDOMAIN 0",
		"udp TXT NOERROR truncated", "tcp TXT NOERROR 12",
	}
	var got []string
	for _, d := range e.Truth.DNS {
		n := fmt.Sprint(len(d.Answers))
		if d.Truncated {
			n = "truncated"
		}
		got = append(got, fmt.Sprintf("%s %s %s %s", d.Transport, d.Type, d.RCode, n))
	}
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		return fmt.Errorf("answers: %s", strings.Join(got, "; "))
	}
	return nil
}
