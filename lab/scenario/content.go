package scenario

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wiresight/wiresight/lab/role"
)

// contentScenarios are what HTTP carries, whatever its version.
func contentScenarios() []Scenario {
	path := Path{OneWay: 10 * time.Millisecond}
	codings := gets("/encoded/gzip", "/encoded/deflate", "/encoded/br", "/encoded/zstd")
	for i := range codings {
		codings[i].Header = map[string]string{"Accept-Encoding": "gzip, deflate, br, zstd"}
	}
	ranges := gets("/file", "/file", "/file", "/file")
	ranges[1].Header = map[string]string{"Range": "bytes=100-199"}
	ranges[2].Header = map[string]string{"Range": "bytes=0-9,500-509"}
	ranges[3].Header = map[string]string{"Range": "bytes=5000-"}
	return []Scenario{
		{
			Name: "sse-http1", Description: "A client reads an event stream over HTTP/1.1: six events, one every 40 ms, two of them at once, and a comment.",
			Path: path, Shows: []string{"server-sent-events"},
			DoesNotShow: []string{"chunked-streaming", "push", "publish-subscribe", "paced-streaming"},
			Run:         func(e *Env) error { return runEvents(e, "http1") },
			Check:       all(statuses(200), protocol("http1"), events(6)),
		},
		{
			Name: "sse-http2", Description: "The same event stream over HTTP/2 with TLS.",
			Path: path, Shows: []string{"server-sent-events"},
			DoesNotShow: []string{"chunked-streaming", "push"},
			Run:         func(e *Env) error { return runEvents(e, "http2") },
			Check:       all(statuses(200), protocol("http2"), events(6)),
		},
		{
			Name: "http1-encodings", Description: "A Go server answers with the content codings gzip, deflate, br and zstd over HTTP/1.1.",
			Path: path, DoesNotShow: []string{"server-sent-events", "chunked-streaming"},
			Run:   func(e *Env) error { return runSite(e, role.HTTPClient{Fetches: codings}) },
			Check: all(statuses(200, 200, 200, 200), encodings("gzip", "deflate", "br", "zstd")),
		},
		{
			Name: "http2-encodings", Description: "The same content codings over HTTP/2 without TLS.",
			Path: path, DoesNotShow: []string{"multiplexing"},
			Run: func(e *Env) error {
				return runHTTP2Go(e, role.HTTPServer{Protocols: []string{"h2c"}}, role.HTTPClient{Protocol: "h2c", Fetches: codings})
			},
			Check: all(statuses(200, 200, 200, 200), encodings("gzip", "deflate", "br", "zstd")),
		},
		{
			Name: "http1-multipart", Description: "A form with a field and two files is uploaded as multipart/form-data.",
			Path: path, Run: func(e *Env) error {
				return runSite(e, role.HTTPClient{Fetches: []role.Fetch{{Method: "POST", Target: "/upload", Parts: 2}}})
			},
			Check: statuses(200),
		},
		{
			Name: "http1-ranges", Description: "A file whole, one range of it, two ranges as multipart/byteranges, and a range that is not there.",
			Path: path, Run: func(e *Env) error { return runSite(e, role.HTTPClient{Fetches: ranges}) },
			Check: statuses(200, 206, 206, 416),
		},
		{
			Name: "http1-trailers", Description: "A chunked answer with a trailer.",
			Path: path, DoesNotShow: []string{"server-sent-events"},
			Run: func(e *Env) error { return runSite(e, role.HTTPClient{Fetches: gets("/trailers")}) },
			Check: all(statuses(200), func(e *Env) error {
				if len(e.Truth.Requests[0].Trailers) != 1 {
					return fmt.Errorf("no trailer came")
				}
				return nil
			}),
		},
		{
			Name: "http1-continue", Description: "A client waits for 100 Continue before it sends its body.",
			Path: path, Run: func(e *Env) error {
				return runSite(e, role.HTTPClient{Fetches: []role.Fetch{
					{Method: "POST", Target: "/items", Body: 2000, Header: map[string]string{"Expect": "100-continue"}},
				}})
			},
			Check: all(statuses(201), func(e *Env) error {
				if !e.Truth.Requests[0].Continue {
					return fmt.Errorf("the server did not say 100 Continue")
				}
				return nil
			}),
		},
	}
}

// runSite lets the lab's client ask the lab's server over HTTP/1.1.
func runSite(e *Env, client role.HTTPClient) error {
	if _, err := e.serve(e.Server, "http-server", role.HTTPServer{Addresses: []string{e.Server.address(serverPort)}}); err != nil {
		return err
	}
	client.Base, client.Host = "http://"+e.Server.address(serverPort), serverName
	return e.fetch(client)
}

// runEvents reads the event stream over a version of HTTP.
func runEvents(e *Env, protocol string) error {
	server := role.HTTPServer{Protocols: []string{protocol}, Addresses: []string{e.Server.address(serverPort)}}
	client := role.HTTPClient{Protocol: protocol, Host: serverName, Base: "http://" + server.Addresses[0], Fetches: gets("/events")}
	if protocol == "http2" {
		c, err := e.certificate()
		if err != nil {
			return err
		}
		server.Certificate, server.Key, client.CA, client.Keys = c.Certificate, c.Key, c.CA, e.Keys
		server.Addresses = []string{e.Server.address(tlsPort)}
		client.Base = "https://" + server.Addresses[0]
	}
	if _, err := e.serve(e.Server, "http-server", server); err != nil {
		return err
	}
	var r role.EventReport
	if err := e.run(e.Client, "sse-client", client, &r); err != nil {
		return err
	}
	e.Truth.Requests, e.Truth.TLS, e.Truth.HTTP2 = r.Requests, r.TLS, r.HTTP2
	e.Truth.SSE = append(e.Truth.SSE, r.SSE)
	return nil
}

func events(want int) func(*Env) error {
	return func(e *Env) error {
		if n := len(e.Truth.SSE[0].Events); n != want {
			return fmt.Errorf("%d events, not %d", n, want)
		}
		return nil
	}
}

func encodings(want ...string) func(*Env) error {
	return func(e *Env) error {
		var got []string
		for _, r := range e.Truth.Requests {
			got = append(got, r.ContentEncoding)
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("content codings %s", strings.Join(got, ", "))
		}
		return nil
	}
}
