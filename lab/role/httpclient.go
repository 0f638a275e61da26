package role

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"time"

	"github.com/wiresight/wiresight/lab/truth"
)

// Fetch is one request to make.
type Fetch struct {
	Method string
	Target string
	Body   int // bytes
	Header map[string]string
}

// HTTPClient is what an HTTP client of the lab is told.
type HTTPClient struct {
	Base           string // scheme, address and port
	Host           string // for the Host field, and for SNI
	Fetches        []Fetch
	NewConnections bool          // one for each request
	Every          time.Duration // from start to start of the requests; 0 is one after the other
	CA             string        // PEM file
	Keys           string        // file for TLS secrets
	Resume         bool          // keep TLS sessions
	MaxTLS         uint16
}

// HTTPReport is what an HTTP client of the lab saw.
type HTTPReport struct {
	Requests []truth.Request
	TLS      []truth.TLS
	QUIC     []truth.QUIC
}

func requestHTTP(settings []byte) error {
	var s HTTPClient
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	config, err := clientTLS(s.Host, s.CA, s.Keys)
	if err != nil {
		return err
	}
	config.MaxVersion = s.MaxTLS
	if s.Resume {
		config.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	}
	client := &http.Client{
		Transport: &http.Transport{
			DisableKeepAlives: s.NewConnections, DisableCompression: true,
			TLSClientConfig: config, TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	var r HTTPReport
	next := time.Now()
	for _, f := range s.Fetches {
		time.Sleep(time.Until(next))
		next = next.Add(s.Every)
		request, state := fetch(client, s, f)
		r.Requests = append(r.Requests, request)
		if state != nil && !request.Reused {
			r.TLS = append(r.TLS, tlsTruth(request.Connection, *state))
		}
	}
	client.CloseIdleConnections()
	return report(r)
}

// clientTLS trusts the lab's CA and logs the secrets, where told.
func clientTLS(name, ca, keys string) (*tls.Config, error) {
	c := &tls.Config{ServerName: name}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, err
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", ca)
		}
	}
	if keys != "" {
		f, err := os.OpenFile(keys, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, err
		}
		c.KeyLogWriter = f
	}
	return c, nil
}

// fetch makes one request and notes what it saw of it.
func fetch(client *http.Client, s HTTPClient, f Fetch) (truth.Request, *tls.ConnectionState) {
	t := truth.Request{
		Protocol: "http1", Method: f.Method, Target: f.Target, Host: s.Host, RequestBody: int64(f.Body), Start: pointer(),
	}
	request, err := newRequest(s, f)
	if err != nil {
		t.Error = err.Error()
		return t, nil
	}
	request = request.WithContext(httptrace.WithClientTrace(request.Context(), &httptrace.ClientTrace{
		GotConn: func(i httptrace.GotConnInfo) {
			t.Connection, t.Reused = i.Conn.LocalAddr().String(), i.Reused
		},
		WroteRequest:         func(httptrace.WroteRequestInfo) { t.Wrote = pointer() },
		GotFirstResponseByte: func() { t.FirstByte = pointer() },
	}))
	response, err := client.Do(request)
	if err != nil {
		t.Error = err.Error()
		return t, nil
	}
	defer response.Body.Close()
	t.Status = response.StatusCode
	t.Body, err = io.Copy(io.Discard, response.Body)
	t.Done = pointer()
	if err != nil {
		t.Error = err.Error()
	}
	return t, response.TLS
}

func newRequest(s HTTPClient, f Fetch) (*http.Request, error) {
	var body io.Reader
	if f.Body > 0 {
		body = strings.NewReader(strings.Repeat("x", f.Body))
	}
	request, err := http.NewRequest(f.Method, s.Base+f.Target, body)
	if err != nil {
		return nil, err
	}
	if s.Host != "" {
		request.Host = s.Host
	}
	for name, value := range f.Header {
		request.Header.Set(name, value)
	}
	return request, nil
}

func tlsTruth(connection string, s tls.ConnectionState) truth.TLS {
	t := truth.TLS{
		Connection: connection, Version: tls.VersionName(s.Version), SNI: s.ServerName, ALPN: s.NegotiatedProtocol,
		CipherSuite: tls.CipherSuiteName(s.CipherSuite), Group: s.CurveID.String(), Resumed: s.DidResume,
		HelloRetry: s.HelloRetryRequest,
	}
	for _, c := range s.PeerCertificates {
		t.Certificates = append(t.Certificates, c.Subject.String())
	}
	return t
}
