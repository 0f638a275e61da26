package http1

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
)

var (
	client = dissecttest.Client
	server = dissecttest.Server
	gap    = dissecttest.Lost
)

const (
	get = "GET /a HTTP/1.1\r\nHost: example.com\r\n\r\n"
	ok  = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
)

// brief tells the messages in few words, Heads left out.
func brief(r *dissecttest.Recorder) (out []string) {
	for i := range r.Messages {
		m := &r.Messages[i]
		if m.State == flow.Head {
			continue
		}
		s := fmt.Sprintf("%d %s", m.Key, m.Name+m.Status)
		if m.Kind == "interim" {
			s = "interim " + m.Status
		}
		if b := fact(m, "body-bytes"); b != "" {
			s += " body " + b
		}
		if b := fact(m, "missing"); b != "" {
			s += " missing " + b
		}
		if m.State == flow.Cut {
			s += " cut"
		}
		out = append(out, s)
	}
	return out
}

func fact(m *flow.Message, key string) string {
	return flow.PackFacts(m.Facts).Get(key)
}

func problems(r *dissecttest.Recorder) (out []string) {
	for _, p := range r.Problems {
		out = append(out, p.Text)
	}
	return out
}

func TestMessages(t *testing.T) {
	type writes []dissecttest.Write
	for _, c := range []struct {
		name   string
		writes writes
		want   []string
		closed bool
	}{
		{"a request and its answer", writes{client(get), server(ok)}, []string{"1 GET /a", "1 200 body 5"}, false},
		{"one exchange after the other", writes{client(get), server(ok), client("GET /b HTTP/1.1\r\n\r\n"), server(ok)},
			[]string{"1 GET /a", "1 200 body 5", "2 GET /b", "2 200 body 5"}, false},
		{"pipelined requests are answered in order", writes{client(get + "GET /b HTTP/1.1\r\n\r\n"), server(ok + "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")},
			[]string{"1 GET /a", "2 GET /b", "1 200 body 5", "2 404"}, false},
		{"a request with a body", writes{client("POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"), server(ok)},
			[]string{"1 POST /a body 3", "1 200 body 5"}, false},
		{"an interim response leaves the request waiting", writes{
			client("POST /a HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"), server("HTTP/1.1 100 Continue\r\n\r\n"), client("abc"), server(ok)},
			[]string{"interim 100", "1 POST /a body 3", "1 200 body 5"}, false},
		{"an answer that comes before the request's end", writes{
			client("POST /a HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc"), server("HTTP/1.1 413 Big\r\nContent-Length: 0\r\n\r\n"), client("def")},
			[]string{"1 POST /a body 6", "1 413"}, false},
		{"chunks with extensions and trailers", writes{client(get),
			server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\nA \r\n0123456789\r\n0\r\nExpires: now\r\n\r\n" + ok), client(get)},
			[]string{"1 GET /a", "1 200 body 15", "2 200 body 5", "3 GET /a"}, false},
		{"a chunked request", writes{client("PUT /a HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + get), server(ok)},
			[]string{"1 PUT /a body 3", "2 GET /a", "1 200 body 5"}, false},
		{"the answer to HEAD has no body", writes{client("HEAD /a HTTP/1.1\r\n\r\n"), server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), client(get), server(ok)},
			[]string{"1 HEAD /a", "1 200", "2 GET /a", "2 200 body 5"}, false},
		{"304 has no body", writes{client(get + get), server("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n" + ok)},
			[]string{"1 GET /a", "2 GET /a", "1 304", "2 200 body 5"}, false},
		{"204 has no body", writes{client(get + get), server("HTTP/1.1 204 No Content\r\n\r\n" + ok)},
			[]string{"1 GET /a", "2 GET /a", "1 204", "2 200 body 5"}, false},
		{"a body that the close ends", writes{client(get), server("HTTP/1.0 200 OK\r\n\r\nabc"), server("def")}, []string{"1 GET /a", "1 200 body 6"}, true},
		{"a body that a reset ends is cut", writes{client(get), server("HTTP/1.0 200 OK\r\n\r\nabcdef")}, []string{"1 GET /a", "1 200 body 6 cut"}, false},
		{"a last coding that is not chunked is ended by the close", writes{client(get), server("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc")}, []string{"1 GET /a", "1 200 body 3"}, true},
		{"identity is no transfer coding", writes{client(get), server("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 1\r\n\r\nx")}, []string{"1 GET /a", "1 200 body 1"}, false},
		{"a body that the end of the capture cuts", writes{client(get), server("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")}, []string{"1 GET /a", "1 200 body 3 cut"}, true},
		{"chunks that end early", writes{client(get), server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")}, []string{"1 GET /a", "1 200 body 2 cut"}, true},
		{"a header section that ends early", writes{client("GET /a HTTP/1.1\r\nHost: exa")}, []string{"1 GET /a cut"}, true},
		{"a request line that ends early is no message", writes{client("GET /a HTT")}, nil, true},
		{"bare line feeds", writes{client("GET /a HTTP/1.1\nHost: a\n\n"), server("HTTP/1.1 200 OK\nContent-Length: 1\n\nx")}, []string{"1 GET /a", "1 200 body 1"}, false},
		{"empty lines before the request line", writes{client("\r\n\n\r\n" + get + "\r\n" + get)}, []string{"1 GET /a", "2 GET /a"}, false},
		{"a status line without a reason", writes{client(get), server("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n")}, []string{"1 GET /a", "1 200"}, false},
		{"an answer to nothing", writes{server("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"), client(get), server(ok)}, []string{"1 408", "2 GET /a", "2 200 body 5"}, false},
		{"the same Content-Length twice", writes{client(get), server("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nab" + ok)}, []string{"1 GET /a", "1 200 body 2", "2 200 body 5"}, false},
		{"methods are told apart by case", writes{client("head /a HTTP/1.1\r\n\r\n"), server(ok)}, []string{"1 head /a", "1 200 body 5"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := dissecttest.Game{Closed: c.closed}.EveryCut(t, Protocol(), c.writes...)
			if got := brief(r); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if len(r.Problems) > 0 {
				t.Errorf("problems %v", r.Problems)
			}
		})
	}
}

func TestProblems(t *testing.T) {
	type writes []dissecttest.Write
	for _, c := range []struct {
		name    string
		writes  writes
		want    []string
		problem string // part of the one problem
	}{
		{"Transfer-Encoding goes before Content-Length", writes{client(get), server("HTTP/1.1 200 OK\r\nContent-Length: 100\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n")},
			[]string{"1 GET /a", "1 200 body 1"}, "both Transfer-Encoding and Content-Length"},
		{"different lengths", writes{client(get), server("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 2\r\n\r\nab")},
			[]string{"1 GET /a", "1 200 body 2"}, "different Content-Length"},
		{"a negative length in a response leaves the end to the close", writes{client(get), server("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nab")},
			[]string{"1 GET /a", "1 200 body 2"}, "no number"},
		{"a huge length", writes{client(get), server("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nab")},
			[]string{"1 GET /a", "1 200 body 2"}, "no number"},
		{"a bad length in a request is none", writes{client("POST /a HTTP/1.1\r\nContent-Length: x\r\n\r\n" + get)}, []string{"1 POST /a", "2 GET /a"}, "no number"},
		{"a request whose last coding is not chunked", writes{client("POST /a HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n" + get)}, []string{"1 POST /a", "2 GET /a"}, "not chunked"},
		{"a folded line", writes{client("GET /a HTTP/1.1\r\nUser-Agent: one\r\n two\r\n\r\n")}, []string{"1 GET /a"}, "obsolete line folding"},
		{"a space before the colon", writes{client("POST /a HTTP/1.1\r\nContent-Length : 1\r\n\r\nx")}, []string{"1 POST /a body 1"}, "before a header's colon"},
		{"a line without a colon", writes{client("GET /a HTTP/1.1\r\nnonsense\r\nmore\r\n\r\n")}, []string{"1 GET /a"}, "without a colon"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := dissecttest.Game{Closed: true}.EveryCut(t, Protocol(), c.writes...)
			if got := brief(r); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if got := problems(r); len(got) != 1 || !strings.Contains(got[0], c.problem) {
				t.Errorf("problems %q, want one of %q", got, c.problem)
			}
		})
	}
}

func TestMalformedBytesArePassedOverUntilAPacketBeginsWithAMessage(t *testing.T) {
	for _, c := range []struct {
		name   string
		broken string
		before []string
	}{
		{"no start line", "what is this\r\n", nil},
		{"binary", "\x00\x01\x02", nil},
		{"a bad chunk size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", []string{"1 200 body 0 cut"}},
		{"a huge chunk size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffffffff\r\n", []string{"1 200 body 0 cut"}},
		{"a chunk longer than its size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", []string{"1 200 body 1 cut"}},
		{"a chunk line without end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + strings.Repeat("x", maxChunkLine), []string{"1 200 body 0 cut"}},
		{"a trailer section without end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("A: b\r\n", maxTrailer/6+1), []string{"1 200 body 0 cut"}},
		{"a header section without end", "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", maxHeader/6+1), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := dissecttest.Game{}.Play(Protocol(), client(get), server(c.broken), server("lost"), client(get), server(ok))
			got := brief(r)
			want := append(append([]string{"1 GET /a"}, c.before...), "2 GET /a", "2 200 body 5")
			if !slices.Equal(got, want) || len(r.Problems) != 1 {
				t.Errorf("got  %q\nwant %q\nproblems %v", got, want, r.Problems)
			}
		})
	}
}

func TestGaps(t *testing.T) {
	const half = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123"
	const chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"
	type writes []dissecttest.Write
	for _, c := range []struct {
		name   string
		writes writes
		want   []string
	}{
		{"a gap within a body of known length", writes{client(get), server(half), gap(4, server("89"))}, []string{"1 GET /a", "1 200 body 10 missing 4"}},
		{"a gap that ends with the body", writes{client(get + get), server(half), gap(6, server(ok))}, []string{"1 GET /a", "2 GET /a", "1 200 body 10 missing 6 cut", "2 200 body 5"}},
		{"a gap within a chunk", writes{client(get), server(chunks), gap(2, server("e\r\n0\r\n\r\n"))}, []string{"1 GET /a", "1 200 body 5 missing 2"}},
		{"a gap to a chunk's end", writes{client(get), server(chunks), gap(3, server("\r\n0\r\n\r\n"))}, []string{"1 GET /a", "1 200 body 5 missing 3"}},
		{"a gap beyond a chunk", writes{client(get), server(chunks), gap(4, server("\n0\r\n\r\n"))}, []string{"1 GET /a", "1 200 body 2 cut"}},
		{"a gap beyond a body", writes{client(get), server(half), gap(10, server("rest")), client(get), server(ok)}, []string{"1 GET /a", "1 200 body 4 cut", "2 GET /a", "2 200 body 5"}},
		{"a gap in a header section", writes{client("GET /a HTTP/1.1\r\nHost: x\r\nUser-"), gap(4, client("\r\n\r\n")), server(ok), client(get), server(ok)}, []string{"1 GET /a cut", "1 200 body 5", "2 GET /a", "2 200 body 5"}},
		{"a gap in a request line", writes{client("GET /a HT"), gap(4, client("\r\n\r\n")), client(get), server(ok)}, []string{"1 GET /a", "1 200 body 5"}},
		{"a lost answer leaves its request without one", writes{client(get), client("GET /b HTTP/1.1\r\n\r\n"), gap(50, server(ok))}, []string{"1 GET /a", "2 GET /b", "2 200 body 5"}},
		{"a client that pipelines is answered in order behind a gap, too", writes{client(get + get + get), server(ok), gap(50, server(ok))}, []string{"1 GET /a", "2 GET /a", "3 GET /a", "1 200 body 5", "2 200 body 5"}},
		{"a gap in a body without length", writes{client(get), server("HTTP/1.1 200 OK\r\n\r\nabc"), gap(4, server("89"))}, []string{"1 GET /a", "1 200 body 9 missing 4"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := dissecttest.Game{Closed: true}.Play(Protocol(), c.writes...)
			if got := brief(r); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if len(r.Problems) > 0 {
				t.Errorf("problems %v", r.Problems)
			}
		})
	}
}

func TestACaptureThatBeginsLate(t *testing.T) {
	r := dissecttest.Game{Context: dissect.Context{MidStream: true}}.Play(Protocol(),
		server("the rest of a body"), server("and more"), client(get), server(ok))
	if got, want := brief(r), []string{"1 GET /a", "1 200 body 5"}; !slices.Equal(got, want) || len(r.Problems) > 0 {
		t.Errorf("got %q, problems %v", got, r.Problems)
	}
}

func TestTunnels(t *testing.T) {
	const connect = "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n"
	const granted = "HTTP/1.1 200 Connection established\r\n\r\n"
	for _, c := range []struct {
		name             string
		writes           []dissecttest.Write
		messages         []string
		protocol         layer.Protocol
		toServer, toBack string
	}{
		{"CONNECT makes a tunnel both ways", []dissecttest.Write{client(connect), server(granted + "early"), client("to"), server("back")},
			[]string{"1 CONNECT a.example:443", "1 200"}, "", "to", "earlyback"},
		{"bytes sent before the tunnel is granted go through it", []dissecttest.Write{client(connect + "hel"), client("lo"), server(granted), client("!")},
			[]string{"1 CONNECT a.example:443", "1 200"}, "", "hello!", ""},
		{"a refused CONNECT leaves HTTP", []dissecttest.Write{client(connect + get), server("HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno" + ok)},
			[]string{"1 CONNECT a.example:443", "2 GET /a", "1 407 body 2", "2 200 body 5"}, "", "", ""},
		{"a tunnel whose answer nobody saw", []dissecttest.Write{client(connect + "hello")}, []string{"1 CONNECT a.example:443"}, "", "hello", ""},
		{"an upgrade names the protocol inside", []dissecttest.Write{
			client("GET /a HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n"),
			server("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\nfr"), server("ame"), client("other")},
			[]string{"1 GET /a", "1 101"}, "websocket", "other", "frame"},
		{"an upgrade that is not taken", []dissecttest.Write{client("GET /a HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"), server(ok), client(get), server(ok)},
			[]string{"1 GET /a", "1 200 body 5", "2 GET /a", "2 200 body 5"}, "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := dissecttest.EveryCut(t, Protocol(), c.writes...)
			if got := brief(r); !slices.Equal(got, c.messages) || len(r.Problems) > 0 {
				t.Errorf("got %q, problems %v", got, r.Problems)
			}
			to, back := r.InnerBytes(c.protocol, layer.ToServer, 0), r.InnerBytes(c.protocol, layer.ToClient, 0)
			if string(to) != c.toServer || string(back) != c.toBack {
				t.Errorf("inside %q and %q, want %q and %q", to, back, c.toServer, c.toBack)
			}
		})
	}
}

func TestFacts(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(),
		client("GET /a HTTP/1.1\r\nHOST: www.example.com:8080\r\nuser-agent: curl/8\r\nAccept: */*\r\nX-Forwarded-For: 192.0.2.1\r\n"+
			"Authorization: Basic c2VjcmV0\r\nCookie: id=secret\r\nIdempotency-Key: 7\r\nX-Other: y\r\n\r\n"),
		server("HTTP/1.0 302 Moved away\r\nLocation: /b\r\nSet-Cookie: id=secret\r\nSet-Cookie: b=secret\r\nServer: n\xffginx\r\nContent-Length: 02\r\n\r\nxx"))
	for i, want := range []string{
		`[{version HTTP/1.1} {host www.example.com:8080} {user-agent curl/8} {accept */*} {x-forwarded-for 192.0.2.1} {authorization present} {authorization-scheme basic} {cookie present} {idempotency-key 7}]`,
		`[{version HTTP/1.0} {reason Moved away} {location /b} {set-cookie present} {server n\xffginx} {content-length 02} {body-bytes 02}]`,
	} {
		if got := fmt.Sprint(r.Messages[i].Facts); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	if !slices.Equal(r.ServerNames, []string{"www.example.com"}) {
		t.Errorf("server names %q", r.ServerNames)
	}
	if strings.Contains(fmt.Sprint(r.Messages, r.Layers), "secret") {
		t.Error("a secret is kept")
	}
}

func TestServerNames(t *testing.T) {
	for request, want := range map[string]string{
		"GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n":                 "a.example",
		"GET /a HTTP/1.1\r\nHost: a.example:80\r\n\r\n":              "a.example",
		"GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n":                 "localhost",
		"GET /a HTTP/1.1\r\nHost: 192.0.2.1:80\r\n\r\n":              "",
		"GET /a HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n":          "",
		"GET /a HTTP/1.1\r\nHost: 2001:db8::1\r\n\r\n":               "",
		"GET /a HTTP/1.1\r\nHost:\r\n\r\n":                           "",
		"GET /a HTTP/1.1\r\nHost: \x1b[31m\r\n\r\n":                  "",
		"GET http://b.example/a HTTP/1.1\r\nHost: b.example\r\n\r\n": "",
		"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n":              "",
	} {
		if got := strings.Join(dissecttest.Play(Protocol(), client(request)).ServerNames, " "); got != want {
			t.Errorf("%q: server name %q, want %q", request, got, want)
		}
	}
}

func TestTextIsBoundedAndHarmless(t *testing.T) {
	r := dissecttest.Play(Protocol(), client("GET /"+strings.Repeat("a", 5000)+" HTTP/1.1\r\nUser-Agent: "+strings.Repeat("\x1b", 2000)+"\r\n\r\n"))
	m := &r.Messages[0]
	if n := len(m.Name); n > http.MaxName+len("…") || !strings.HasSuffix(m.Name, "…") {
		t.Errorf("a name of %d bytes", n)
	}
	if agent := fact(m, "user-agent"); strings.Contains(agent, "\x1b") || len(agent) > 4*http.MaxValue+len("…") {
		t.Errorf("user agent of %d bytes %.20q", len(agent), agent)
	}
}

func TestPacketsOfAMessage(t *testing.T) {
	r := dissecttest.Play(Protocol(), client(get[:9]), client(get[9:]), server(ok[:20]), server(ok[20:40]), server(ok[40:]))
	type span struct{ first, last, packets, bytes int }
	var got []span
	for _, m := range r.Messages {
		if m.State == flow.Complete {
			got = append(got, span{m.First.Number, m.Last.Number, m.Packets.Len(), int(m.Bytes)})
		}
	}
	want := []span{{1, 2, 2, len(get)}, {3, 5, 3, len(ok)}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A packet that ends within a message says its Head, once.
func TestHead(t *testing.T) {
	r := dissecttest.Play(Protocol(), client(get), server(ok[:40]), server(ok[40:42]), server(ok[42:]))
	var got []flow.State
	for _, m := range r.Messages {
		got = append(got, m.State)
	}
	if want := []flow.State{flow.Complete, flow.Head, flow.Complete}; !slices.Equal(got, want) {
		t.Errorf("states %v, want %v", got, want)
	}
}

// A packet has an HTTP layer for each message that it completes, one more for
// its body, and a message that was never complete is on no packet.
func TestLayers(t *testing.T) {
	r := dissecttest.Game{}.Play(Protocol(), client(get+get), server(ok[:41]), server(ok[41:]+ok), client(get), server(ok[:40]), gap(2, server(ok[42:])))
	var got []int
	for _, l := range r.Layers {
		got = append(got, l.Packet)
	}
	if want := []int{1, 1, 3, 3, 3, 3, 4}; !slices.Equal(got, want) {
		t.Errorf("layers on packets %v, want %v", got, want)
	}
	fields := func(l layer.Layer) (out []string) {
		for _, f := range l.Fields {
			out = append(out, f.Name+"="+f.Value)
		}
		return out
	}
	if got, want := fields(r.Layers[0].Layer), []string{"http.request.method=GET", "http.request.uri=/a", "http.request.version=HTTP/1.1", "http.host=example.com"}; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got, want := fields(r.Layers[2].Layer), []string{"http.response.version=HTTP/1.1", "http.response.code=200", "http.response.phrase=OK",
		"http.content_length_header=5", "http.content_length=5"}; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if l := r.Layers[3]; string(l.Data) != "hello" || !slices.Equal(l.Packets, []int{2, 3}) || l.Summary != "content, 5 bytes" {
		t.Errorf("body %+v", l)
	}
	for _, c := range []struct {
		text   string
		layer  layer.Layer
		fields int // that are read from bytes
	}{{get, r.Layers[0].Layer, 4}, {ok, r.Layers[2].Layer, 4}} {
		for _, f := range c.layer.Fields[:c.fields] {
			if at := c.text[f.Offset : f.Offset+f.Length]; !strings.Contains(at, f.Value) {
				t.Errorf("%s points at %q", f.Name, at)
			}
		}
	}
}

func TestAnUpgradeWhoseAnswerWasNotSeen(t *testing.T) {
	const ask = "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
	r := dissecttest.EveryCut(t, Protocol(), client(ask), client("\x81\x85\x00\x00\x00\x00hello"))
	if got := string(r.InnerBytes("websocket", layer.ToServer, 0)); got != "\x81\x85\x00\x00\x00\x00hello" || len(problems(r)) > 0 {
		t.Errorf("inside %q, problems %q", got, problems(r))
	}
	r = dissecttest.Play(Protocol(), client(ask), client("\x81\x85\x00\x00\x00\x00hello"), gap(200, server("\x81\x00")))
	for _, i := range r.Inners {
		if i.Dir == layer.ToClient && i.Gap == 0 {
			t.Errorf("the server's bytes begin somewhere, and that is not said: %+v", i)
		}
	}
}

func TestTrailers(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(), client(get), server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: ETag, X-Sum\r\n\r\n3\r\nabc\r\n0\r\nETag: \"x\"\r\nX-Sum: 1\r\nSet-Cookie: a=b\r\n\r\n"))
	m := &r.Messages[len(r.Messages)-1]
	if fact(m, "trailers") != "present" || fact(m, "etag") != `"x"` || fact(m, "set-cookie") != "present" {
		t.Errorf("%+v", m.Facts)
	}
	l := r.Layers[1]
	var got []string
	for _, f := range l.Fields[len(l.Fields)-3:] {
		got = append(got, f.Name+"="+f.Value)
	}
	if want := []string{"http.trailer=ETag: \"x\"", "http.trailer=X-Sum: 1", "http.set_cookie=3 bytes, not shown"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if body := r.Layers[2]; string(body.Data) != "abc" {
		t.Errorf("body %q", body.Data)
	}
}

func TestInterimResponsesAreKept(t *testing.T) {
	r := dissecttest.Play(Protocol(), client("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"), server("HTTP/1.1 100 Continue\r\n\r\n"), client("a"), server(ok))
	for _, m := range r.Messages {
		if m.Kind == "interim" && m.Keep && m.Status == "100" && m.Stream == 1 {
			return
		}
	}
	t.Errorf("%q", brief(r))
}

func TestBodiesAreShownDecoded(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte("hello, hello"))
	z.Close()
	r := dissecttest.EveryCut(t, Protocol(), server(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", b.Len(), b.String())))
	if l := r.Layers[1]; string(l.Data) != "hello, hello" {
		t.Errorf("%+v", l)
	}
}
