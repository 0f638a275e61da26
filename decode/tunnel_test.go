package decode

import (
	"slices"
	"testing"

	"github.com/wiresight/wiresight/decode/layer"
)

// MQTT within a WebSocket within HTTP: each protocol announces the next one.
func TestASubprotocolIsReadInsideAWebSocket(t *testing.T) {
	const (
		ask    = "GET /mqtt HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: mqtt, other\r\n\r\n"
		agree  = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"
		hello  = "\x82\x8f\x00\x00\x00\x00\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01c" // CONNECT, masked with zeros
		answer = "\x82\x04\x20\x02\x00\x00"                                              // CONNACK
	)
	p := newPlayer(t, Options{})
	p.handshake(40000, 8083, 100, 900)
	p.tcp(one, two, 40000, 8083, 101, 901, "AP", ask)
	p.tcp(two, one, 8083, 40000, 901, 101+uint32(len(ask)), "AP", agree)
	p.tcp(one, two, 40000, 8083, 101+uint32(len(ask)), 901+uint32(len(agree)), "AP", hello)
	p.tcp(two, one, 8083, 40000, 901+uint32(len(agree)), 101+uint32(len(ask+hello)), "AP", answer)
	c := p.chain.Finish().Conversations[0]
	want := []layer.Protocol{"http1", "websocket", "mqtt"}
	if got := c.Stack[len(c.Stack)-3:]; !slices.Equal(got, want) || len(c.Problems) > 0 {
		t.Errorf("stack %v, problems %v", c.Stack, c.Problems)
	}
	seen := map[string]int64{}
	for _, m := range c.Messages {
		seen[string(m.Protocol)+"/"+m.Kind] = m.Count
	}
	if seen["websocket/binary"] != 2 || seen["mqtt/connect"]+seen["mqtt/connack"] == 0 && len(c.Exchanges) < 2 {
		t.Errorf("messages %v, %d exchanges", seen, len(c.Exchanges))
	}
}
