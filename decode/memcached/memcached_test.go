package memcached

import (
	"strings"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
)

func fact(m *flow.Message, key string) string { return flow.PackFacts(m.Facts).Get(key) }

func TestCommandsAndReplies(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(),
		dissecttest.Client("set k 0 60 5\r\nhello\r\n"), dissecttest.Server("STORED\r\n"),
		dissecttest.Client("get k none k2\r\n"), dissecttest.Server("VALUE k 0 5\r\nhello\r\nVALUE k2 0 4\r\n\r\n\r\n\r\nEND\r\n"),
		dissecttest.Client("set k 0 0 1 noreply\r\nx\r\nincr n 1\r\ndelete none\r\n"), dissecttest.Server("12\r\nNOT_FOUND\r\n"),
		dissecttest.Client("stats\r\n"), dissecttest.Server("STAT pid 1\r\nSTAT uptime 2\r\nEND\r\n"),
		dissecttest.Client("version\r\nbogus\r\n"), dissecttest.Server("VERSION 1.6.18\r\nERROR\r\n"), dissecttest.Client("quit\r\n"))
	dissecttest.Expect(t, r, "> command [set]", "< reply [STORED]", "> command [get]", "< reply [END]", "command [set]", "> command [incr]",
		"> command [delete]", "< reply", "< reply [NOT_FOUND]", "> command [stats]", "< reply [END]",
		"> command [version]", "> command [bogus]", "< reply [VERSION 1.6.18]", "< reply [ERROR]", "command [quit]")
	m := r.Messages
	if fact(&m[0], "key") != "k" || fact(&m[0], "bytes") != "5" || fact(&m[2], "keys") != "3" || fact(&m[3], "hits") != "2" || fact(&m[3], "bytes") != "9" || fact(&m[10], "statistics") != "2" {
		t.Errorf("facts %v %v %v", m[0].Facts, m[2].Facts, m[3].Facts)
	}
}

func TestMetaCommands(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(), dissecttest.Client("ms k 2 T60\r\nhi\r\nmg k v\r\n"), dissecttest.Server("HD\r\nVA 2\r\nhi\r\n"),
		dissecttest.Client("mg a v q\r\nmg b v q\r\nmn\r\n"), dissecttest.Server("VA 1\r\nx\r\nMN\r\n"))
	dissecttest.Expect(t, r, "> command [ms]", "> command [mg]", "< reply [HD]", "< reply [VA]", "command [mg]", "command [mg]", "> command [mn]",
		"reply [VA]", "< reply [MN]")
}

func TestLargeValuesAreCountedNotKept(t *testing.T) {
	big := strings.Repeat("x", 100<<10)
	r := dissecttest.Game{Cut: dissecttest.Pieces(1400)}.Play(Protocol(), dissecttest.Client("get k\r\n"), dissecttest.Server("VALUE k 0 102400\r\n"+big+"\r\nEND\r\n"))
	dissecttest.Expect(t, r, "> command [get]", "< reply [END]")
	if m := &r.Messages[1]; fact(m, "bytes") != "102400" {
		t.Errorf("facts %v", m.Facts)
	}
}

func TestLostBytes(t *testing.T) {
	value := "VALUE k 0 3000\r\n" + strings.Repeat("x", 3000) + "\r\nEND\r\n"
	r := dissecttest.Play(Protocol(), dissecttest.Client("get k\r\n"), dissecttest.Server(value[:1000]), dissecttest.Lost(500, dissecttest.Server(value[1500:])),
		dissecttest.Client("get k\r\n"), dissecttest.Lost(9, dissecttest.Server("some rest")), dissecttest.Client("get l\r\n"), dissecttest.Server("END\r\n"))
	dissecttest.Expect(t, r, "> command [get]", "< reply [END] cut", "> command [get]", "> command [get]", "< reply [END]")
	if m := r.Messages; m[4].Key != m[3].Key {
		t.Error("the reply answers the wrong command")
	}
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		name, first string
		want        dissect.Match
	}{
		{"set", "set k 0 60 5\r\nhello\r\n", dissect.Yes},
		{"get", "get k\r\n", dissect.Yes},
		{"the beginning of a get", "get some", dissect.More},
		{"a value", "VALUE k 0 5\r\n", dissect.Yes},
		{"stats", "stats\r\n", dissect.Maybe},
		{"an end", "END\r\n", dissect.Maybe},
		{"HTTP", "GET / HTTP/1.1\r\n\r\n", dissect.No},
		{"POP3", "+OK ready\r\n", dissect.No},
		{"FTP", "USER ann\r\n", dissect.No},
	} {
		if got := probe([]byte(c.first), false).Match; got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
