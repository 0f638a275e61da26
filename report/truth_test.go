package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/report"
)

// truth is what the lab says that really happened; see testdata/README.md.
type truth struct {
	Scenario string
	Link     struct {
		RTT    float64 `json:"rtt_s"`
		Jitter float64 `json:"jitter_s"`
	}
	Conversations []struct {
		Transport, Client string
		ClientHost        string `json:"client_host"`
		ToServer          half   `json:"to_server"`
		ToClient          half   `json:"to_client"`
		Handshake         struct {
			SYN    time.Time
			SYNACK time.Time `json:"syn_ack"`
			ACK    time.Time
			RTT    float64 `json:"rtt_s"`
			SYNs   int
		}
		Packets map[string]map[string]int
	}
	NotTold  bool `json:"requests_not_told"`
	Requests []struct {
		Connection, Protocol, Method, Target string
		Status                               int
	}
	DNS []struct {
		Connection, Name, Type, Rcode string
	}
	GRPC []struct{ Connection, Method string }
	TLS  []tlsTruth
	QUIC []struct {
		Connection, Version string
		TLS                 tlsTruth
	}
}

type half struct{ Retransmissions int64 }

type tlsTruth struct {
	Connection, Version, SNI string
	Cipher                   string `json:"cipher_suite"`
	Resumed                  bool
}

// document is the part of the report that the lab can vouch for.
type document struct {
	Capture       struct{ Packets int }
	Conversations []conversation
}

type conversation struct {
	ID        int
	Transport string
	Client    struct {
		IP   string
		Port int
	}
	Packets map[string]int
	Setup   *struct {
		RTT     float64 `json:"rtt_s"`
		Vantage string
	}
	TCP *struct{ Resent map[string]int64 }
	TLS *struct {
		Version, SNI string
		Cipher       string `json:"cipher_suite"`
		Resumed      bool
	}
	QUIC      *struct{ SNI string }
	Exchanges []struct {
		Protocol, Name string
		Status         any // a number for HTTP, a name for DNS
	}
}

func (c *conversation) client() string {
	if strings.Contains(c.Client.IP, ":") {
		return fmt.Sprintf("[%s]:%d", c.Client.IP, c.Client.Port)
	}
	return fmt.Sprintf("%s:%d", c.Client.IP, c.Client.Port)
}

// captures calls f for every capture of testdata with its truth and report.
func captures(t *testing.T, f func(t *testing.T, vantage string, want *truth, got *document)) {
	paths, err := filepath.Glob("../testdata/*.pcapng")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	for _, path := range paths {
		scenario, vantage, _ := strings.Cut(strings.TrimSuffix(filepath.Base(path), ".pcapng"), ".")
		t.Run(scenario+"."+vantage, func(t *testing.T) {
			data, err := os.ReadFile("../testdata/" + scenario + ".truth.json")
			if err != nil {
				t.Fatal(err)
			}
			want, got := new(truth), new(document)
			if err := json.Unmarshal(data, want); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(reportOf(t, path), got); err != nil {
				t.Fatal(err)
			}
			f(t, vantage, want, got)
		})
	}
}

func reportOf(t *testing.T, path string) []byte {
	s, err := wiresight.Open(context.Background(), path, wiresight.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := report.WriteJSON(&b, s, report.Options{}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	sort.Strings(got)
	sort.Strings(want)
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s:\ngot  %q\nwant %q", what, got, want)
	}
}

// encrypted are the connections whose messages cannot be read without keys.
func encrypted(want *truth) map[string]bool {
	m := map[string]bool{}
	for _, c := range want.TLS {
		m[c.Connection] = true
	}
	return m
}

// calls are the requests that a report tells as calls of gRPC instead.
func calls(want *truth) map[string]bool {
	m := map[string]bool{}
	for _, c := range want.GRPC {
		m[c.Connection+" POST "+c.Method] = true
	}
	return m
}

func TestRequestsAndStatusesAreThoseOfTheClients(t *testing.T) {
	captures(t, func(t *testing.T, _ string, want *truth, got *document) {
		if want.NotTold {
			return
		}
		var told, seen []string
		hidden, called := encrypted(want), calls(want)
		for _, r := range want.Requests {
			if r.Protocol == "http1" && !hidden[r.Connection] && !called[r.Connection+" "+r.Method+" "+r.Target] {
				told = append(told, fmt.Sprintf("%s %s %s %d", r.Connection, r.Method, r.Target, r.Status))
			}
		}
		for i := range got.Conversations {
			c := &got.Conversations[i]
			for _, e := range c.Exchanges {
				if e.Protocol == "http1" && !called[c.client()+" "+e.Name] {
					seen = append(seen, fmt.Sprintf("%s %s %v", c.client(), e.Name, e.Status))
				}
			}
		}
		same(t, "requests", seen, told)
	})
}

func TestQuestionsAndAnswersAreThoseOfTheResolver(t *testing.T) {
	captures(t, func(t *testing.T, vantage string, want *truth, got *document) {
		var told, seen []string
		for _, q := range want.DNS {
			told = append(told, strings.TrimSuffix(fmt.Sprintf("%s %s %s", q.Connection, q.Type, q.Name), ".")+" "+q.Rcode)
		}
		for i := range got.Conversations {
			c := &got.Conversations[i]
			for _, e := range c.Exchanges {
				if e.Protocol == "dns" {
					seen = append(seen, fmt.Sprintf("%s %s %v", c.client(), e.Name, e.Status))
				}
			}
		}
		same(t, "questions", seen, told)
	})
}

func TestHandshakesAreWhatTheLibrariesAgreedOn(t *testing.T) {
	captures(t, func(t *testing.T, _ string, want *truth, got *document) {
		by := map[string]*conversation{}
		for i := range got.Conversations {
			by[got.Conversations[i].client()] = &got.Conversations[i]
		}
		for _, h := range want.TLS {
			c := by[h.Connection]
			if c == nil || c.TLS == nil || c.TLS.SNI != h.SNI {
				t.Errorf("%s: no TLS with SNI %q", h.Connection, h.SNI)
				continue
			}
			if h.Version != "" && c.TLS.Version != h.Version || !sameCipher(c.TLS.Cipher, h.Cipher) || c.TLS.Resumed != h.Resumed {
				t.Errorf("%s: %+v, want %+v", h.Connection, *c.TLS, h)
			}
		}
		for _, q := range want.QUIC {
			if c := by[q.Connection]; c == nil || c.QUIC == nil || c.QUIC.SNI != q.TLS.SNI {
				t.Errorf("%s: no QUIC with SNI %q", q.Connection, q.TLS.SNI)
			}
		}
	})
}

// sameCipher compares IANA's name with the library's, which may be OpenSSL's:
// ECDHE-ECDSA-AES256-GCM-SHA384 for TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384.
func sameCipher(iana, told string) bool {
	plain := strings.NewReplacer("TLS_", "", "WITH_", "", "_", "", "-", "").Replace
	return told == "" || plain(iana) == plain(told)
}

// A retransmission is proven by a capture that holds both copies: the one at
// its sender always does.
func TestRetransmissionsAreThoseThatTheLinkCounted(t *testing.T) {
	captures(t, func(t *testing.T, vantage string, want *truth, got *document) {
		for i, w := range want.Conversations {
			if w.Transport != "tcp" {
				continue
			}
			c := find(got, w.Client, i)
			if c == nil || c.TCP == nil {
				t.Errorf("%s: no such conversation", w.Client)
				continue
			}
			if n := c.TCP.Resent["to_server"]; vantage == "client" && n != w.ToServer.Retransmissions {
				t.Errorf("%s: %d segments sent again to the server, the link counted %d", w.Client, n, w.ToServer.Retransmissions)
			}
			if n := c.TCP.Resent["to_client"]; vantage == "server" && n != w.ToClient.Retransmissions {
				t.Errorf("%s: %d segments sent again to the client, the link counted %d", w.Client, n, w.ToClient.Retransmissions)
			}
		}
	})
}

func TestPacketsOfEachConversationAreAllThere(t *testing.T) {
	captures(t, func(t *testing.T, vantage string, want *truth, got *document) {
		for i, w := range want.Conversations {
			told := w.Packets[vantage]
			if w.Transport != "tcp" && w.Transport != "udp" || told["to_server"]+told["to_client"] == 0 {
				continue
			}
			c := find(got, w.Client, i)
			if c == nil || c.Packets["to_server"] != told["to_server"] || c.Packets["to_client"] != told["to_client"] {
				t.Errorf("%s: %+v, the link counted %v", w.Client, c, told)
			}
		}
	})
}

// leastOff is what a busy machine adds to the link's delays, in seconds.
const leastOff = 0.0003

// The path's round trip is the same wherever it is measured: within 5 % of
// the link's, or of what the client saw from its SYN to its ACK where the
// link's delay is no constant.
func TestRoundTripsFromEveryVantage(t *testing.T) {
	captures(t, func(t *testing.T, vantage string, want *truth, got *document) {
		if strings.HasPrefix(want.Scenario, "one-sided") { // there is no round trip to see
			return
		}
		for i, w := range want.Conversations {
			h := w.Handshake
			if w.Transport != "tcp" || h.SYNs != 1 || h.ACK.IsZero() || strings.HasPrefix(w.Client, "127.") {
				continue
			}
			c := find(got, w.Client, i)
			if c == nil || c.Setup == nil {
				t.Errorf("%s: no set-up", w.Client)
				continue
			}
			trip := want.Link.RTT
			if want.Link.Jitter > 0 {
				trip = h.ACK.Sub(h.SYN).Seconds()
			}
			if off := math.Abs(c.Setup.RTT-trip) / trip; off > 0.05 && off*trip > leastOff {
				t.Errorf("%s: round trip %.6f s, it is %.6f s (%.1f %% off)", w.Client, c.Setup.RTT, trip, 100*off)
			}
			near := vantage
			if w.ClientHost == vantage { // a proxy is the client of the servers behind it
				near = "client"
			}
			if v := c.Setup.Vantage; v != near {
				t.Errorf("%s: captured near the %q, not the %q", w.Client, v, near)
			}
		}
	})
}

// find returns the conversation of a client; where ports were used again, the
// one in the same place of the list.
func find(got *document, client string, place int) *conversation {
	var found []*conversation
	for i := range got.Conversations {
		if c := &got.Conversations[i]; c.client() == client {
			found = append(found, c)
		}
	}
	switch {
	case len(found) == 0:
		return nil
	case len(found) == 1:
		return found[0]
	case place < len(got.Conversations) && got.Conversations[place].client() == client:
		return &got.Conversations[place]
	}
	return nil
}
