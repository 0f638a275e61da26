package classify_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/file"
	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode"
	"github.com/wiresight/wiresight/decode/flow"
)

// truth is what the lab says of a scenario.
type truth struct {
	Scenario string
	Shows    []string
	Not      []string `json:"does_not_show"`
	Link     struct {
		RTT   float64 `json:"rtt_s"`
		Rules []any
	}
	Messages      struct{ Stalls *int }
	Conversations []struct {
		Transport string
		Handshake struct {
			RTT  float64 `json:"rtt_s"`
			SYNs int
		}
	}
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
	src, err := file.Open(path, file.Options{Context: context.Background()})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	chain := decode.New(decode.Options{NewTracker: timing.NewTracker})
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
	files, err := filepath.Glob("../testdata/*.truth.json")
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
	files, err := filepath.Glob("../testdata/" + scenario + ".*.pcapng")
	if err != nil || len(files) == 0 {
		t.Fatal("no capture of", scenario, err)
	}
	return files
}

func TestEachCaptureShowsWhatItsTruthSays(t *testing.T) {
	for _, s := range scenarios(t) {
		for _, path := range captures(t, s.Scenario) {
			t.Run(strings.TrimSuffix(filepath.Base(path), ".pcapng"), func(t *testing.T) {
				r := read(t, path)
				got := r.ids()
				for _, id := range s.Shows {
					if !slices.Contains(got, id) {
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
