package named

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
)

func find(t testing.TB, name string) dissect.Protocol {
	t.Helper()
	for _, p := range Protocols() {
		if string(p.Name) == name {
			return p
		}
	}
	t.Fatalf("no protocol %s", name)
	return dissect.Protocol{}
}

// told lists what was said, a line a message.
func told(r *dissecttest.Recorder) (lines []string) {
	for i := range r.Messages {
		m := &r.Messages[i]
		line := m.Kind
		switch m.Role {
		case flow.Request:
			line = fmt.Sprintf("%d? %s", m.Key, m.Name)
		case flow.Response:
			line = fmt.Sprintf("%d! %s", m.Key, m.Status)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestMailAndFilesAreCommandsAndReplies(t *testing.T) {
	client, server := dissecttest.Client, dissecttest.Server
	for _, test := range []struct {
		protocol string
		writes   []dissecttest.Write
		want     []string
	}{
		{"smtp", []dissecttest.Write{
			server("220 mail.example ESMTP\r\n"), client("EHLO a\r\n"), server("250-mail.example\r\n250 AUTH PLAIN\r\n"),
			client("AUTH PLAIN AGEAYg==\r\n"), server("235 ok\r\n"), client("MAIL FROM:<a@example>\r\n"), server("250 ok\r\n"),
			client("DATA\r\n"), server("354 go on\r\n"), client("Subject: x\r\n\r\nQUIT\r\n.\r\n"), server("250 queued\r\n"),
		}, []string{"reply", "1? EHLO a", "1! 250", "2? AUTH PLAIN", "2! 235", "3? MAIL FROM:<a@example>", "3! 250", "4? DATA", "reply", "message", "4! 250"}},
		{"pop3", []dissecttest.Write{
			server("+OK POP3 <1@x>\r\n"), client("USER a\r\n"), server("+OK\r\n"), client("PASS secret\r\n"), server("-ERR no\r\n"),
			client("CAPA\r\n"), server("+OK\r\nTOP\r\n.\r\n"), client("QUIT\r\n"), server("+OK\r\n"),
		}, []string{"reply", "1? USER a", "1! +OK", "2? PASS (not shown)", "2! -ERR", "3? CAPA", "3! +OK", "4? QUIT", "4! +OK"}},
		{"imap", []dissecttest.Write{
			server("* OK IMAP4rev1\r\n"), client("a1 LOGIN joe secret\r\n"), server("a1 OK done\r\n"),
			client("a2 SELECT INBOX\r\na3 UID FETCH 1 BODY[]\r\n"), server("* 1 EXISTS\r\na2 OK\r\n* 1 FETCH (BODY[] {5}\r\nx\r\n y)\r\na3 OK\r\n"),
		}, []string{"reply", "1? LOGIN (not shown)", "1! OK", "2? SELECT INBOX", "3? UID FETCH", "reply", "2! OK", "reply", "reply", "3! OK"}},
		{"ftp", []dissecttest.Write{
			server("220 FTP\r\n"), client("USER joe\r\n"), server("331 password\r\n"), client("PASS x\r\n"), server("230 in\r\n"),
			client("PASV\r\n"), server("227 Entering Passive Mode (10,0,0,2,4,1).\r\n"),
		}, []string{"reply", "1? USER joe", "1! 331", "2? PASS (not shown)", "2! 230", "3? PASV", "3! 227"}},
	} {
		r := dissecttest.EveryCut(t, find(t, test.protocol), test.writes...)
		if got := told(r); !slices.Equal(got, test.want) {
			t.Errorf("%s: told %q, want %q", test.protocol, got, test.want)
		}
		if story := r.Story(); strings.Contains(story, "secret") || strings.Contains(story, "AGEAYg") {
			t.Errorf("%s tells credentials: %s", test.protocol, story)
		}
		if test.protocol == "ftp" && r.Expected == nil {
			t.Error("ftp: the data connection is not expected")
		}
	}
}

func TestStartTLSMakesWay(t *testing.T) {
	r := dissecttest.Play(find(t, "smtp"), dissecttest.Client("STARTTLS\r\n"), dissecttest.Server("220 go\r\n"), dissecttest.Client("\x16\x03\x01"), dissecttest.Server("\x16\x03\x03"))
	if got := string(r.InnerBytes("tls", 0, 0)) + string(r.InnerBytes("tls", 1, 0)); got != "\x16\x03\x01\x16\x03\x03" {
		t.Errorf("TLS got %q", got)
	}
}

func TestProxiesMakeWayBehindTheirGreeting(t *testing.T) {
	for name, test := range map[string]struct {
		writes []dissecttest.Write
		want   []string
	}{
		"proxy-protocol": {[]dissecttest.Write{dissecttest.Client("PROXY TCP4 10.0.0.1 10.0.0.2 5 80\r\nGET / HTTP/1.1\r\n\r\n")}, []string{"header"}},
		"socks": {[]dissecttest.Write{
			dissecttest.Client("\x05\x02\x00\x02"), dissecttest.Server("\x05\x02"), dissecttest.Client("\x01\x01a\x01b"), dissecttest.Server("\x01\x00"),
			dissecttest.Client("\x05\x01\x00\x03\x07example\x00\x50"), dissecttest.Server("\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"), dissecttest.Client("GET / HTTP/1.1\r\n\r\n"),
		}, []string{"greeting", "method", "credentials", "login", "1? CONNECT example:80", "1! succeeded"}},
	} {
		r := dissecttest.EveryCut(t, find(t, name), test.writes...)
		if got := told(r); !slices.Equal(got, test.want) {
			t.Errorf("%s: told %q, want %q", name, got, test.want)
		}
		if got := string(r.InnerBytes("", 0, 0)); got != "GET / HTTP/1.1\r\n\r\n" {
			t.Errorf("%s: inside is %q", name, got)
		}
	}
}

func TestUnitsAreFramedAndPaired(t *testing.T) {
	for _, test := range []struct {
		protocol string
		writes   []dissecttest.Write
		want     []string
	}{
		{"ssh", []dissecttest.Write{
			dissecttest.Server("SSH-2.0-x\r\n"), dissecttest.Client("SSH-2.0-y\r\n\x00\x00\x00\x06\x04\x14zzzz"),
			dissecttest.Client("\x00\x00\x00\x06\x04\x15zzzz"),
		}, []string{"identification", "identification", "kexinit", "newkeys"}},
		{"ldap", []dissecttest.Write{
			dissecttest.Client("\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"), dissecttest.Server("\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00"),
		}, []string{"1? bindRequest", "1! bindResponse"}},
		{"cassandra", []dissecttest.Write{
			dissecttest.Client("\x04\x00\x00\x07\x05\x00\x00\x00\x00"), dissecttest.Server("\x84\x00\x00\x07\x06\x00\x00\x00\x02zz"),
		}, []string{"7? OPTIONS", "7! SUPPORTED"}},
		{"thrift", []dissecttest.Write{
			dissecttest.Client("\x00\x00\x00\x11\x80\x01\x00\x01\x00\x00\x00\x04ping\x00\x00\x00\x09\x00"), dissecttest.Server("\x00\x00\x00\x11\x80\x01\x00\x02\x00\x00\x00\x04ping\x00\x00\x00\x09\x00"),
		}, []string{"9? ping", "9! reply"}},
		{"rtsp", []dissecttest.Write{
			dissecttest.Client("OPTIONS rtsp://a/ RTSP/1.0\r\nCSeq: 3\r\n\r\n"), dissecttest.Server("RTSP/1.0 200 OK\r\nCSeq: 3\r\nContent-Length: 2\r\n\r\nok$\x00\x00\x03abc"),
		}, []string{"3? OPTIONS rtsp://a/", "3! 200", "interleaved"}},
		{"bittorrent", []dissecttest.Write{
			dissecttest.Client("\x13BitTorrent protocol" + strings.Repeat("\x00", 48) + "\x00\x00\x00\x00\x00\x00\x00\x01\x02"),
		}, []string{"handshake", "keep-alive", "interested"}},
	} {
		r := dissecttest.EveryCut(t, find(t, test.protocol), test.writes...)
		if got := told(r); !slices.Equal(got, test.want) {
			t.Errorf("%s: told %q, want %q", test.protocol, got, test.want)
		}
		if p := find(t, test.protocol); p.Probe([]byte(test.writes[0].Data), false).Match == dissect.No {
			t.Errorf("%s does not know its own first bytes", test.protocol)
		}
	}
}

// No bytes make a dissector panic, and all probes agree to say something of
// any bytes.
func FuzzProtocols(f *testing.F) {
	f.Add(uint8(0), []byte("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n"), []byte("220 x ESMTP\r\n"), uint8(3), false)
	f.Add(uint8(5), []byte("a LOGIN {5}\r\n12345 x\r\n"), []byte("* OK {3}\r\n123\r\n"), uint8(1), false)
	f.Add(uint8(20), []byte("\x38"+strings.Repeat("\x00", 13)), []byte("\x30\x03\x02\x01\x01"), uint8(7), true)
	f.Fuzz(func(t *testing.T, which uint8, toServer, toClient []byte, size uint8, datagram bool) {
		all := Protocols()
		p := all[int(which)%len(all)]
		if p.Probe != nil {
			p.Probe(toServer, datagram)
			p.Probe(toClient, datagram)
		}
		if datagram && !p.Datagram || !datagram && !p.Stream {
			return
		}
		g := dissecttest.Game{Context: dissect.Context{Datagram: datagram}, Cut: dissecttest.Pieces(int(size) + 1)}
		g.Play(p, dissecttest.Client(string(toServer)), dissecttest.Server(string(toClient)), dissecttest.Lost(9, dissecttest.Client(string(toServer))))
	})
}
