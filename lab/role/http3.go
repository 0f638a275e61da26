package role

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"github.com/wiresight/wiresight/lab/truth"
)

// HTTP3Server is what the HTTP/3 server is told.
type HTTP3Server struct {
	Address     string
	Certificate string
	Key         string
	Retry       bool // validate each client's address with a Retry packet
}

// HTTP3Client is what the HTTP/3 client is told. With Resume it makes a first
// connection for a ticket and a second with 0-RTT.
type HTTP3Client struct {
	HTTPClient
	Version2 bool // QUIC version 2 (RFC 9369)
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
	socket, err := net.ListenPacket("udp", s.Address)
	if err != nil {
		return err
	}
	transport := &quic.Transport{Conn: socket, VerifySourceAddress: func(net.Addr) bool { return s.Retry }}
	l, err := transport.ListenEarly(
		http3.ConfigureTLSConfig(&tls.Config{Certificates: []tls.Certificate{pair}}),
		&quic.Config{Versions: []quic.Version{quic.Version1, quic.Version2}, Allow0RTT: true},
	)
	if err != nil {
		return err
	}
	server := &http3.Server{Handler: site()}
	go func() { _ = server.ServeListener(l) }()
	ready()
	untilInputEnds()
	return nil
}

func requestHTTP3(settings []byte) error {
	var s HTTP3Client
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	config, err := clientTLS(s.Host, s.CA, s.Keys)
	if err != nil {
		return err
	}
	config.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	var r HTTPReport
	connections := 1
	if s.Resume {
		connections = 2
	}
	for i := range connections {
		if err := fetchHTTP3(s, config, i > 0, &r); err != nil {
			return err
		}
	}
	return report(r)
}

// fetchHTTP3 makes the requests over one new connection, early ones as 0-RTT data
// where the server allows it.
func fetchHTTP3(s HTTP3Client, config *tls.Config, early bool, r *HTTPReport) error {
	settings := &quic.Config{Versions: []quic.Version{quic.Version1}}
	if s.Version2 {
		settings.Versions = []quic.Version{quic.Version2}
	}
	var connection atomic.Pointer[quic.Conn]
	transport := &http3.Transport{
		TLSClientConfig: config, QUICConfig: settings, DisableCompression: true,
		Dial: func(ctx context.Context, address string, c *tls.Config, q *quic.Config) (*quic.Conn, error) {
			conn, err := quic.DialAddrEarly(ctx, address, c, q)
			connection.Store(conn)
			return conn, err
		},
	}
	defer transport.Close()
	client := &http.Client{Transport: transport}
	for i, f := range s.Fetches {
		t := truth.Request{
			Protocol: "http3", Method: f.Method, Target: f.Target, Host: s.Host,
			RequestBody: int64(f.Body), Reused: i > 0, Start: pointer(),
		}
		request, err := newRequest(s.HTTPClient, f)
		if err != nil {
			return err
		}
		if early && f.Method == http.MethodGet {
			request.Method = http3.MethodGet0RTT
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		t.Status = response.StatusCode
		if t.Body, err = io.Copy(io.Discard, response.Body); err != nil {
			return err
		}
		response.Body.Close()
		t.Done = pointer()
		r.Requests = append(r.Requests, t)
	}
	c := connection.Load()
	<-c.HandshakeComplete()
	state := c.ConnectionState()
	t := truth.QUIC{Connection: portOf(c.LocalAddr()), Version: state.Version.String(), Used0RTT: state.Used0RTT}
	t.TLS = tlsTruth(t.Connection, state.TLS)
	r.QUIC = append(r.QUIC, t)
	for i := range s.Fetches {
		r.Requests[len(r.Requests)-1-i].Connection = t.Connection
	}
	return nil
}

// portOf is the port of an address whose host part is the wildcard.
func portOf(a net.Addr) string {
	_, port, _ := net.SplitHostPort(a.String())
	return ":" + port
}
