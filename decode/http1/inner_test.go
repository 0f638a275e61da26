package http1

import (
	"fmt"
	"slices"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/layer"
)

// A body whose type names a protocol is handed to it, and only the body.
func TestBodiesGoToTheProtocolOfTheirType(t *testing.T) {
	stream := "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
	call := "POST /p.S/M HTTP/1.1\r\nContent-Type: application/grpc-web+proto\r\nContent-Length: 3\r\n\r\nabc"
	for _, c := range []struct {
		name   string
		writes []dissecttest.Write
		want   []string
	}{
		{"an event stream", []dissecttest.Write{client(get), server(stream + "5\r\ndata:\r\n3\r\n x\n\r\n0\r\n\r\n")},
			[]string{"announce sse 1 GET /a", "sse 1 to_client data: x\n", "end sse 1 to_client", "end sse 1 to_server"}},
		{"an event stream without chunks", []dissecttest.Write{client(get), server("HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream\r\n\r\ndata: y\n\n")},
			[]string{"announce sse 1 GET /a", "sse 1 to_client data: y\n\n"}},
		{"a call in both directions", []dissecttest.Write{client(call), server("HTTP/1.1 200 OK\r\nContent-Type: application/grpc-web+proto\r\nContent-Length: 2\r\n\r\nde")},
			[]string{"announce grpc 1 /p.S/M", "grpc 1 to_server abc", "end grpc 1 to_server", "grpc 1 to_client de", "end grpc 1 to_client"}},
		{"a call that a page answers", []dissecttest.Write{client(call), server(ok)},
			[]string{"announce grpc 1 /p.S/M", "grpc 1 to_server abc", "end grpc 1 to_server", "end grpc 1 to_client"}},
		{"an event stream where none can be", []dissecttest.Write{client("POST / HTTP/1.1\r\nContent-Type: text/event-stream\r\nContent-Length: 1\r\n\r\na")}, nil},
		{"an event stream with a hole", []dissecttest.Write{client(get), server("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9\r\n\r\nabc"), gap(2, server("fghi"))},
			[]string{"announce sse 1 GET /a", "sse 1 to_client abc", "sse 1 to_client (2 lost) fghi", "end sse 1 to_client", "end sse 1 to_server"}},
	} {
		r := dissecttest.EveryCut(t, Protocol(), c.writes...)
		if got := inners(r); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// inners tells what was handed to protocols inside; what came in pieces is one.
func inners(r *dissecttest.Recorder) (out []string) {
	for _, a := range r.Announces {
		request := ""
		for _, f := range a.Facts {
			if f.Key == "request" {
				request = f.Value
			}
		}
		out = append(out, fmt.Sprintf("announce %s %d %s", a.Protocol, a.Stream, request))
	}
	last := struct {
		p   layer.Protocol
		dir layer.Direction
	}{}
	for _, i := range r.Inners {
		switch {
		case i.End:
			out = append(out, fmt.Sprintf("end %s %d %s", i.Protocol, i.Stream, i.Dir))
		case i.Gap > 0:
			out = append(out, fmt.Sprintf("%s %d %s (%d lost) %s", i.Protocol, i.Stream, i.Dir, i.Gap, i.Data))
		case last.p == i.Protocol && last.dir == i.Dir:
			out[len(out)-1] += string(i.Data)
		default:
			out = append(out, fmt.Sprintf("%s %d %s %s", i.Protocol, i.Stream, i.Dir, i.Data))
		}
		last.p, last.dir = i.Protocol, i.Dir
	}
	return out
}

// A chunked stream goes on behind missing bytes where a packet is made of whole
// chunks and nothing else can have begun.
func TestChunksGoOnBehindMissingBytes(t *testing.T) {
	stream := "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
	const one, two, end = "5\r\ndata:\r\n", "3\r\n x\n\r\n", "0\r\n\r\n"
	head := []string{"announce sse 1 GET /a", "sse 1 to_client data:"}
	lost := fmt.Sprintf("sse 1 to_client (%d lost) ", dissect.UnknownGap)
	ends := []string{"end sse 1 to_client", "end sse 1 to_server"}
	for _, c := range []struct {
		name   string
		writes []dissecttest.Write
		want   []string
	}{
		{"whole chunks", []dissecttest.Write{client(get), server(stream + one), gap(10, server(two+end))}, slices.Concat(head, []string{lost + " x\n"}, ends)},
		{"within a chunk", []dissecttest.Write{client(get), server(stream + one + "9\r\nabc"), gap(30, server(two+end))}, slices.Concat(head[:1], []string{head[1] + "abc", lost + " x\n"}, ends)},
		{"a request waits", []dissecttest.Write{client(get + get), server(stream + one), gap(10, server(two))}, head},
		{"part of a chunk", []dissecttest.Write{client(get), server(stream + one), gap(10, server("3\r\n x"))}, head},
		{"the end of a chunk", []dissecttest.Write{client(get), server(stream + one), gap(10, server("x\r\n"+two))}, head},
		{"more than a chunk says", []dissecttest.Write{client(get), server(stream + one), gap(10, server("3\r\n xyz\r\n"))}, head},
		{"a length without end", []dissecttest.Write{client(get), server(stream + one), gap(10, server("ffffffffffffff\r\nx\r\n"))}, head},
	} {
		r := dissecttest.Play(Protocol(), c.writes...)
		if got := inners(r); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
