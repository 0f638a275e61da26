package mysql

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

// pkt writes a packet.
func pkt(sequence byte, parts ...string) string {
	body := strings.Join(parts, "")
	n := len(body)
	return string([]byte{byte(n), byte(n >> 8), byte(n >> 16), sequence}) + body
}

func le(size int, v uint32) string {
	return string(binary.LittleEndian.AppendUint32(nil, v)[:size])
}

func lenenc(s string) string { return string([]byte{byte(len(s))}) + s }

func greet(caps uint32) string {
	return pkt(0, "\x0a8.0.36\x00", le(4, 7), "12345678\x00", le(2, caps), "\x21\x02\x00", le(2, caps>>16), "\x15", strings.Repeat("\x00", 10), "123456789012\x00", "mysql_native_password\x00")
}

func enter(caps uint32) string {
	return pkt(1, le(4, caps), le(4, 1<<24), "\x21", strings.Repeat("\x00", 23), "ann\x00", lenenc("hush-hush-hush-hush-"), "shop\x00mysql_native_password\x00")
}

const (
	basic = capProtocol41 | capConnectDB | capPluginAuth
	ok    = "\x00\x00\x00\x02\x00\x00\x00"
	eof   = "\xfe\x00\x00\x02\x00"
)

func fact(m *flow.Message, key string) string { return flow.PackFacts(m.Facts).Get(key) }

func begun(caps uint32) []dissecttest.Write {
	return []dissecttest.Write{dissecttest.Server(greet(caps)), dissecttest.Client(enter(caps)), dissecttest.Server(pkt(2, ok))}
}

func TestQueries(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(), append(begun(basic),
		dissecttest.Client(pkt(0, "\x03select n from t where s = 'x'")),
		dissecttest.Server(pkt(1, "\x01")+pkt(2, lenenc("def"))+pkt(3, eof)+pkt(4, lenenc("7"))+pkt(5, lenenc("8"))+pkt(6, eof)),
		dissecttest.Client(pkt(0, "\x03selec")),
		dissecttest.Server(pkt(1, "\xff\x28\x04#42000You have an error")),
		dissecttest.Client(pkt(0, "\x03insert into t values (1)")), dissecttest.Server(pkt(1, "\x00\x01\x05\x02\x00\x01\x00")),
		dissecttest.Client(pkt(0, "\x0e")), dissecttest.Server(pkt(1, ok)),
		dissecttest.Client(pkt(0, "\x02shop")), dissecttest.Server(pkt(1, ok)),
		dissecttest.Client(pkt(0, "\x09")), dissecttest.Server(pkt(1, "Uptime: 1")),
		dissecttest.Client(pkt(0, "\x01")))...)
	dissecttest.Expect(t, r, "greeting [8.0.36]", "> login [login shop]", "< response [OK]",
		"> com_query [select n from t where s = ?]", "< response [OK]", "> com_query [selec]", "< response [1064]",
		"> com_query [insert into t values (?)]", "< response [OK]", "> com_ping [COM_PING]", "< response [OK]",
		"> com_init_db [COM_INIT_DB shop]", "< response [OK]", "> com_statistics [COM_STATISTICS]", "< response", "com_quit [COM_QUIT]")
	m := r.Messages
	if fact(&m[4], "rows") != "2" || fact(&m[4], "columns") != "1" || fact(&m[6], "sqlstate") != "42000" || fact(&m[8], "affected-rows") != "1" || fact(&m[8], "warnings") != "1" {
		t.Errorf("facts %v %v %v", m[4].Facts, m[6].Facts, m[8].Facts)
	}
	if fact(&m[1], "user") != "ann" || fact(&m[1], "password") != "given" || strings.Contains(fmt.Sprint(r.Messages, r.Layers), "hush") {
		t.Errorf("facts %v", m[1].Facts)
	}
}

func TestServersThatLeaveOutTheEOF(t *testing.T) {
	const last = "\xfe\x00\x00\x02\x00\x00\x00"
	r := dissecttest.EveryCut(t, Protocol(), append(begun(basic|capDeprecateEOF|capQueryAttrs),
		dissecttest.Client(pkt(0, "\x03\x00\x01select n from t")),
		dissecttest.Server(pkt(1, "\x01")+pkt(2, lenenc("def"))+pkt(3, lenenc("7"))+pkt(4, last)),
		dissecttest.Client(pkt(0, "\x03\x01\x01\x00\x01\xfe\x00"+lenenc("trace")+lenenc("abc")+"select none")),
		dissecttest.Server(pkt(1, "\x01")+pkt(2, lenenc("def"))+pkt(3, last)),
		dissecttest.Client(pkt(0, "\x16select ? + ?")),
		dissecttest.Server(pkt(1, "\x00"+le(4, 1)+"\x01\x00\x02\x00\x00\x00\x00")+pkt(2, "p")+pkt(3, "p")+pkt(4, "c")),
		dissecttest.Client(pkt(0, "\x17"+le(4, 1)+"\x00\x01\x00\x00\x00")),
		dissecttest.Server(pkt(1, "\x01")+pkt(2, "c")+pkt(3, "\x00\x00row")+pkt(4, last)),
		dissecttest.Client(pkt(0, "\x19"+le(4, 1))),
	)...)
	dissecttest.Expect(t, r, "greeting [8.0.36]", "> login [login shop]", "< response [OK]", "> com_query [select n from t]", "< response [OK]",
		"> com_query [select none]", "< response [OK]", "> com_stmt_prepare [select ? + ?]", "< response [OK]",
		"> com_stmt_execute [select ? + ?]", "< response [OK]", "com_stmt_close [COM_STMT_CLOSE]")
	m := r.Messages
	if fact(&m[4], "rows") != "1" || fact(&m[6], "rows") != "" || fact(&m[8], "parameters") != "2" || fact(&m[10], "rows") != "1" {
		t.Errorf("facts %v %v %v", m[4].Facts, m[6].Facts, m[8].Facts)
	}
}

func TestStatementsPreparedAndSeveralResults(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(), append(begun(basic),
		dissecttest.Client(pkt(0, "\x16select ?")),
		dissecttest.Server(pkt(1, "\x00"+le(4, 1)+"\x01\x00\x01\x00\x00\x00\x00")+pkt(2, "p")+pkt(3, eof)+pkt(4, "c")+pkt(5, eof)),
		dissecttest.Client(pkt(0, "\x03call p()")),
		dissecttest.Server(pkt(1, "\x01")+pkt(2, "c")+pkt(3, eof)+pkt(4, lenenc("1"))+pkt(5, "\xfe\x00\x00\x0a\x00")+pkt(6, ok)),
		dissecttest.Client(pkt(0, "\x04t\x00")), dissecttest.Server(pkt(1, "c")+pkt(2, "c")+pkt(3, eof)),
		dissecttest.Client(pkt(0, "\x17"+le(4, 1))), dissecttest.Server(pkt(1, "\x01\x00")+pkt(2, eof)+pkt(3, "\x00\x00row")+pkt(4, eof)),
	)...)
	dissecttest.Expect(t, r, "greeting [8.0.36]", "> login [login shop]", "< response [OK]", "> com_stmt_prepare [select ?]", "< response [OK]",
		"> com_query [call p()]", "< response [OK]", "> com_field_list [COM_FIELD_LIST]", "< response",
		"> com_stmt_execute [select ?]", "< response [OK]")
	if m := r.Messages; fact(&m[len(m)-1], "rows") != "1" {
		t.Errorf("without definitions: %v", m[len(m)-1].Facts)
	}
}

func TestAuthenticationInSeveralSteps(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(), dissecttest.Server(greet(basic)), dissecttest.Client(enter(basic)),
		dissecttest.Server(pkt(2, "\xfecaching_sha2_password\x0012345678901234567890\x00")), dissecttest.Client(pkt(3, "hush-hush")),
		dissecttest.Server(pkt(4, "\x01\x03")+pkt(5, ok)), dissecttest.Client(pkt(0, "\x0e")))
	dissecttest.Expect(t, r, "greeting [8.0.36]", "> login [login shop]", "< response [OK]", "> com_ping [COM_PING]")
	if m := &r.Messages[2]; fact(m, "auth-switch") != "caching_sha2_password" || m.Packets.Len() != 2 {
		t.Errorf("facts %v", m.Facts)
	}
	if strings.Contains(fmt.Sprint(r.Layers), "hush") {
		t.Error("the password is shown")
	}
}

func TestEncryptionIsHandedOn(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(), dissecttest.Server(greet(basic|capSSL)),
		dissecttest.Client(pkt(1, le(4, basic|capSSL), le(4, 1<<24), "\x21", strings.Repeat("\x00", 23))+"\x16\x03\x01hello"), dissecttest.Server("\x16\x03\x03hello"))
	dissecttest.Expect(t, r, "greeting [8.0.36]", "ssl-request")
	if got := string(r.InnerBytes("tls", layer.ToServer, 0)); got != "\x16\x03\x01hello" || len(r.InnerBytes("tls", layer.ToClient, 0)) != 8 {
		t.Errorf("%q", got)
	}
}

func TestWhatIsCompressedIsNotRead(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(), append(begun(basic|capCompress), dissecttest.Client("\x09\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x03abcd"))...)
	dissecttest.Expect(t, r, "greeting [8.0.36]", "> login [login shop]", "< response [OK]")
}

func TestLostBytes(t *testing.T) {
	long := pkt(4, "\xfc", le(2, 3000), strings.Repeat("x", 3000))
	r := dissecttest.Play(Protocol(), append(begun(basic),
		dissecttest.Client(pkt(0, "\x03select 1")),
		dissecttest.Server(pkt(1, "\x01")+pkt(2, "c")+pkt(3, eof)+long[:1000]), dissecttest.Lost(500, dissecttest.Server(long[1500:]+pkt(5, eof))),
		dissecttest.Client(pkt(0, "\x03select 2")), dissecttest.Lost(100, dissecttest.Server("rest of something")),
		dissecttest.Client(pkt(0, "\x03select x")), dissecttest.Server(pkt(1, ok)))...)
	dissecttest.Expect(t, r, "greeting [8.0.36]", "> login [login shop]", "< response [OK]", "> com_query [select ?]", "< response [OK] cut",
		"> com_query [select ?]", "> com_query [select x]", "< response [OK]")
}

func TestAnAnswerWhoseCommandWasLost(t *testing.T) {
	r := dissecttest.Play(Protocol(), append(begun(basic),
		dissecttest.Server(pkt(1, "\x01")+pkt(2, "c")+pkt(3, eof)+pkt(4, lenenc("1"))+pkt(5, eof)),
		dissecttest.Lost(30, dissecttest.Client(pkt(0, "\x0e"))), dissecttest.Server(pkt(1, ok)))...)
	dissecttest.Expect(t, r, "greeting [8.0.36]", "> login [login shop]", "< response [OK]", "< response [OK]", "> com_ping [COM_PING]", "< response [OK]")
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		name, first string
		want        dissect.Match
	}{
		{"a greeting", greet(basic), dissect.Yes},
		{"a login", enter(basic), dissect.Yes},
		{"the beginning of a greeting", greet(basic)[:20], dissect.More},
		{"a query", pkt(0, "\x03select 1"), dissect.Maybe},
		{"a refusal", pkt(0, "\xff\x69\x04Host is blocked"), dissect.Maybe},
		{"HTTP", "GET / HTTP/1.1\r\n\r\n", dissect.No},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", dissect.No},
		{"SSH", "SSH-2.0-OpenSSH\r\n", dissect.No},
	} {
		if got := probe([]byte(c.first), false).Match; got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
