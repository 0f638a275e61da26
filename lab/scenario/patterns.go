package scenario

import (
	"time"

	"github.com/wiresight/wiresight/lab/role"
)

// patternScenarios are ways of communicating over HTTP, and what looks like them.
func patternScenarios() []Scenario {
	path := Path{OneWay: 5 * time.Millisecond}
	var waits []role.Fetch
	for i := range 6 {
		waits = append(waits, role.Fetch{Method: "GET", Target: "/updates?wait=400ms&since=" + string(rune('0'+i))})
	}
	held := all(statuses(200, 204, 200, 204, 200, 200), connections(1))
	job := append([]role.Fetch{{Method: "POST", Target: "/jobs", Body: 200}},
		after(200*time.Millisecond, "GET /jobs/1", "GET /jobs/1", "GET /jobs/1")...)
	job = append(job, after(0, "GET /jobs/1/result")...)
	rhythm := []string{"polling", "long-polling", "retry", "server-sent-events", "asynchronous-request-reply"}
	return []Scenario{
		pattern("long-polling", "A client asks for news; the server holds each request until there is some, or 400 ms.", path, "http1", waits, held,
			[]string{"long-polling", "keep-alive-reuse"}, "polling", "request-response", "server-sent-events", "chunked-streaming", "bidirectional-messaging"),
		pattern("long-polling-tls", "The same over TLS.", path, "http1-tls", waits, held, []string{"long-polling"}, "polling", "server-sent-events", "push"),
		pattern("long-polling-http2", "The same over HTTP/2 with TLS.", path, "http2", waits, held, []string{"long-polling"}, "polling", "server-sent-events", "multiplexing"),
		pattern("long-polling-far", "The same from 60 ms away.", Path{OneWay: 30 * time.Millisecond}, "http1", waits, held, []string{"long-polling"}, "polling", "retry"),
		pattern("async-reply", "A server accepts work (202) and tells where to ask; the client asks every 200 ms until it is sent to the result.", path, "http1", job,
			all(statuses(202, 202, 202, 303, 200), connections(1)), []string{"asynchronous-request-reply"}, "polling", "long-polling", "retry", "synchronous"),
		pattern("async-reply-http2", "The same over HTTP/2 with TLS.", path, "http2", job,
			all(statuses(202, 202, 202, 303, 200), connections(1)), []string{"asynchronous-request-reply"}, "polling", "long-polling", "retry"),
		pattern("async-reply-new-connections", "The same, each request over a connection of its own.", path, "http1-new", job,
			all(statuses(202, 202, 202, 303, 200), connections(5)), []string{"asynchronous-request-reply", "connection-per-request"}, "polling", "retry"),
		pattern("lookalike-created", "A client creates something (201) and looks at it once.", path, "http1",
			append([]role.Fetch{{Method: "POST", Target: "/items", Body: 50}}, after(0, "GET /items/4", "GET /items/5", "GET /")...),
			statuses(201, 200, 200, 200), []string{"request-response", "synchronous"}, rhythm...),
		pattern("retry-backoff", "A server fails three times (503); the client tries again after 50, 100 and 200 ms.", path, "http1",
			[]role.Fetch{{Method: "GET", Target: "/flaky/3"}, {Method: "GET", Target: "/flaky/3", After: 50 * time.Millisecond},
				{Method: "GET", Target: "/flaky/3", After: 100 * time.Millisecond}, {Method: "GET", Target: "/flaky/3", After: 200 * time.Millisecond}},
			statuses(503, 503, 503, 200), []string{"retry", "idempotent-retry", "retry-after", "http-error"}, "unsafe-retry", "retry-storm", "polling", "long-polling"),
		pattern("retry-new-connections", "A gateway fails twice (502); the client tries again over new connections.", path, "http1-new",
			append(after(0, "GET /flaky/2?status=502"), after(80*time.Millisecond, "GET /flaky/2?status=502", "GET /flaky/2?status=502")...),
			statuses(502, 502, 200), []string{"retry", "idempotent-retry"}, "unsafe-retry", "retry-after", "polling"),
		pattern("retry-unsafe", "A client repeats a POST without a key after 503 and 504.", path, "http1",
			[]role.Fetch{{Method: "POST", Target: "/flaky/1?status=504", Body: 300}, {Method: "POST", Target: "/flaky/1?status=504", Body: 300, After: 60 * time.Millisecond}, {Method: "GET", Target: "/"},
				{Method: "POST", Target: "/flaky/2", Body: 80}, {Method: "POST", Target: "/flaky/2", Body: 80, After: 60 * time.Millisecond}, {Method: "POST", Target: "/flaky/2", Body: 80, After: 90 * time.Millisecond}},
			statuses(504, 200, 200, 503, 503, 200), []string{"retry", "unsafe-retry"}, "idempotent-retry", "retry-storm", "polling"),
		pattern("retry-unsafe-http2", "A client repeats a PATCH without a key after 503, over HTTP/2 without TLS.", path, "h2c",
			[]role.Fetch{{Method: "PATCH", Target: "/flaky/1", Body: 300}, {Method: "PATCH", Target: "/flaky/1", Body: 300, After: 60 * time.Millisecond}},
			statuses(503, 200), []string{"retry", "unsafe-retry"}, "idempotent-retry", "retry-storm"),
		pattern("retry-keyed", "A client repeats a POST with an Idempotency-Key after 503.", path, "http1", keyed(3), statuses(503, 503, 200),
			[]string{"retry", "idempotent-retry"}, "unsafe-retry", "retry-storm", "polling"),
		pattern("retry-storm", "A client repeats what fails (503) every 20 ms.", path, "http1", after(20*time.Millisecond, same("GET /flaky/12", 13)...),
			statuses(append(repeat(503, 12), 200)...), []string{"retry", "retry-storm", "idempotent-retry"}, "unsafe-retry", "long-polling"),
		pattern("retry-after-ignored", "A server asks to come again in a second (429), the client comes after 100 ms.", path, "http1",
			append(after(0, "GET /flaky/1?status=429&after=1"), after(100*time.Millisecond, "GET /flaky/1?status=429&after=1")...),
			statuses(429, 200), []string{"retry", "retry-after"}, "unsafe-retry", "retry-storm"),
		pattern("retry-after-kept", "A server asks to come again in a second (429), and the client does.", path, "http1",
			append(after(0, "GET /flaky/1?status=429&after=1"), after(1050*time.Millisecond, "GET /flaky/1?status=429&after=1")...),
			statuses(429, 200), []string{"retry", "idempotent-retry"}, "retry-after", "unsafe-retry", "retry-storm"),
		pattern("lookalike-failed-once", "One of several requests fails (503) and is not made again.", path, "http1",
			after(30*time.Millisecond, "GET /", "GET /flaky/9", "GET /items/1", "GET /items/2", "GET /items/3"),
			statuses(200, 503, 200, 200, 200), []string{"http-error", "synchronous"}, append(rhythm, "idempotent-retry", "unsafe-retry", "retry-after")...),
		pattern("lookalike-slow-endpoint", "A client calls an endpoint that takes 400 ms five times, one call after the other.", path, "http1",
			after(0, same("GET /report", 5)...), statuses(repeat(200, 5)...), []string{"request-response", "synchronous"}, rhythm...),
		pattern("lookalike-slow-endpoint-tls", "The same over TLS.", path, "http1-tls", after(0, same("GET /report", 5)...), statuses(repeat(200, 5)...), nil, rhythm...),
		pattern("lookalike-slow-once", "A client calls an endpoint that takes 400 ms once, among quick ones.", path, "http1",
			after(0, "GET /", "GET /items/1", "GET /report", "GET /items/2", "GET /items/3"), statuses(repeat(200, 5)...), []string{"request-response"}, rhythm...),
		pattern("lookalike-clicks", "A person reloads a page and follows links at intervals of their own.", path, "http1", clicks(), statuses(repeat(200, 8)...), []string{"request-response"}, append(rhythm, "polling-in-vain")...),
		pattern("lookalike-clicks-new-connections", "The same, each request over a connection of its own.", path, "http1-new", clicks(), statuses(repeat(200, 8)...),
			[]string{"connection-per-request"}, rhythm...),
		pattern("lookalike-cron", "A job asks for the same three times, half a second apart: too few to call it polling.", path, "http1",
			after(500*time.Millisecond, same("GET /status", 3)...), statuses(repeat(200, 3)...), nil, rhythm...),
		pattern("lookalike-polling-failures", "A client polls every 200 ms; every fourth answer is 503, and it keeps to its period.", path, "http1",
			after(200*time.Millisecond, same("GET /flaky/0?every=4", 12)...),
			statuses(200, 200, 200, 503, 200, 200, 200, 503, 200, 200, 200, 503), []string{"polling", "http-error"}, "retry", "long-polling", "retry-storm", "polling-in-vain"),
		pattern("polling-jitter", "A client asks for a status every 200 ms, give or take a fifth.", path, "http1", jittered(), statuses(repeat(200, 10)...), []string{"polling", "keep-alive-reuse", "polling-in-vain"}, "long-polling", "retry"),
		pattern("polling-tls", "The same over TLS.", path, "http1-tls", jittered(), statuses(repeat(200, 10)...), []string{"polling"}, "long-polling", "retry", "server-sent-events"),
		pattern("streaming-ndjson", "A server streams twelve lines of JSON as it makes them, one every 30 ms.", path, "http1", after(0, "GET /rows"), statuses(200),
			[]string{"chunked-streaming"}, "server-sent-events", "bulk-transfer", "long-polling", "polling", "push"),
		pattern("streaming-ndjson-http2", "The same over HTTP/2 without TLS.", path, "h2c", after(0, "GET /rows"), statuses(200),
			[]string{"chunked-streaming"}, "server-sent-events", "bulk-transfer", "multiplexing", "push"),
		pattern("streaming-ndjson-far", "The same from 60 ms away.", Path{OneWay: 30 * time.Millisecond}, "http1", after(0, "GET /rows"), statuses(200),
			[]string{"chunked-streaming"}, "server-sent-events", "bulk-transfer", "push"),
		pattern("sse-completion", "The answer to a POST is an event stream with a word every 25 ms, as language models answer.", path, "http1",
			[]role.Fetch{{Method: "POST", Target: "/completions", Body: 120}}, statuses(200), []string{"server-sent-events"}, "chunked-streaming", "bulk-transfer", "push", "long-polling"),
		pattern("sse-completion-tls", "The same over TLS.", path, "http1-tls",
			[]role.Fetch{{Method: "POST", Target: "/completions", Body: 120}}, statuses(200), []string{"server-sent-events"}, "bulk-transfer", "push", "long-polling", "polling"),
		pattern("download", "A client downloads 300 kB over a link of 20 Mbit/s.", Path{OneWay: 10 * time.Millisecond, Rate: 20e6}, "http1", after(0, "GET /bytes/300000"), statuses(200),
			[]string{"bulk-transfer"}, "chunked-streaming", "paced-streaming", "server-sent-events", "push"),
		pattern("download-http2", "The same over HTTP/2 with TLS.", Path{OneWay: 10 * time.Millisecond, Rate: 20e6}, "http2", after(0, "GET /bytes/300000"), statuses(200),
			[]string{"bulk-transfer"}, "chunked-streaming", "paced-streaming", "server-sent-events", "multiplexing"),
		pattern("optimistic-locking", "A client writes with If-Match: once against an old version (412), once against the current one.", path, "http1",
			[]role.Fetch{{Method: "PUT", Target: "/document", Body: 40, Header: map[string]string{"If-Match": `"v1"`}}, {Method: "PUT", Target: "/document", Body: 44, Header: map[string]string{"If-Match": `"v2"`}}},
			statuses(412, 204), []string{"conditional-request"}, "retry", "unsafe-retry"),
	}
}

// pattern is a scenario of a Go client and server that exchange what is listed.
func pattern(name, description string, path Path, protocol string, fetches []role.Fetch, check func(*Env) error, shows []string, not ...string) Scenario {
	return Scenario{Name: name, Description: description, Path: path, Shows: shows, DoesNotShow: not,
		Run: func(e *Env) error { return runPattern(e, protocol, fetches) }, Check: check}
}

// runPattern serves and fetches over HTTP/1.1 ("http1"; "http1-new" with a
// connection for each request, "http1-tls" with TLS), HTTP/2 without TLS ("h2c")
// or with it ("http2").
func runPattern(e *Env, protocol string, fetches []role.Fetch) error {
	server := role.HTTPServer{Addresses: []string{e.Server.address(serverPort)}, Protocols: []string{protocol}}
	client := role.HTTPClient{Host: serverName, Fetches: fetches, Protocol: protocol, Base: "http://" + server.Addresses[0]}
	secure := protocol == "http2" || protocol == "http1-tls"
	if protocol == "http1-new" || protocol == "http1-tls" {
		client.NewConnections, client.Protocol, server.Protocols = protocol == "http1-new", "", nil
	}
	if secure {
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
	return e.fetch(client)
}

// after lists requests ("GET /") with a pause before each.
func after(pause time.Duration, requests ...string) (list []role.Fetch) {
	for _, r := range requests {
		method, target := r[:3], r[4:]
		list = append(list, role.Fetch{Method: method, Target: target, After: pause})
	}
	return list
}

func same(request string, n int) (list []string) {
	for range n {
		list = append(list, request)
	}
	return list
}

func keyed(n int) (list []role.Fetch) {
	for range n {
		list = append(list, role.Fetch{Method: "POST", Target: "/flaky/2", Body: 80, After: 70 * time.Millisecond, Header: map[string]string{"Idempotency-Key": "8e03978e-40d5-43dd"}})
	}
	return list
}

func clicks() (list []role.Fetch) {
	for i, ms := range []int{0, 310, 60, 720, 150, 90, 480, 30} {
		target := "/"
		if i%4 == 3 {
			target = "/items/1"
		}
		list = append(list, role.Fetch{Method: "GET", Target: target, After: time.Duration(ms) * time.Millisecond})
	}
	return list
}

func jittered() (list []role.Fetch) {
	for _, ms := range []int{0, 190, 215, 170, 225, 200, 178, 206, 231, 190} {
		list = append(list, role.Fetch{Method: "GET", Target: "/status", After: time.Duration(ms) * time.Millisecond})
	}
	return list
}
