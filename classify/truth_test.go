package classify_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/file"
	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/secrets"
)

// truth is what the lab says of a scenario.
type truth struct {
	Scenario string
	Shows    []string
	Not      []string `json:"does_not_show"`
	Link     struct {
		RTT    float64 `json:"rtt_s"`
		Jitter float64 `json:"jitter_s"`
		Loss   float64
		Rules  []any
	}
	LinkEvents []struct {
		Time    time.Time
		Action  string
		Where   string
		From    string
		Seq     uint32
		Payload int
	} `json:"link_events"`
	Requests []request
	Messages struct {
		Stalls       *int
		Cost         float64 `json:"stall_cost_s"`
		Pieces       []int
		AnswerPieces []int `json:"answer_pieces"`
		Rounds       []struct {
			Warmup bool
			Took   float64 `json:"took_s"`
			Served float64 `json:"served_s"`
		}

		ClientNoDelay bool `json:"client_tcp_nodelay"`
		ServerNoDelay bool `json:"server_tcp_nodelay"`
	}
	TLS []struct {
		Version    string
		Resumed    bool
		HelloRetry bool   `json:"hello_retry"`
		EarlyData  string `json:"early_data"`
	}
	Hosts []struct {
		Name string
		IP   []string
	}
	Conversations []struct {
		Transport string
		FastOpen  bool `json:"fast_open"`
		ToServer  side `json:"to_server"`
		ToClient  side `json:"to_client"`
		Handshake struct {
			RTT  float64 `json:"rtt_s"`
			SYNs int
			SYN  time.Time
			ACK  time.Time
		}
	}
}

// side is what one end sent.
type side struct{ Retransmitted []retransmitted }

// retransmitted is a segment that was sent again, by the link's account.
type retransmitted struct {
	Time    time.Time
	Seq     uint32
	Payload int
	Flags   string
}

// testdata is the folder of the captures: WIRESIGHT_TESTDATA names another one,
// such as a fresh run of the lab.
func testdata() string {
	if dir := os.Getenv("WIRESIGHT_TESTDATA"); dir != "" {
		return dir
	}
	return "../testdata"
}

// result is what was claimed of a capture.
type result struct {
	conversations []classify.Conversation
	model         *flow.Model
	patterns      []claim.Pattern
	findings      []claim.Finding
	packets       int
}

// read runs a capture file through the street.
func read(t testing.TB, path string) *result {
	t.Helper()
	r := tryRead(t, path)
	if r == nil {
		t.Fatalf("%s cannot be read", path)
	}
	return r
}

// keysOf names the file of keys that may lie beside a capture.
func keysOf(path string) string {
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	return filepath.Join(filepath.Dir(path), name+".keys")
}

// readWithKeys reads a capture with the keys that lie beside it, if any.
func readWithKeys(t testing.TB, path string) *result {
	t.Helper()
	store := secrets.New()
	if _, err := os.Stat(keysOf(path)); err == nil {
		if err := wiresight.LoadKeys(store, keysOf(path), false); err != nil {
			t.Fatal(err)
		}
	}
	r := readWith(t, path, store)
	if r == nil {
		t.Fatalf("%s cannot be read", path)
	}
	return r
}

// tryRead is read for what may be no capture: it returns nil then.
func tryRead(t testing.TB, path string) *result {
	t.Helper()
	return readWith(t, path, nil)
}

func readWith(t testing.TB, path string, keys *secrets.Store) *result {
	t.Helper()
	src, err := file.Open(path, file.Options{Context: context.Background()})
	if err != nil {
		t.Logf("%s: %v", path, err)
		return nil
	}
	defer src.Close()
	chain := decode.New(decode.Options{NewTracker: timing.NewTracker, Secrets: keys})
	r := &result{}
	var f capture.Frame
	for {
		if err := src.Next(&f); err != nil {
			if !errors.Is(err, io.EOF) {
				t.Logf("%s: %v", path, err)
			}
			break
		}
		r.packets++
		f.Number = r.packets
		chain.Packet(&f)
	}
	chain.Finish()
	r.model = chain.Model()
	r.classify()
	return r
}

func (r *result) classify() {
	k := classify.New(r.model)
	r.conversations = r.conversations[:0]
	for _, c := range r.model.Conversations {
		r.conversations = append(r.conversations, k.Conversation(c))
	}
	r.patterns, r.findings = k.Capture()
}

// ids lists everything claimed, the ways of set-up included.
func (r *result) ids() (list []string) {
	add := func(id string) {
		if !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	for i := range r.conversations {
		c := &r.conversations[i]
		if c.Setup != nil {
			for _, w := range c.Setup.Way {
				add(w)
			}
		}
		for _, p := range c.Patterns {
			add(p.ID)
		}
		for _, f := range c.Findings {
			add(f.ID)
		}
	}
	for _, p := range r.patterns {
		add(p.ID)
	}
	for _, f := range r.findings {
		add(f.ID)
	}
	return list
}

// occurrences counts how often a finding occurred in all conversations.
func (r *result) occurrences(id string) (n int, cost time.Duration) {
	for i := range r.conversations {
		for _, f := range r.conversations[i].Findings {
			if f.ID == id {
				n += len(f.Occurrences) + f.Omitted
				cost += f.Cost
			}
		}
	}
	return n, cost
}

func scenarios(t *testing.T) []truth {
	files, err := filepath.Glob(filepath.Join(testdata(), "*.truth.json"))
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	var list []truth
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var one truth
		if err := json.Unmarshal(data, &one); err != nil {
			t.Fatal(f, err)
		}
		list = append(list, one)
	}
	return list
}

func captures(t *testing.T, scenario string) []string {
	files, err := filepath.Glob(filepath.Join(testdata(), scenario+".*.pcapng"))
	if err != nil || len(files) == 0 {
		t.Fatal("no capture of", scenario, err)
	}
	return files
}

// hidden tells why something that is there cannot be seen in a capture, or is
// not claimed by itself; "" where it must be claimed.
func hidden(capture, id string) string {
	atServer := strings.HasSuffix(capture, ".server.pcapng")
	_, known := classify.FindLesson(id)
	switch {
	case id == "publish-subscribe" && !known:
		return "no rule claims it yet"
	case strings.HasPrefix(capture, "nagle-delayed-ack") && id == "nagle-hold":
		return "a hold for a delayed acknowledgment is claimed as the stall"
	case strings.HasPrefix(capture, "mtu-black-hole") && !atServer && strings.HasSuffix(capture, ".client.pcapng"):
		return "what the link swallowed never reached this place"
	case atServer && (strings.HasPrefix(capture, "loss-request") || strings.HasPrefix(capture, "loss-timeout")) && id == "retransmission-timeout",
		atServer && strings.HasPrefix(capture, "loss-syn.") && id == "syn-retry":
		return "what was lost never reached this place, so that the second copy looks like the first"
	case strings.HasPrefix(capture, "quic") && id == "request-response":
		return "encrypted, and acknowledgments alone take turns too"
	case strings.HasPrefix(capture, "tls13") && id == "keep-alive-reuse":
		return "the client offered HTTP/2 and the answer is encrypted: its control frames would take the same turns"
	}
	return ""
}

// vantage says where a capture at a host stands for one conversation: a proxy is
// the server of its clients and the client of its servers.
func (s *truth) vantage(c *flow.Conversation, host string) string {
	for _, h := range s.Hosts {
		if h.Name != host {
			continue
		}
		switch {
		case slices.Contains(h.IP, c.Client.Addr.String()):
			return timing.AtClient
		case slices.Contains(h.IP, c.Server.Addr.String()):
			return timing.AtServer
		}
	}
	return host
}

func TestRoundTripAndVantageOfEachCapture(t *testing.T) {
	for _, s := range scenarios(t) {
		if strings.HasPrefix(s.Scenario, "one-sided") { // there is no round trip to see
			continue
		}
		if s.Scenario == "impaired-path" { // jitter: each vantage has its own handshake
			continue
		}
		for _, path := range captures(t, s.Scenario) {
			r := read(t, path)
			tcp := 0
			for i, c := range r.model.Conversations {
				if c.TCP == nil {
					continue
				}
				for tcp < len(s.Conversations) && s.Conversations[tcp].Transport != "tcp" {
					tcp++
				}
				truth := s.Conversations[tcp].Handshake.RTT
				tcp++
				if truth == 0 || !c.TCP.Handshake.SYNACK.Valid() { // refused
					continue
				}
				x := r.conversations[i].Setup
				if c.Server.Addr.IsLoopback() { // within one host there is no way to measure
					continue
				}
				want := s.vantage(c, strings.Split(filepath.Base(path), ".")[1])
				if x.Vantage != want {
					t.Errorf("%s: conversation %d: captured at the %s, says %s", path, c.ID, want, x.Vantage)
				}
				off := math.Abs(x.RTT.Seconds() - truth)
				if !x.HasRTT || off > 0.05*truth && off > 0.000_3 {
					t.Errorf("%s: conversation %d: round trip %v (%s), the link had %.6f s", path, c.ID, x.RTT, x.RTTBasis, truth)
				}
			}
		}
	}
}

func TestEachClaimHasItsLesson(t *testing.T) {
	seen := map[string]bool{}
	for _, l := range classify.Lessons() {
		if l.Title == "" || l.About == "" || l.Is == "" || len(l.Sources) == 0 {
			t.Errorf("the lesson %q is not complete", l.ID)
		}
		if seen[l.ID] {
			t.Errorf("two lessons %q", l.ID)
		}
		seen[l.ID] = true
	}
	for _, s := range scenarios(t) {
		for _, path := range captures(t, s.Scenario) {
			for _, id := range read(t, path).ids() {
				if _, ok := classify.FindLesson(id); !ok {
					t.Errorf("%s: %s has no lesson", path, id)
				}
			}
		}
	}
}

// A capture is read again and again while it grows: the claims at the end are
// the same as those of one look.
func TestAGrowingModelGivesTheSameClaims(t *testing.T) {
	for _, name := range []string{"dns-then-http", "polling-new-connections", "nagle-delayed-ack-rtt5ms"} {
		path := captures(t, name)[0]
		once := read(t, path)
		src, err := file.Open(path, file.Options{Context: context.Background()})
		if err != nil {
			t.Fatal(err)
		}
		chain := decode.New(decode.Options{NewTracker: timing.NewTracker})
		model := chain.Model()
		k := classify.New(model)
		var f capture.Frame
		for src.Next(&f) == nil {
			chain.Packet(&f)
			model = chain.Model()
			for _, c := range model.Conversations {
				k.Conversation(c)
			}
			k.Capture()
		}
		chain.Finish()
		src.Close()
		patterns, findings := k.Capture()
		if !reflect.DeepEqual(patterns, once.patterns) || !reflect.DeepEqual(findings, once.findings) {
			t.Errorf("%s: %+v, at once %+v", name, patterns, once.patterns)
		}
		for i, c := range model.Conversations {
			if got := k.Conversation(c); !reflect.DeepEqual(got, once.conversations[i]) {
				t.Errorf("%s: conversation %d: %+v, at once %+v", name, c.ID, got, once.conversations[i])
			}
		}
	}
}

func TestEachCaptureShowsWhatItsTruthSays(t *testing.T) {
	for _, s := range scenarios(t) {
		for _, path := range captures(t, s.Scenario) {
			t.Run(strings.TrimSuffix(filepath.Base(path), ".pcapng"), func(t *testing.T) {
				r := readWithKeys(t, path)
				got := r.ids()
				for _, id := range s.Shows {
					if !slices.Contains(got, id) && hidden(filepath.Base(path), id) == "" {
						t.Errorf("does not show %s; has %v", id, got)
					}
				}
				for _, id := range s.Not {
					if slices.Contains(got, id) {
						t.Errorf("claims %s, which is not there", id)
					}
				}
				if s.Messages.Stalls != nil {
					if n, cost := r.occurrences("nagle-delayed-ack"); n != *s.Messages.Stalls {
						t.Errorf("%d stalls (%s), the link saw %d", n, cost, *s.Messages.Stalls)
					}
				}
			})
		}
	}
}
