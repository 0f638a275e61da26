// Package role holds the lab's own servers and clients. Each runs as a process
// of its own inside a host (`lab role NAME SETTINGS`), so that its sockets
// belong to that host. A server prints "ready" when it listens, ends when its
// input ends, and may then print a JSON report; a client prints a JSON report.
package role

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

var roles = map[string]func(settings []byte) error{
	"http-server":     serveHTTP,
	"http-client":     requestHTTP,
	"http-pipe":       pipelineHTTP,
	"http3-server":    serveHTTP3,
	"http3-client":    requestHTTP3,
	"turn-server":     serveTurns,
	"turn-client":     takeTurns,
	"dns-client":      askDNS,
	"probe":           probe,
	"load":            loadHTTP,
	"stream-server":   serveStream,
	"stream-client":   readStream,
	"work-server":     serveWork,
	"slow-reader":     readSlowly,
	"sse-client":      readEvents,
	"quic-server":     serveQUIC,
	"quic-client":     talkQUIC,
	"wt-server":       serveWebTransport,
	"wt-client":       talkWebTransport,
	"http2-slow":      readHTTP2Slowly,
	"ws-http2-client": talkWebSocketHTTP2,
	"page-server":     servePage,
	"ws-server":       serveWebSocket,
	"grpc-server":     serveGRPC,
	"grpc-client":     callGRPC,
	"connect-server":  serveConnect,
	"connect-client":  callConnect,
	"ws-client":       talkWebSocket,
	"mqtt-server":     serveMQTT,
	"mqtt-clients":    speakMQTT,
	"kafka-server":    serveKafka,
	"kafka-clients":   speakKafka,
	"nats-server":     serveNATS,
	"nats-clients":    speakNATS,
	"amqp-clients":    speakAMQP,
	"redis-clients":   speakRedis,

	"memcached-client":  speakMemcached,
	"postgresql-client": speakPostgreSQL,
	"mysql-client":      speakMySQL,
	"rtc-server":        serveWebRTC,
	"rtc-client":        talkWebRTC,
	"relay-server":      serveRelay,
}

// Main runs the role of this name.
func Main(name string, settings []byte) error {
	run, ok := roles[name]
	if !ok {
		return fmt.Errorf("role: none is called %q", name)
	}
	if err := run(settings); err != nil {
		return fmt.Errorf("role %s: %w", name, err)
	}
	return nil
}

func ready() { fmt.Println("ready") }

// untilInputEnds is how a server of the lab knows that it is no longer needed.
func untilInputEnds() { _, _ = io.Copy(io.Discard, os.Stdin) }

func report(v any) error { return json.NewEncoder(os.Stdout).Encode(v) }

// pointer is the time now, for the truth's optional times.
func pointer() *time.Time {
	now := time.Now().UTC()
	return &now
}
