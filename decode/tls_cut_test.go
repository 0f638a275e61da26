package decode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/file"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/secrets"
)

// frames reads a capture file whole.
func frames(t *testing.T, path string) (list []capture.Frame) {
	t.Helper()
	src, err := file.Open(path, file.Options{Context: context.Background()})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	for {
		var f capture.Frame
		if err := src.Next(&f); err != nil {
			if !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			return list
		}
		f.Data, f.Number = slices.Clone(f.Data), len(list)+1
		list = append(list, f)
	}
}

// told lists what was read of whole exchanges and single messages.
func told(m *flow.Model) map[string]int {
	story := map[string]int{}
	for _, c := range m.Conversations {
		for _, e := range c.Exchanges {
			for _, side := range []struct {
				part *flow.Part
				text string
			}{{&e.Request, "asked " + e.Name}, {&e.Response, "answered " + e.Status}} {
				if side.part.Seen() {
					story[fmt.Sprintf("%s %s", e.Protocol, side.text)]++
				}
			}
		}
		for _, k := range c.Messages {
			story[string(k.Protocol)+" "+k.Kind] += int(k.Count)
		}
	}
	return story
}

// cuts are the ways in which a capture loses packets.
func cuts(list []capture.Frame, client func(*capture.Frame) bool) map[string][]capture.Frame {
	out := map[string][]capture.Frame{"the first half is missing": list[len(list)/2:]}
	for phase := range 50 {
		name := fmt.Sprintf("every 50th is lost from %d on", phase)
		for i := range list {
			if i%50 != phase {
				out[name] = append(out[name], list[i])
			}
		}
	}
	for i := range list {
		name := "the client's side is missing"
		if client(&list[i]) {
			name = "the server's side is missing"
		}
		out[name] = append(out[name], list[i])
	}
	return out
}

func replay(list []capture.Frame, store *secrets.Store) *flow.Model {
	c := New(Options{Secrets: store})
	for i := range list {
		c.Packet(&list[i])
	}
	return c.Finish()
}

// However a capture of TLS is cut, nothing is told that the whole one does not
// tell, and nothing fails.
func TestCutCapturesOfTLSInventNothing(t *testing.T) {
	paths, _ := filepath.Glob("../testdata/tls*.keys")
	if len(paths) == 0 {
		t.Fatal("no captures")
	}
	for _, path := range paths {
		log, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		store := func() *secrets.Store {
			s := secrets.New()
			s.AddKeyLog(log)
			return s
		}
		scenario := strings.TrimSuffix(path, ".keys")
		list := frames(t, scenario+".client.pcapng")
		whole := replay(list, store())
		want := told(whole)
		hosts := whole.Conversations[0].Client.Addr
		fromClient := func(f *capture.Frame) bool {
			r := New(Options{}).Packet(f)
			return r.Src == hosts
		}
		for how, cut := range cuts(list, fromClient) {
			m := replay(cut, store())
			for what, n := range told(m) {
				if n > want[what] && !sealed(what) {
					t.Errorf("%s, %s: %q %d times, %d in the whole", filepath.Base(scenario), how, what, n, want[what])
				}
			}
			for _, p := range m.Problems {
				if strings.Contains(p.Text, "failed") {
					t.Errorf("%s, %s: %s", filepath.Base(scenario), how, p.Text)
				}
			}
		}
	}
}

// sealed reports whether a message is a record whose content was not read: with
// parts missing there are more of them.
func sealed(what string) bool {
	return slices.Contains([]string{"tls application_data", "tls encrypted_handshake_message", "tls alert"}, what)
}
