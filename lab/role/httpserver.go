package role

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c" //lint:ignore SA1019 see serveHTTP
)

// HTTPServer is what an HTTP server of the lab is told.
type HTTPServer struct {
	Addresses   []string
	Certificate string // PEM files; none is plain HTTP
	Key         string
	Protocols   []string // "http1", "http2", "h2c", "h2c-upgrade"; none is http1
	ECHConfig   []byte   // with its private key
	ECHKey      []byte
	Asks        string // URL of the server that /orders/ is made from
	Requests    int    // after so many the server shuts down gracefully; 0 is never
}

func serveHTTP(settings []byte) error {
	var s HTTPServer
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	server := &http.Server{Handler: site(s.Asks), Protocols: new(http.Protocols)}
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
		case "h2c-upgrade":
			//lint:ignore SA1019 the Upgrade of RFC 7540 sec. 3.2, which net/http itself has not
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
