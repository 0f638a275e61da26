package scenario

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/wiresight/wiresight/lab/role"
	"github.com/wiresight/wiresight/lab/truth"
)

// messagingPath is short: what is of interest happens between the programs.
var messagingPath = Path{OneWay: 2 * time.Millisecond}

func messagingScenarios() []Scenario {
	return []Scenario{
		{
			Name: "mqtt-fanout", Description: "mosquitto and paho's MQTT 5 clients: a publisher sends to topics with 1 to 5 subscribers, at each QoS, by a topic alias, to a shared subscription, and a retained message; one client breaks off and its will is published.",
			Path: messagingPath, Programs: []string{"mosquitto"}, Shows: []string{"publish-subscribe", "push", "fire-and-forget", "cleartext-credentials"},
			DoesNotShow: []string{"keep-alive", "synchronous"},
			Run:         runMQTTFanOut, Check: all(sentAndReceived(11, 21), deliveredBy("fan/5", 5), deliveredBy("fan/2", 2)),
		},
		{
			Name: "mqtt-websocket", Description: "mochi's broker and two of paho's MQTT 5 clients over WebSocket, one publishing to the other with QoS 0, 1 and 2.",
			Path: messagingPath, Shows: []string{"publish-subscribe"},
			DoesNotShow: []string{"bidirectional-messaging"},
			Run:         func(e *Env) error { return runMQTTPair(e, role.MQTTClients{WebSocket: true}) },
			Check:       sentAndReceived(3, 3),
		},
		{
			Name: "mqtt-tls", Description: "mosquitto and two of paho's MQTT 5 clients over TLS 1.3, with the keys, one publishing to the other with QoS 0, 1 and 2.",
			Path: messagingPath, Programs: []string{"mosquitto"},
			Shows:       []string{"push", "publish-subscribe"},
			DoesNotShow: []string{"server-sent-events", "cleartext-credentials"},
			Run:         func(e *Env) error { return runMQTTPair(e, role.MQTTClients{}) },
			Check:       sentAndReceived(3, 3),
		},
		{
			Name: "mqtt-mosquitto", Description: "mosquitto_sub and mosquitto_pub speak MQTT 3.1.1 and 3.1: one subscriber, three publishers with QoS 0, 1 and 2, one with a name and a password.",
			Path: messagingPath, Programs: []string{"mosquitto", "mosquitto_pub", "mosquitto_sub"}, Shows: []string{"publish-subscribe", "push", "cleartext-credentials"},
			Run: runMosquitto,
		},
		{
			Name: "amqp-fanout", Description: "RabbitMQ and amqp091-go: a publisher declares a topic exchange and publishes five messages with confirms; a consumer takes them from two queues, acknowledges and once rejects; a queue that is not there ends a channel.",
			Path: messagingPath, Programs: []string{"rabbitmq-server", "epmd"}, Shows: []string{"publish-subscribe", "push"},
			DoesNotShow: []string{"asynchronous-request-reply"},
			Run:         func(e *Env) error { return runAMQP(e, role.AMQPClients{}) },
			Check:       sentAndReceived(5, 10),
		},
		{
			Name: "amqp-rpc", Description: "Calls over RabbitMQ: three messages with reply-to and correlation-id, each answered after 20 ms.",
			Path: messagingPath, Programs: []string{"rabbitmq-server", "epmd"},
			Shows:       []string{"asynchronous-request-reply"},
			DoesNotShow: []string{"fire-and-forget"},
			Run:         func(e *Env) error { return runAMQP(e, role.AMQPClients{RPC: true}) },
			Check:       sentAndReceived(6, 6),
		},
		{
			Name: "kafka", Description: "franz-go's producers and consumer group on franz-go's kfake: twelve records with acknowledgements from all (zstd), twelve with acks=0, all fetched. kfake speaks Kafka's wire format; it is not Kafka itself.",
			Path: messagingPath, Shows: []string{"publish-subscribe"},
			DoesNotShow: []string{"push", "fire-and-forget", "asynchronous-request-reply"},
			Run:         runKafka,
		},
		{
			Name: "nats", Description: "nats-server and nats.go: two subscribers of a wildcard, two workers in a queue group, requests with replies, and one that nobody answers.",
			Path: messagingPath, Shows: []string{"publish-subscribe", "push", "fire-and-forget", "asynchronous-request-reply"},
			DoesNotShow: []string{"synchronous"},
			Run:         func(e *Env) error { return runNATS(e, role.NATSClients{}) },
			Check:       sentAndReceived(12, 15),
		},
		{
			Name: "nats-jetstream", Description: "NATS JetStream: four messages with ids are kept in a stream, fetched by a durable consumer and acknowledged.",
			Path:  messagingPath,
			Shows: []string{"publish-subscribe"},
			Run:   func(e *Env) error { return runNATS(e, role.NATSClients{JetStream: true}) },
			Check: sentAndReceived(4, 4),
		},
	}
}

// mosquitto starts a broker with these listeners.
func (e *Env) mosquitto(listeners string) error {
	conf := filepath.Join(e.Temp, "mosquitto.conf")
	text := "allow_anonymous true\nuser root\npersistence false\nlog_dest none\n" + listeners
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return err
	}
	e.software("mosquitto", "mosquitto", "-h")
	if _, err := e.start(e.Server, "mosquitto", "-c", conf); err != nil {
		return err
	}
	return e.listening(e.Server)
}

// listening waits until something listens on a host's TCP port that was not
// there before; it looks and does not connect, which would be captured.
func (e *Env) listening(h *Host) error {
	const attempts = 2000
	for range attempts {
		if h.listens() {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("nothing listens on %s", h.Name)
}

// messaging runs one of the roles that report what their clients sent and
// received.
func (e *Env) messaging(name string, settings any) error {
	var r []truth.Messaging
	if err := e.run(e.Client, name, settings, &r); err != nil {
		return err
	}
	e.Truth.Messaging = append(e.Truth.Messaging, r...)
	return nil
}

func runMQTTFanOut(e *Env) error {
	if err := e.mosquitto("listener 1883 " + e.Server.IP + "\n"); err != nil {
		return err
	}
	s := role.MQTTClients{Broker: e.Server.address(1883)}
	s.Clients = append(s.Clients, role.MQTTClient{ID: "publisher", User: "ann", Password: "not-shown"}, role.MQTTClient{ID: "late", Will: "wills/late", BreakOff: true})
	for i := range 5 {
		c := role.MQTTClient{ID: fmt.Sprintf("subscriber-%d", i+1), Expect: 5 - i}
		for k := i + 1; k <= 5; k++ { // fan/k has k subscribers
			c.Subscribe = append(c.Subscribe, role.MQTTSubscription{Topic: fmt.Sprintf("fan/%d", k), QoS: byte(k % 3)})
		}
		s.Clients = append(s.Clients, c)
	}
	s.Clients[2].Subscribe = append(s.Clients[2].Subscribe, role.MQTTSubscription{Topic: "wills/#", QoS: 1})
	s.Clients[2].Expect++
	for i := range 2 {
		s.Clients = append(s.Clients, role.MQTTClient{ID: fmt.Sprintf("worker-%d", i+1), Subscribe: []role.MQTTSubscription{{Topic: "$share/workers/jobs", QoS: 1}}, Expect: 2})
	}
	for k := 1; k <= 5; k++ {
		s.Publish = append(s.Publish, role.MQTTPublish{Topic: fmt.Sprintf("fan/%d", k), QoS: byte(k % 3), Bytes: 100 * k})
	}
	for range 4 {
		s.Publish = append(s.Publish, role.MQTTPublish{Topic: "jobs", QoS: 1, Bytes: 40})
	}
	s.Publish = append(s.Publish, role.MQTTPublish{Topic: "kept", Retain: true, Bytes: 8}, role.MQTTPublish{Topic: "alias", Bytes: 10, Alias: 3})
	if err := e.messaging("mqtt-clients", s); err != nil {
		return err
	}
	again := role.MQTTClients{Broker: s.Broker, Clients: []role.MQTTClient{{ID: "after", Subscribe: []role.MQTTSubscription{{Topic: "kept"}}, Expect: 1}}}
	if err := e.messaging("mqtt-clients", again); err != nil {
		return err
	}
	time.Sleep(50 * time.Millisecond)
	return nil
}

func runMQTTPair(e *Env, s role.MQTTClients) error {
	if s.WebSocket {
		s.Broker = e.Server.address(8083)
		if _, err := e.serve(e.Server, "mqtt-server", role.MQTTServer{Address: s.Broker}); err != nil {
			return err
		}
	} else {
		c, err := e.certificate()
		if err != nil {
			return err
		}
		if err := e.mosquitto(fmt.Sprintf("listener 8883 %s\ncertfile %s\nkeyfile %s\n", e.Server.IP, c.Certificate, c.Key)); err != nil {
			return err
		}
		s.Broker, s.CA, s.Keys, s.Name = e.Server.address(8883), c.CA, e.Keys, serverName
	}
	s.Clients = []role.MQTTClient{{ID: "publisher"}, {ID: "subscriber", Subscribe: []role.MQTTSubscription{{Topic: "room/+", QoS: 2}}, Expect: 3}}
	for q := range 3 {
		s.Publish = append(s.Publish, role.MQTTPublish{Topic: fmt.Sprintf("room/%d", q), QoS: byte(q), Bytes: 50 + q})
	}
	if err := e.messaging("mqtt-clients", s); err != nil {
		return err
	}
	for _, m := range e.Truth.Messaging {
		if s.WebSocket {
			e.Truth.Requests = append(e.Truth.Requests, truth.Request{Connection: m.Connection, Protocol: "http1", Method: "GET", Target: "/mqtt", Status: 101})
		}
	}
	if s.CA != "" {
		for _, m := range e.Truth.Messaging {
			e.Truth.TLS = append(e.Truth.TLS, truth.TLS{Connection: m.Connection, SNI: serverName, Version: "TLS 1.3"})
		}
	}
	return nil
}

func runMosquitto(e *Env) error {
	if err := e.mosquitto("listener 1883 " + e.Server.IP + "\n"); err != nil {
		return err
	}
	e.software("mosquitto_sub", "mosquitto_sub", "--help")
	sub, err := e.start(e.Client, "mosquitto_sub", "-h", e.Server.IP, "-t", "room/#", "-q", "2", "-V", "mqttv311", "-i", "subscriber", "-C", "3", "-v")
	if err != nil {
		return err
	}
	time.Sleep(400 * time.Millisecond)
	for q, arguments := range [][]string{
		{"-V", "mqttv311", "-i", "first"}, {"-V", "mqttv31", "-i", "second", "-u", "ann", "-P", "not-shown"}, {"-V", "mqttv311", "-i", "third"},
	} {
		command := append([]string{"mosquitto_pub", "-h", e.Server.IP, "-t", fmt.Sprintf("room/%d", q), "-q", fmt.Sprint(q), "-m", fmt.Sprintf("message %d", q)}, arguments...)
		if err := e.Client.Run(command...); err != nil {
			return err
		}
		e.Truth.Messaging = append(e.Truth.Messaging, truth.Messaging{Protocol: "mqtt", Client: arguments[3], Sent: []truth.Message{{Name: fmt.Sprintf("room/%d", q), Bytes: 9, QoS: q}}})
	}
	time.Sleep(400 * time.Millisecond)
	received := truth.Messaging{Protocol: "mqtt", Client: "subscriber"}
	for _, line := range bytes.Split(bytes.TrimSpace(sub.output.Bytes()), []byte("\n")) {
		topic, payload, _ := bytes.Cut(line, []byte(" "))
		received.Received = append(received.Received, truth.Message{Name: string(topic), Bytes: len(payload)})
	}
	e.Truth.Messaging = append(e.Truth.Messaging, received)
	return sentAndReceived(3, 3)(e)
}

// rabbitmq starts a broker. It keeps all that it writes in the scenario's
// directory, and talks to no other node.
func (e *Env) rabbitmq() error {
	conf := filepath.Join(e.Temp, "rabbitmq.conf")
	text := fmt.Sprintf("listeners.tcp.1 = %s\nloopback_users = none\n", e.Server.address(5672))
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return err
	}
	e.software("rabbitmq", "dpkg-query", "-W", "rabbitmq-server")
	// Erlang would start its port mapper as a daemon, which outlives the scenario.
	if _, err := e.start(e.Server, "epmd", "-address", "127.0.0.1"); err != nil {
		return err
	}
	log := filepath.Join(e.Temp, "rabbit.log")
	home := filepath.Join(e.Temp, "rabbit")
	if err := os.MkdirAll(home, 0o777); err != nil {
		return err
	}
	command := []string{
		"env", "HOME=" + home, "RABBITMQ_NODENAME=lab@localhost", "RABBITMQ_CONFIG_FILE=" + conf, "RABBITMQ_MNESIA_BASE=" + home, "RABBITMQ_LOG_BASE=" + home,
		"RABBITMQ_LOGS=" + log, "RABBITMQ_ENABLED_PLUGINS_FILE=" + filepath.Join(home, "plugins"), "RABBITMQ_PID_FILE=" + filepath.Join(home, "pid"),
		"ERL_EPMD_ADDRESS=127.0.0.1", "/usr/lib/rabbitmq/bin/rabbitmq-server",
	}
	if _, err := e.start(e.Server, command...); err != nil {
		return err
	}
	return e.listening(e.Server)
}

func runAMQP(e *Env, s role.AMQPClients) error {
	if err := e.rabbitmq(); err != nil {
		return err
	}
	s.Broker = e.Server.address(5672)
	return e.messaging("amqp-clients", s)
}

func runKafka(e *Env) error {
	broker := e.Server.address(9092)
	if _, err := e.serve(e.Server, "kafka-server", role.KafkaServer{Address: broker, Topics: map[string]int32{"orders": 2}}); err != nil {
		return err
	}
	e.Truth.Notes = map[string]any{"broker": "franz-go's kfake, a stand-in for tests that speaks Kafka's wire format; it is not Kafka"}
	return e.messaging("kafka-clients", role.KafkaClients{Broker: broker, Topic: "orders", Group: "billing", Records: 12})
}

func runNATS(e *Env, s role.NATSClients) error {
	server := role.NATSServer{Address: e.Server.address(4222)}
	if s.JetStream {
		server.JetStream = filepath.Join(e.Temp, "jetstream")
	}
	if _, err := e.serve(e.Server, "nats-server", server); err != nil {
		return err
	}
	s.Server = server.Address
	return e.messaging("nats-clients", s)
}

// Checks of what clients published and were delivered.

func sentAndReceived(sent, received int) func(*Env) error {
	return func(e *Env) error {
		s, r := 0, 0
		for _, m := range e.Truth.Messaging {
			s += len(m.Sent)
			r += len(m.Received)
		}
		if s != sent || r != received {
			return fmt.Errorf("%d sent and %d received, not %d and %d", s, r, sent, received)
		}
		return nil
	}
}

// deliveredBy: what was published on a topic reached so many clients.
func deliveredBy(topic string, clients int) func(*Env) error {
	return func(e *Env) error {
		n := 0
		for _, m := range e.Truth.Messaging {
			for _, r := range m.Received {
				if r.Name == topic {
					n++
				}
			}
		}
		if n != clients {
			return fmt.Errorf("%s reached %d clients, not %d", topic, n, clients)
		}
		return nil
	}
}

// listens reports whether a process on the host listens on a TCP port of the
// host's address.
func (h *Host) listens() bool {
	ip := net.ParseIP(h.IP).To4()
	local := fmt.Sprintf("%02X%02X%02X%02X", ip[3], ip[2], ip[1], ip[0])
	var b []byte
	if err := h.Do(func() (err error) { b, err = os.ReadFile("/proc/thread-self/net/tcp"); return err }); err != nil {
		return false
	}
	for _, line := range bytes.Split(b, []byte("\n")) {
		f := bytes.Fields(line)
		if len(f) > 3 && bytes.HasPrefix(f[1], []byte(local)) && string(f[3]) == "0A" {
			return true
		}
	}
	return false
}
