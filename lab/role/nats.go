package role

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wiresight/wiresight/lab/truth"
)

// NATSServer is nats-server.
type NATSServer struct {
	Address   string
	JetStream string // a directory for it, or ""
}

func serveNATS(settings []byte) error {
	var s NATSServer
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(s.Address)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	server, err := natsserver.NewServer(&natsserver.Options{
		ServerName: "lab", Host: host, Port: n, JetStream: s.JetStream != "", StoreDir: s.JetStream, NoLog: true, NoSigs: true,
	})
	if err != nil {
		return err
	}
	server.Start()
	if !server.ReadyForConnections(20 * time.Second) {
		return fmt.Errorf("nats-server did not start")
	}
	ready()
	untilInputEnds()
	server.Shutdown()
	return nil
}

// NATSClients publishes, subscribes in queue groups and without, and asks, or
// lets JetStream keep what is published and reads it from there.
type NATSClients struct {
	Server    string
	JetStream bool
}

// natsClient is one connection.
type natsClient struct {
	*nats.Conn
	mu    sync.Mutex
	truth truth.Messaging
}

func newNATSClient(server, name string) (*natsClient, error) {
	var d dialed
	nc, err := nats.Connect("nats://"+server, nats.Name(name), nats.SetCustomDialer(&d), nats.NoReconnect())
	if err != nil {
		return nil, err
	}
	return &natsClient{Conn: nc, truth: truth.Messaging{Protocol: "nats", Client: name, Connection: d.last()}}, nil
}

func (c *natsClient) publish(subject string, size int) error {
	c.truth.Sent = append(c.truth.Sent, truth.Message{Name: subject, Bytes: size})
	return c.Publish(subject, []byte(strings.Repeat("x", size)))
}

func (c *natsClient) received(m *nats.Msg) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.truth.Received = append(c.truth.Received, truth.Message{Name: m.Subject, Bytes: len(m.Data)})
}

func speakNATS(settings []byte) error {
	var s NATSClients
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	if s.JetStream {
		return s.jetStream()
	}
	var all []*natsClient
	for _, name := range []string{"publisher", "subscriber-1", "subscriber-2", "worker-1", "worker-2"} {
		c, err := newNATSClient(s.Server, name)
		if err != nil {
			return err
		}
		all = append(all, c)
	}
	for i, c := range all[1:] {
		subject, queue := "news.>", ""
		if i >= 2 {
			subject, queue = "jobs", "workers"
		}
		var err error
		if queue == "" {
			_, err = c.Subscribe(subject, c.received)
		} else {
			_, err = c.QueueSubscribe(subject, queue, c.received)
		}
		if err != nil {
			return err
		}
		if err := c.Flush(); err != nil {
			return err
		}
	}
	answerer := all[1]
	if _, err := answerer.Subscribe("help", func(m *nats.Msg) {
		answerer.received(m)
		_ = m.Respond([]byte("here"))
	}); err != nil {
		return err
	}
	if err := answerer.Flush(); err != nil {
		return err
	}
	return s.talk(all)
}

func (s *NATSClients) talk(all []*natsClient) error {
	p := all[0]
	for i := range 4 {
		if err := p.publish(fmt.Sprintf("news.%d", i), 100+i); err != nil {
			return err
		}
		if err := p.publish("jobs", 200+i); err != nil {
			return err
		}
		time.Sleep(30 * time.Millisecond)
	}
	for range 3 {
		p.truth.Sent = append(p.truth.Sent, truth.Message{Name: "help", Bytes: 2})
		if _, err := p.Request("help", []byte("me"), 5*time.Second); err != nil {
			return err
		}
		p.truth.Asked = append(p.truth.Asked, truth.Question{Name: "help", Replied: true})
	}
	if _, err := p.Request("nobody", []byte("me"), 5*time.Second); err != nats.ErrNoResponders {
		return fmt.Errorf("a request to nobody: %v", err)
	}
	p.truth.Sent = append(p.truth.Sent, truth.Message{Name: "nobody", Bytes: 2})
	p.truth.Asked = append(p.truth.Asked, truth.Question{Name: "nobody"})
	time.Sleep(100 * time.Millisecond)
	var out []truth.Messaging
	for _, c := range all {
		c.Close()
		out = append(out, c.truth)
	}
	return report(out)
}

func (s *NATSClients) jetStream() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c, err := newNATSClient(s.Server, "jetstream")
	if err != nil {
		return err
	}
	js, err := jetstream.New(c.Conn)
	if err != nil {
		return err
	}
	stream, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "ORDERS", Subjects: []string{"orders.>"}})
	if err != nil {
		return err
	}
	for i := range 4 {
		subject := fmt.Sprintf("orders.%d", i)
		if _, err := js.Publish(ctx, subject, []byte(strings.Repeat("o", 50+i)), jetstream.WithMsgID(fmt.Sprint("id-", i))); err != nil {
			return err
		}
		c.truth.Sent = append(c.truth.Sent, truth.Message{Name: subject, Bytes: 50 + i})
		c.truth.Asked = append(c.truth.Asked, truth.Question{Name: subject, Replied: true})
	}
	consumer, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{Durable: "billing", AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		return err
	}
	batch, err := consumer.Fetch(4)
	if err != nil {
		return err
	}
	for m := range batch.Messages() {
		c.truth.Received = append(c.truth.Received, truth.Message{Name: m.Subject(), Bytes: len(m.Data())})
		if err := m.DoubleAck(ctx); err != nil {
			return err
		}
	}
	c.Close()
	return report([]truth.Messaging{c.truth})
}
