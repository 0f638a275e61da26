package role

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

// HTTP3Server is what the HTTP/3 server is told.
type HTTP3Server struct {
	Address     string
	Certificate string
	Key         string
	Retry       bool // validate each client's address with a Retry packet
	OnlyV1      bool
	Requests    int // while it answers this request the server shuts down gracefully; 0 is never
	Forget      int // after this request the server loses its connections without a word; 0 is never
}

func serveHTTP3(settings []byte) error {
	var s HTTP3Server
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(s.Certificate, s.Key)
	if err != nil {
		return err
	}
	config := http3.ConfigureTLSConfig(&tls.Config{Certificates: []tls.Certificate{pair}})
	if err := s.listen(config); err != nil {
		return err
	}
	ready()
	untilInputEnds()
	return nil
}

// resetKey stays the same when the server forgets its connections, so that it
// can tell their clients (RFC 9000 sec. 10.3).
var resetKey = quic.StatelessResetKey{1, 2, 3, 4}

func (s HTTP3Server) listen(config *tls.Config) error {
	socket, err := net.ListenPacket("udp", s.Address)
	if err != nil {
		return err
	}
	transport := &quic.Transport{Conn: socket, VerifySourceAddress: func(net.Addr) bool { return s.Retry }, StatelessResetKey: &resetKey}
	settings := &quic.Config{Versions: []quic.Version{quic.Version1, quic.Version2}, Allow0RTT: true}
	if s.OnlyV1 {
		settings.Versions = settings.Versions[:1]
	}
	l, err := transport.ListenEarly(config, settings)
	if err != nil {
		return err
	}
	server := &http3.Server{}
	server.Handler = s.handler(server, func() error {
		socket.Close() // the library cannot say goodbye
		time.Sleep(50 * time.Millisecond)
		again := s
		again.Forget = 0
		return again.listen(config)
	})
	go func() { _ = server.ServeListener(l) }()
	return nil
}

// handler is the lab's site until the server shuts down or forgets.
func (s HTTP3Server) handler(server *http3.Server, forget func() error) http.Handler {
	next, count := site(""), new(atomic.Int64)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := int(count.Add(1))
		if n == s.Requests {
			go func() { _ = server.Shutdown(context.Background()) }()
			time.Sleep(60 * time.Millisecond)
		}
		next.ServeHTTP(w, r)
		if n == s.Forget {
			time.AfterFunc(150*time.Millisecond, func() { _ = forget() })
		}
	})
}
