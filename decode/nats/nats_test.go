package nats

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

const (
	info  = `INFO {"server_id":"X","server_name":"s1","version":"2.10.0","headers":true,"jetstream":true,"nonce":"abc"}` + "\r\n"
	hello = `CONNECT {"verbose":false,"name":"app","lang":"go","user":"ann","pass":"hush","auth_token":"hush"}` + "\r\n"
)

func fact(m *flow.Message, key string) string { return flow.PackFacts(m.Facts).Get(key) }

func TestPublishAndSubscribe(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(),
		dissecttest.Server(info), dissecttest.Client(hello+"PING\r\n"), dissecttest.Server("PONG\r\n"),
		dissecttest.Client("SUB orders.* workers 1\r\nsub news 2\r\nPUB news 5\r\nhello\r\n"),
		dissecttest.Server("MSG orders.eu 1 5\r\nhello\r\nMSG news 2 5\r\nhello\r\n-ERR 'Permissions Violation'\r\nPING\r\n"),
		dissecttest.Client("PONG\r\nUNSUB 1\r\nPUB empty 0\r\n\r\n"), dissecttest.Server("+OK\r\n"),
	)
	dissecttest.Expect(t, r, "info", "connect", "> ping [PING]", "< pong", "sub [orders.*]", "sub [news]", "pub [news]",
		"msg [orders.eu]", "msg [news]", "err [Permissions Violation]", "> ping [PING]", "< pong", "unsub", "pub [empty]", "ok")
	m := r.Messages
	if fact(&m[0], "jetstream") != "true" || fact(&m[1], "password") != "given" || fact(&m[1], "user") != "ann" || fact(&m[7], "queue") != "workers" {
		t.Errorf("facts %v %v %v", m[0].Facts, m[1].Facts, m[7].Facts)
	}
	if d := fact(&m[6], "digest"); d == "" || d != fact(&m[8], "digest") || fact(&m[8], "payload-bytes") != "5" || !m[8].Keep {
		t.Errorf("facts %v %v", m[6].Facts, m[8].Facts)
	}
	if told := fmt.Sprint(r.Messages, r.Layers); strings.Contains(told, "hush") {
		t.Error("the password is told")
	}
}

func TestRequestsFindTheirRepliesBySubject(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(), dissecttest.Client(hello),
		dissecttest.Client("PUB help _INBOX.a.1 2\r\nhi\r\nPUB help _INBOX.a.2 2\r\nho\r\n"),
		dissecttest.Server("MSG _INBOX.a.2 1 3\r\nyes\r\nHMSG _INBOX.a.1 1 30 30\r\nNATS/1.0 503 No Responders\r\n\r\n\r\n"),
	)
	dissecttest.Expect(t, r, "connect", "pub [help]", "> pub [help]", "pub [help]", "> pub [help]",
		"msg [_INBOX.a.2]", "< msg", "hmsg [_INBOX.a.1]", "< hmsg [503 No Responders]")
	if m := r.Messages; m[2].Key != m[8].Key || m[4].Key != m[6].Key || m[2].Key == m[4].Key {
		t.Error("replies are mixed up")
	}
}

func TestHeadersOfJetStream(t *testing.T) {
	headers := "NATS/1.0\r\nNats-Msg-Id: 7\r\nAuthorization: hush\r\n\r\n"
	pub := fmt.Sprintf("HPUB orders.eu _INBOX.b.1 %d %d\r\n%shello\r\n", len(headers), len(headers)+5, headers)
	r := dissecttest.EveryCut(t, Protocol(), dissecttest.Client(hello), dissecttest.Client(pub),
		dissecttest.Server("MSG _INBOX.b.1 1 27\r\n{\"stream\":\"ORDERS\",\"seq\":1}\r\n"),
		dissecttest.Server("MSG orders.eu 3 $JS.ACK.ORDERS.c.1.1.1.0.0 5\r\nhello\r\n"), dissecttest.Client("PUB $JS.ACK.ORDERS.c.1.1.1.0.0 4\r\n+ACK\r\n"))
	dissecttest.Expect(t, r, "connect", "hpub [orders.eu]", "> hpub [orders.eu]", "msg [_INBOX.b.1]", "< msg",
		"msg [orders.eu]", "> msg [orders.eu]", "pub [$JS.ACK.ORDERS.c.1.1.1.0.0]", "< pub")
	m := r.Messages
	if fact(&m[1], "nats-msg-id") != "7" || fact(&m[1], "headers") != "Authorization" || fact(&m[1], "digest") != fact(&m[5], "digest") {
		t.Errorf("facts %v %v", m[1].Facts, m[5].Facts)
	}
	if told := fmt.Sprint(r.Messages, r.Layers); strings.Contains(told, "hush") {
		t.Error("a secret header is told")
	}
}

func TestTLSMayFollowTheGreeting(t *testing.T) {
	r := dissecttest.Play(Protocol(), dissecttest.Server(`INFO {"tls_required":true}`+"\r\n"),
		dissecttest.Client("\x16\x03\x01\x00\x05hello"), dissecttest.Server("\x16\x03\x03\x00\x05hello"))
	if got := string(r.InnerBytes("tls", layer.ToServer, 0)); got != "\x16\x03\x01\x00\x05hello" || len(r.InnerBytes("tls", layer.ToClient, 0)) != 10 {
		t.Errorf("%q", got)
	}
}

func TestLostBytes(t *testing.T) {
	long := "PUB a 3000\r\n" + strings.Repeat("x", 3000) + "\r\n"
	r := dissecttest.Play(Protocol(), dissecttest.Client(hello), dissecttest.Client(long[:1000]),
		dissecttest.Lost(1000, dissecttest.Client(long[2000:]+"PUB b 1\r\nx\r\n")),
		dissecttest.Lost(100, dissecttest.Client("some rest\r\n")), dissecttest.Client("PUB c 1\r\nx\r\n"))
	dissecttest.Expect(t, r, "connect", "pub [a] cut", "pub [b]", "pub [c]")
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		name, first string
		want        dissect.Match
	}{
		{"a greeting", info, dissect.Yes},
		{"a client's CONNECT", hello, dissect.Yes},
		{"the beginning of one", "CONN", dissect.More},
		{"HTTP's CONNECT", "CONNECT example.com:443 HTTP/1.1\r\n", dissect.No},
		{"a delivery", "MSG a 1 5\r\nhello\r\n", dissect.Maybe},
		{"FTP", "220 ready\r\n", dissect.No},
	} {
		if got := probe([]byte(c.first), false).Match; got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
