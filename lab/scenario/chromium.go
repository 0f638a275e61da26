package scenario

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/wiresight/wiresight/lab/role"
	"github.com/wiresight/wiresight/lab/truth"
)

// chromiumScenarios are a real browser that loads a page with a dozen parts.
func chromiumScenarios() []Scenario {
	path := Path{OneWay: 10 * time.Millisecond}
	programs := []string{"chromium"}
	return []Scenario{
		{
			Name: "chromium-http1", Description: "Chromium loads a page with a dozen parts over HTTP/1.1, with up to six connections.",
			Path: path, Programs: programs, Run: func(e *Env) error { return runChromium(e, role.PageServer{Protocol: "http1"}, "http") },
			Check: all(loaded("http1")),
		},
		{
			Name: "chromium-http2", Description: "Chromium loads a page with a dozen parts over HTTP/2 with TLS.",
			Path: path, Programs: programs, Shows: []string{"multiplexing"},
			Run:   func(e *Env) error { return runChromium(e, role.PageServer{Protocol: "http2"}, "https") },
			Check: all(loaded("http2"), streamsKnown),
		},
		{
			Name: "chromium-http3", Description: "Chromium loads a page with a dozen parts over HTTP/3, told beforehand that the server has it.",
			Path: path, Programs: programs, Shows: []string{"multiplexing"},
			Run: func(e *Env) error {
				return runChromium(e, role.PageServer{Protocol: "http2", HTTP3: true}, "https", "--origin-to-force-quic-on="+serverName+":443")
			},
			Check: all(loaded("http3"), streamsKnown),
		},
		{
			Name: "chromium-alt-svc", Description: "Chromium begins with HTTP/2 and goes on with HTTP/3, which the server's Alt-Svc tells it of.",
			Path: path, Programs: programs, Shows: []string{"multiplexing"},
			Run: func(e *Env) error {
				return runChromium(e, role.PageServer{Protocol: "http2", HTTP3: true, AltSvc: true}, "https",
					"--origin-to-force-quic-on="+serverName+":1") // for QUIC, Chromium trusts other CAs only of hosts named so, whatever the port
			},
			Check: all(loaded("http2", "http3"), streamsKnown),
		},
	}
}

// runChromium loads the page with headless Chromium. The server's account of
// the requests is the truth, with the streams that Chromium's own log tells.
func runChromium(e *Env, server role.PageServer, scheme string, options ...string) error {
	c, err := e.certificate()
	if err != nil {
		return err
	}
	server.Address = e.Server.address(serverPort)
	if scheme == "https" {
		server.Address, server.Certificate, server.Key = e.Server.address(tlsPort), c.Certificate, c.Key
	}
	p, err := e.serve(e.Server, "page-server", server)
	if err != nil {
		return err
	}
	pin, err := publicKeyPin(c.Certificate)
	if err != nil {
		return err
	}
	log := filepath.Join(e.Temp, "netlog.json")
	argv := append([]string{"--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-default-apps", "--no-pings",
		"--disable-features=OptimizationHints,MediaRouter,DialMediaRouteProvider", "--user-data-dir=" + filepath.Join(e.Temp, "profile"),
		"--host-resolver-rules=MAP " + serverName + " " + e.Server.IP + ", MAP * ~NOTFOUND", "--ignore-certificate-errors-spki-list=" + pin,
		"--ssl-key-log-file=" + e.Keys, "--log-net-log=" + log, "--virtual-time-budget=5000", "--dump-dom"}, options...)
	e.software("chromium", "chromium", "--version")
	cmd := exec.Command("chromium", append(argv, scheme+"://"+serverName+"/")...)
	cmd.Env = append(os.Environ(), "HOME="+e.Temp)
	dom, err := e.transcript(e.Client, cmd)
	if err != nil {
		return fmt.Errorf("chromium: %w", err)
	}
	if !strings.Contains(dom, `<p id="p">loaded</p>`) {
		return fmt.Errorf("the page was not loaded: %.300s", dom)
	}
	var r role.HTTPReport
	if err := e.stop(p, &r); err != nil {
		return err
	}
	e.Truth.Requests, e.Truth.TLS, e.Truth.QUIC = r.Requests, r.TLS, r.QUIC
	events, err := readNetLog(log)
	if err != nil {
		return err
	}
	if server.AltSvc {
		e.Truth.Notes = map[string]any{"alt_svc": role.AltSvc} // in each answer
	}
	events.into(e.Truth)
	return nil
}

// publicKeyPin is how Chromium wants to be told of a certificate to trust: the
// SHA-256 of its public key.
func publicKeyPin(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	block, _ := pem.Decode(b)
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:]), nil
}

// netLog is Chromium's own log of its network stack.
type netLog struct {
	Constants struct {
		Types map[string]int `json:"logEventTypes"`
	}
	Events []struct {
		Type   int
		Params json.RawMessage
	}
}

func readNetLog(file string) (*netLog, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	l := new(netLog)
	if err := json.Unmarshal(b, l); err != nil {
		return nil, fmt.Errorf("net log: %w", err)
	}
	return l, nil
}

// into gives the requests their streams.
func (l *netLog) into(t *truth.Truth) {
	for _, e := range l.Events {
		protocol := ""
		switch e.Type {
		case l.Constants.Types["HTTP2_SESSION_SEND_HEADERS"]:
			protocol = "http2"
		case l.Constants.Types["HTTP3_HEADERS_SENT"]:
			protocol = "http3"
		default:
			continue
		}
		id, target, ok := sentHeaders(e.Params)
		if !ok {
			continue
		}
		for i := range t.Requests {
			if r := &t.Requests[i]; r.Protocol == protocol && r.Stream == nil && r.Target == target {
				r.Stream = &id
				break
			}
		}
	}
}

// sentHeaders reads the stream and the path of a header block that was sent;
// Chromium lists the fields as lines or as an object.
func sentHeaders(params json.RawMessage) (id int64, target string, ok bool) {
	var p struct {
		Stream  int64 `json:"stream_id"`
		Headers json.RawMessage
	}
	if json.Unmarshal(params, &p) != nil {
		return 0, "", false
	}
	var lines []string
	if json.Unmarshal(p.Headers, &lines) == nil {
		for _, line := range lines {
			if path, found := strings.CutPrefix(line, ":path: "); found {
				return p.Stream, path, true
			}
		}
		return 0, "", false
	}
	var fields map[string]string
	if json.Unmarshal(p.Headers, &fields) != nil {
		return 0, "", false
	}
	target, ok = fields[":path"]
	return p.Stream, target, ok
}

// loaded: the page and its parts were asked for over these protocols, no other,
// each at least once.
func loaded(protocols ...string) func(*Env) error {
	return func(e *Env) error {
		seen := map[string]int{}
		for _, r := range e.Truth.Requests {
			seen[r.Protocol]++
		}
		n := 0
		for _, p := range protocols {
			if seen[p] == 0 {
				return fmt.Errorf("requests %v", seen)
			}
			n += seen[p]
		}
		if n != len(e.Truth.Requests) || n < 12 {
			return fmt.Errorf("requests %v", seen)
		}
		return nil
	}
}

func streamsKnown(e *Env) error {
	for _, r := range e.Truth.Requests {
		if r.Stream == nil {
			return fmt.Errorf("the stream of %s %s is not in Chromium's log", r.Protocol, r.Target)
		}
	}
	return nil
}
