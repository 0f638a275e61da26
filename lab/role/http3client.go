package role

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/quic-go/qlogwriter"

	"github.com/wiresight/wiresight/lab/truth"
)

// HTTP3Client is what the HTTP/3 client is told. With Resume it makes a first
// connection for a ticket and a second with 0-RTT.
type HTTP3Client struct {
	HTTPClient
	Versions []string // "v1", "v2" in the order of preference; none is v1
	Migrate  int      // after so many requests go on from another socket; 0 is never
	MayFail  bool     // the connection may end before all is answered
}

// http3Run is a client's connection while requests are made over it.
type http3Run struct {
	HTTP3Client
	config    *tls.Config
	early     bool // send the first requests as 0-RTT data
	log       *quicLog
	socket    *quic.Transport
	conn      *quic.Conn
	transport *http3.Transport
	client    *http.Client
	quic      truth.QUIC
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
		run := &http3Run{HTTP3Client: s, config: config, early: i > 0, log: newQUICLog()}
		if err := run.fetchAll(&r); err != nil {
			return err
		}
	}
	return report(r)
}

// open makes the socket and the HTTP/3 transport; the connection comes with the
// first request.
func (x *http3Run) open() error {
	var err error
	if x.socket, err = newSocket(); err != nil {
		return err
	}
	settings := &quic.Config{
		Tracer: func(context.Context, bool, quic.ConnectionID) qlogwriter.Trace { return x.log },
	}
	for _, v := range append(x.Versions, "v1")[:max(len(x.Versions), 1)] {
		settings.Versions = append(settings.Versions, map[string]quic.Version{"v1": quic.Version1, "v2": quic.Version2}[v])
	}
	x.transport = &http3.Transport{
		TLSClientConfig: x.config, DisableCompression: true,
		Dial: func(ctx context.Context, address string, c *tls.Config, _ *quic.Config) (*quic.Conn, error) {
			to, err := net.ResolveUDPAddr("udp", address)
			if err != nil {
				return nil, err
			}
			x.conn, err = x.socket.DialEarly(ctx, to, c, settings)
			return x.conn, err
		},
	}
	x.client = &http.Client{Transport: x.transport}
	return nil
}

// newSocket is a socket that can have several connections and paths.
func newSocket() (*quic.Transport, error) {
	socket, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return nil, err
	}
	return &quic.Transport{Conn: socket}, nil
}

// fetchAll makes the requests over one new connection.
func (x *http3Run) fetchAll(r *HTTPReport) error {
	if err := x.open(); err != nil {
		return err
	}
	requests := make([]truth.Request, len(x.Fetches))
	var all sync.WaitGroup
	var failure error
	for i, f := range x.Fetches {
		if x.Migrate > 0 && i == x.Migrate {
			if err := x.migrate(); err != nil {
				return err
			}
		}
		if x.Concurrent && i > 0 {
			all.Go(func() { requests[i], _ = x.fetch(f, i > 0) })
			continue
		}
		requests[i], failure = x.fetch(f, i > 0)
		if failure != nil {
			break
		}
		time.Sleep(x.Every)
	}
	all.Wait()
	if failure != nil && !x.MayFail {
		return failure
	}
	x.note(requests, failure)
	r.Requests, r.QUIC = append(r.Requests, requests...), append(r.QUIC, x.quic)
	return nil
}

// note closes the connection and puts together what it was.
func (x *http3Run) note(requests []truth.Request, failure error) {
	state := x.conn.ConnectionState()
	x.quic.Connection, x.quic.Version, x.quic.Used0RTT = portOf(x.socket.Conn.LocalAddr()), state.Version.String(), state.Used0RTT
	x.quic.TLS = tlsTruth(x.quic.Connection, state.TLS)
	_ = x.transport.Close()
	time.Sleep(20 * time.Millisecond) // the library tells of the end
	for i := range requests {
		requests[i].Connection = x.quic.Connection
	}
	x.log.into(&x.quic, requests)
	if failure != nil {
		x.quic.Error = failure.Error()
	}
}

func (x *http3Run) fetch(f Fetch, reused bool) (truth.Request, error) {
	t := truth.Request{
		Protocol: "http3", Method: f.Method, Target: f.Target, Host: x.Host,
		RequestBody: int64(f.Body), Reused: reused, Start: pointer(),
	}
	request, err := newRequest(x.HTTPClient, f)
	if err != nil {
		return t, err
	}
	ctx, cancel := context.WithCancel(request.Context())
	defer cancel()
	if x.early && f.Method == http.MethodGet {
		request.Method = http3.MethodGet0RTT
	}
	response, err := x.client.Do(request.WithContext(ctx))
	if err != nil {
		t.Error = err.Error()
		return t, err
	}
	defer response.Body.Close()
	t.Status, t.ContentEncoding = response.StatusCode, response.Header.Get("Content-Encoding")
	if f.Cancel > 0 {
		t.Body, _ = io.CopyN(io.Discard, response.Body, int64(f.Cancel))
		t.Cancelled = true
		return t, nil
	}
	if t.Body, err = io.Copy(io.Discard, response.Body); err != nil {
		t.Error = err.Error()
		return t, err
	}
	t.Done = pointer()
	return t, nil
}

// migrate goes on from a new socket, once the path is validated (RFC 9000 sec. 9).
func (x *http3Run) migrate() error {
	<-x.conn.HandshakeComplete()
	second, err := newSocket()
	if err != nil {
		return err
	}
	path, err := x.conn.AddPath(second)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := path.Probe(ctx); err != nil {
		return err
	}
	if err := path.Switch(); err != nil {
		return err
	}
	x.quic.Paths = []string{portOf(x.socket.Conn.LocalAddr()), portOf(second.Conn.LocalAddr())}
	return nil
}

// portOf is the port of an address whose host part is the wildcard.
func portOf(a net.Addr) string {
	_, port, _ := net.SplitHostPort(a.String())
	return ":" + port
}
