package role

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/quic-go/qlogwriter"
	"github.com/quic-go/webtransport-go"

	"github.com/wiresight/wiresight/lab/truth"
)

// WebTransportClient is what the WebTransport client is told. The server is an
// HTTP3Server that echoes streams and datagrams of its sessions.
type WebTransportClient struct {
	HTTPClient
	Streams   int // bidirectional ones, each echoed
	Datagrams int
}

func serveWebTransport(settings []byte) error {
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
	mux := http.NewServeMux()
	server := &webtransport.Server{H3: &http3.Server{
		Handler: mux, TLSConfig: http3.ConfigureTLSConfig(&tls.Config{Certificates: []tls.Certificate{pair}}),
		QUICConfig: &quic.Config{EnableDatagrams: true, EnableStreamResetPartialDelivery: true},
	}}
	webtransport.ConfigureHTTP3Server(server.H3)
	mux.HandleFunc("/session", func(w http.ResponseWriter, r *http.Request) {
		session, err := server.Upgrade(w, r)
		if err != nil {
			return
		}
		go echoSession(session)
	})
	go func() { _ = server.Serve(socket) }()
	ready()
	untilInputEnds()
	return nil
}

func echoSession(s *webtransport.Session) {
	go func() {
		for {
			b, err := s.ReceiveDatagram(s.Context())
			if err != nil {
				return
			}
			_ = s.SendDatagram(b)
		}
	}()
	for {
		stream, err := s.AcceptStream(s.Context())
		if err != nil {
			return
		}
		go func() {
			_, _ = io.Copy(stream, stream)
			stream.Close()
		}()
	}
}

func talkWebTransport(settings []byte) error {
	var s WebTransportClient
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	config, err := clientTLS(s.Host, s.CA, s.Keys)
	if err != nil {
		return err
	}
	config.NextProtos = []string{http3.NextProtoH3}
	log := newQUICLog()
	var conn *quic.Conn
	socket, err := newSocket()
	if err != nil {
		return err
	}
	transport := &webtransport.Transport{
		TLSClientConfig: config,
		QUICConfig: &quic.Config{
			EnableDatagrams: true, EnableStreamResetPartialDelivery: true, Versions: []quic.Version{quic.Version1},
			Tracer: func(context.Context, bool, quic.ConnectionID) qlogwriter.Trace { return log },
		},
		DialAddr: func(ctx context.Context, address string, c *tls.Config, q *quic.Config) (*quic.Conn, error) {
			to, err := net.ResolveUDPAddr("udp", s.Base)
			if err != nil {
				return nil, err
			}
			conn, err = socket.DialEarly(ctx, to, c, q)
			return conn, err
		},
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	response, session, err := transport.Dial(ctx, "https://"+s.Host+"/session", nil)
	if err != nil {
		return err
	}
	if err := s.talk(ctx, session); err != nil {
		return err
	}
	if err := session.CloseWithError(7, "the lab is done"); err != nil {
		return err
	}
	state := conn.ConnectionState()
	q := truth.QUIC{Connection: portOf(socket.Conn.LocalAddr()), Version: state.Version.String()}
	q.TLS = tlsTruth(q.Connection, state.TLS)
	time.Sleep(60 * time.Millisecond)
	requests := []truth.Request{{
		Connection: q.Connection, Protocol: "http3", Method: "CONNECT", Target: "/session", Host: s.Host, Status: response.StatusCode,
	}}
	log.into(&q, requests)
	return report(HTTPReport{Requests: requests, QUIC: []truth.QUIC{q}})
}

func (s WebTransportClient) talk(ctx context.Context, session *webtransport.Session) error {
	for i := range s.Streams {
		stream, err := session.OpenStreamSync(ctx)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(stream, "hello over stream %d", i); err != nil {
			return err
		}
		if err := stream.Close(); err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, stream); err != nil {
			return err
		}
	}
	for i := range s.Datagrams {
		if err := session.SendDatagram(fmt.Appendf(nil, "datagram %d", i)); err != nil {
			return err
		}
		if _, err := session.ReceiveDatagram(ctx); err != nil {
			return err
		}
	}
	return nil
}
