package wiresight_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/secrets"
)

const page = "testdata/http1-keepalive-page.client.pcapng"

func open(t *testing.T, path string, opt wiresight.Options) *wiresight.Session {
	t.Helper()
	s, err := wiresight.Open(context.Background(), path, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func run(t *testing.T, path string, opt wiresight.Options) *wiresight.Session {
	t.Helper()
	s := open(t, path, opt)
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	return s
}

// A packet that somebody looks at is described by replaying its conversation.
// It must read as it does when the whole capture is read in order.
func TestAPacketLookedAtReadsAsInTheWholeCapture(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.client.pcapng")
	if err != nil || len(paths) == 0 {
		t.Fatal("no captures", err)
	}
	for _, path := range paths {
		var all []string
		each := open(t, path, wiresight.Options{})
		if err := each.EachPacket(func(p *wiresight.Packet) error {
			all = append(all, describe(p))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		s := run(t, path, wiresight.Options{Index: true})
		for n := len(all); n >= 1; n -= 1 + len(all)/20 { // backwards, so that every one is replayed
			p, err := s.Packet(n)
			if err != nil {
				t.Fatalf("%s, packet %d: %v", path, n, err)
			}
			if got := describe(p); got != all[n-1] {
				t.Errorf("%s, packet %d:\nlooked at: %s\nin order:  %s", path, n, got, all[n-1])
			}
		}
		rows, err := s.Packets(1, len(all)+10)
		if err != nil || len(rows) != len(all) {
			t.Errorf("%s: %d rows of %d: %v", path, len(rows), len(all), err)
		}
	}
}

func describe(p *wiresight.Packet) string {
	var b strings.Builder
	for _, l := range p.Layers {
		b.WriteString(string(l.Protocol) + " [" + l.Summary + "] ")
	}
	return p.Source + " " + p.Destination + " " + p.Summary + " " + b.String()
}

func TestAStreamHoldsWhatBothEndsGot(t *testing.T) {
	s := run(t, page, wiresight.Options{Index: true})
	chunks, err := s.Stream(1, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	var sent [2]strings.Builder
	for _, c := range chunks {
		sent[c.Dir].Write(c.Data)
	}
	if !strings.HasPrefix(sent[0].String(), "GET / HTTP/1.1\r\n") || !strings.HasPrefix(sent[1].String(), "HTTP/1.1 200 ") {
		t.Errorf("to the server: %.40q, to the client: %.40q", sent[0].String(), sent[1].String())
	}
	for _, n := range s.ConversationPackets(1) {
		if p, err := s.Packet(n); err != nil || p.Conversation != 1 {
			t.Errorf("packet %d: conversation %v, %v", n, p, err)
		}
	}
}

func TestSavingKeepsEveryPacketThatPassedTheFilter(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.pcapng")
	s := run(t, page, wiresight.Options{Write: out, CaptureFilter: "tcp[tcpflags] & tcp-syn != 0"})
	saved := s.Status().Packets
	if saved == 0 {
		t.Fatal("nothing matched")
	}
	if again := run(t, out, wiresight.Options{}).Status().Packets; again != saved {
		t.Errorf("%d packets saved, %d read again", saved, again)
	}
}

func TestReadingStopsAfterTheNumberAskedFor(t *testing.T) {
	if n := run(t, page, wiresight.Options{MaxPackets: 5}).Status().Packets; n != 5 {
		t.Errorf("%d packets", n)
	}
}

func TestADamagedFileShowsWhatCouldBeRead(t *testing.T) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.pcapng")
	if err := os.WriteFile(cut, data[:len(data)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, cut, wiresight.Options{})
	err = s.Run()
	var damage *capture.Damage
	if !errors.As(err, &damage) || !strings.Contains(err.Error(), cut) {
		t.Errorf("error %v", err)
	}
	s.View(func(v wiresight.View) {
		if v.Model.Packets == 0 || len(v.Model.Problems) != 1 || len(v.Model.Conversations) == 0 {
			t.Errorf("%d packets, problems %v", v.Model.Packets, v.Model.Problems)
		}
	})
}

func TestAPausedSessionWaitsAndGoesOn(t *testing.T) {
	s := open(t, page, wiresight.Options{Index: true})
	s.SetPaused(true)
	s.Start()
	time.Sleep(20 * time.Millisecond)
	if st := s.Status(); st.Packets != 0 || st.Done {
		t.Errorf("paused, but %d packets were read", st.Packets)
	}
	s.SetPaused(false)
	if err := s.Run(); err != nil || s.Status().Packets == 0 {
		t.Errorf("%v, %d packets", err, s.Status().Packets)
	}
}

func TestAnIndexIsNeededToLookAtPackets(t *testing.T) {
	if _, err := run(t, page, wiresight.Options{}).Packet(1); !errors.Is(err, wiresight.ErrNoIndex) {
		t.Error(err)
	}
}

func TestExamplesOpen(t *testing.T) {
	if len(wiresight.Examples()) == 0 {
		t.Fatal("no examples")
	}
	for _, e := range wiresight.Examples() {
		s, err := e.Open(context.Background(), wiresight.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Run(); err != nil || s.Status().Packets == 0 || e.About == "" {
			t.Errorf("%s: %v, %d packets, %q", e.Name, err, s.Status().Packets, e.About)
		}
		s.Close()
	}
}

func TestThePayloadOfEachCarrierIsFollowed(t *testing.T) {
	keys := secrets.New()
	if err := wiresight.LoadKeys(keys, encryptedKeys, false); err != nil {
		t.Fatal(err)
	}
	s := run(t, encrypted, wiresight.Options{Secrets: keys, Index: true})
	carriers, err := s.Carriers(1)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range carriers {
		names = append(names, string(c.Protocol))
		if c.Bytes == 0 || c.Streams != 1 {
			t.Errorf("%+v", c)
		}
	}
	if got := strings.Join(names, " "); got != "tcp tls http1" {
		t.Errorf("carriers %q", got)
	}
	text := func(carrier layer.Protocol, limit int) (all string) {
		chunks, err := s.Payload(1, carrier, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range chunks {
			all += string(c.Data)
		}
		return all
	}
	if got := text("tls", 1<<20); !strings.HasPrefix(got, "GET /chat HTTP/1.1\r\n") || int64(len(got)) != carriers[1].Bytes {
		t.Errorf("%d of %d bytes in clear: %.60q", len(got), carriers[1].Bytes, got)
	}
	if got := text("tls", 10); got != "GET /chat " {
		t.Errorf("ten bytes are %q", got)
	}
	if whole, err := s.Stream(1, 1<<20); err != nil || len(whole) == 0 || whole[0].Data[0] != 22 {
		t.Errorf("the transport's: %v", err)
	}
}
