package decode

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/secrets"
)

// quicCapture is a capture of QUIC with what is known of it.
type quicCapture struct {
	name  string
	list  []capture.Frame
	keys  []byte
	truth quicTruth
}

type quicTruth struct {
	Requests []struct {
		Protocol, Method, Target string
		Stream                   uint64
		Status                   int
		Body                     int64 `json:"response_body_bytes"`
	}
	QUIC []struct {
		Version       string
		Used0RTT      bool `json:"used_0rtt"`
		Rejected0RTT  bool `json:"rejected_0rtt"`
		Witness       string
		Packets       map[string]map[string]int64
		Frames        map[string]map[string]int64 `json:"quic_frames"`
		VersionsTried []string                    `json:"versions_tried"`
		KeyUpdates    int64                       `json:"key_updates"`
		Paths         []string
		Close         struct {
			From, Reason, Trigger string
			Application           bool
			Code                  uint64
		}
		HTTP3 struct {
			Frames map[string]map[string]int64
		}
	}
}

func (c *quicCapture) store() *secrets.Store {
	s := secrets.New()
	s.AddKeyLog(c.keys)
	return s
}

func quicCaptures(t *testing.T) (all []quicCapture) {
	t.Helper()
	for _, pattern := range []string{"quic*", "http3*"} {
		paths, _ := filepath.Glob("../testdata/" + pattern + ".truth.json")
		for _, path := range paths {
			base := strings.TrimSuffix(path, ".truth.json")
			c := quicCapture{name: filepath.Base(base), list: frames(t, base+".client.pcapng")}
			var err error
			if c.keys, err = os.ReadFile(base + ".keys"); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(path)
			if err == nil {
				err = json.Unmarshal(data, &c.truth)
			}
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, c)
		}
	}
	if len(all) < 10 {
		t.Fatalf("%d captures", len(all))
	}
	return all
}

// exchangesOf lists the exchanges of HTTP/3: stream, name, status, bytes of the
// response's content.
func exchangesOf(m *flow.Model) (list []string) {
	for _, c := range m.Conversations {
		for _, e := range c.Exchanges {
			if e.Protocol == "http3" {
				list = append(list, fmt.Sprintf("%s %s", e.Name, e.Status))
			}
		}
	}
	slices.Sort(list)
	return list
}

// counted sums the messages of a kind that the conversations said.
func counted(m *flow.Model, p layer.Protocol, kind string) (n int64) {
	for _, c := range m.Conversations {
		for _, k := range c.Messages {
			if k.Protocol == p && k.Kind == kind {
				n += k.Count
			}
		}
	}
	return n
}

func TestQUICIsReadAsItsEndpointsToldIt(t *testing.T) {
	for _, c := range quicCaptures(t) {
		t.Run(c.name, func(t *testing.T) {
			m := replay(c.list, c.store())
			early := 0 // the libraries do not log the keys of 0-RTT packets
			for _, q := range c.truth.QUIC {
				if q.Used0RTT {
					early++
				}
			}
			var want []string
			for _, r := range c.truth.Requests {
				status := fmt.Sprint(r.Status)
				if r.Status == 0 {
					status = ""
				}
				want = append(want, fmt.Sprintf("%s %s %s", r.Method, r.Target, status))
			}
			slices.Sort(want)
			if got := exchangesOf(m); early == 0 && !slices.Equal(got, want) {
				t.Errorf("exchanges %q\nwant %q", got, want)
			}
			for _, p := range m.Problems {
				if p.Layer == "quic" || p.Layer == "http3" {
					t.Errorf("packet %d: %s", p.Packet, p.Text)
				}
			}
			c.checkConnections(t, m)
		})
	}
}

// checkConnections compares what was said of the connections.
func (c *quicCapture) checkConnections(t *testing.T, m *flow.Model) {
	var connections []*flow.Conversation
	for _, v := range m.Conversations {
		if v.QUIC != nil {
			connections = append(connections, v)
		}
	}
	if len(connections) != len(c.truth.QUIC) {
		t.Fatalf("%d connections, want %d", len(connections), len(c.truth.QUIC))
	}
	for i, want := range c.truth.QUIC {
		v := connections[i]
		q := v.QUIC
		if "v"+q.Version != want.Version || !q.Decrypted || (q.EarlyData == "accepted") != want.Used0RTT ||
			want.Rejected0RTT != (q.EarlyData == "rejected") || q.VersionNegotiation != (len(want.VersionsTried) > 1) ||
			q.KeyUpdates[0] != want.KeyUpdates || q.KeyUpdates[1] != want.KeyUpdates || q.CaptureLost.Sum() != 0 {
			t.Errorf("%+v\nwant %+v", q, want)
		}
		if n := len(want.Paths); n > 0 && (q.Migrations != n-1 || len(v.Paths) != n-1) {
			t.Errorf("%d migrations, paths %v, want %v", q.Migrations, v.Paths, want.Paths)
		}
		c.checkClose(t, i, q)
		for dir, name := range [2]string{"to_server", "to_client"} {
			sum := int64(0)
			for kind, n := range want.Packets[name] {
				if kind != "retry" && kind != "version_negotiation" && (kind != "0RTT" || q.EarlyData == "accepted") && kind != "initial" {
					sum += n
				}
			}
			if n := q.Sent[dir]; sum > 0 && n < sum { // Initial packets may have come twice
				t.Errorf("%s: %d packets with numbers, want at least %d", name, n, sum)
			}
		}
		if want.HTTP3.Frames == nil || len(c.truth.QUIC) > 1 {
			continue
		}
		for _, kind := range []string{"HEADERS", "DATA", "SETTINGS", "GOAWAY", "PUSH_PROMISE"} {
			n := want.HTTP3.Frames["to_server"][kind] + want.HTTP3.Frames["to_client"][kind]
			if got := counted(m, "http3", strings.ToLower(kind)); got != n {
				t.Errorf("%d %s frames, want %d", got, kind, n)
			}
		}
		for _, kind := range []string{"PING", "RESET_STREAM", "STOP_SENDING", "PATH_CHALLENGE", "PATH_RESPONSE", "DATAGRAM", "NEW_TOKEN", "CONNECTION_CLOSE"} {
			n := want.Frames["to_server"][kind] + want.Frames["to_client"][kind]
			if got := counted(m, "quic", strings.ToLower(kind)); got < n {
				t.Errorf("%d %s frames, want at least %d", got, kind, n)
			}
		}
	}
}

func (c *quicCapture) checkClose(t *testing.T, i int, q *flow.QUIC) {
	want := c.truth.QUIC[i].Close
	if want.From == "" {
		return
	}
	if want.Trigger == "stateless_reset" {
		if q.StatelessReset == nil || q.StatelessReset.By != layer.ToClient {
			t.Errorf("no stateless reset: %+v", q)
		}
		return
	}
	by := layer.ToServer
	if want.From == "server" {
		by = layer.ToClient
	}
	if q.Close == nil || q.Close.By != by || q.Close.Code != want.Code || q.Close.Application != want.Application || q.Close.Reason != want.Reason {
		t.Errorf("close %+v, want %+v", q.Close, want)
	}
}
