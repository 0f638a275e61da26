package wiresight_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wiresight/wiresight"
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
