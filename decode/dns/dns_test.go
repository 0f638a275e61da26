package dns

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

func fact(all []flow.Fact, key string) string {
	return flow.PackFacts(all).Get(key)
}

func TestAQueryAndItsResponseAreOneExchange(t *testing.T) {
	r := play(Name, ask(query(t, 0x1234, "Example.com.")), reply(response(t, 0x1234, "example.COM.", a(1), a(2))))
	if n := len(r.conversation.Exchanges); n != 1 {
		t.Fatalf("%d exchanges", n)
	}
	e := r.conversation.Exchanges[0]
	if e.Name != "A Example.com" || e.Status != "NOERROR" || e.Request.First.Number != 1 || e.Response.First.Number != 2 {
		t.Errorf("%+v", e)
	}
	for key, want := range map[string]string{"answers": "A 192.0.2.1, A 192.0.2.2", "ttl": "299", "id": "0x1234", "question": "", "truncated": ""} {
		if got := e.Response.Fact(key); got != want {
			t.Errorf("response's %s is %q, not %q", key, got, want)
		}
	}
	if got := e.Request.Fact("rd"); got != "true" {
		t.Errorf("recursion desired: %q", got)
	}
}

func TestEachQueryPacketOpensItsOwnExchange(t *testing.T) {
	q := query(t, 7, "example.com.")
	other := query(t, 7, "example.org.") // the same id for another question
	r := play(Name, ask(q), ask(q), ask(other), reply(response(t, 7, "example.com.", a(1))))
	var answered []bool
	for i := range r.conversation.Exchanges {
		answered = append(answered, r.conversation.Exchanges[i].Response.Seen())
	}
	if !slices.Equal(answered, []bool{false, true, false}) {
		t.Errorf("answered: %v; the repeated query is the one that is answered", answered)
	}
}

func TestResponsesWithoutAQuestionOrAQuery(t *testing.T) {
	refusal := pack(t, dnsmessage.Header{ID: 9, Response: true, RCode: dnsmessage.RCodeFormatError}, "", 0)
	r := play(Name, ask(query(t, 9, "example.com.")), reply(refusal), reply(response(t, 10, "example.net.", a(3))))
	all := r.conversation.Exchanges
	if len(all) != 2 {
		t.Fatalf("%d exchanges", len(all))
	}
	if all[0].Status != "FORMERR" || all[0].Response.First.Number != 2 {
		t.Errorf("a response without a question belongs to the query of its id: %+v", all[0])
	}
	if all[1].Request.Seen() || all[1].Response.Fact("question") != "A example.net" {
		t.Errorf("a response whose query was not seen names the question: %+v", all[1])
	}
}

func TestResponsesSayWhyThereIsNoAnswer(t *testing.T) {
	edns := func(code dnsmessage.RCode) []byte {
		b := dnsmessage.NewBuilder(nil, dnsmessage.Header{ID: 1, Response: true})
		_ = b.StartQuestions()
		_ = b.Question(dnsmessage.Question{Name: dnsmessage.MustNewName("x."), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET})
		_ = b.StartAdditionals()
		var h dnsmessage.ResourceHeader
		if err := h.SetEDNS0(1232, code, true); err != nil {
			t.Fatal(err)
		}
		_ = b.OPTResource(h, dnsmessage.OPTResource{})
		m, err := b.Finish()
		if err != nil {
			t.Fatal(err)
		}
		m[3] |= byte(code) & 15
		return m
	}
	for _, c := range []struct {
		name, want string
		message    []byte
	}{
		{"no such name", "NXDOMAIN", pack(t, dnsmessage.Header{Response: true, RCode: 3}, "x.", dnsmessage.TypeA)},
		{"server failure", "SERVFAIL", pack(t, dnsmessage.Header{Response: true, RCode: 2}, "x.", dnsmessage.TypeA)},
		{"a code without a name", "RCODE12", pack(t, dnsmessage.Header{Response: true, RCode: 12}, "x.", dnsmessage.TypeA)},
		{"a code that needs EDNS0's upper bits", "BADCOOKIE", edns(23)},
	} {
		if got := play(Name, reply(c.message)).Messages[0].Status; got != c.want {
			t.Errorf("%s: %s, not %s", c.name, got, c.want)
		}
	}
	if m := play(Name, reply(edns(0))).Messages[0]; fact(m.Facts, "edns") != "1232" {
		t.Errorf("EDNS0's size: %v", m.Facts)
	}
}

func TestTitlesNameOperationAndQuestion(t *testing.T) {
	for _, c := range []struct {
		header dnsmessage.Header
		name   string
		kind   dnsmessage.Type
		want   string
	}{
		{dnsmessage.Header{}, ".", dnsmessage.TypeNS, "NS <Root>"},
		{dnsmessage.Header{}, "x.example.", 65280, "TYPE65280 x.example"},
		{dnsmessage.Header{OpCode: 4}, "example.com.", dnsmessage.TypeSOA, "NOTIFY SOA example.com"},
		{dnsmessage.Header{OpCode: 5}, "example.com.", dnsmessage.TypeSOA, "UPDATE SOA example.com"},
		{dnsmessage.Header{}, "\x1b[31mred.example.", dnsmessage.TypeA, `A \027[31mred.example`},
		{dnsmessage.Header{}, "caf\xe9 bar.example.", dnsmessage.TypeA, "A caf\ufffd\\032bar.example"},
	} {
		if got := play(Name, ask(pack(t, c.header, c.name, c.kind))).Messages[0].Name; got != c.want {
			t.Errorf("%q, not %q", got, c.want)
		}
	}
}

func TestAddressesAreToldUnderTheNameThatWasAsked(t *testing.T) {
	stray := pack(t, dnsmessage.Header{ID: 1, Response: true}, "example.com.", dnsmessage.TypeA, a(5))
	copy(stray[12:], "\x07examplX\x03org") // the question is another than the answer's owner
	stray = bytes.Replace(stray, []byte{0xc0, 12}, []byte{0xc0, 20}, 1)
	for _, c := range []struct {
		name    string
		message []byte
		want    []string
	}{
		{"addresses of the name itself", response(t, 1, "example.com.", a(1), a(2)), []string{"example.com=192.0.2.1", "example.com=192.0.2.2"}},
		{"addresses behind aliases", response(t, 1, "www.example.com.", cname("a.example."), cname("b.example."), a(3)),
			[]string{"www.example.com=192.0.2.3"}},
		{"an address of another name", stray, nil},
		{"a failure tells nothing", pack(t, dnsmessage.Header{Response: true, RCode: 2}, "x.", dnsmessage.TypeA, a(1)), nil},
	} {
		var got []string
		for _, p := range play(Name, reply(c.message)).Resolutions {
			got = append(got, p[0]+"="+p[1])
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, not %q", c.name, got, c.want)
		}
	}
}

func TestStreamsMayBeCutAnywhere(t *testing.T) {
	queries := framed(query(t, 1, "a.example."), query(t, 2, "b.example."))
	responses := framed(response(t, 2, "b.example.", a(2)), response(t, 1, "a.example.", a(1)))
	for size := 1; size <= len(responses); size++ {
		r := playStream(queries, responses, size)
		if len(r.Messages) != 4 || len(r.Layers) != 4 || len(r.problems()) > 0 {
			t.Fatalf("in pieces of %d: %d messages, %d layers, problems %q", size, len(r.Messages), len(r.Layers), r.problems())
		}
		for i, want := range []string{"A 192.0.2.1", "A 192.0.2.2"} {
			if e := r.conversation.Exchanges[i]; e.Response.Fact("answers") != want {
				t.Errorf("in pieces of %d: exchange %d has %q", size, i+1, e.Response.Fact("answers"))
			}
		}
		if m := r.Messages[0]; m.Bytes != int64(2+len(query(t, 1, "a.example."))) || m.First.Number != 1 {
			t.Errorf("in pieces of %d: %d bytes from packet %d", size, m.Bytes, m.First.Number)
		}
	}
}

func TestAStreamGoesOnBehindAGap(t *testing.T) {
	r := &recorder{}
	d := newDissector(Name, dissect.Context{})
	first, second := framed(query(t, 1, "a.example.")), framed(query(t, 2, "b.example."))
	d.Feed(r, dissect.Chunk{Data: first[:len(first)-6], At: layer.PacketRef{Number: 1}})
	d.Feed(r, dissect.Chunk{Data: second[9:], Gap: 15, Offset: int64(len(first) + 9), At: layer.PacketRef{Number: 2}})
	d.Feed(r, dissect.Chunk{Data: second, Offset: int64(len(first) + len(second)), At: layer.PacketRef{Number: 3}})
	d.Finish(r, false)
	if len(r.Messages) != 2 || r.Messages[0].State != flow.Cut || r.Messages[1].Name != "A b.example" || len(r.problems()) > 0 {
		t.Errorf("%+v, problems %q", r.Messages, r.problems())
	}
}

func TestAZoneTransferIsOneExchange(t *testing.T) {
	soa := func(serial uint32) *dnsmessage.SOAResource {
		return &dnsmessage.SOAResource{NS: dnsmessage.MustNewName("ns.x."), MBox: dnsmessage.MustNewName("m.x."), Serial: serial}
	}
	h := dnsmessage.Header{ID: 5, Response: true}
	axfr := pack(t, dnsmessage.Header{ID: 5}, "x.", dnsmessage.TypeAXFR)
	parts := [][]byte{
		pack(t, h, "x.", dnsmessage.TypeAXFR, soa(42), a(1)), pack(t, h, "", 0), pack(t, h, "x.", dnsmessage.TypeAXFR, a(3), soa(42)),
	}
	parts[1] = pack(t, h, "x.", dnsmessage.TypeAXFR, a(2))
	for _, c := range []struct {
		name  string
		parts [][]byte
		state flow.State
	}{
		{"with its end", parts, flow.Complete}, {"without its end", parts[:2], flow.Cut},
	} {
		r := playStream(framed(axfr), framed(c.parts...), 1000)
		all := r.conversation.Exchanges
		if len(all) != 1 || all[0].Response.State != c.state || all[0].Response.Bytes != int64(len(framed(c.parts...))) {
			t.Errorf("%s: %+v", c.name, all)
		}
	}
}

func TestMulticastMessagesAreCountedNotPaired(t *testing.T) {
	answer := response(t, 0, "printer.local.", a(9))
	r := play(MDNSName, ask(query(t, 0, "printer.local.")), ask(answer))
	if len(r.conversation.Exchanges) > 0 || len(r.conversation.Messages) != 2 {
		t.Errorf("%+v", r.conversation)
	}
	if !slices.Equal(r.Resolutions, [][2]string{{"printer.local", "192.0.2.9"}}) {
		t.Errorf("resolved %q", r.Resolutions)
	}
	if got := r.Layers[0].Summary; got != `Standard query 0x0000 A printer.local, "QM" question` {
		t.Errorf("%q", got)
	}
}

func TestMalformedMessagesAreNamed(t *testing.T) {
	good := response(t, 1, "example.com.", a(1))
	damaged := func(change func(b []byte) []byte) []byte { return change(slices.Clone(good)) }
	for _, c := range []struct {
		name    string
		message []byte
		want    string
	}{
		{"too short for a header", good[:11], "11 bytes is too short"},
		{"cut off in the question", good[:20], "question 1 of 1: message ends early"},
		{"cut off in the answer", good[:len(good)-1], "answer 1 of 1: message ends early"},
		{"a pointer to itself", damaged(func(b []byte) []byte { b[12], b[13] = 0xc0, 12; return b }), "pointers that loop"},
		{"a label of an unknown kind", damaged(func(b []byte) []byte { b[12] = 0x80; return b }), "label of an unknown kind"},
		{"bytes at the end", damaged(func(b []byte) []byte { return append(b, 0, 0, 0) }), "3 bytes behind the last record"},
		{"an address of three bytes", damaged(func(b []byte) []byte { b[len(b)-5] = 3; return b[:len(b)-1] }), "answer 1 of 1: A: record data does not fit"},
		{"more records than there are", damaged(func(b []byte) []byte { b[11] = 200; return b }), "additional 1 of 200: message ends early"},
	} {
		r := play(Name, reply(c.message))
		if len(r.problems()) != 1 || !strings.Contains(r.problems()[0], c.want) {
			t.Errorf("%s: problems %q, not %q", c.name, r.problems(), c.want)
		}
		if len(r.Layers) != 1 {
			t.Errorf("%s: %d layers", c.name, len(r.Layers))
		}
	}
}

func TestAMessageCutBySnapLengthIsNoProblem(t *testing.T) {
	b := response(t, 1, "example.com.", a(1))
	r := &recorder{}
	newDissector(Name, dissect.Context{Datagram: true}).Feed(r, dissect.Chunk{Data: b[:31], Cut: len(b) - 31})
	if len(r.problems()) > 0 || r.Messages[0].State != flow.Cut || fact(r.Messages[0].Facts, "question") != "A example.com" {
		t.Errorf("%+v, problems %q", r.Messages, r.problems())
	}
}

func TestNamesAreReadAsText(t *testing.T) {
	long := strings.Repeat("\x3f"+strings.Repeat("a", 63), 4) + "\x00"
	for _, c := range []struct {
		name, bytes string
		off         int
		want        string
		next        int
		err         error
	}{
		{"plain", "\x03www\x02de\x00", 0, "www.de", 8, nil},
		{"the root", "\x00", 0, ".", 1, nil},
		{"compressed", "\x02de\x00\x03www\xc0\x00", 4, "www.de", 10, nil},
		{"compressed by a pointer that points forward", "\x03www\xc0\x06\x02de\x00", 0, "www.de", 6, nil},
		{"a dot and a backslash within a label", "\x03a.\\\x00", 0, `a\.\\`, 5, nil},
		{"a name beyond 255 bytes", long, 0, "", 0, errLong},
		{"two pointers at each other", "\xc0\x02\xc0\x00", 0, "", 0, errPointer},
		{"a pointer beyond the end", "\xc0\x20", 0, "", 0, errShort},
		{"a label beyond the end", "\x05ab", 0, "", 0, errShort},
	} {
		text, next, err := appendName(nil, []byte(c.bytes), c.off)
		if err != c.err || err == nil && (string(text) != c.want || next != c.next) {
			t.Errorf("%s: %q, %d, %v", c.name, text, next, err)
		}
	}
}
