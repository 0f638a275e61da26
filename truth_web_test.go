package wiresight_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/file"
	"github.com/wiresight/wiresight/capture/pcapng"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/secrets"
)

// webTruth is what the programs of the lab say of WebSockets and event
// streams; see testdata/README.md.
type webTruth struct {
	WebSocket []struct {
		Frames   map[string]map[string]int64
		Messages []struct {
			From, Type    string
			Bytes, Frames int
		}
		Close []struct {
			From   string
			Code   int
			Reason string
		}
	}
	SSE []struct {
		Events []struct{ ID, Event, Data string }
	}
}

// told are the events of a truth file, as seen tells them.
func (w *webTruth) told() (events []string) {
	from := map[string]layer.Direction{"client": layer.ToServer, "server": layer.ToClient}
	for _, c := range w.WebSocket {
		for _, m := range c.Messages {
			events = append(events, fmt.Sprintf("%s websocket %s of %d bytes in %d frames", from[m.From], m.Type, m.Bytes, max(1, m.Frames)))
		}
		for _, m := range c.Close {
			events = append(events, fmt.Sprintf("%s websocket close %d %s", from[m.From], m.Code, m.Reason))
		}
	}
	for _, s := range w.SSE {
		for _, e := range s.Events {
			events = append(events, fmt.Sprintf("sse %s of %d bytes", e.Event, len(e.Data)))
		}
	}
	slices.Sort(events)
	return events
}

// seen tells the whole messages, closes and events of a session.
func seen(s *wiresight.Session) (events []string) {
	s.View(func(v wiresight.View) {
		for _, c := range v.Model.Conversations {
			for i := range c.Events {
				if e := tell(&c.Events[i]); e != "" {
					events = append(events, e)
				}
			}
		}
	})
	slices.Sort(events)
	return events
}

func tell(e *flow.Event) string {
	switch kind := string(e.Protocol) + "/" + e.Kind; {
	case e.State == flow.Cut, strings.HasPrefix(e.Fact("compressed"), "not undone"):
	case kind == "websocket/close":
		return fmt.Sprintf("%s websocket close %s %s", e.Dir, e.Fact("code"), e.Fact("reason"))
	case kind == "websocket/text", kind == "websocket/binary":
		frames := e.Fact("frames")
		if frames == "" {
			frames = "1"
		}
		return fmt.Sprintf("%s websocket %s of %s bytes in %s frames", e.Dir, e.Kind, e.Fact("payload-bytes"), frames)
	case kind == "sse/event":
		return fmt.Sprintf("sse %s of %s bytes", e.Name, e.Fact("data-bytes"))
	}
	return ""
}

func webCaptures(t *testing.T, f func(t *testing.T, path string, keys *secrets.Store, want *webTruth)) {
	paths, err := filepath.Glob("testdata/*.pcapng")
	if err != nil {
		t.Fatal(err)
	}
	tested := 0
	for _, path := range paths {
		scenario, _, _ := strings.Cut(path, ".")
		data, err := os.ReadFile(scenario + ".truth.json")
		if err != nil {
			t.Fatal(err)
		}
		want := new(webTruth)
		if err := json.Unmarshal(data, want); err != nil {
			t.Fatal(err)
		}
		if len(want.WebSocket)+len(want.SSE) == 0 {
			continue
		}
		tested++
		keys := secrets.New()
		if err := wiresight.LoadKeys(keys, scenario+".keys", false); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		t.Run(filepath.Base(path), func(t *testing.T) { f(t, path, keys, want) })
	}
	if tested == 0 {
		t.Fatal("no captures")
	}
}

func TestMessagesAndEventsAreThoseOfThePrograms(t *testing.T) {
	webCaptures(t, func(t *testing.T, path string, keys *secrets.Store, want *webTruth) {
		s := run(t, path, wiresight.Options{Secrets: keys})
		if got, want := seen(s), want.told(); !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		frames := map[string]int64{}
		s.View(func(v wiresight.View) {
			for _, c := range v.Model.Conversations {
				for _, m := range c.Messages {
					if m.Protocol == "websocket" {
						frames[m.Kind] += m.Count
					}
				}
			}
		})
		told := map[string]int64{}
		for _, c := range want.WebSocket {
			for _, half := range c.Frames {
				for kind, n := range half {
					told[kind] += n
				}
			}
		}
		if fmt.Sprint(frames) != fmt.Sprint(told) {
			t.Errorf("frames %v, not %v", frames, told)
		}
	})
}

// What is missing from a capture makes messages missing, and never others.
func TestLostPacketsInventNoMessages(t *testing.T) {
	webCaptures(t, func(t *testing.T, path string, keys *secrets.Store, want *webTruth) {
		told := want.told()
		for _, c := range []struct {
			name string
			keep func(number int, f *capture.Frame) bool
		}{
			{"without the first half", func(n int, _ *capture.Frame) bool { return n > 12 }},
			{"without the client", func(_ int, f *capture.Frame) bool { return source(f) != clientAddr }},
			{"without the server", func(_ int, f *capture.Frame) bool { return source(f) == clientAddr }},
			{"without every fifth packet", func(n int, _ *capture.Frame) bool { return n%5 != 0 }},
			{"without every third packet", func(n int, _ *capture.Frame) bool { return n%3 != 0 }},
		} {
			got := seen(run(t, thinned(t, path, c.keep), wiresight.Options{Secrets: keys}))
			left := slices.Clone(told)
			for _, e := range got {
				i := slices.Index(left, e)
				if i < 0 {
					t.Errorf("%s: %q was never sent", c.name, e)
					continue
				}
				left = slices.Delete(left, i, i+1)
			}
			if (c.name == "without every fifth packet" || c.name == "without the first half" && strings.Contains(path, "websocket.")) && len(got) == 0 && len(want.WebSocket) > 0 && keys.Empty() {
				t.Errorf("%s: nothing was read", c.name)
			}
		}
	})
}

var clientAddr = netip.MustParseAddr("10.7.0.1")

// source returns the IPv4 address that sent an Ethernet frame.
func source(f *capture.Frame) netip.Addr {
	if len(f.Data) < 34 {
		return netip.Addr{}
	}
	a, _ := netip.AddrFromSlice(f.Data[26:30])
	return a
}

// thinned writes a capture with some packets of another.
func thinned(t *testing.T, path string, keep func(int, *capture.Frame) bool) string {
	t.Helper()
	in, err := file.Open(path, file.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	name := filepath.Join(t.TempDir(), "thinned.pcapng")
	out, err := pcapng.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	out.Describe(in)
	var f capture.Frame
	for n := 1; ; n++ {
		if err := in.Next(&f); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if keep(n, &f) {
			if _, err := out.Write(&f); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}
