package http

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

func TestContentNamesTheProtocolInside(t *testing.T) {
	for contentType, want := range map[string]layer.Protocol{
		"":                                   "",
		"text/html":                          "",
		"text/event-stream":                  EventStream,
		" Text/Event-Stream ; charset=utf-8": EventStream,
		"application/sdp":                    SDP,
		"application/grpc":                   RPC,
		"application/grpc+proto":             RPC,
		"application/grpc;x=y":               RPC,
		"application/grpcx":                  "",
		"application/grpc-web":               RPC,
		"application/grpc-web+json":          RPC,
		"application/grpc-web-text+proto":    RPC,
		"application/connect+proto":          RPC,
		"application/connect":                "",
		"application/proto":                  "",
	} {
		if got := Content(contentType); got != want {
			t.Errorf("%q: %q, want %q", contentType, got, want)
		}
	}
}

func TestTunnelAsksForRegisteredNames(t *testing.T) {
	announced := func(name string) layer.Protocol {
		if name == "h2c" {
			return "http2"
		}
		return ""
	}
	for token, want := range map[string]layer.Protocol{"": "", "h2c": "http2", "H2C, websocket": "http2", "WebSocket": "websocket", "\x1b[0m": "\\x1b[0m"} {
		if got := Tunnel(announced, []byte(token)); got != want {
			t.Errorf("%q: %q, want %q", token, got, want)
		}
	}
}

// Secrets are never stored, whatever the field looks like.
func TestSecretsAreNotKept(t *testing.T) {
	const hush = "hunter2"
	var n Notes
	n.Request([]byte("GET"), []byte("/a"))
	for _, name := range []string{"Cookie", "SET-COOKIE", "authorization", "Proxy-Authorization"} {
		for _, value := range []string{hush, "Basic " + hush, "a=" + hush, " " + hush} {
			f := Lookup([]byte(name))
			n.Field(f, []byte(value))
			if text := FieldValue([]byte(name), []byte(value)); strings.Contains(text, hush) {
				t.Errorf("%s: %s shows as %s", name, value, text)
			}
		}
	}
	title, facts := n.Take(nil)
	if got := title + fmt.Sprint(facts); strings.Contains(got, hush) || Fact(facts, "authorization-scheme") != "basic" || Fact(facts, "cookie") != "present" {
		t.Errorf("kept: %s", got)
	}
}

func TestNotesAreBoundedAndHarmless(t *testing.T) {
	var n Notes
	n.Request([]byte("GET\x1b"), []byte(strings.Repeat("/a", MaxName)))
	for range 2 * MaxFacts {
		n.Add("a", []byte(strings.Repeat("b\n", MaxValue)))
	}
	title, facts := n.Take(nil)
	if !strings.HasPrefix(title, `GET\x1b /a`) || len(title) > MaxName+8 || len(facts) != MaxFacts || len(facts[0].Value) > 2*MaxValue || strings.ContainsAny(facts[0].Value, "\n") {
		t.Errorf("%q, %d facts", title, len(facts))
	}
	n.Status([]byte("200"))
	if title, facts = n.Take(facts); title != "200" || len(facts) != 0 {
		t.Errorf("%q with %v of the message before", title, facts)
	}
}

func TestAnnouncementsTellTheRequest(t *testing.T) {
	facts := Announcement([]flow.Fact{{Key: "content-type", Value: "text/event-stream"}}, "GET /a")
	if Fact(facts, "request") != "GET /a" || Fact(facts, "content-type") != "text/event-stream" {
		t.Errorf("%v", facts)
	}
}

func TestHostName(t *testing.T) {
	for host, want := range map[string]string{
		"example.com:80": "example.com", "example.com.": "example.com.", "127.0.0.1:80": "", "[::1]:80": "", "": "", ":80": "",
		"a b": "", strings.Repeat("a", 254): "", "1.2.3.4.": "",
	} {
		if got := string(HostName([]byte(host))); got != want {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
}

func FuzzField(f *testing.F) {
	f.Add([]byte("authorization"), []byte("Basic abc"))
	f.Add([]byte("Host"), []byte("a:1"))
	f.Fuzz(func(t *testing.T, name, value []byte) {
		var n Notes
		n.Status(value)
		k := Lookup(name)
		if k != nil {
			n.Field(k, value)
		}
		title, facts := n.Take(nil)
		for _, text := range []string{title, FieldValue(name, value), Fact(facts, string(name)), string(Content(string(value)))} {
			if text != layer.Printable(text) {
				t.Errorf("%q is not printable", text)
			}
		}
		ParseLength(value)
		HostName(value)
	})
}
