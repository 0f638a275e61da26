package scenario

import (
	"fmt"
	"time"

	"github.com/wiresight/wiresight/lab/role"
)

func http2Scenarios() []Scenario {
	path := Path{OneWay: 10 * time.Millisecond}
	nginx, nghttp := []string{"nginx", "curl"}, []string{"nghttp", "nghttpd"}
	return []Scenario{
		{
			Name: "http2-nginx-curl", Description: "curl asks nginx for a page and its ten resources over HTTP/2 with TLS, chosen by ALPN, one after the other.",
			Path: path, Programs: nginx, DoesNotShow: []string{"multiplexing"},
			Run:   func(e *Env) error { return runHTTP2Curl(e, "") },
			Check: all(statuses(repeat(200, 11)...), connections(1), protocol("http2"), streams(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21)),
		},
		{
			Name: "http2-nginx-parallel", Description: "curl asks nginx for a page and then for ten resources at once over one HTTP/2 connection with TLS 1.3.",
			Path: path, Programs: nginx, Shows: []string{"multiplexing"},
			DoesNotShow: []string{"synchronous"},
			Run:         func(e *Env) error { return runHTTP2Curl(e, "ssl_protocols TLSv1.3;", "-Z", "--parallel-max", "20") },
			Check: all(statuses(repeat(200, 11)...), connections(1), protocol("http2"), func(e *Env) error {
				seen := map[int64]bool{}
				for _, r := range e.Truth.Requests {
					if r.Stream == nil || seen[*r.Stream] {
						return fmt.Errorf("no stream of its own for %s", r.Target)
					}
					seen[*r.Stream] = true
				}
				return nil
			}),
		},
		{
			Name: "http2-nginx-goaway", Description: "nginx ends each HTTP/2 connection with GOAWAY after four requests; curl goes on over new ones.",
			Path: path, Programs: nginx, DoesNotShow: []string{"multiplexing"},
			Run:   func(e *Env) error { return runHTTP2Curl(e, "keepalive_requests 4;") },
			Check: all(statuses(repeat(200, 11)...), connections(3), protocol("http2")),
		},
		{
			Name: "http2-go", Description: "A Go client asks a Go server over HTTP/2 with TLS: one request, then six at once, among them a POST and a 404.",
			Path: path, Shows: []string{"multiplexing"},
			DoesNotShow: []string{"push", "synchronous"},
			Run: func(e *Env) error {
				fetches := gets("/", "/items/1", "/items/2", "/missing", "/bytes/20000", "/chunked")
				fetches = append(fetches, role.Fetch{Method: "POST", Target: "/items", Body: 3000})
				return runHTTP2Go(e, role.HTTPServer{Protocols: []string{"http2"}}, role.HTTPClient{Protocol: "http2", Fetches: fetches, Concurrent: true})
			},
			Check: all(statuses(200, 200, 200, 404, 200, 200, 201), connections(1), protocol("http2")),
		},
		{
			Name: "http2-cancel", Description: "A Go client gives up a download over HTTP/2 in the middle: RST_STREAM with CANCEL; the connection goes on.",
			Path: path, Run: func(e *Env) error {
				fetches := []role.Fetch{{Method: "GET", Target: "/"}, {Method: "GET", Target: "/bytes/60000", Cancel: 1000}, {Method: "GET", Target: "/items/1"}}
				return runHTTP2Go(e, role.HTTPServer{Protocols: []string{"http2"}}, role.HTTPClient{Protocol: "http2", Fetches: fetches})
			},
			Check: all(statuses(200, 200, 200), connections(1), resets(1)),
		},
		{
			Name: "http2-goaway-go", Description: "A Go server shuts down gracefully while it answers the second request: GOAWAY comes before the answer.",
			Path: path, Run: func(e *Env) error {
				return runHTTP2Go(e, role.HTTPServer{Protocols: []string{"http2"}, Requests: 2}, role.HTTPClient{Protocol: "http2", Fetches: gets("/", "/items/1")})
			},
			Check: all(statuses(200, 200), connections(1), goaways(1)),
		},
		{
			Name: "http2-trailers", Description: "A Go server sends a trailer after the body over HTTP/2.",
			Path: path, Run: func(e *Env) error {
				return runHTTP2Go(e, role.HTTPServer{Protocols: []string{"http2"}}, role.HTTPClient{Protocol: "http2", Fetches: gets("/trailers")})
			},
			Check: all(statuses(200), protocol("http2")),
		},
		{
			Name: "http2-continuation", Description: "A Go server answers with 40 kB of header fields: a HEADERS frame and CONTINUATION frames.",
			Path: path, Run: func(e *Env) error {
				return runHTTP2Go(e, role.HTTPServer{Protocols: []string{"http2"}}, role.HTTPClient{Protocol: "http2", Fetches: gets("/headers/40", "/")})
			},
			Check: all(statuses(200, 200), protocol("http2"), frames("CONTINUATION", 0, 2)),
		},
		{
			Name: "h2c-prior-knowledge", Description: "curl asks a Go server over HTTP/2 without TLS, with prior knowledge.",
			Path: path, Programs: []string{"curl"}, // curl 7.88 cannot ask a second time over such a connection
			Run:   func(e *Env) error { return runH2C(e, "h2c", "--http2-prior-knowledge", "/items/1") },
			Check: all(statuses(200), connections(1), protocol("http2"), streams(1)),
		},
		{
			Name: "h2c-upgrade", Description: "curl asks a Go server over HTTP/1.1 and offers HTTP/2; the server switches, and the answer comes on stream 1.",
			Path: path, Programs: []string{"curl"}, Run: func(e *Env) error { return runH2C(e, "h2c-upgrade", "--http2", "/", "/items/1", "/missing") },
			Check: all(statuses(200, 200, 404), connections(1), upgraded),
		},
		{
			Name: "h2c-go", Description: "A Go client asks a Go server over HTTP/2 without TLS, with prior knowledge: four requests at once after the first.",
			Path: path, Shows: []string{"multiplexing"},
			Run: func(e *Env) error {
				return runHTTP2Go(e, role.HTTPServer{Protocols: []string{"h2c"}},
					role.HTTPClient{Protocol: "h2c", Fetches: gets("/", "/items/1", "/items/2", "/bytes/5000", "/missing"), Concurrent: true})
			},
			Check: all(statuses(200, 200, 200, 200, 404), connections(1), protocol("http2")),
		},
		{
			Name: "http2-push", Description: "nghttpd pushes a stylesheet and a script with the page; nghttp takes them.",
			Path: path, Programs: nghttp, Shows: []string{"push"},
			DoesNotShow: []string{"multiplexing"},
			Run: func(e *Env) error {
				return e.nghttp([]string{"--push=/=/style.css,/app.js"}, nil, "/")
			},
			Check: all(statuses(200, 200, 200), onlyConnection, frames("PUSH_PROMISE", 0, 2)),
		},
		{
			Name: "http2-push-refused", Description: "nghttpd pushes a script that nghttp has asked for itself: nghttp cancels the promised stream.",
			Path: path, Programs: nghttp, Run: func(e *Env) error {
				return e.nghttp([]string{"--push=/=/app.js"}, nil, "/", "/app.js")
			},
			Check: all(onlyConnection, frames("PUSH_PROMISE", 0, 1), frames("RST_STREAM", 1, 0)),
		},
		{
			Name: "http2-priority", Description: "nghttp builds a tree of priorities (RFC 7540) and asks for three resources with weights in it.",
			Path: path, Programs: nghttp, Shows: []string{"multiplexing"},
			Run: func(e *Env) error {
				return e.nghttp(nil, []string{"-p", "100", "-H", "priority: u=2, i"}, "/", "/style.css", "/app.js")
			},
			Check: all(statuses(200, 200, 200), onlyConnection, frames("PRIORITY", 5, 0)),
		},
		{
			Name: "http2-padding", Description: "nghttp and nghttpd pad their frames; the answers have a trailer.",
			Path: path, Programs: nghttp, Run: func(e *Env) error {
				return e.nghttp([]string{"--padding=24", "--trailer=x-checksum: 5cc03f"}, []string{"--padding=9"}, "/", "/style.css")
			},
			Check: all(statuses(200, 200), onlyConnection, padded),
		},
		{
			Name: "http2-continuation-nghttp", Description: "nghttp sends 18 kB of header fields: a HEADERS frame and a CONTINUATION frame.",
			Path: path, Programs: nghttp, Run: func(e *Env) error { return e.nghttp(nil, []string{"--continuation"}, "/") },
			Check: all(statuses(200), onlyConnection),
		},
		{
			Name: "http2-small-window", Description: "nghttp gives each stream a window of 4095 bytes: the download waits for a WINDOW_UPDATE again and again.",
			Path: path, Programs: nghttp, Run: func(e *Env) error { return e.nghttp(nil, []string{"-w", "12"}, "/large.bin") },
			Check: all(statuses(200), onlyConnection),
		},
		{
			Name: "http2-stalled-window", Description: "A client takes a download of 12000 bytes in windows of 2500 and waits 80 ms before it opens each again: flow control blocks the stream.",
			Path: path, Run: runHTTP2Slow, Check: all(statuses(200), blocked(4)),
		},
	}
}

func runHTTP2Curl(e *Env, server string, options ...string) error {
	c, err := e.certificate()
	if err != nil {
		return err
	}
	if err := e.nginx(fmt.Sprintf("listen %d ssl http2; ssl_certificate %s; ssl_certificate_key %s; %s",
		tlsPort, c.Certificate, c.Key, server)); err != nil {
		return err
	}
	log, err := e.curl("https", tlsPort, append(options, "--http2", "--cacert", c.CA), pageTargets()...)
	if err != nil {
		return fmt.Errorf("%w: %s", err, log)
	}
	for _, r := range e.Truth.Requests {
		if !r.Reused {
			e.Truth.TLS = append(e.Truth.TLS, curlTLS(r.Connection, log))
		}
	}
	return nil
}

// runHTTP2Go lets the lab's client ask the lab's server, with TLS or without as
// the protocol says.
func runHTTP2Go(e *Env, server role.HTTPServer, client role.HTTPClient) error {
	scheme, port := "http", uint16(serverPort)
	if client.Protocol != "h2c" {
		c, err := e.certificate()
		if err != nil {
			return err
		}
		scheme, port = "https", tlsPort
		server.Certificate, server.Key, client.CA, client.Keys = c.Certificate, c.Key, c.CA, e.Keys
	}
	server.Addresses = []string{e.Server.address(port)}
	if _, err := e.serve(e.Server, "http-server", server); err != nil {
		return err
	}
	client.Base, client.Host = scheme+"://"+e.Server.address(port), serverName
	return e.fetch(client)
}

func runH2C(e *Env, server, option string, targets ...string) error {
	if _, err := e.serve(e.Server, "http-server", role.HTTPServer{
		Addresses: []string{e.Server.address(serverPort)}, Protocols: []string{server},
	}); err != nil {
		return err
	}
	log, err := e.curl("http", serverPort, []string{option}, targets...)
	if err != nil {
		return fmt.Errorf("%w: %s", err, log)
	}
	return nil
}

func runHTTP2Slow(e *Env) error {
	if _, err := e.serve(e.Server, "http-server", role.HTTPServer{
		Addresses: []string{e.Server.address(serverPort)}, Protocols: []string{"h2c"},
	}); err != nil {
		return err
	}
	var r role.HTTPReport
	if err := e.run(e.Client, "http2-slow", role.SlowHTTP2{
		Address: e.Server.address(serverPort), Host: serverName, Target: "/bytes/12000", Window: 2500, Pause: 80 * time.Millisecond,
	}, &r); err != nil {
		return err
	}
	e.Truth.Requests, e.Truth.HTTP2 = r.Requests, r.HTTP2
	return nil
}
