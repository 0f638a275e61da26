package wiresight_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/secrets"
)

// http2Truth is what the programs of the lab say of HTTP/2 and of calls; see
// testdata/README.md.
type http2Truth struct {
	Requests []struct {
		Connection, Protocol, Method, Target string
		Stream                               uint64
		Status                               int
	}
	HTTP2 []struct {
		Frames  map[string]map[string]int64
		Resets  []struct{ From string }
		GoAways []struct {
			From, Code string
			LastStream uint64 `json:"last_stream"`
		}
	}
	GRPC []call
}

// call is a remote procedure call as the client's program saw it.
type call struct {
	Connection, Protocol, Method, Status string
	Stream                               uint64
	Sent, Received                       int64
}

// http2Captures calls f for the captures with HTTP/2 or calls whose bytes can be
// read.
func http2Captures(t *testing.T, f func(t *testing.T, path string, keys *secrets.Store, want *http2Truth)) {
	truths, err := filepath.Glob("testdata/*.truth.json")
	if err != nil || len(truths) == 0 {
		t.Fatal("no captures", err)
	}
	for _, truth := range truths {
		data, err := os.ReadFile(truth)
		if err != nil {
			t.Fatal(err)
		}
		want := new(http2Truth)
		if err := json.Unmarshal(data, want); err != nil {
			t.Fatal(err)
		}
		if len(want.HTTP2)+len(want.GRPC) == 0 {
			continue
		}
		want.GRPC = slices.DeleteFunc(want.GRPC, func(c call) bool { return c.Protocol == "connect" }) // exchanges of HTTP
		scenario := strings.TrimSuffix(truth, ".truth.json")
		keys := secrets.New()
		if err := wiresight.LoadKeys(keys, scenario+".keys", false); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		t.Run(filepath.Base(scenario), func(t *testing.T) { f(t, scenario+".client.pcapng", keys, want) })
	}
}

// port cuts the port off an address.
func port(connection string) string { return connection[strings.LastIndexByte(connection, ':')+1:] }

// told are the requests and calls of a truth file.
func (w *http2Truth) told() (out []string) {
	calls := map[string]bool{}
	for _, c := range w.GRPC {
		calls[fmt.Sprint(port(c.Connection), c.Stream, c.Method)] = true
		out = append(out, fmt.Sprintf("%s %d %s %s sent %d received %d", port(c.Connection), c.Stream, c.Method, c.Status, c.Sent, c.Received))
	}
	for _, r := range w.Requests {
		if r.Protocol != "http2" || calls[fmt.Sprint(port(r.Connection), r.Stream, r.Target)] {
			continue
		}
		out = append(out, fmt.Sprintf("%s %d %s %s %s", port(r.Connection), r.Stream, r.Method, r.Target, status(r.Status)))
	}
	slices.Sort(out)
	return out
}

// status tells an HTTP status, "" for none.
func status(code int) string {
	if code == 0 {
		return ""
	}
	return strconv.Itoa(code)
}

// exchanges tells those of HTTP/2 and gRPC.
func exchanges(s *wiresight.Session) (out []string) {
	s.View(func(v wiresight.View) {
		for _, c := range v.Model.Conversations {
			for _, e := range c.Exchanges {
				text := fmt.Sprintf("%d %d %s %s", c.Client.Port, e.Stream, e.Name, e.Status)
				switch e.Protocol {
				case "grpc":
					text += fmt.Sprintf(" sent %s received %s", orNone(e.Request.Fact("messages")), orNone(e.Response.Fact("messages")))
				case "http2":
				default:
					continue
				}
				out = append(out, text)
			}
		}
	})
	slices.Sort(out)
	return out
}

func orNone(count string) string {
	if count == "" {
		return "0"
	}
	return count
}

func TestHTTP2IsWhatTheProgramsSay(t *testing.T) {
	http2Captures(t, func(t *testing.T, path string, keys *secrets.Store, want *http2Truth) {
		s := run(t, path, wiresight.Options{Secrets: keys})
		got, told := exchanges(s), want.told()
		if strings.Contains(path, "push-refused") { // the answer was on its way when the client refused it
			got, told = names(got), names(told)
		}
		if !slices.Equal(got, told) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(told, "\n"))
		}
		s.View(func(v wiresight.View) { compareFrames(t, v.Model, want) })
	})
}

// names leaves out all but port, stream and name.
func names(list []string) (out []string) {
	for _, s := range list {
		words := strings.Fields(s)
		out = append(out, strings.Join(words[:4], " "))
	}
	return out
}

// compareFrames compares the frames that a program counted. It may not have seen
// all: frames for a stream that it gave up, and those that its library hid.
func compareFrames(t *testing.T, m *flow.Model, want *http2Truth) {
	t.Helper()
	seen := map[string]int64{}
	var away []string
	var resets flow.Counts
	for _, c := range m.Conversations {
		for _, n := range c.Messages {
			if n.Protocol == "http2" {
				seen[strings.ToUpper(n.Kind)] += n.Count
			}
		}
		if c.HTTP2 != nil {
			for _, g := range c.HTTP2.GoAways {
				away = append(away, fmt.Sprintf("%s %d %s", g.Dir, g.LastStream, g.Code))
			}
			resets[0] += c.HTTP2.Resets[0]
			resets[1] += c.HTTP2.Resets[1]
		}
	}
	counted := map[string]int64{}
	var toldAway []string
	var toldResets flow.Counts
	dir := map[string]layer.Direction{"client": layer.ToServer, "server": layer.ToClient}
	for _, h := range want.HTTP2 {
		for _, half := range h.Frames {
			for kind, n := range half {
				counted[kind] += n
			}
		}
		for _, r := range h.Resets {
			toldResets[dir[r.From]]++
		}
		for _, g := range h.GoAways {
			toldAway = append(toldAway, fmt.Sprintf("%s %d %s", dir[g.From], g.LastStream, g.Code))
		}
	}
	for kind, n := range counted {
		exact := kind != "DATA" && kind != "HEADERS" && kind != "CONTINUATION"
		if seen[kind] < n || exact && seen[kind] != n {
			t.Errorf("%d %s frames, want %d", seen[kind], kind, n)
		}
	}
	if resets != toldResets || !slices.Equal(away, toldAway) {
		t.Errorf("resets %v and GOAWAYs %q, want %v and %q", resets, away, toldResets, toldAway)
	}
}

func TestFlowControlIsSeenToBlock(t *testing.T) {
	for path, least := range map[string]int64{"testdata/http2-stalled-window.client.pcapng": 3, "testdata/http2-small-window.client.pcapng": 5, "testdata/h2c-go.client.pcapng": 0} {
		s := run(t, path, wiresight.Options{})
		s.View(func(v wiresight.View) {
			h := v.Model.Conversations[0].HTTP2
			if h == nil || h.BlockedTotal < least || least == 0 && h.BlockedTotal > 0 {
				t.Fatalf("%s: %+v", path, h)
			}
			for _, b := range h.Blocked {
				if strings.Contains(path, "stalled") && b.To.Since(b.From).Milliseconds() < 70 {
					t.Errorf("%s: blocked for %v, and the client waits 80 ms", path, b.To.Since(b.From))
				}
			}
		})
	}
}
