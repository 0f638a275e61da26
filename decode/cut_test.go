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
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/secrets"
)

// cutCapture is a capture of the lab with the keys there are.
type cutCapture struct {
	name      string
	list      []capture.Frame
	keys, rsa []byte
}

func (c *cutCapture) store(t *testing.T) *secrets.Store {
	s := secrets.New()
	if c.keys != nil {
		s.AddKeyLog(c.keys)
	}
	if c.rsa != nil {
		if err := s.AddRSA(c.rsa); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// longest bounds the captures that are cut in every way: longer ones are of
// bulk transfers.
const longest = 600

func cutCaptures(t *testing.T) (all []cutCapture) {
	paths, _ := filepath.Glob("../testdata/*.client.pcapng")
	for _, path := range paths {
		scenario := strings.TrimSuffix(path, ".client.pcapng")
		c := cutCapture{name: filepath.Base(scenario), list: frames(t, path)}
		var err error
		if c.keys, err = os.ReadFile(scenario + ".keys"); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if c.rsa, err = os.ReadFile(scenario + ".rsa.pem"); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if len(c.list) <= longest || c.keys != nil {
			all = append(all, c)
		}
	}
	if len(all) < 50 {
		t.Fatalf("%d captures", len(all))
	}
	return all
}

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

// cuts are the ways in which a capture loses packets.
func cuts(list []capture.Frame, client func(*capture.Frame) bool) map[string][]capture.Frame {
	out := map[string][]capture.Frame{"the first half is missing": list[len(list)/2:]}
	lose := func(every, phase int) {
		name := fmt.Sprintf("every %dth is lost from %d on", every, phase)
		for i := range list {
			if i%every != phase {
				out[name] = append(out[name], list[i])
			}
		}
	}
	for phase := range 50 {
		lose(50, phase)
	}
	lose(7, 6)
	lose(3, 2)
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

// unit is a message: one side of an exchange, or an event.
type unit struct {
	at          string // the conversation's ends
	protocol    layer.Protocol
	stream      uint64
	side        string
	text        string // name or status
	first, last int
	packets     []uint32 // nil where not all are kept
	bytes       int64
	whole       bool
	dir         layer.Direction
	sealed      bool           // its connection is encrypted
	carrier     *flow.Exchange // of HTTP, whose body it is in
}

func (u *unit) String() string {
	return fmt.Sprintf("%s %s stream %d %s %q, packets %d to %d, %d bytes, whole %v", u.at, u.protocol, u.stream, u.side, u.text, u.first, u.last, u.bytes, u.whole)
}

func ends(c *flow.Conversation) string {
	list := []string{fmt.Sprint(c.Client.Addr, " ", c.Client.Port), fmt.Sprint(c.Server.Addr, " ", c.Server.Port)}
	slices.Sort(list)
	return fmt.Sprint(c.Transport, " ", list)
}

// units lists the messages of a model.
func units(m *flow.Model) (list []unit) {
	for _, c := range m.Conversations {
		at, sealed := ends(c), opened(c)
		for _, e := range c.Exchanges {
			for side, p := range [2]*flow.Part{&e.Request, &e.Response} {
				if !p.Seen() {
					continue
				}
				u := unit{at: at, protocol: e.Protocol, stream: e.Stream, side: "asked", text: e.Name, first: p.First.Number, last: p.Last.Number,
					packets: p.Packets.List(), bytes: p.Bytes, whole: p.State == flow.Complete, dir: e.Dir, sealed: sealed}
				if side == 1 {
					u.side, u.text, u.dir = "answered", e.Status, e.Dir.Reverse()
				}
				list = append(list, u)
			}
		}
		for i := range c.Events {
			e := &c.Events[i]
			u := unit{at: at, protocol: e.Protocol, stream: e.Stream, side: e.Dir.String() + " " + e.Kind, text: e.Name, first: e.First.Number, last: e.Last.Number,
				bytes: e.Bytes, whole: e.State == flow.Complete, dir: e.Dir, sealed: sealed}
			if p := e.Protocol; p == "grpc" || p == "sse" || p == "websocket" {
				for _, x := range c.Exchanges {
					if x.Request.First.Number <= u.first && (x.Stream == e.Stream || x.Stream == 0) {
						u.carrier = x
					}
				}
			}
			list = append(list, u)
		}
	}
	return list
}

// of reports whether a unit of a cut capture is what is left of one of the
// whole capture. One that is complete may be a later copy.
func (u *unit) of(w *unit) bool {
	call := u.protocol == "http2" && w.protocol == "grpc"
	counted := w.protocol == "http1" || w.carrier != nil && w.carrier.Stream == 0 // HTTP/1.1 counts its exchanges instead
	switch {
	case u.at != w.at || u.side != w.side || u.stream != w.stream && !counted:
		return false
	case call && u.side == "answered":
	case call && (u.text == "" || u.text == "POST "+w.text):
	case u.protocol != w.protocol || u.text != "" && u.text != w.text:
		return false
	}
	if u.whole && w.whole && u.bytes == w.bytes {
		return u.first >= w.first
	}
	reset := u.bytes == 0 && !u.whole // all that is left is that the stream was given up
	return u.first <= w.last && u.last >= w.first || reset
}
