package role

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/wiresight/wiresight/lab/truth"
)

// WebSocketServer is what the WebSocket server is told. It echoes what clients
// send, or with Ticks pushes so many messages and closes the connection itself.
type WebSocketServer struct {
	Address      string
	Certificate  string // PEM files; none is plain
	Key          string
	Subprotocols []string
	Compression  string // "", "takeover", "no-takeover"
	Ticks        int
	Every        time.Duration
	Hears        bool // takes what clients say, and answers nothing of it
}

// WebSocketClient is what the WebSocket client is told.
type WebSocketClient struct {
	URL          string
	Address      string // where to connect, whatever the URL says
	CA, Keys     string
	Subprotocols []string
	Compression  string
	Messages     []WebSocketMessage
	Listen       bool          // take messages until the server closes
	Pause        time.Duration // of a listener's that speaks too: before each of its messages, of which one without content is a ping alone
	Code         int           // of the Close frame; 0 is 1000
	Reason       string
}

// WebSocketMessage is one to send and to get back.
type WebSocketMessage struct {
	Text      string
	Binary    int // bytes, instead of a text
	Fragments int // in so many frames and an empty last one
	Ping      bool
	Silent    bool // the server does not answer this one
}

// WebSocketReport is what the WebSocket client saw.
type WebSocketReport struct {
	HTTPReport
	WebSocket truth.WebSocket
}

var compressions = map[string]websocket.CompressionMode{
	"": websocket.CompressionDisabled, "takeover": websocket.CompressionContextTakeover,
	"no-takeover": websocket.CompressionNoContextTakeover,
}

func serveWebSocket(settings []byte) error {
	var s WebSocketServer
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{
			Subprotocols: s.Subprotocols, CompressionMode: compressions[s.Compression], CompressionThreshold: 32,
		})
		if err != nil {
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(1 << 20)
		if s.Ticks > 0 {
			tick(c, s)
		} else {
			echo(c)
		}
	})
	server := &http.Server{Handler: handler}
	if err := configureTLS(server, HTTPServer{Certificate: s.Certificate, Key: s.Key}); err != nil {
		return err
	}
	l, err := net.Listen("tcp", s.Address)
	if err != nil {
		return err
	}
	if server.TLSConfig != nil {
		l = tls.NewListener(l, server.TLSConfig)
	}
	go func() { _ = server.Serve(l) }()
	ready()
	untilInputEnds()
	return nil
}

// silent begins messages that are not echoed.
const silent = "silent"

func echo(c *websocket.Conn) {
	for {
		kind, b, err := c.Read(context.Background())
		if err != nil {
			return
		}
		if strings.HasPrefix(string(b), silent) {
			continue
		}
		if err := c.Write(context.Background(), kind, b); err != nil {
			return
		}
	}
}

func tick(c *websocket.Conn, s WebSocketServer) {
	if s.Hears {
		go func() {
			for {
				if _, _, err := c.Read(context.Background()); err != nil {
					return
				}
			}
		}()
	} else {
		c.CloseRead(context.Background())
	}
	for i := range s.Ticks {
		time.Sleep(s.Every)
		text := fmt.Sprintf(`{"tick":%d,"price":%d.25,"symbol":"LAB","venue":"lab.example"}`, i, 100+i)
		if err := c.Write(context.Background(), websocket.MessageText, []byte(text)); err != nil {
			return
		}
	}
	_ = c.Close(4001, "no more ticks")
}

func talkWebSocket(settings []byte) error {
	var s WebSocketClient
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	r, tap, err := s.dial()
	if err != nil {
		return err
	}
	r.WebSocket.Connection = tap.LocalAddr().String()
	tap.into(&r.WebSocket)
	return report(r)
}

// dial connects, talks and closes.
func (s WebSocketClient) dial() (*WebSocketReport, *frameTap, error) {
	r := new(WebSocketReport)
	var tap atomic.Pointer[frameTap]
	client, err := s.client(r, &tap)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c, response, err := websocket.Dial(ctx, s.URL, &websocket.DialOptions{
		HTTPClient: client, Subprotocols: s.Subprotocols, CompressionMode: compressions[s.Compression], CompressionThreshold: 32,
	})
	if err != nil {
		return nil, nil, err
	}
	defer c.CloseNow()
	c.SetReadLimit(1 << 20)
	target := response.Request.URL.Path
	r.Requests = []truth.Request{{
		Connection: tap.Load().LocalAddr().String(), Protocol: "http1", Method: "GET", Target: target,
		Host: response.Request.Host, Status: response.StatusCode,
	}}
	r.WebSocket.Target, r.WebSocket.Subprotocol = target, c.Subprotocol()
	r.WebSocket.Extensions = response.Header.Get("Sec-WebSocket-Extensions")
	if s.Listen {
		said := make(chan truth.WebSocket, 1)
		go func() { said <- s.speak(ctx, c) }()
		err := listen(ctx, c, &r.WebSocket)
		told := <-said
		r.WebSocket.Messages = append(r.WebSocket.Messages, told.Messages...)
		return r, tap.Load(), err
	}
	if err := s.talk(ctx, c, &r.WebSocket); err != nil {
		return nil, nil, err
	}
	code := websocket.StatusCode(s.Code)
	if code == 0 {
		code = websocket.StatusNormalClosure
	}
	return r, tap.Load(), c.Close(code, s.Reason)
}

// speak sends messages at the client's own pace, whatever the server says.
func (s WebSocketClient) speak(ctx context.Context, c *websocket.Conn) (told truth.WebSocket) {
	for _, m := range s.Messages {
		time.Sleep(s.Pause)
		if m.Text == "" {
			if c.Ping(ctx) != nil {
				return told
			}
			continue
		}
		if c.Write(ctx, websocket.MessageText, []byte(m.Text)) != nil {
			return told
		}
		note(&told, "client", websocket.MessageText, []byte(m.Text))
	}
	return told
}

// client makes an HTTP client whose connection is tapped, above TLS.
func (s WebSocketClient) client(r *WebSocketReport, tap *atomic.Pointer[frameTap]) (*http.Client, error) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", s.Address)
		if err != nil {
			return nil, err
		}
		t := &frameTap{Conn: c}
		tap.Store(t)
		return t, nil
	}
	transport := &http.Transport{DialContext: dial}
	if s.CA == "" {
		return &http.Client{Transport: transport}, nil
	}
	host, _, _ := strings.Cut(strings.TrimPrefix(s.URL, "wss://"), "/")
	config, err := clientTLS(host, s.CA, s.Keys)
	if err != nil {
		return nil, err
	}
	config.NextProtos = []string{"http/1.1"}
	transport.DialTLSContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", s.Address)
		if err != nil {
			return nil, err
		}
		over := tls.Client(c, config)
		if err := over.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		r.TLS = append(r.TLS, tlsTruth(c.LocalAddr().String(), over.ConnectionState()))
		t := &frameTap{Conn: over}
		tap.Store(t)
		return t, nil
	}
	return &http.Client{Transport: transport}, nil
}

// talk sends each message and waits for its echo.
func (s WebSocketClient) talk(ctx context.Context, c *websocket.Conn, t *truth.WebSocket) error {
	for _, m := range s.Messages {
		kind, content := websocket.MessageText, []byte(m.Text)
		if m.Binary > 0 {
			kind, content = websocket.MessageBinary, []byte(strings.Repeat("\x00\x01\x02\x03\xfe\xff", m.Binary/6+1)[:m.Binary])
		}
		if m.Silent {
			content = append([]byte(silent+" "), content...)
		}
		echoed := make(chan error, 1)
		send := func() error {
			note(t, "client", kind, content)
			return write(ctx, c, kind, content, m)
		}
		if m.Silent {
			if err := send(); err != nil {
				return err
			}
			continue
		}
		go func() { // a ping waits for its pong, which only a reader sees
			kind, b, err := c.Read(ctx)
			if err == nil {
				note(t, "server", kind, b)
			}
			echoed <- err
		}()
		if err := send(); err != nil {
			return err
		}
		if err := <-echoed; err != nil {
			return err
		}
	}
	return nil
}

// write sends a message, in fragments if told, with a ping after the first.
func write(ctx context.Context, c *websocket.Conn, kind websocket.MessageType, b []byte, m WebSocketMessage) error {
	if m.Fragments == 0 {
		if m.Ping {
			if err := c.Ping(ctx); err != nil {
				return err
			}
		}
		return c.Write(ctx, kind, b)
	}
	w, err := c.Writer(ctx, kind)
	if err != nil {
		return err
	}
	size := (len(b) + m.Fragments - 1) / m.Fragments
	for i := 0; len(b) > 0; i++ {
		n := min(size, len(b))
		if _, err := w.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
		if m.Ping && i == 0 {
			if err := c.Ping(ctx); err != nil {
				return err
			}
		}
	}
	return w.Close()
}

// listen takes what the server pushes until it closes.
func listen(ctx context.Context, c *websocket.Conn, t *truth.WebSocket) error {
	for {
		kind, b, err := c.Read(ctx)
		var closed websocket.CloseError
		if errors.As(err, &closed) || errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		note(t, "server", kind, b)
	}
}

func note(t *truth.WebSocket, from string, kind websocket.MessageType, b []byte) {
	m := truth.WebSocketMessage{From: from, Type: "text", Bytes: len(b), Time: time.Now().UTC()}
	if kind == websocket.MessageBinary {
		m.Type = "binary"
	} else if len(b) <= 100 {
		m.Text = string(b)
	}
	t.Messages = append(t.Messages, m)
}
