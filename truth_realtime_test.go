package wiresight_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/secrets"
)

// realtimeTruth is what peers and callers of the lab say; see
// testdata/README.md.
type realtimeTruth struct {
	WebRTC *struct {
		Local, Remote    struct{ Type, Address string }
		Label            string
		MessagesSent     int `json:"messages_sent"`
		MessagesReceived int `json:"messages_received"`
		MediaSent        int `json:"media_sent"`
		MediaReceived    int `json:"media_received"`
	}
	SIP *struct{ Messages map[string]int }
}

func realtimeCaptures(t *testing.T, f func(t *testing.T, m *flow.Model, want *realtimeTruth)) {
	paths, err := filepath.Glob("testdata/*.truth.json")
	if err != nil {
		t.Fatal(err)
	}
	tested := 0
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want := new(realtimeTruth)
		if err := json.Unmarshal(data, want); err != nil {
			t.Fatal(err)
		}
		if want.WebRTC == nil && want.SIP == nil {
			continue
		}
		tested++
		scenario := strings.TrimSuffix(path, ".truth.json")
		keys := secrets.New()
		if err := wiresight.LoadKeys(keys, scenario+".keys", false); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		t.Run(filepath.Base(scenario), func(t *testing.T) {
			s := run(t, scenario+".client.pcapng", wiresight.Options{Secrets: keys})
			s.View(func(v wiresight.View) { f(t, v.Model, want) })
		})
	}
	if tested == 0 {
		t.Fatal("no captures")
	}
}

func TestPeersAndCallersSaidWhatIsRead(t *testing.T) {
	realtimeCaptures(t, func(t *testing.T, m *flow.Model, want *realtimeTruth) {
		if w := want.WebRTC; w != nil {
			channel, media := 0, [2]int64{}
			label := ""
			for _, c := range m.Conversations {
				for i := range c.Events {
					if e := &c.Events[i]; e.Protocol == "datachannel" && (e.Kind == "text" || e.Kind == "binary") {
						channel++
						label = e.Name
					}
				}
				if c.RTP != nil {
					for _, s := range c.RTP.Streams {
						media[s.Dir] += s.Packets
						if s.Lost+s.OutOfOrder+s.Duplicates != 0 {
							t.Errorf("media were lost or disturbed: %+v", s)
						}
					}
				}
			}
			if channel != w.MessagesSent+w.MessagesReceived || label != w.Label {
				t.Errorf("%d messages on channel %q, want %d and %d on %q", channel, label, w.MessagesSent, w.MessagesReceived, w.Label)
			}
			if sum := media[0] + media[1]; sum != int64(w.MediaSent+w.MediaReceived) {
				t.Errorf("%d media packets, want %d and %d", sum, w.MediaSent, w.MediaReceived)
			}
		}
		if want.SIP != nil {
			if got := sipMessages(m); !maps.Equal(got, want.SIP.Messages) {
				t.Errorf("messages %v, want %v", got, want.SIP.Messages)
			}
		}
	})
}

// sipMessages counts requests by method and responses by status.
func sipMessages(m *flow.Model) map[string]int {
	counts := map[string]int{}
	for _, c := range m.Conversations {
		for _, e := range c.Exchanges {
			if e.Protocol == "sip" {
				method, _, _ := strings.Cut(e.Name, " ")
				counts[method]++
				counts[e.Status]++
			}
		}
		for i := range c.Events {
			if e := &c.Events[i]; e.Protocol == "sip" && e.Kind == "interim" {
				status, _, _ := strings.Cut(e.Name, " ")
				counts[status]++
			}
		}
		for _, k := range c.Messages {
			if k.Protocol == "sip" && k.Kind == "ack" {
				counts["ACK"] += int(k.Count)
			}
		}
	}
	return counts
}

// The pair of candidates that the peers chose is one that their checks, with
// the controlling side's nomination, went over (RFC 8445 section 7.2.5.3.4).
func TestTheChosenPairWasNominated(t *testing.T) {
	realtimeCaptures(t, func(t *testing.T, m *flow.Model, want *realtimeTruth) {
		w := want.WebRTC
		if w == nil || w.Local.Type != "host" {
			return
		}
		for _, c := range m.Conversations {
			client, server := addressOf(&c.Client), addressOf(&c.Server)
			if (client != w.Local.Address || server != w.Remote.Address) && (server != w.Local.Address || client != w.Remote.Address) {
				continue
			}
			for _, e := range c.Exchanges {
				if e.Protocol == "stun" && e.Request.Fact("use-candidate") == "yes" && e.Status == "success" {
					return
				}
			}
			t.Errorf("conversation %d has no nomination", c.ID)
			return
		}
		t.Errorf("no conversation between %s and %s", w.Local.Address, w.Remote.Address)
	})
}

func addressOf(e *flow.Endpoint) string { return netip.AddrPortFrom(e.Addr, e.Port).String() }
