package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"regexp"
	"strings"

	"os/exec"

	"github.com/wiresight/wiresight/lab/truth"
)

// curlTransfer is what curl says of a transfer (-w '%{json}').
type curlTransfer struct {
	Method      string `json:"method"`
	URL         string `json:"url"`
	Status      int    `json:"response_code"`
	LocalIP     string `json:"local_ip"`
	LocalPort   int    `json:"local_port"`
	Connects    int    `json:"num_connects"`
	Body        int64  `json:"size_download"`
	RequestBody int64  `json:"size_upload"`
	Version     string `json:"http_version"` // "1.1", "2"
	Error       string `json:"errormsg"`
}

// curl asks the server for the targets, over as few connections as it can, and
// notes what it says of them. The TLS lines of its log come back with the
// error, if any.
func (e *Env) curl(scheme string, port uint16, options []string, targets ...string) (log string, err error) {
	argv := append([]string{"curl", "-sv", "-w", "%{json}\n", "--resolve",
		fmt.Sprintf("%s:%d:%s", serverName, port, e.Server.IP)}, options...)
	for _, t := range targets {
		argv = append(argv, "-o", "/dev/null", scheme+"://"+serverName+t)
	}
	e.software("curl", "curl", "--version")
	c := exec.Command(argv[0], argv[1:]...)
	c.Env = append(c.Environ(), "SSLKEYLOGFILE="+e.Keys)
	var out, problems bytes.Buffer
	c.Stdout, c.Stderr = &out, &problems
	if err := e.Client.Start(c); err != nil {
		return "", err
	}
	err = c.Wait()
	transfers := json.NewDecoder(&out)
	for transfers.More() {
		var t curlTransfer
		if err := transfers.Decode(&t); err != nil {
			return problems.String(), fmt.Errorf("curl's report: %w", err)
		}
		e.noteTransfer(scheme, t)
	}
	e.noteStreams(problems.String())
	if err != nil {
		err = fmt.Errorf("curl: %w", err)
	}
	return problems.String(), err
}

func (e *Env) noteTransfer(scheme string, t curlTransfer) {
	connection := net.JoinHostPort(t.LocalIP, fmt.Sprint(t.LocalPort))
	protocol := "http1"
	if t.Version == "2" {
		protocol = "http2"
	}
	e.Truth.Requests = append(e.Truth.Requests, truth.Request{
		Connection: connection, Protocol: protocol, Method: t.Method,
		Target: strings.TrimPrefix(t.URL, scheme+"://"+serverName), Host: serverName,
		Status: t.Status, RequestBody: t.RequestBody, Body: t.Body, Reused: t.Connects == 0, Error: t.Error,
	})
}

// noteStreams gives the requests over HTTP/2 the streams that curl's log tells
// before each: "* Using Stream ID: 3 ...", "> GET /x HTTP/2".
func (e *Env) noteStreams(log string) {
	var id *int64
	for line := range strings.Lines(log) {
		if m := curlStream.FindStringSubmatch(line); m != nil {
			n := integer(m[1])
			id = &n
		}
		m := curlRequest.FindStringSubmatch(line)
		if m == nil || id == nil {
			continue
		}
		for i := range e.Truth.Requests {
			r := &e.Truth.Requests[i]
			if r.Protocol == "http2" && r.Stream == nil && r.Method == m[1] && r.Target == m[2] {
				r.Stream, id = id, nil
				break
			}
		}
	}
}

var (
	curlStream  = regexp.MustCompile(`^\* Using Stream ID: (\d+)`)
	curlRequest = regexp.MustCompile(`^> (\S+) (\S+) HTTP/2`)
	curlVersion = regexp.MustCompile(`SSL connection using (TLSv[0-9.]+) / (\S+)`)
	curlALPN    = regexp.MustCompile(`ALPN: server accepted (\S+)`)
	curlOffered = regexp.MustCompile(`ALPN: offers (\S+)`)
	curlSubject = regexp.MustCompile(`(?m)^\*  subject: (.*)$`)
)

// curlTLS is what curl's log says of its TLS connection.
func curlTLS(connection, log string) truth.TLS {
	first := func(r *regexp.Regexp, n int) string {
		if m := r.FindStringSubmatch(log); m != nil {
			return strings.TrimSpace(m[n])
		}
		return ""
	}
	t := truth.TLS{
		Connection: connection, SNI: serverName, ALPN: first(curlALPN, 1), CipherSuite: first(curlVersion, 2),
		Version: strings.Replace(first(curlVersion, 1), "TLSv", "TLS ", 1),
	}
	if offered := first(curlOffered, 1); offered != "" {
		t.Offered = strings.Split(offered, ",")
	}
	if subject := first(curlSubject, 1); subject != "" {
		t.Certificates = []string{subject}
	}
	return t
}
