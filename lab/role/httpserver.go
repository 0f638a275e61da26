package role

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// HTTPServer is what an HTTP server of the lab is told.
type HTTPServer struct {
	Addresses   []string
	Certificate string // PEM files; none is plain HTTP
	Key         string
}

func serveHTTP(settings []byte) error {
	var s HTTPServer
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	server := &http.Server{Handler: site()}
	for _, address := range s.Addresses {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		if s.Certificate != "" {
			pair, err := tls.LoadX509KeyPair(s.Certificate, s.Key)
			if err != nil {
				return err
			}
			l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}})
		}
		go func() { _ = server.Serve(l) }()
	}
	ready()
	untilInputEnds()
	return nil // the process ends; the kernel closes what is open
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
