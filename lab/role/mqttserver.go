package role

import (
	"encoding/json"
	"io"
	"log/slog"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
)

// MQTTServer is mochi's broker for MQTT 5 over WebSocket. (mosquitto as Debian
// builds it does not always listen for WebSockets.)
type MQTTServer struct{ Address string }

func serveMQTT(settings []byte) error {
	var s MQTTServer
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	b := mqtt.New(&mqtt.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err := b.AddHook(new(auth.AllowHook), nil); err != nil {
		return err
	}
	if err := b.AddListener(listeners.NewWebsocket(listeners.Config{ID: "ws", Address: s.Address})); err != nil {
		return err
	}
	if err := b.Serve(); err != nil {
		return err
	}
	ready()
	untilInputEnds()
	return b.Close()
}
