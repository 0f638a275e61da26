package role

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c"
)

// HTTPServer is what an HTTP server of the lab is told.
type HTTPServer struct {
	Addresses   []string
	Certificate string // PEM files; none is plain HTTP
	Key         string
	Protocols   []string // "http1", "http2", "h2c", "h2c-upgrade"; none is http1
	ECHConfig   []byte   // with its private key
	ECHKey      []byte
	Requests    int // after so many the server shuts down gracefully; 0 is never
}

func serveHTTP(settings []byte) error {
	var s HTTPServer
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	server := &http.Server{Handler: site(), Protocols: new(http.Protocols)}
	if len(s.Protocols) == 0 {
		s.Protocols = []string{"http1"}
	}
	for _, p := range s.Protocols {
		switch p {
		case "http1":
			server.Protocols.SetHTTP1(true)
		case "http2":
			server.Protocols.SetHTTP2(true)
		case "h2c":
			server.Protocols.SetUnencryptedHTTP2(true)
		case "h2c-upgrade": // RFC 7540 sec. 3.2; net/http itself has it no more
			server.Handler = h2c.NewHandler(server.Handler, &http2.Server{})
			server.Protocols.SetHTTP1(true)
		}
	}
	if s.Requests > 0 {
		server.Handler = shutDownAfter(server, s.Requests)
	}
	if err := configureTLS(server, s); err != nil {
		return err
	}
	for _, address := range s.Addresses {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		if server.TLSConfig != nil {
			go func() { _ = server.ServeTLS(l, "", "") }()
		} else {
			go func() { _ = server.Serve(l) }()
		}
	}
	ready()
	untilInputEnds()
	return nil // the process ends; the kernel closes what is open
}

func configureTLS(server *http.Server, s HTTPServer) error {
	if s.Certificate == "" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(s.Certificate, s.Key)
	if err != nil {
		return err
	}
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}}
	if s.ECHConfig != nil {
		server.TLSConfig.EncryptedClientHelloKeys = []tls.EncryptedClientHelloKey{{Config: s.ECHConfig, PrivateKey: s.ECHKey}}
	}
	return nil
}

// shutDownAfter lets the server say GOAWAY while it answers the n-th request.
func shutDownAfter(server *http.Server, n int) http.Handler {
	next, count := server.Handler, atomic.Int64{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if count.Add(1) == int64(n) {
			go func() { _ = server.Shutdown(context.Background()) }()
			time.Sleep(100 * time.Millisecond)
		}
		next.ServeHTTP(w, r)
	})
}

// site is what the lab's Go servers serve, over every version of HTTP.
func site() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "hello from the lab")
	})
	mux.HandleFunc("GET /items/{id}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"id":%q,"name":"item %[1]s","price":12.5}`+"\n", r.PathValue("id"))
	})
	mux.HandleFunc("POST /items", func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		w.Header().Set("Location", "/items/4")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"received":%d}`+"\n", n)
	})
	mux.HandleFunc("GET /chunked", func(w http.ResponseWriter, _ *http.Request) {
		for i := range 4 {
			fmt.Fprintf(w, "piece %d of what is made piece by piece\n", i)
			_ = http.NewResponseController(w).Flush()
			time.Sleep(5 * time.Millisecond)
		}
	})
	mux.HandleFunc("GET /bytes/{n}", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.PathValue("n"))
		if err != nil || n < 0 || n > 1<<24 {
			http.Error(w, "bad size", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(n))
		_, _ = io.WriteString(w, strings.Repeat("0123456789abcdef", n/16+1)[:n])
	})
	mux.HandleFunc("GET /trailers", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Checksum")
		_, _ = io.WriteString(w, "what the checksum is of\n")
		_ = http.NewResponseController(w).Flush()
		w.Header().Set("X-Checksum", "5cc03f")
	})
	mux.HandleFunc("GET /headers/{n}", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.PathValue("n"))
		for i := range min(n, 64) {
			w.Header().Set(fmt.Sprintf("X-Large-%02d", i), strings.Repeat("~", 1000))
		}
		fmt.Fprintln(w, "large headers")
	})
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
		const tag = `"v1"`
		w.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		fmt.Fprintln(w, `{"state":"running"}`)
	})
	return mux
}
