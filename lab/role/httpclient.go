package role

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wiresight/wiresight/lab/truth"
)

// Fetch is one request to make.
type Fetch struct {
	Method string
	Target string
	Body   int // bytes
	Header map[string]string
	Parts  int           // send a multipart form with so many files instead of the body
	After  time.Duration // to wait before it, besides HTTPClient.Every
	Cancel int           // take only so many bytes of the answer, then give up the request; 0 takes all
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
	Protocol       string // "http1" (the default), "http2" with TLS, "h2c" with prior knowledge
	Concurrent     bool   // the first request alone, then all others at once
	ECHConfigs     []byte
	FastOpen       bool // send the first bytes with the SYN where the kernel has a cookie (RFC 7413)
}

// HTTPReport is what an HTTP client of the lab saw.
type HTTPReport struct {
	Requests []truth.Request
	TLS      []truth.TLS
	QUIC     []truth.QUIC
	HTTP2    []truth.HTTP2
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
	config.EncryptedClientHelloConfigList = s.ECHConfigs
	frames := listenToFrames()
	client := &http.Client{
		Transport: &http.Transport{
			ExpectContinueTimeout: time.Second, // for requests that say Expect: 100-continue

			DialContext:       dialer(s.FastOpen).DialContext,
			DisableKeepAlives: s.NewConnections, DisableCompression: true, TLSClientConfig: config, Protocols: protocols(s.Protocol),
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	r := fetchAll(client, s)
	client.CloseIdleConnections()
	frames.into(&r)
	return report(r)
}

// dialer connects, with TCP Fast Open where it is wanted (tcp(7),
// TCP_FASTOPEN_CONNECT).
func dialer(fastOpen bool) *net.Dialer {
	d := &net.Dialer{}
	if fastOpen {
		d.Control = func(_, _ string, c syscall.RawConn) error {
			return c.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_FASTOPEN_CONNECT, 1) })
		}
	}
	return d
}

// protocols is the one protocol of this name.
func protocols(name string) *http.Protocols {
	p := new(http.Protocols)
	switch name {
	case "", "http1":
		p.SetHTTP1(true)
	case "http2":
		p.SetHTTP2(true)
	case "h2c":
		p.SetUnencryptedHTTP2(true)
	}
	return p
}

// fetchAll makes the requests one after the other, or all but the first at once.
func fetchAll(client *http.Client, s HTTPClient) HTTPReport {
	var r HTTPReport
	type result struct {
		request truth.Request
		state   *tls.ConnectionState
	}
	results := make([]result, len(s.Fetches))
	next := time.Now()
	var all sync.WaitGroup
	for i, f := range s.Fetches {
		time.Sleep(time.Until(next))
		next = next.Add(s.Every)
		time.Sleep(f.After)
		if s.Concurrent && i > 0 {
			all.Go(func() { results[i].request, results[i].state = fetch(client, s, f) })
		} else {
			results[i].request, results[i].state = fetch(client, s, f)
		}
	}
	all.Wait()
	for _, one := range results {
		r.Requests = append(r.Requests, one.request)
		if one.state != nil && !one.request.Reused {
			r.TLS = append(r.TLS, tlsTruth(one.request.Connection, *one.state))
		}
	}
	return r
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
	ctx, cancel := context.WithCancel(request.Context())
	defer cancel()
	request = request.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(i httptrace.GotConnInfo) {
			t.Connection, t.Reused = i.Conn.LocalAddr().String(), i.Reused
		},
		Got100Continue:       func() { t.Continue = true },
		WroteRequest:         func(httptrace.WroteRequestInfo) { t.Wrote = pointer() },
		GotFirstResponseByte: func() { t.FirstByte = pointer() },
	}))
	response, err := client.Do(request)
	if err != nil {
		t.Error = err.Error()
		return t, nil
	}
	defer response.Body.Close()
	t.ContentEncoding, t.RequestBody = response.Header.Get("Content-Encoding"), max(request.ContentLength, 0)
	t.Status, t.Protocol = response.StatusCode, fmt.Sprintf("http%d", response.ProtoMajor)
	if f.Cancel > 0 {
		t.Body, _ = io.CopyN(io.Discard, response.Body, int64(f.Cancel))
		t.Cancelled = true
		return t, response.TLS
	}
	t.Body, err = io.Copy(io.Discard, response.Body)
	t.Done = pointer()
	if err != nil {
		t.Error = err.Error()
	}
	for name := range response.Trailer {
		if t.Trailers == nil {
			t.Trailers = map[string]string{}
		}
		t.Trailers[name] = response.Trailer.Get(name)
	}
	return t, response.TLS
}

func newRequest(s HTTPClient, f Fetch) (*http.Request, error) {
	var body io.Reader
	if f.Body > 0 {
		body = strings.NewReader(strings.Repeat("x", f.Body))
	}
	form := ""
	if f.Parts > 0 {
		body, form = multipartForm(f.Parts)
	}
	request, err := http.NewRequest(f.Method, s.Base+f.Target, body)
	if err != nil {
		return nil, err
	}
	if form != "" {
		request.Header.Set("Content-Type", form)
	}
	if s.Host != "" {
		request.Host = s.Host
	}
	for name, value := range f.Header {
		request.Header.Set(name, value)
	}
	return request, nil
}

// multipartForm is a form with a field and so many files, and its type.
func multipartForm(files int) (io.Reader, string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.WriteField("title", "from the lab") // a buffer takes everything
	for i := range files {
		part, _ := w.CreateFormFile("file", fmt.Sprintf("part-%d.txt", i))
		_, _ = io.WriteString(part, strings.Repeat("a line of the file\n", 20*(i+1)))
	}
	_ = w.Close()
	return bytes.NewReader(b.Bytes()), w.FormDataContentType()
}

func tlsTruth(connection string, s tls.ConnectionState) truth.TLS {
	t := truth.TLS{
		Connection: connection, Version: tls.VersionName(s.Version), SNI: s.ServerName, ALPN: s.NegotiatedProtocol,
		CipherSuite: tls.CipherSuiteName(s.CipherSuite), Group: s.CurveID.String(), Resumed: s.DidResume,
		HelloRetry: s.HelloRetryRequest,
	}
	if s.ECHAccepted {
		t.ECH = "accepted"
	}
	for _, c := range s.PeerCertificates {
		t.Certificates = append(t.Certificates, c.Subject.String())
	}
	return t
}
