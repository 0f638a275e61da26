package role

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"github.com/wiresight/wiresight/lab/truth"
)

// PageServer serves a page with its parts to a browser and reports, when it
// ends, each request as it saw it.
type PageServer struct {
	Address     string
	Certificate string // PEM files; none is without TLS
	Key         string
	Protocol    string // http1, http2, over TCP
	HTTP3       bool   // over UDP too
	AltSvc      bool   // tell of it
}

// AltSvc is what the server tells of its HTTP/3 (RFC 7838).
const AltSvc = `h3=":443"; ma=3600`

func servePage(settings []byte) error {
	var s PageServer
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	seen := &account{next: page(s)}
	server := &http.Server{Handler: seen, Protocols: protocols(s.Protocol)}
	if err := configureTLS(server, HTTPServer{Certificate: s.Certificate, Key: s.Key}); err != nil {
		return err
	}
	l, err := net.Listen("tcp", s.Address)
	if err != nil {
		return err
	}
	if server.TLSConfig == nil {
		go func() { _ = server.Serve(l) }()
	} else {
		server.TLSConfig.GetConfigForClient = seen.grease
		go func() { _ = server.ServeTLS(l, "", "") }()
	}
	if s.HTTP3 {
		socket, err := net.ListenPacket("udp", s.Address)
		if err != nil {
			return err
		}
		over := &http3.Server{
			Handler: seen, QUICConfig: &quic.Config{},
			TLSConfig: http3.ConfigureTLSConfig(&tls.Config{Certificates: server.TLSConfig.Certificates}),
		}
		go func() { _ = over.Serve(socket) }()
	}
	ready()
	untilInputEnds()
	seen.mu.Lock()
	defer seen.mu.Unlock()
	for i := range seen.report.TLS {
		if slices.Contains(seen.greased, seen.report.TLS[i].Connection) {
			seen.report.TLS[i].ECH = "grease"
		}
	}
	return report(seen.report)
}

// page is a page with twelve parts; the last is asked for by its script, once
// all the others are there.
func page(s PageServer) http.Handler {
	mux := http.NewServeMux()
	var b strings.Builder
	b.WriteString("<!doctype html><title>The lab's page</title><link rel=stylesheet href=/part/style.css><link rel=icon href=/part/icon.png>")
	for i := range 8 {
		fmt.Fprintf(&b, "<img src=/part/%d.png>", i)
	}
	b.WriteString("<script src=/part/app.js></script><p id=p>loading</p><script>onload=()=>setTimeout(()=>" +
		"fetch('/part/data.json').then(r=>r.text()).then(t=>{document.getElementById('p').textContent='loaded'}),400)</script>")
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if s.AltSvc {
			w.Header().Set("Alt-Svc", AltSvc)
		}
		_, _ = io.WriteString(w, b.String())
	})
	mux.HandleFunc("GET /part/{name}", func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("name")
		if s.AltSvc {
			w.Header().Set("Alt-Svc", AltSvc)
		}
		for end, kind := range map[string]string{".css": "text/css", ".js": "text/javascript", ".png": "image/png", ".json": "application/json"} {
			if strings.HasSuffix(name, end) {
				w.Header().Set("Content-Type", kind)
			}
		}
		if strings.HasSuffix(name, ".png") {
			_, _ = io.WriteString(w, strings.Repeat("not really a picture", 40))
			return
		}
		_, _ = io.WriteString(w, "/* "+strings.Repeat("part of the page ", 30)+"*/")
	})
	return mux
}

// account notes each request that a server had, and how it was answered.
type account struct {
	next    http.Handler
	mu      sync.Mutex
	report  HTTPReport
	greased []string // connections whose ClientHello had the extension of ECH
}

func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t := truth.Request{
		Connection: r.RemoteAddr, Protocol: fmt.Sprintf("http%d", r.ProtoMajor), Method: r.Method,
		Target: r.URL.RequestURI(), Host: r.Host, Status: http.StatusOK,
	}
	counted := &countedResponse{ResponseWriter: w, request: &t}
	a.next.ServeHTTP(counted, r)
	a.mu.Lock()
	defer a.mu.Unlock()
	t.Reused = slices.ContainsFunc(a.report.Requests, func(q truth.Request) bool { return q.Connection == t.Connection })
	a.report.Requests = append(a.report.Requests, t)
	if r.TLS == nil || t.Reused {
		return
	}
	state := tlsTruth(t.Connection, *r.TLS)
	if r.ProtoMajor == 3 {
		a.report.QUIC = append(a.report.QUIC, truth.QUIC{Connection: t.Connection, Version: "v1", TLS: state})
	} else {
		a.report.TLS = append(a.report.TLS, state)
	}
}

// grease notes whether a client that was told of no ECH configuration sent the
// extension all the same.
func (a *account) grease(h *tls.ClientHelloInfo) (*tls.Config, error) {
	const encryptedClientHello = 0xfe0d
	if slices.Contains(h.Extensions, encryptedClientHello) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.greased = append(a.greased, h.Conn.RemoteAddr().String())
	}
	return nil, nil
}

// countedResponse notes the status and counts the body.
type countedResponse struct {
	http.ResponseWriter
	request *truth.Request
}

func (c *countedResponse) WriteHeader(status int) {
	c.request.Status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *countedResponse) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.request.Body += int64(n)
	return n, err
}
