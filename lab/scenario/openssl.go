package scenario

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/wiresight/wiresight/lab/truth"
)

// step is something to type into openssl s_client, once it has printed a text
// for the first time since the step before.
type step struct{ After, Type string }

// getOnce asks for a target and lets the server close the connection.
func getOnce(target string) string {
	return "GET " + target + " HTTP/1.1\r\nHost: " + serverName + "\r\nConnection: close\r\n\r\n"
}

// getMore asks for a target and keeps the connection.
func getMore(target string) string {
	return "GET " + target + " HTTP/1.1\r\nHost: " + serverName + "\r\n\r\n"
}

// console is what a program has printed so far.
type console struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (c *console) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.Write(b)
}

func (c *console) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

// tail is its end, for messages of errors.
func (c *console) tail() string {
	s := c.String()
	return s[max(0, len(s)-400):]
}

// wait waits until the text is there behind an offset and returns where it ends.
func (c *console) wait(from int, text string) (int, error) {
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if i := strings.Index(c.String()[from:], text); i >= 0 {
			return from + i + len(text), nil
		}
	}
	return from, fmt.Errorf("openssl did not print %q: %s", text, c.tail())
}

// openssl runs openssl s_client until the server closes the connection and
// returns what it printed, its log of handshake messages included.
func (e *Env) openssl(c certificate, steps []step, options ...string) (string, error) {
	argv := append([]string{"s_client", "-connect", e.Server.address(tlsPort), "-servername", serverName,
		"-CAfile", c.CA, "-msg", "-tlsextdebug"}, options...)
	if e.RSAKey == "" {
		argv = append(argv, "-keylogfile", e.Keys)
	}
	e.software("openssl", "openssl", "version")
	cmd := exec.Command("openssl", argv...)
	out := new(console)
	cmd.Stdout, cmd.Stderr = out, out
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	if err := e.Client.Start(cmd); err != nil {
		return "", err
	}
	kill := time.AfterFunc(limit, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	typed := make(chan error, 1)
	go func() {
		err := typeIn(stdin, out, steps)
		if err != nil {
			_ = cmd.Process.Kill()
		}
		typed <- err
	}()
	if err := cmd.Wait(); err != nil {
		return out.String(), fmt.Errorf("openssl: %w: %s", err, out.tail())
	}
	return out.String(), <-typed
}

func typeIn(stdin interface{ Write([]byte) (int, error) }, out *console, steps []step) error {
	at := 0
	for _, s := range steps {
		var err error
		if at, err = out.wait(at, s.After); err != nil {
			return err
		}
		if _, err := stdin.Write([]byte(s.Type)); err != nil {
			return err
		}
	}
	return nil
}

// runEarlyData connects to nginx with openssl s_client for a ticket, and again
// with a request as early data.
func runEarlyData(e *Env) error {
	c, err := e.nginxTLS("ssl_early_data on;")
	if err != nil {
		return err
	}
	return e.earlyData(c, e.Server.address(tlsPort), nil)
}

// runEarlyDataRejected has nginx take early data at one port and not at the
// other; both take each other's tickets.
func runEarlyDataRejected(e *Env) error {
	const second = 8443
	c, err := e.certificate()
	if err != nil {
		return err
	}
	key := make([]byte, 80)
	_, _ = rand.Read(key)
	tickets := filepath.Join(e.Temp, "tickets")
	if err := os.WriteFile(tickets, key, 0o600); err != nil {
		return err
	}
	tls := fmt.Sprintf("ssl_certificate %s; ssl_certificate_key %s; ssl_protocols TLSv1.3; ssl_session_ticket_key %s; ",
		c.Certificate, c.Key, tickets)
	server := fmt.Sprintf("listen %d ssl; %s ssl_early_data on; root %s/www; } server { listen %d ssl; %s", tlsPort, tls, e.Temp, second, tls)
	if err := e.nginx(server); err != nil {
		return err
	}
	return e.earlyData(c, e.Server.address(second), []step{{"Early data was rejected", getOnce("/data.json")}})
}

// earlyData gets a ticket at the usual port, then sends early data to an
// address and types what is still to say.
func (e *Env) earlyData(c certificate, address string, steps []step) error {
	session, request := filepath.Join(e.Temp, "session"), filepath.Join(e.Temp, "request")
	if err := os.WriteFile(request, []byte(getOnce("/data.json")), 0o644); err != nil {
		return err
	}
	get := []step{{"Verification: OK", getOnce("/data.json")}}
	log, err := e.openssl(c, get, "-tls1_3", "-ign_eof", "-sess_out", session)
	if err != nil {
		return err
	}
	e.noteOpenSSL(log, "/data.json")
	log, err = e.openssl(c, steps, "-tls1_3", "-ign_eof", "-sess_in", session, "-early_data", request, "-connect", address)
	if err != nil {
		return err
	}
	e.noteOpenSSL(log, "/data.json")
	return nil
}

var (
	opensslSuite   = regexp.MustCompile(`(New|Reused), (TLSv[0-9.]+|SSLv3), Cipher is (\S+)`)
	opensslVersion = regexp.MustCompile(`Protocol  : (TLSv[0-9.]+)`)
	opensslGroup   = regexp.MustCompile(`Server Temp Key: (?:ECDH, )?([^,\s]+)`)
	opensslMessage = regexp.MustCompile(`(?m)^(>>>|<<<) .*?, (Handshake|Alert) \[length [0-9a-f]+\], (.*)$`)
	opensslStatus  = regexp.MustCompile(`(?m)^HTTP/1\.[01] (\d+)`)
	opensslEarly   = regexp.MustCompile(`Early data was (accepted|rejected)`)
	contentLength  = regexp.MustCompile(`Content-Length: (\d+)`)
)

// noteOpenSSL notes what s_client's log says of its connection and, for each
// target that it asked for, of the answer.
func (e *Env) noteOpenSSL(log string, targets ...string) {
	t := opensslTLS(log)
	t.CipherSuite = standardName(t.CipherSuite)
	e.Truth.TLS = append(e.Truth.TLS, t)
	answers, lengths := opensslStatus.FindAllStringSubmatch(log, -1), contentLength.FindAllStringSubmatch(log, -1)
	for i, target := range targets {
		r := truth.Request{Protocol: "http1", Method: "GET", Target: target, Host: serverName, Reused: i > 0}
		if i < len(answers) {
			_, _ = fmt.Sscan(answers[i][1], &r.Status)
		}
		if i < len(lengths) {
			_, _ = fmt.Sscan(lengths[i][1], &r.Body)
		}
		e.Truth.Requests = append(e.Truth.Requests, r)
		e.asked = append(e.asked, len(e.Truth.TLS)-1)
	}
}

func opensslTLS(log string) truth.TLS {
	t := truth.TLS{SNI: serverName, Messages: &truth.TLSMessages{}}
	if m := opensslSuite.FindStringSubmatch(log); m != nil {
		t.Resumed, t.CipherSuite = m[1] == "Reused", m[3]
		t.Version = strings.Replace(m[2], "TLSv", "TLS ", 1)
	}
	// "Cipher is" names the version that brought the suite, not the connection's.
	if m := opensslVersion.FindStringSubmatch(log); m != nil {
		t.Version = strings.Replace(m[1], "TLSv", "TLS ", 1)
	}
	if t.Version == "TLS 1" {
		t.Version = "TLS 1.0"
	}
	if m := opensslGroup.FindStringSubmatch(log); m != nil {
		t.Group = m[1]
	}
	if m := opensslEarly.FindStringSubmatch(log); m != nil {
		t.EarlyData = m[1]
	}
	for _, m := range opensslMessage.FindAllStringSubmatch(log, -1) {
		name := m[3]
		if m[2] == "Alert" {
			name = "alert " + name
		}
		if m[1] == ">>>" {
			t.Messages.ToServer = append(t.Messages.ToServer, name)
		} else {
			t.Messages.ToClient = append(t.Messages.ToClient, name)
		}
	}
	finished, _ := t.Messages.Count("Finished")
	t.Renegotiated = max(finished-1, 0)
	_, hellos := t.Messages.Count("ServerHello")
	t.HelloRetry = t.Version == "TLS 1.3" && hellos > 1
	certificates, _ := t.Messages.Count("CertificateVerify")
	t.ClientCertificate = certificates > 0
	if t.Version != "TLS 1.3" && isCBC(t.CipherSuite) {
		etm := strings.Contains(log, `TLS server extension "encrypt-then-mac"`)
		t.EncryptThenMAC = &etm
	}
	return t
}

// standardName is IANA's name of a suite, as openssl itself translates its own.
func standardName(suite string) string {
	list, err := exec.Command("openssl", "ciphers", "-stdname", "ALL:@SECLEVEL=0").Output()
	if err != nil {
		return suite
	}
	for line := range strings.Lines(string(list)) { // "TLS_RSA_WITH_AES_256_CBC_SHA - AES256-SHA SSLv3 ..."
		if f := strings.Fields(line); len(f) > 2 && f[2] == suite {
			return f[0]
		}
	}
	return suite
}

// isCBC says whether OpenSSL's name is that of a CBC suite: those that name no
// AEAD mode.
func isCBC(suite string) bool {
	for _, aead := range []string{"GCM", "CCM", "CHACHA20"} {
		if strings.Contains(suite, aead) {
			return false
		}
	}
	return strings.Contains(suite, "AES") || strings.Contains(suite, "CAMELLIA")
}

// connectionsInOrder: there was one connection for each handshake; openssl does
// not say from which port.
func connectionsInOrder(e *Env) error {
	for i := range e.Truth.TLS {
		c, err := e.tcp(i)
		if err != nil {
			return err
		}
		e.Truth.TLS[i].Connection = c.Client.String()
	}
	for i := range e.Truth.Requests {
		e.Truth.Requests[i].Connection = e.Truth.TLS[e.asked[i]].Connection
	}
	if n := len(e.Truth.Conversations); n != len(e.Truth.TLS) {
		return fmt.Errorf("%d connections for %d handshakes", n, len(e.Truth.TLS))
	}
	return nil
}
