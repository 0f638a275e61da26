package role

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/qlogwriter"

	"github.com/wiresight/wiresight/lab/truth"
)

// QUICServer is what the server of a small protocol of the lab's own is told: it
// echoes streams and datagrams.
type QUICServer struct {
	Addresses   []string // the first takes 0-RTT data, the others do not
	Certificate string
	Key         string
}

// QUICClient is what its client is told. Each connection does all steps.
type QUICClient struct {
	Addresses []string // one connection to each, all but the first resumed with 0-RTT data
	Host      string
	CA, Keys  string
	Steps     []QUICStep
}

// QUICStep is one thing to do: "echo" a stream, send "datagrams", "reset" a
// stream, "stop" one that the server fills, let the server "close" with an error.
type QUICStep struct {
	Do    string
	Count int
	Bytes int
}

const rawProtocol = "lab"

// The application's error codes.
const (
	errReset = 0x17
	errStop  = 0x18
	errClose = 0x99
)

func serveQUIC(settings []byte) error {
	var s QUICServer
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(s.Certificate, s.Key)
	if err != nil {
		return err
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{rawProtocol}}
	for i, address := range s.Addresses {
		l, err := quic.ListenAddrEarly(address, config, &quic.Config{EnableDatagrams: true, Allow0RTT: i == 0})
		if err != nil {
			return err
		}
		go func() {
			for {
				c, err := l.Accept(context.Background())
				if err != nil {
					return
				}
				go echoDatagrams(c)
				go echoStreams(c)
			}
		}()
	}
	ready()
	untilInputEnds()
	return nil
}

func echoDatagrams(c *quic.Conn) {
	for {
		b, err := c.ReceiveDatagram(c.Context())
		if err != nil {
			return
		}
		_ = c.SendDatagram(b)
	}
}

func echoStreams(c *quic.Conn) {
	for {
		s, err := c.AcceptStream(c.Context())
		if err != nil {
			return
		}
		go func() {
			b := make([]byte, 5)
			if _, err := io.ReadFull(s, b); err != nil {
				s.CancelWrite(errReset)
				return
			}
			switch string(b) {
			case "fill ": // until the client stops it
				for {
					if _, err := s.Write(make([]byte, 500)); err != nil {
						return
					}
					time.Sleep(5 * time.Millisecond)
				}
			case "close":
				_ = c.CloseWithError(errClose, "the lab has seen enough")
				return
			}
			_, _ = s.Write(b)
			if _, err := io.Copy(s, s); err != nil {
				s.CancelWrite(errReset)
				return
			}
			s.Close()
		}()
	}
}

func talkQUIC(settings []byte) error {
	var s QUICClient
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	config, err := clientTLS(s.Host, s.CA, s.Keys)
	if err != nil {
		return err
	}
	config.NextProtos, config.ClientSessionCache = []string{rawProtocol}, tls.NewLRUClientSessionCache(4)
	var r HTTPReport
	for _, address := range s.Addresses {
		q, err := s.connect(config, address)
		if err != nil {
			return err
		}
		r.QUIC = append(r.QUIC, q)
	}
	return report(r)
}

// connect makes one connection, does the steps and closes it.
func (s QUICClient) connect(config *tls.Config, address string) (truth.QUIC, error) {
	var q truth.QUIC
	log := newQUICLog()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	socket, err := newSocket()
	if err != nil {
		return q, err
	}
	to, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return q, err
	}
	conn, err := socket.DialEarly(ctx, to, config, &quic.Config{
		EnableDatagrams: true, Versions: []quic.Version{quic.Version1},
		Tracer: func(context.Context, bool, quic.ConnectionID) qlogwriter.Trace { return log },
	})
	if err != nil {
		return q, err
	}
	for _, step := range s.Steps {
		err := step.on(ctx, conn)
		if errors.Is(err, quic.Err0RTTRejected) { // say it again
			q.Rejected0RTT = true
			if conn, err = conn.NextConnection(ctx); err != nil {
				return q, err
			}
			err = step.on(ctx, conn)
		}
		if err != nil {
			return q, fmt.Errorf("%s: %w", step.Do, err)
		}
	}
	state := conn.ConnectionState()
	q.Connection, q.Version, q.Used0RTT = portOf(socket.Conn.LocalAddr()), state.Version.String(), state.Used0RTT
	q.TLS = tlsTruth(q.Connection, state.TLS)
	time.Sleep(50 * time.Millisecond) // the last acknowledgements and tickets
	_ = conn.CloseWithError(0, "")
	time.Sleep(20 * time.Millisecond)
	log.into(&q, nil)
	return q, nil
}

func (step QUICStep) on(ctx context.Context, c *quic.Conn) error {
	if step.Do == "datagrams" {
		return step.datagrams(ctx, c)
	}
	s, err := c.OpenStreamSync(ctx)
	if err != nil {
		return err
	}
	switch step.Do {
	case "echo":
		if _, err := io.WriteString(s, "echo "+strings.Repeat("e", step.Bytes)); err != nil {
			return err
		}
		if err := s.Close(); err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, s)
		return err
	case "reset":
		if _, err := io.WriteString(s, "reset "+strings.Repeat("r", step.Bytes)); err != nil {
			return err
		}
		time.Sleep(40 * time.Millisecond)
		s.CancelWrite(errReset)
		_, err := io.Copy(io.Discard, s)
		var reset *quic.StreamError
		if errors.As(err, &reset) {
			return nil
		}
		return fmt.Errorf("the server did not reset its side: %w", err)
	case "stop":
		if _, err := io.WriteString(s, "fill "); err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, s, int64(step.Bytes)); err != nil {
			return err
		}
		s.CancelRead(errStop)
		time.Sleep(60 * time.Millisecond)
		return s.Close()
	case "close":
		if _, err := io.WriteString(s, "close"); err != nil {
			return err
		}
		_, err := io.Copy(io.Discard, s)
		var closed *quic.ApplicationError
		if errors.As(err, &closed) && closed.ErrorCode == errClose {
			return nil
		}
		return fmt.Errorf("the server did not close with an error: %w", err)
	}
	return errors.New("no such step")
}

// datagrams sends one after the other and waits for each to come back.
func (step QUICStep) datagrams(ctx context.Context, c *quic.Conn) error {
	<-c.HandshakeComplete() // the peer's limit is known
	for range step.Count {
		if err := c.SendDatagram(make([]byte, step.Bytes)); err != nil {
			return err
		}
		if _, err := c.ReceiveDatagram(ctx); err != nil {
			return err
		}
	}
	return nil
}
