package redis

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
)

// cmd writes a command as clients do.
func cmd(args ...string) string {
	s := fmt.Sprintf("*%d\r\n", len(args))
	for _, a := range args {
		s += bulk(a)
	}
	return s
}

func bulk(s string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(s), s) }

func pushed(args ...string) string { return ">" + cmd(args...)[1:] }

func lines(r *dissecttest.Recorder) (list []string) {
	for i := range r.Messages {
		m := &r.Messages[i]
		text := fmt.Sprintf("%s%s", [...]string{"", "> ", "< "}[m.Role], m.Kind)
		if m.Role != flow.Single {
			text = fmt.Sprintf("%s %d", text, m.Key)
		}
		for _, part := range []string{m.Name, m.Status} {
			if part != "" {
				text += " [" + part + "]"
			}
		}
		list = append(list, text+[...]string{"", " head", " cut"}[m.State])
	}
	return list
}

func expect(t *testing.T, r *dissecttest.Recorder, want ...string) {
	t.Helper()
	if got := lines(r); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, p := range r.Problems {
		t.Errorf("problem: %s", p.Text)
	}
}

func fact(m *flow.Message, key string) string { return flow.PackFacts(m.Facts).Get(key) }

func TestCommandsAndRepliesInOrder(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(),
		dissecttest.Client(cmd("AUTH", "ann", "hush")), dissecttest.Server("+OK\r\n"),
		dissecttest.Client(cmd("SET", "k", "value")+cmd("get", "k")+cmd("GET", "none")+"PING\r\n"),
		dissecttest.Server("+OK\r\n"+bulk("value")+"$-1\r\n+PONG\r\n"),
		dissecttest.Client(cmd("LRANGE", "l", "0", "-1")), dissecttest.Server("*2\r\n"+bulk("message")+"*1\r\n:1\r\n"),
		dissecttest.Client(cmd("HGETALL", "h")), dissecttest.Server("-WRONGTYPE Operation against a key\r\n"),
	)
	expect(t, r, "> command 1 [AUTH]", "< reply 1 [OK]",
		"> command 2 [SET]", "> command 3 [GET]", "> command 4 [GET]", "> command 5 [PING]",
		"< reply 2 [OK]", "< reply 3", "< reply 4 [nil]", "< reply 5 [PONG]",
		"> command 6 [LRANGE]", "< reply 6", "> command 7 [HGETALL]", "< reply 7 [WRONGTYPE Operation against a key]")
	for i, m := range r.Messages {
		for _, f := range m.Facts {
			if strings.Contains(f.Value, "hush") {
				t.Errorf("message %d: the password is a fact", i)
			}
		}
	}
	if fact(&r.Messages[0], "password") != "given" || fact(&r.Messages[0], "user") != "ann" || fact(&r.Messages[2], "key") != "k" {
		t.Errorf("facts %v %v", r.Messages[0].Facts, r.Messages[2].Facts)
	}
	if fact(&r.Messages[7], "bytes") != "5" || fact(&r.Messages[11], "elements") != "2" {
		t.Errorf("facts %v %v", r.Messages[7].Facts, r.Messages[11].Facts)
	}
	if shown := fmt.Sprint(r.Layers); strings.Contains(shown, "hush") || !strings.Contains(shown, "value") {
		t.Error("the layers show the password, or nothing")
	}
}

func TestSubscribersGetMessagesByThemselves(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(),
		dissecttest.Client(cmd("SUBSCRIBE", "news", "weather")),
		dissecttest.Server("*3\r\n"+bulk("subscribe")+bulk("news")+":1\r\n*3\r\n"+bulk("subscribe")+bulk("weather")+":2\r\n"),
		dissecttest.Server(cmd("message", "news", "hello")+cmd("pmessage", "w*", "weather", "rain")),
		dissecttest.Client(cmd("UNSUBSCRIBE")),
		dissecttest.Server("*3\r\n"+bulk("unsubscribe")+bulk("news")+":1\r\n*3\r\n"+bulk("unsubscribe")+bulk("weather")+":0\r\n"),
		dissecttest.Client(cmd("PUBLISH", "news", "hello")), dissecttest.Server(":1\r\n"),
	)
	expect(t, r, "> command 1 [SUBSCRIBE]", "< reply 1 head", "< reply 1", "message [news]", "pmessage [weather]",
		"> command 2 [UNSUBSCRIBE]", "< reply 2", "unsubscribe [weather]",
		"publish [news]", "> command 3 [PUBLISH]", "< reply 3")
	m := r.Messages
	if fact(&m[3], "digest") == "" || fact(&m[3], "digest") != fact(&m[8], "digest") || fact(&m[4], "pattern") != "w*" || !m[3].Keep {
		t.Errorf("facts %v %v %v", m[3].Facts, m[4].Facts, m[8].Facts)
	}
}

func TestRESP3(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(),
		dissecttest.Client(cmd("HELLO", "3", "AUTH", "ann", "hush", "SETNAME", "me")),
		dissecttest.Server("%1\r\n"+bulk("proto")+":3\r\n"),
		dissecttest.Client(cmd("SUBSCRIBE", "news")), dissecttest.Server(pushed("subscribe", "news", "1")),
		dissecttest.Client(cmd("CLIENT", "TRACKING", "ON")+cmd("GET", "k")),
		dissecttest.Server("+OK\r\n"+pushed("message", "news", "hi")+"|1\r\n+ttl\r\n:10\r\n_\r\n"+pushed("invalidate", "k")),
		dissecttest.Client(cmd("EVAL", "return 1", "0")), dissecttest.Server("$?\r\n;3\r\nabc\r\n;2\r\nde\r\n;0\r\n"),
		dissecttest.Client(cmd("SMEMBERS", "s")), dissecttest.Server("~?\r\n#t\r\n,1.5\r\n=7\r\ntxt:abc\r\n.\r\n"),
	)
	expect(t, r, "> command 1 [HELLO]", "< reply 1", "> command 2 [SUBSCRIBE]", "< reply 2",
		"> command 3 [CLIENT TRACKING]", "> command 4 [GET]", "< reply 3 [OK]", "message [news]", "< reply 4 [nil]", "invalidate [k]",
		"> command 5 [EVAL]", "< reply 5", "> command 6 [SMEMBERS]", "< reply 6")
	if m := &r.Messages[0]; fact(m, "version") != "3" || fact(m, "user") != "ann" || fact(m, "password") != "given" {
		t.Errorf("facts %v", m.Facts)
	}
	if m := &r.Messages[11]; fact(m, "bytes") != "5" {
		t.Errorf("facts %v", m.Facts)
	}
	if strings.Contains(fmt.Sprint(r.Layers), "hush") {
		t.Error("the layers show the password")
	}
}

func TestTransactions(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(),
		dissecttest.Client(cmd("MULTI")+cmd("INCR", "a")+cmd("INCR", "b")+cmd("EXEC")),
		dissecttest.Server("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n-ERR no number\r\n"))
	expect(t, r, "> command 1 [MULTI]", "> command 2 [INCR]", "> command 3 [INCR]", "> command 4 [EXEC]",
		"< reply 1 [OK]", "< reply 2 [QUEUED]", "< reply 3 [QUEUED]", "< reply 4")
	if m := &r.Messages[7]; fact(m, "commands") != "2" || fact(m, "errors") != "1" {
		t.Errorf("facts %v", m.Facts)
	}
}

func TestCommandsThatAreNotAnswered(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(),
		dissecttest.Client(cmd("CLIENT", "REPLY", "SKIP")+cmd("SET", "a", "1")+cmd("GET", "a")), dissecttest.Server(bulk("1")),
		dissecttest.Client(cmd("CLIENT", "REPLY", "OFF")+cmd("SET", "a", "2")+cmd("CLIENT", "REPLY", "ON")), dissecttest.Server("+OK\r\n"),
	)
	expect(t, r, "command [CLIENT REPLY]", "command [SET]", "> command 3 [GET]", "< reply 3",
		"command [CLIENT REPLY]", "command [SET]", "> command 6 [CLIENT REPLY]", "< reply 6 [OK]")
}

func TestLargeValuesAreCountedNotKept(t *testing.T) {
	big := strings.Repeat("x", 300<<10)
	r := dissecttest.Game{Cut: dissecttest.Pieces(1400)}.Play(Protocol(),
		dissecttest.Client(cmd("SET", "k", big)), dissecttest.Server("+OK\r\n"), dissecttest.Client(cmd("GET", "k")), dissecttest.Server(bulk(big)))
	expect(t, r, "> command 1 [SET]", "< reply 1 [OK]", "> command 2 [GET]", "< reply 2")
	if m := &r.Messages[3]; fact(m, "bytes") != "307200" || m.Bytes != int64(len(bulk(big))) {
		t.Errorf("%d bytes, %v", m.Bytes, m.Facts)
	}
}

func TestLostBytesDoNotShiftTheReplies(t *testing.T) {
	r := dissecttest.Play(Protocol(),
		dissecttest.Client(cmd("GET", "a")), dissecttest.Server(bulk("1")),
		dissecttest.Client(cmd("GET", "b")), // its reply is lost
		dissecttest.Client(cmd("GET", "c")), dissecttest.Lost(7, dissecttest.Server(bulk("3"))),
		dissecttest.Client(cmd("GET", "d")), dissecttest.Server(bulk(strings.Repeat("x", 100))[:40]),
		dissecttest.Lost(20, dissecttest.Server(strings.Repeat("x", 46)+"\r\n")),
		dissecttest.Client(cmd("GET", "e")), dissecttest.Server("+five\r\n"),
	)
	got := lines(r)
	if last := got[len(got)-1]; last != "< reply 5 [five]" {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		name, first string
		want        dissect.Match
	}{
		{"a command", cmd("SET", "k", "v"), dissect.Yes},
		{"the beginning of a command", "*3\r\n$3", dissect.More},
		{"a status", "+OK\r\n", dissect.Maybe},
		{"an integer", ":12\r\n", dissect.Maybe},
		{"a ping in a line", "PING\r\n", dissect.Maybe},
		{"an array of numbers", "*2\r\n:1\r\n:2\r\n", dissect.Maybe},
		{"an IMAP greeting", "* OK ready\r\n", dissect.No},
		{"HTTP", "GET / HTTP/1.1\r\n\r\n", dissect.No},
		{"SMTP", "220 mail ESMTP\r\n", dissect.No},
	} {
		if got := probe([]byte(c.first), false).Match; got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
