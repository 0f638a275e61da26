package report

import (
	"bytes"
	"encoding/json"
	"errors"

	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

func TestStringsAreValidWhateverWasCaptured(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"GET /a", `"GET /a"`},
		{`say "no" \`, `"say \"no\" \\"`},
		{"a\r\n\tb\x00\x1b[2J", `"a\r\n\tb\u0000\u001b[2J"`},
		{"naïve 日本", `"naïve 日本"`},
		{"\xff\xfe", "\"\ufffd\ufffd\""},
		{"right\u202eleft", `"right\u202eleft"`},
		{"\U000e0001", `"\udb40\udc01"`},
		{"\u0085\u007f", `"\u0085\u007f"`},
	} {
		if got := string(appendString(nil, test.in)); got != strings.ReplaceAll(test.want, `\ufffd`, "\ufffd") {
			t.Errorf("%q is %s, want %s", test.in, got, test.want)
		}
	}
}

func FuzzStrings(f *testing.F) {
	f.Add("a\xff\u2028\"")
	f.Fuzz(func(t *testing.T, s string) {
		var back string
		if err := json.Unmarshal(appendString(nil, s), &back); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if want := strings.ToValidUTF8(string([]rune(s)), "\ufffd"); back != want {
			t.Errorf("%q came back as %q", s, back)
		}
	})
}

func TestSecondsAreExact(t *testing.T) {
	for nanos, want := range map[int64]string{
		0: "0", 1: "0.000000001", 1_500_000_000: "1.5", -20: "-0.00000002", 86_400_000_000_000: "86400",
		-9223372036854775808: "-9223372036.854775808",
	} {
		if got := string(appendSeconds(nil, nanos)); got != want {
			t.Errorf("%d ns is %s, want %s", nanos, got, want)
		}
	}
}

func TestTimesAreUTCWithNanoseconds(t *testing.T) {
	var out bytes.Buffer
	e := newEncoder(&out)
	e.open('[')
	for _, nanos := range []int64{0, 1, -1, 1700000000_123456789} {
		e.time(nanos)
	}
	e.close(']')
	e.flush()
	want := `["1970-01-01T00:00:00.000000000Z","1970-01-01T00:00:00.000000001Z","1969-12-31T23:59:59.999999999Z","2023-11-14T22:13:20.123456789Z"]`
	if out.String() != want {
		t.Errorf("got %s", out.String())
	}
}

// model makes a model of so many conversations with so many exchanges each.
func model(conversations, exchanges int) *flow.Model {
	m := &flow.Model{Packets: 10, First: layer.PacketRef{Number: 1, Nanos: 1e18}, Last: layer.PacketRef{Number: 10, Nanos: 1e18 + 5}}
	at := layer.PacketRef{Number: 7, Nanos: 1e18}
	for i := range conversations {
		c := &flow.Conversation{
			ID: i + 1, Transport: layer.TCP, Stack: []layer.Protocol{"ethernet", "ipv4", "tcp", "http1"}, First: at, Last: at,
			Client: flow.Endpoint{Addr: netip.MustParseAddr("10.0.0.1"), Port: 40000}, Server: flow.Endpoint{Addr: netip.MustParseAddr("10.0.0.2"), Port: 80},
			TCP: &flow.TCP{}, ExchangesTotal: int64(exchanges),
		}
		for j := range exchanges {
			x := flow.Exchange{ID: j + 1, Protocol: "http1", Name: "GET /some/path/of/usual/length", Status: "200"}
			x.Request = flow.Part{First: at, Last: at, Bytes: 100}
			x.Request.Packets.Add(7)
			x.Response = x.Request
			c.Exchanges = append(c.Exchanges, &x)
		}
		m.Conversations = append(m.Conversations, c)
	}
	return m
}

// byID chooses one conversation.
type byID int

func (n byID) Conversation(c *flow.Conversation) bool { return c.ID == int(n) }

func TestTheFilterChoosesConversations(t *testing.T) {
	var out bytes.Buffer
	if err := writeJSON(&out, model(3, 1), &capture.Info{Source: "a.pcap"}, nil, Options{Filter: byID(2)}); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Conversations []struct{ ID int }
	}
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Conversations) != 1 || doc.Conversations[0].ID != 2 {
		t.Errorf("reported %v", doc.Conversations)
	}
}

func TestNotesAreToldWithoutTheirControlCharacters(t *testing.T) {
	var out bytes.Buffer
	if err := writeJSON(&out, model(1, 0), &capture.Info{Comments: []string{"a\x00b"}}, []wiresight.Note{{Packet: 7, Text: "slow\x1b[2J"}}, Options{}); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Capture struct{ Comments []string }
		Notes   []struct {
			Packet int
			Text   string
		}
	}
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Notes) != 1 || doc.Notes[0].Packet != 7 || doc.Notes[0].Text != `slow\x1b[2J` || doc.Capture.Comments[0] != `a\x00b` {
		t.Errorf("%+v", doc)
	}
}

func TestStatusesAreNumbersWhereTheyAre(t *testing.T) {
	for in, want := range map[string]string{"200": "200", "0": "0", "NXDOMAIN": `"NXDOMAIN"`, "099": `"099"`, "12345678901": `"12345678901"`} {
		var out bytes.Buffer
		e := newEncoder(&out)
		e.status("status", in)
		e.flush()
		if out.String() != `"status":`+want {
			t.Errorf("%q: %s", in, out.String())
		}
	}
}

// closed is a writer whose reader went away.
type closed struct{ writes int }

var errClosed = errors.New("closed")

func (c *closed) Write([]byte) (int, error) { c.writes++; return 0, errClosed }

func TestWritingEndsWithTheFirstError(t *testing.T) {
	var w closed
	if err := writeJSON(&w, model(1000, 100), nil, nil, Options{}); !errors.Is(err, errClosed) {
		t.Errorf("error %v", err)
	}
	if w.writes != 1 {
		t.Errorf("wrote %d times", w.writes)
	}
}

func TestTextIsBoundedWhateverTheSize(t *testing.T) {
	for _, n := range []int{0, 1, 5000} {
		var out bytes.Buffer
		m := model(n, 50)
		for _, c := range m.Conversations {
			c.Exchanges[0].Name = "GET /" + strings.Repeat("x", 5000) + "\x1b[2J\u202e"
		}
		if err := writeText(&out, m, &capture.Info{Source: "a\x1b.pcap"}, Options{Width: 60}); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(out.String(), "\n")
		if len(lines) > 1000 {
			t.Errorf("%d conversations: %d lines", n, len(lines))
		}
		for _, l := range lines {
			if len([]rune(l)) > 60 || strings.ContainsAny(l, "\x1b\u202e") {
				t.Fatalf("line %q", l)
			}
		}
	}
}

func TestWordsForNumbers(t *testing.T) {
	for got, want := range map[string]string{
		span(45 * time.Microsecond): "45 µs", span(1500 * time.Microsecond): "1.5 ms", span(250 * time.Millisecond): "250 ms",
		span(1234 * time.Millisecond): "1.23 s", span(2 * time.Hour): "7200 s",
		size(999): "999 B", size(1500): "1.5 kB", size(3_000_000): "3.0 MB",
		many(1, "packet"): "1 packet", many(12345, "packet"): "12,345 packets", many(2, "query"): "2 queries",
		grouped(-1234567): "-1,234,567", packets([]int{3}): "packet 3", packets([]int{3, 4}): "packets 3, 4",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func BenchmarkJSON(b *testing.B) {
	m := model(31_000, 13)
	var out counter
	b.ReportAllocs()
	for b.Loop() {
		if err := writeJSON(&out, m, nil, nil, Options{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(31_000*13), "ns/exchange")
}

type counter int64

func (c *counter) Write(b []byte) (int, error) { *c += counter(len(b)); return len(b), nil }

func BenchmarkPackets(b *testing.B) {
	k := sample()
	for name, write := range map[string]func(*Packets) error{
		"json": func(p *Packets) error { return p.JSON(k) },
		"line": func(p *Packets) error { return p.Line(k) },
	} {
		b.Run(name, func(b *testing.B) {
			var out counter
			p := NewPackets(&out)
			b.ReportAllocs()
			for b.Loop() {
				if err := write(p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
