package display_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/display"
)

// request is packet 7: a GET in a connection from port 40000 to 80.
func request() *wiresight.Packet {
	f := func(name, value string, children ...layer.Field) layer.Field {
		return layer.Field{Name: name, Value: value, Children: children}
	}
	return &wiresight.Packet{
		Number: 7, Time: time.Unix(1700000000, 500_000_000), Length: 120, Conversation: 3,
		Data: []byte("EEIITTGET /index.html HTTP/1.1\r\n"), Comments: []string{"slow one"},
		Summary: "GET /index.html HTTP/1.1", Protocol: "http1",
		Layers: []layer.Layer{
			{Protocol: layer.Ethernet, Length: 2, Fields: []layer.Field{f("eth.dst", "02:00:00:00:00:02"), f("eth.src", "02:00:00:00:00:01"), f("eth.type", "0x0800 (IPv4)")}},
			{Protocol: layer.IPv4, Offset: 2, Length: 2, Fields: []layer.Field{f("ip.ttl", "64"), f("ip.proto", "6 (TCP)"), f("ip.src", "10.0.0.1"), f("ip.dst", "192.168.7.9")}},
			{Protocol: layer.TCP, Offset: 4, Length: 2, Fields: []layer.Field{
				f("tcp.srcport", "40000"), f("tcp.dstport", "80"),
				f("tcp.flags", "0x0018", f("tcp.flags.push", "Set"), f("tcp.flags.syn", "Not set")),
				f("tcp.seq", "4294967295"), f("tcp.analysis.retransmission", "TCP Retransmission")}},
			{Protocol: "http1", Offset: 6, Length: 26, Fields: []layer.Field{f("http.request.method", "GET"), f("http.request.uri", "/index.html"), f("http.host", "example.com")}},
		},
	}
}

func TestFiltersOfAPacket(t *testing.T) {
	for expr, want := range map[string]bool{
		"":                                       true,
		"http":                                   true,
		"http1 and ip and ipv4":                  true,
		"eth && tcp && !udp":                     true,
		"ipv6 or dns":                            false,
		"not tls":                                true,
		"tcp xor http":                           false,
		"frame":                                  true,
		"ip.addr == 10.0.0.1":                    true,
		"ip.addr == 192.168.0.0/16":              true,
		"ip.src == 192.168.0.0/16":               false,
		"ipv4.src == 10.0.0.1":                   true,
		"ip.src == ip.dst":                       false,
		"ip.src != ip.dst":                       true,
		"ip.addr != 10.0.0.1":                    false, // all values differ: 4.0
		"ip.addr !== 10.0.0.1":                   true,  // some value differs
		"!(ip.addr == 10.0.0.1)":                 false,
		"ipv6.addr != ::1":                       false, // the field does not exist
		"! ipv6.addr == ::1":                     true,
		"tcp.port == 80":                         true,
		"tcp.port eq 0x50":                       true,
		"tcp.port==0120":                         true, // octal, as in C
		"tcp.port == 8":                          false,
		"tcp.port in {443, 80}":                  true,
		"tcp.port in {443 8000..9000}":           false,
		"tcp.port in {1..1024}":                  true,
		"tcp.port not in {443}":                  true,
		"all tcp.port > 79":                      true,
		"all tcp.port > 80":                      false,
		"any tcp.port > 80":                      true,
		"tcp.port === 80":                        false,
		"tcp.seq == 4294967295":                  true,
		"tcp.seq > 4294967294.5":                 true,
		"ip.ttl ge 64 and ip.ttl le 64":          true,
		"ip.ttl lt 64 || ip.ttl gt 64":           false,
		"ip.proto == 6":                          true,
		"ip.proto == TCP":                        true,
		"eth.type == 0x0800":                     true,
		"eth.type == IPv4":                       true,
		"eth.addr == 02-00-00-00-00-01":          true,
		"tcp.flags.push == 1":                    true,
		"tcp.flags.push == true":                 true,
		"tcp.flags.syn == 0":                     true,
		"tcp.flags & 0x08":                       true,
		"tcp.flags & 0x08 == 8":                  true,
		"tcp.flags & 0x02":                       false,
		"tcp.analysis.flags":                     true,
		"tcp.analysis.retransmission":            true,
		"tcp.analysis.zero_window":               false,
		"tcp.analysis":                           true, // a field below it exists
		"http.request":                           true,
		"http.request.method == \"GET\"":         true,
		"http.request.method == GET":             true,
		"http.request.method == get":             false,
		"http.request.method matches \"^g\": ":   false,
		"http.host contains ample":               true,
		"http.host == example.com":               true,
		`http.request.uri matches "\.HTML$"`:     true, // in any case of letters
		`http.request.uri ~ r"^/a"`:              false,
		"frame contains \"index\"":               true,
		"tcp contains 47:45:54":                  true,
		"tcp contains 47:45:55":                  false,
		"tcp contains \"EE\"":                    false, // stands before the header
		"http matches \"get /\"":                 true,
		"frame.number == 7":                      true,
		"frame.number > 7":                       false,
		"frame.len >= 100":                       true,
		"frame.comment contains slow":            true,
		"frame.time > \"2023-11-14 22:13:20.4\"": true,
		"frame.time < \"2023-11-14 22:13:20.4\"": false,
		"frame.time_epoch == 1700000000.5":       true,
		"frame.time_relative >= 0.5":             true,
		"frame.protocols contains \"tcp:http1\"": true,
		"tcp.stream == 3":                        true,
		"udp.stream == 3":                        false,
		"wiresight.conversation == 3":            true,
		"_ws.col.info contains index":            true,
		"udp and tcp or http":                    true, // and binds tighter
		"http or udp and dns":                    true,
		"(http or udp) and dns":                  false,
	} {
		f, err := display.Compile(expr)
		if strings.HasSuffix(expr, ": ") { // a stray colon behind the expression
			if err == nil {
				t.Errorf("%q compiled", expr)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", expr, err)
			continue
		}
		f.BeginsAt(time.Unix(1700000000, 0))
		if got := f.Packet(request()); got != want {
			t.Errorf("%q is %v, want %v", expr, got, want)
		}
	}
}

func TestErrorsSayWhere(t *testing.T) {
	for _, test := range []struct {
		expr   string
		column int
		text   string
	}{
		{"tcp.port ==", 12, "expected a value, not the end"},
		{"tcp and", 8, "expected a protocol or a field, not the end"},
		{"tcp tls", 5, "expected and, or, or the end"},
		{"(tcp", 5, "expected )"},
		{"http || nonsense", 9, `unknown protocol or field "nonsense"`},
		{"htpp", 1, "did you mean http?"},
		{"http || foo.bar == 1", 9, `unknown protocol "foo" in the field "foo.bar"`},
		{"frame.nmber == 1", 1, "did you mean frame.number?"},
		{"tcp == 80", 5, "tcp.port"},
		{"ip.addr == 10.0.0.0/99", 12, "no network"},
		{"tcp.port in 80", 13, "expected {"},
		{"tcp.port in {80", 16, "expected , or }"},
		{"http.host matches \"a(\"", 19, "regular expression"},
		{"http.host == \"a", 14, "quote is not closed"},
		{"eth.src[0:3] == 00:00:00", 8, "slices"},
		{"len(http.host) > 3", 1, "functions"},
		{"ü.ä == 1 and §", 1, "unknown"},
		{"tcp.port = 80", 10, "did you mean ==?"},
		{"tcp and 10.7.0.9", 9, "did you mean ip.addr == 10.7.0.9?"},
		{"10.7.0.0/16", 1, "did you mean ip.addr == 10.7.0.0/16?"},
		{"fe80::1", 1, "did you mean ipv6.addr == fe80::1?"},
		{"tcp $ udp", 5, "unexpected character"},
		{strings.Repeat("(", 1000), 201, "deep"},
	} {
		_, err := display.Compile(test.expr)
		var e *display.Error
		if !errors.As(err, &e) {
			t.Errorf("%q: %v", test.expr, err)
			continue
		}
		if e.Column != test.column || !strings.Contains(e.Text, test.text) {
			t.Errorf("%q: %v, want column %d: %s", test.expr, err, test.column, test.text)
		}
	}
}

func TestCaretStandsBelowThePlace(t *testing.T) {
	_, err := display.Compile("ip and foo")
	var e *display.Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if want := "ip and foo\n       ^"; e.Caret() != want {
		t.Errorf("got\n%s\nwant\n%s", e.Caret(), want)
	}
}

// web is a conversation with a failed request, repeated segments and no reset.
func web() *flow.Conversation {
	return &flow.Conversation{
		ID: 3, Transport: layer.TCP, Stack: []layer.Protocol{layer.Ethernet, layer.IPv4, layer.TCP, "tls", "http1"},
		Client: flow.Endpoint{Addr: netip.MustParseAddr("10.0.0.1"), Port: 40000},
		Server: flow.Endpoint{Addr: netip.MustParseAddr("192.168.7.9"), Port: 80},
		TCP:    &flow.TCP{Retransmissions: 2},
		TLS:    &flow.TLS{SNI: "example.com"},
		Exchanges: []*flow.Exchange{
			{ID: 1, Protocol: "http1", Name: "GET /a", Status: "200"},
			{ID: 2, Protocol: "http1", Name: "POST /b", Status: "503"},
		},
	}
}

func TestFiltersOfAConversation(t *testing.T) {
	for _, test := range []struct {
		expr    string
		want    bool
		packets bool
	}{
		{"", true, false},
		{"http", true, false},
		{"!http", false, false},
		{"udp", false, false},
		{"ip.addr == 10.0.0.0/8 && tcp.port == 80", true, false},
		{"ip.addr == 10.9.0.0/16", false, false},
		{"ipv6", false, false},
		{"http.response.code >= 500", true, false},
		{"http.response.code == 404", false, false},
		{"http.request.method == POST", true, false},
		{"http.request.uri == \"/b\"", true, false},
		{"tls.handshake.extensions_server_name contains example", true, false},
		{"tcp.analysis.flags", true, false},
		{"tcp.analysis.retransmission", true, false},
		{"tcp.analysis.zero_window", false, false},
		{"tcp.flags.reset == 1", false, false},
		{"tcp.stream == 3", true, false},
		{"wiresight.conversation == 4", false, false},
		{"dns.qry.name == a", false, false}, // no DNS here
		{"frame.len > 100", true, true},     // packets must tell
		{"!(frame.len > 100)", true, true},
		{"udp && frame.len > 100", false, true},
		{"tcp.window_size == 0", true, true},
		{"dns.flags.opcode == 1", false, true}, // no DNS here
	} {
		f, err := display.Compile(test.expr)
		if err != nil {
			t.Errorf("%q: %v", test.expr, err)
			continue
		}
		if got := f.Conversation(web()); got != test.want {
			t.Errorf("%q is %v, want %v", test.expr, got, test.want)
		}
		if got := f.NeedsPackets(); got != test.packets {
			t.Errorf("%q needs packets: %v, want %v", test.expr, got, test.packets)
		}
	}
}

func TestRelativeTimeIsLearnedFromTheFirstPacket(t *testing.T) {
	f, err := display.Compile("frame.time_relative == 0.25")
	if err != nil {
		t.Fatal(err)
	}
	first := request()
	first.Number = 1
	second := request()
	second.Time = first.Time.Add(250 * time.Millisecond)
	if f.Packet(second) {
		t.Error("true before the beginning was known")
	}
	if f.Packet(first); !f.Packet(second) {
		t.Error("false though the beginning is known")
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{"ip.addr == 10.0.0.0/8", `http matches "a|b" and tcp.port in {1..2 3}`, "!(tcp.flags & 2) xor frame contains 00:01", "all tcp.seq === -1.5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		d, err := display.Compile(expr)
		if err != nil {
			var e *display.Error
			if !errors.As(err, &e) || e.Column < 1 {
				t.Fatalf("%q: %v", expr, err)
			}
			_ = e.Caret()
			return
		}
		d.Packet(request())
		d.Conversation(web())
		if d.String() != expr {
			t.Errorf("%q became %q", expr, d)
		}
	})
}
