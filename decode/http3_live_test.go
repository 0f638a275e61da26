package decode

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/secrets"
)

// tap records what a client and a server send each other over UDP.
type tap struct {
	mu   sync.Mutex
	sent []struct {
		dir  layer.Direction
		data []byte
	}
}

// tapped is one of them. dir is the direction in which it sends.
type tapped struct {
	net.PacketConn
	tap *tap
	dir layer.Direction
}

func (c *tapped) WriteTo(b []byte, to net.Addr) (int, error) {
	c.tap.mu.Lock()
	defer c.tap.mu.Unlock()
	c.tap.sent = append(c.tap.sent, struct {
		dir  layer.Direction
		data []byte
	}{c.dir, slices.Clone(b)})
	return c.PacketConn.WriteTo(b, to)
}

func (p *tap) end(t *testing.T, dir layer.Direction) *tapped {
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &tapped{c, p, dir}
}

// logged hands a connection's secrets to a store.
type logged struct{ *secrets.Store }

func (l logged) Write(b []byte) (int, error) { l.AddKeyLog(b); return len(b), nil }

// The frames of the conversation below (RFC 6455 section 5.2). The clients' are
// masked with zeros.
const (
	zeros = "\x00\x00\x00\x00"
	asked = "\x81\x85" + zeros + "hello" + // text
		"\x02\x83" + zeros + "one" + "\x89\x82" + zeros + "hi" + "\x80\x83" + zeros + "two" // binary in two fragments, a Ping between them
	answered = "\x8a\x02hi" + "\x81\x06hello!" + "\x88\x05\x03\xe8bye"
	closed   = "\x88\x85" + zeros + "\x03\xe8bye"
)

// serveHTTP3 answers GET with an event stream and takes up WebSockets.
func serveHTTP3(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "event: tick\nid: %d\ndata: number %d\n\n", i, i)
			w.(http.Flusher).Flush()
			time.Sleep(5 * time.Millisecond)
		}
		return
	}
	w.WriteHeader(http.StatusOK)
	s, err := w.(http3.HTTPStreamer).HTTPStream()
	if err != nil {
		return
	}
	defer s.Close()
	if _, err := io.ReadFull(s, make([]byte, len(asked))); err != nil {
		return
	}
	s.Write([]byte(answered))
	io.ReadFull(s, make([]byte, len(closed)))
}

// talkHTTP3 opens a WebSocket (RFC 9220) and reads an event stream, both on one
// connection.
func talkHTTP3(t *testing.T, p *tap, keys *secrets.Store) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"example.com"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	a, b := p.end(t, layer.ToServer), p.end(t, layer.ToClient)
	server := &http3.Server{Handler: http.HandlerFunc(serveHTTP3), TLSConfig: &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, NextProtos: []string{http3.NextProtoH3},
	}}
	go server.Serve(b)
	defer server.Close()
	conn, err := quic.Dial(ctx, a, b.LocalAddr(), &tls.Config{
		ServerName: "example.com", InsecureSkipVerify: true, NextProtos: []string{http3.NextProtoH3}, KeyLogWriter: logged{keys},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := (&http3.Transport{}).NewClientConn(conn)
	request := func(method, path, protocol string) *http3.RequestStream {
		s, err := client.OpenRequestStream(ctx)
		if err != nil {
			t.Fatal(err)
		}
		r := (&http.Request{Method: method, Proto: protocol, Host: "example.com", URL: &url.URL{Scheme: "https", Host: "example.com", Path: path}, Header: http.Header{}}).WithContext(ctx)
		if err := s.SendRequestHeader(r); err != nil {
			t.Fatal(err)
		}
		if answer, err := s.ReadResponse(); err != nil || answer.StatusCode != http.StatusOK {
			t.Fatal(answer, err)
		}
		return s
	}
	<-client.ReceivedSettings()
	ws := request(http.MethodConnect, "/chat", "websocket")
	ws.Write([]byte(asked))
	if got := make([]byte, len(answered)); true {
		if _, err := io.ReadFull(ws, got); err != nil {
			t.Fatal(err)
		}
	}
	ws.Write([]byte(closed))
	ws.Close()
	events := request(http.MethodGet, "/events", "HTTP/3.0")
	events.Close()
	if _, err := io.ReadAll(events); err != nil {
		t.Fatal(err)
	}
	conn.CloseWithError(0, "")
}

// A WebSocket and an event stream over HTTP/3 are read down to their messages.
func TestWebSocketsAndEventStreamsOverHTTP3(t *testing.T) {
	wire, keys := &tap{}, secrets.New()
	talkHTTP3(t, wire, keys)
	p := newPlayer(t, Options{Secrets: keys})
	wire.mu.Lock()
	defer wire.mu.Unlock()
	for _, d := range wire.sent {
		from, to, src, dst := one, two, layers.UDPPort(50000), layers.UDPPort(443)
		if d.dir == layer.ToClient {
			from, to, src, dst = to, from, dst, src
		}
		p.send(ether(), ipv4(from, to, layers.IPProtocolUDP), &layers.UDP{SrcPort: src, DstPort: dst}, gopacket.Payload(d.data))
	}
	m := p.chain.Finish()
	if len(m.Conversations) != 1 {
		t.Fatalf("%d conversations", len(m.Conversations))
	}
	c := m.Conversations[0]
	var got []string
	for _, e := range c.Exchanges {
		got = append(got, fmt.Sprintf("%s %s %s %s", e.Protocol, e.Name, e.Request.Fact("protocol"), e.Status))
	}
	for i := range c.Events {
		if e := &c.Events[i]; e.Protocol == "websocket" || e.Protocol == "sse" {
			got = append(got, fmt.Sprintf("%s stream %d %s %s %s %s", e.Protocol, e.Stream, e.Dir, e.Kind, e.Name, e.Fact("payload-bytes")+e.Fact("data-bytes")))
		}
	}
	want := []string{
		"http3 CONNECT /chat websocket 200", "http3 GET /events  200",
		"websocket stream 0 to_server text  5", "websocket stream 0 to_server ping  ", "websocket stream 0 to_server binary  6",
		"websocket stream 0 to_client pong  ", "websocket stream 0 to_client text  6", "websocket stream 0 to_client close 1000 ", "websocket stream 0 to_server close 1000 ",
		"sse stream 4 to_client event tick 8", "sse stream 4 to_client event tick 8", "sse stream 4 to_client event tick 8",
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for _, problem := range c.Problems {
		t.Errorf("packet %d: %s: %s", problem.Packet, problem.Layer, problem.Text)
	}
}
