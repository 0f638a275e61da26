package report_test

import (
	"encoding/json"
	"testing"
)

func TestAnHTTP2ConnectionIsTold(t *testing.T) {
	var got struct {
		Conversations []struct {
			HTTP2 struct {
				Settings map[string]struct {
					Window int `json:"initial_window_size"`
				}
				GoAways []struct{ By, Code string }
				Blocked []struct {
					Sender   string
					Stream   int
					Packets  []int
					Duration float64 `json:"duration_s"`
				}
			}
		}
	}
	if err := json.Unmarshal(reportOf(t, "../testdata/http2-stalled-window.client.pcapng"), &got); err != nil {
		t.Fatal(err)
	}
	h := got.Conversations[0].HTTP2
	if h.Settings["to_server"].Window != 2500 || len(h.GoAways) != 1 || h.GoAways[0].By != "client" {
		t.Errorf("%+v", h)
	}
	if len(h.Blocked) != 4 { // 12000 bytes in windows of 2500
		t.Fatalf("blocked %+v", h.Blocked)
	}
	for _, b := range h.Blocked {
		if b.Sender != "server" || b.Stream != 1 || len(b.Packets) != 2 || b.Duration < 0.079 || b.Duration > 0.09 { // the client waits 80 ms
			t.Errorf("blocked %+v", b)
		}
	}
}
