package role

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/eclipse/paho.golang/packets"
	"github.com/eclipse/paho.golang/paho"

	"github.com/wiresight/wiresight/lab/truth"
)

// MQTTClients connects clients to a broker with paho's client of MQTT 5, lets
// one of them publish, waits for what must be delivered, and disconnects them.
type MQTTClients struct {
	Broker    string
	WebSocket bool
	CA, Keys  string // TLS, where set
	Name      string // the server's, for TLS
	Clients   []MQTTClient
	Publish   []MQTTPublish
}

// MQTTClient is one client. One that breaks off closes its connection without
// a DISCONNECT, so that the broker publishes its will.
type MQTTClient struct {
	ID        string
	Subscribe []MQTTSubscription
	Will      string // topic
	User      string
	Password  string
	BreakOff  bool
	Expect    int // messages to wait for
}

// MQTTSubscription is a topic filter.
type MQTTSubscription struct {
	Topic string
	QoS   byte
}

// MQTTPublish is a message; Client is the index of the publisher.
type MQTTPublish struct {
	Client int
	Topic  string
	QoS    byte
	Retain bool
	Bytes  int
	Alias  uint16
}

type mqttConnection struct {
	client *paho.Client
	raw    net.Conn
	mu     sync.Mutex
	truth  truth.Messaging
}

func speakMQTT(settings []byte) error {
	var s MQTTClients
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	var all []*mqttConnection
	for i := range s.Clients {
		c, err := s.connect(&s.Clients[i])
		if err != nil {
			return fmt.Errorf("%s: %w", s.Clients[i].ID, err)
		}
		all = append(all, c)
	}
	for _, p := range s.Publish {
		if err := all[p.Client].publish(p); err != nil {
			return fmt.Errorf("publish to %s: %w", p.Topic, err)
		}
	}
	for i := range s.Clients { // those that break off first: others wait for their wills
		if s.Clients[i].BreakOff {
			all[i].raw.Close()
		}
	}
	var out []truth.Messaging
	for i, c := range all {
		if err := c.wait(s.Clients[i].Expect); err != nil {
			return fmt.Errorf("%s: %w", s.Clients[i].ID, err)
		}
	}
	for i, c := range all {
		if !s.Clients[i].BreakOff {
			if err := c.client.Disconnect(&paho.Disconnect{}); err != nil {
				return err
			}
		}
		c.mu.Lock()
		out = append(out, c.truth)
		c.mu.Unlock()
	}
	return report(out)
}

func (s *MQTTClients) connect(m *MQTTClient) (*mqttConnection, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c := &mqttConnection{truth: truth.Messaging{Protocol: "mqtt", Client: m.ID}}
	conn, err := s.dial(ctx, c)
	if err != nil {
		return nil, err
	}
	c.client = paho.NewClient(paho.ClientConfig{
		ClientID: m.ID, Conn: packets.NewThreadSafeConn(conn), OnPublishReceived: []func(paho.PublishReceived) (bool, error){c.received},
	})
	connect := &paho.Connect{ClientID: m.ID, CleanStart: true, KeepAlive: 60}
	if m.User != "" {
		connect.UsernameFlag, connect.Username, connect.PasswordFlag, connect.Password = true, m.User, true, []byte(m.Password)
	}
	if m.Will != "" {
		connect.WillMessage = &paho.WillMessage{Topic: m.Will, Payload: []byte("gone"), QoS: 1}
	}
	if _, err := c.client.Connect(ctx, connect); err != nil {
		return nil, err
	}
	c.truth.Commands = append(c.truth.Commands, truth.Command{Name: "CONNECT " + m.ID, Status: "Success"})
	for _, sub := range m.Subscribe {
		ack, err := c.client.Subscribe(ctx, &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{{Topic: sub.Topic, QoS: sub.QoS}}})
		if err != nil {
			return nil, err
		}
		status := fmt.Sprintf("Granted QoS %d", ack.Reasons[0])
		c.mu.Lock()
		c.truth.Commands = append(c.truth.Commands, truth.Command{Name: "SUBSCRIBE " + sub.Topic, Status: status})
		c.mu.Unlock()
	}
	return c, nil
}

// dial opens the connection, and what stands between it and MQTT.
func (s *MQTTClients) dial(ctx context.Context, c *mqttConnection) (net.Conn, error) {
	var d dialed
	if s.WebSocket {
		raw, err := d.dial(ctx, "tcp", s.Broker)
		if err != nil {
			return nil, err
		}
		c.raw, c.truth.Connection = raw, d.last()
		client := oneConnectionClient(raw)
		w, _, err := websocket.Dial(ctx, "ws://"+s.Broker+"/mqtt", &websocket.DialOptions{HTTPClient: client, Subprotocols: []string{"mqtt"}})
		if err != nil {
			return nil, err
		}
		return websocket.NetConn(context.Background(), w, websocket.MessageBinary), nil
	}
	raw, err := d.dial(ctx, "tcp", s.Broker)
	if err != nil {
		return nil, err
	}
	c.raw, c.truth.Connection = raw, d.last()
	if s.CA == "" {
		return raw, nil
	}
	pem, err := os.ReadFile(s.CA)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	keys, err := os.OpenFile(s.Keys, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	t := tls.Client(raw, &tls.Config{RootCAs: pool, ServerName: s.Name, KeyLogWriter: keys, NextProtos: []string{"mqtt"}})
	return t, t.HandshakeContext(ctx)
}

func (c *mqttConnection) received(p paho.PublishReceived) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.truth.Received = append(c.truth.Received, truth.Message{
		Name: p.Packet.Topic, Bytes: len(p.Packet.Payload), QoS: int(p.Packet.QoS), Retain: p.Packet.Retain,
	})
	return true, nil
}

func (c *mqttConnection) publish(p MQTTPublish) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	m := &paho.Publish{Topic: p.Topic, QoS: p.QoS, Retain: p.Retain, Payload: bytes.Repeat([]byte{'x'}, p.Bytes)}
	if p.Alias != 0 {
		m.Properties = &paho.PublishProperties{TopicAlias: &p.Alias}
	}
	if _, err := c.client.Publish(ctx, m); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.truth.Sent = append(c.truth.Sent, truth.Message{Name: p.Topic, Bytes: p.Bytes, QoS: int(p.QoS), Retain: p.Retain})
	if p.QoS > 0 {
		c.truth.Commands = append(c.truth.Commands, truth.Command{Name: "PUBLISH " + p.Topic})
	}
	return nil
}

// wait waits for deliveries.
func (c *mqttConnection) wait(n int) error {
	for range 500 {
		c.mu.Lock()
		got := len(c.truth.Received)
		c.mu.Unlock()
		if got >= n {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("only %d of %d messages were delivered", len(c.truth.Received), n)
}
