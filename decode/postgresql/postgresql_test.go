package postgresql

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// msg writes a message with a type.
func msg(kind byte, parts ...string) string {
	body := strings.Join(parts, "")
	return string([]byte{kind}) + string(binary.BigEndian.AppendUint32(nil, uint32(4+len(body)))) + body
}

func start(code uint32, body string) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
	return string(binary.BigEndian.AppendUint32(b, code)) + body
}

const (
	ready = "Z\x00\x00\x00\x05I"
	hello = "user\x00ann\x00database\x00shop\x00application_name\x00psql\x00\x00"
)

func row(values ...string) string {
	s := string([]byte{0, byte(len(values))})
	for _, v := range values {
		s += string(binary.BigEndian.AppendUint32(nil, uint32(len(v)))) + v
	}
	return msg('D', s)
}

func fact(m *flow.Message, key string) string { return flow.PackFacts(m.Facts).Get(key) }

func begun() []dissecttest.Write {
	return []dissecttest.Write{
		dissecttest.Client(start(3<<16, hello)), dissecttest.Server(msg('R', "\x00\x00\x00\x05salt")),
		dissecttest.Client(msg('p', "md5hush\x00")),
		dissecttest.Server(msg('R', "\x00\x00\x00\x00") + msg('S', "server_version\x0015\x00") + msg('K', "\x00\x00\x00\x01key!") + ready),
	}
}

func TestSimpleQueries(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(), append(begun(),
		dissecttest.Client(msg('Q', "select * from t where n = 'x'\x00")),
		dissecttest.Server(msg('T', "\x00\x01n\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x19\xff\xff\xff\xff\xff\xff\x00\x00")+row("x")+row("x")+msg('C', "SELECT 2\x00")+ready),
		dissecttest.Client(msg('Q', "select nothing\x00")),
		dissecttest.Server(msg('E', "SERROR\x00C42703\x00Mcolumn does not exist\x00\x00")+ready),
		dissecttest.Server(msg('A', "\x00\x00\x00\x01jobs\x00new\x00")),
		dissecttest.Client(msg('X')))...)
	dissecttest.Expect(t, r, "> startup [startup shop]", "< response [ready]", "> query [select * from t where n = ?]", "< response [SELECT 2]",
		"> query [select nothing]", "< response [42703]", "notification [jobs]", "terminate")
	m := r.Messages
	if fact(&m[3], "rows") != "2" || fact(&m[5], "error") != "column does not exist" || fact(&m[0], "user") != "ann" || fact(&m[1], "authentication") != "MD5 password" {
		t.Errorf("facts %v %v %v", m[3].Facts, m[5].Facts, m[1].Facts)
	}
	if told := fmt.Sprint(r.Messages, r.Layers); strings.Contains(told, "hush") || strings.Contains(told, "key!") {
		t.Error("a secret is told")
	}
}

func TestBatchesOfTheExtendedProtocol(t *testing.T) {
	bind := msg('B', "\x00s1\x00\x00\x00\x00\x01\x00\x00\x00\x017\x00\x00")
	r := dissecttest.EveryCut(t, Protocol(), append(begun(),
		dissecttest.Client(msg('P', "s1\x00select n from t where n = $1\x00\x00\x00")+msg('D', "Ss1\x00")+msg('S')),
		dissecttest.Server(msg('1')+msg('t', "\x00\x01\x00\x00\x00\x17")+msg('n')+ready),
		dissecttest.Client(bind+msg('E', "\x00\x00\x00\x00\x00")+msg('S')+bind+msg('E', "\x00\x00\x00\x00\x00")+msg('S')),
		dissecttest.Server(msg('2')+row("7")+msg('C', "SELECT 1\x00")+ready+msg('2')+msg('C', "SELECT 0\x00")+ready),
		dissecttest.Client(bind+msg('H')), dissecttest.Server(msg('2')), dissecttest.Client(msg('E', "\x00\x00\x00\x00\x00")+msg('S')),
		dissecttest.Server(msg('C', "SELECT 0\x00")+ready))...)
	const name = "[select n from t where n = $1]"
	dissecttest.Expect(t, r, "> startup [startup shop]", "< response [ready]", "> parse "+name, "< response [ready]",
		"> bind "+name, "> bind "+name, "< response [SELECT 1]", "< response [SELECT 0]", "> bind "+name+" head", "> bind "+name, "< response [SELECT 0]")
	m := r.Messages
	if m[4].Key != m[6].Key || m[5].Key != m[7].Key || m[8].Key != m[9].Key || fact(&m[4], "parameters") != "1" || fact(&m[6], "rows") != "1" {
		t.Errorf("facts %v", m[4].Facts)
	}
}

func TestCopy(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(), append(begun(),
		dissecttest.Client(msg('Q', "copy t from stdin\x00")), dissecttest.Server(msg('G', "\x00\x00\x01\x00\x00")),
		dissecttest.Client(msg('d', "1\n")+msg('d', "2\n")+msg('c')), dissecttest.Server(msg('C', "COPY 2\x00")+ready))...)
	dissecttest.Expect(t, r, "> startup [startup shop]", "< response [ready]", "> query [copy t from stdin]", "< response [COPY 2]")
	if m := &r.Messages[3]; fact(m, "copied-messages") != "2" || fact(m, "copied-bytes") != "4" {
		t.Errorf("facts %v", m.Facts)
	}
}

func TestEncryptionIsHandedOn(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(), dissecttest.Client(start(codeSSL, "")), dissecttest.Server("S"),
		dissecttest.Client("\x16\x03\x01hello"), dissecttest.Server("\x16\x03\x03hello"))
	dissecttest.Expect(t, r, "> ssl-request [SSLRequest]", "< response [granted]")
	if got := string(r.InnerBytes("tls", layer.ToServer, 0)); got != "\x16\x03\x01hello" {
		t.Errorf("%q", got)
	}
	r = dissecttest.EveryCut(t, Protocol(), append([]dissecttest.Write{dissecttest.Client(start(codeSSL, "")), dissecttest.Server("N")}, begun()...)...)
	dissecttest.Expect(t, r, "> ssl-request [SSLRequest]", "< response [refused]", "> startup [startup shop]", "< response [ready]")
}

func TestARefusedConnection(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(), dissecttest.Client(start(3<<16, hello)),
		dissecttest.Server(msg('E', "SFATAL\x00VFATAL\x00C28P01\x00Mpassword authentication failed\x00\x00")))
	dissecttest.Expect(t, r, "> startup [startup shop]", "< response [28P01]")
}

func TestLostBytes(t *testing.T) {
	long := row(strings.Repeat("x", 3000))
	r := dissecttest.Play(Protocol(), append(begun(),
		dissecttest.Client(msg('Q', "select 1\x00")), dissecttest.Server(long[:1000]), dissecttest.Lost(500, dissecttest.Server(long[1500:]+msg('C', "SELECT 1\x00")+ready)),
		dissecttest.Client(msg('Q', "select 2\x00")), dissecttest.Lost(100, dissecttest.Server("rest")),
		dissecttest.Client(msg('Q', "select x\x00")), dissecttest.Server(msg('C', "SELECT 3\x00")+ready))...)
	dissecttest.Expect(t, r, "> startup [startup shop]", "< response [ready]", "> query [select ?]", "< response [SELECT 1] cut",
		"> query [select ?]", "> query [select x]", "< response [SELECT 3]")
	if m := r.Messages; m[5].Key != m[6].Key {
		t.Error("the answer is to the wrong query")
	}
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		name, first string
		want        dissect.Match
	}{
		{"a start", start(3<<16, hello), dissect.Yes},
		{"a request for encryption", start(codeSSL, ""), dissect.Yes},
		{"the beginning of one", "\x00\x00\x00\x08", dissect.More},
		{"the end of an answer", msg('C', "SELECT 1\x00") + ready, dissect.Yes},
		{"a query", msg('Q', "select 1\x00"), dissect.Maybe},
		{"a Kafka request", "\x00\x00\x00\x23\x00\x12\x00\x03\x00\x00\x00\x01\x00\x04test\x00", dissect.No},
		{"HTTP", "GET / HTTP/1.1\r\n\r\n", dissect.No},
		{"SSH", "SSH-2.0-OpenSSH\r\n", dissect.No},
	} {
		if got := probe([]byte(c.first), false).Match; got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
