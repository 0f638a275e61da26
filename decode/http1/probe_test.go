package http1

import (
	"strings"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
)

func TestProbe(t *testing.T) {
	const client, server, unknown = dissect.Sender, dissect.Receiver, dissect.Unknown
	long := "GET /" + strings.Repeat("a", 1400)
	for _, c := range []struct {
		name   string
		first  string
		match  dissect.Match
		client dissect.Client
	}{
		{"a request line", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", dissect.Yes, client},
		{"a request line of HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", dissect.Yes, client},
		{"a WebDAV method", "PROPFIND /a HTTP/1.1\r\n", dissect.Yes, client},
		{"an event subscription", "SUBSCRIBE /event HTTP/1.1\r\n", dissect.Yes, client},
		{"a method nobody knows", "X-Frob! /a HTTP/1.1\r\n", dissect.Yes, client},
		{"absolute-form", "GET http://a.example/b HTTP/1.1\r\n", dissect.Yes, client},
		{"authority-form", "CONNECT a.example:443 HTTP/1.1\r\n", dissect.Yes, client},
		{"asterisk-form", "OPTIONS * HTTP/1.1\r\n", dissect.Yes, client},
		{"a bare line feed", "GET / HTTP/1.1\nHost: a\n\n", dissect.Yes, client},
		{"empty lines first", "\r\n\r\nGET / HTTP/1.1\r\n", dissect.Yes, client},
		{"a space in the target", "GET /a b HTTP/1.1\r\n", dissect.Yes, client},
		{"a status line", "HTTP/1.1 200 OK\r\n", dissect.Yes, server},
		{"a status line without a reason", "HTTP/1.1 404\r\n", dissect.Yes, server},
		{"a status line that is not complete", "HTTP/1.1 200 O", dissect.Yes, server},
		{"a status line with more spaces than one", "HTTP/1.1 \t200 OK\r\n", dissect.Yes, server},
		{"a status line that ends within the spaces", "HTTP/1.1  ", dissect.More, unknown},
		{"a long target that goes on", long, dissect.Yes, client},
		{"a long target of a method nobody knows", "FROB /" + strings.Repeat("a", 1400), dissect.More, unknown},
		{"nothing yet", "", dissect.More, unknown},
		{"an empty line and nothing yet", "\r\n", dissect.More, unknown},
		{"part of a method", "GE", dissect.More, unknown},
		{"part of a target", "GET /ind", dissect.More, unknown},
		{"part of a version", "GET / HTTP/1.1\r", dissect.More, unknown},
		{"part of a status line", "HTTP/1.1 2", dissect.More, unknown},
		{"the name alone", "HTTP", dissect.More, unknown},
		{"HTTP/0.9", "GET /\r\n", dissect.No, unknown},
		{"HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", dissect.No, unknown},
		{"a status that is no number", "HTTP/1.1 2x0 OK\r\n", dissect.No, unknown},
		{"a status of four digits", "HTTP/1.1 2000\r\n", dissect.No, unknown},
		{"RTSP", "DESCRIBE rtsp://a/b RTSP/1.0\r\n", dissect.No, unknown},
		{"an RTSP answer", "RTSP/1.0 200 OK\r\n", dissect.No, unknown},
		{"SIP", "INVITE sip:a@b SIP/2.0\r\n", dissect.No, unknown},
		{"Shoutcast", "ICY 200 OK\r\n", dissect.No, unknown},
		{"SMTP", "220 mail.example ESMTP\r\n", dissect.No, unknown},
		{"Redis", "*1\r\n$4\r\nPING\r\n", dissect.No, unknown},
		{"TLS", "\x16\x03\x01\x02\x00\x01", dissect.No, unknown},
		{"a method without end", strings.Repeat("A", 100), dissect.No, unknown},
		{"control characters in the target", "GET /\x00\x01", dissect.No, unknown},
		{"empty lines without end", strings.Repeat("\r\n", 100), dissect.No, unknown},
	} {
		if got := probe([]byte(c.first), false); got.Match != c.match || got.Client != c.client {
			t.Errorf("%s: match %d client %d, want %d %d", c.name, got.Match, got.Client, c.match, c.client)
		}
	}
	if got := probe([]byte("NOTIFY * HTTP/1.1\r\n"), true); got.Match != dissect.No {
		t.Errorf("SSDP is taken for HTTP/1: %v", got)
	}
}

// A probe that said Yes to a whole message said More or Yes to each beginning
// of it.
func TestProbeWaitsForTheRest(t *testing.T) {
	for _, whole := range []string{"GET /a HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "\r\nPOST / HTTP/1.0\r\n"} {
		for n := range whole {
			if got := probe([]byte(whole[:n]), false); got.Match == dissect.No {
				t.Errorf("%q: no", whole[:n])
			}
		}
	}
}
