package scenario

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/wiresight/wiresight/lab/role"
)

const serverPort = 80

func httpScenarios() []Scenario {
	near := Path{OneWay: 5 * time.Millisecond}
	return []Scenario{
		{
			Name:        "http1-get-go",
			Description: "A Go client asks a Go server over one connection: plain answers, a 404, a POST with a body, a chunked answer and a HEAD.",
			Path:        Path{OneWay: 10 * time.Millisecond}, Vantages: allVantages,
			Shows: []string{"request-response", "keep-alive-reuse", "chunked-streaming", "synchronous"}, DoesNotShow: []string{"polling", "pipelining", "server-sent-events", "paced-streaming", "asynchronous-request-reply", "retry"},
			Run: runHTTPGo,
		},
		{
			Name:        "http1-get-go-ipv6",
			Description: "Three requests of a Go client to a Go server over IPv6.",
			Path:        near, IPv6: true,
			Shows: []string{"request-response", "keep-alive-reuse"},
			Run:   runHTTPGoIPv6,
		},
		{
			Name:        "http1-nginx-curl",
			Description: "curl asks nginx for a page, and for one that is not there.",
			Path:        near, Programs: []string{"nginx", "curl"},
			Shows: []string{"request-response", "keep-alive-reuse"},
			Run:   func(e *Env) error { return runCurl(e, "/", "/missing") },
			Check: statuses(200, 404),
		},
		{
			Name:        "http1-keepalive-page",
			Description: "curl loads a page and its ten resources from nginx, one after the other over one connection.",
			Path:        near, Programs: []string{"nginx", "curl"}, Vantages: []string{"client", "server"},
			Shows: []string{"request-response", "keep-alive-reuse", "synchronous"}, DoesNotShow: []string{"polling", "connection-per-request", "multiplexing", "server-sent-events", "chunked-streaming", "bulk-transfer", "keep-alive"},
			Run:   func(e *Env) error { return runCurl(e, pageTargets()...) },
			Check: all(statuses(repeat(200, 11)...), connections(1)),
		},
		{
			Name:        "http1-connection-per-request",
			Description: "A client opens a new connection to nginx for each of eight requests.",
			Path:        near, Programs: []string{"nginx"},
			Shows: []string{"connection-per-request", "no-connection-reuse", "synchronous"}, DoesNotShow: []string{"polling", "keep-alive-reuse", "multiplexing"},
			Run: func(e *Env) error {
				return runNginxGo(e, role.HTTPClient{NewConnections: true, Fetches: gets(pageTargets()[:8]...)})
			},
			Check: all(statuses(repeat(200, 8)...), connections(8)),
		},
		{
			Name:        "http1-pipelining",
			Description: "A client sends six requests to nginx without waiting, then reads the six answers.",
			Path:        near, Programs: []string{"nginx"}, Vantages: []string{"client", "server"},
			Shows: []string{"pipelining"}, DoesNotShow: []string{"multiplexing", "polling", "synchronous"},
			Run: runPipelining, Check: all(statuses(repeat(200, 6)...), connections(1), pipelined),
		},
	}
}

func gets(targets ...string) []role.Fetch {
	var f []role.Fetch
	for _, t := range targets {
		f = append(f, role.Fetch{Method: "GET", Target: t})
	}
	return f
}

func runHTTPGo(e *Env) error {
	if _, err := e.serve(e.Server, "http-server", role.HTTPServer{Addresses: []string{e.Server.address(serverPort)}}); err != nil {
		return err
	}
	fetches := gets("/", "/items/1", "/items/2", "/missing")
	fetches = append(fetches, role.Fetch{Method: "POST", Target: "/items", Body: 2500})
	fetches = append(fetches, gets("/chunked", "/bytes/6000")...)
	fetches = append(fetches, role.Fetch{Method: "HEAD", Target: "/items/3"})
	if err := e.fetch(role.HTTPClient{Base: "http://" + e.Server.address(serverPort), Host: serverName, Fetches: fetches}); err != nil {
		return err
	}
	return all(statuses(200, 200, 200, 404, 201, 200, 200, 200), connections(1))(e)
}

func runHTTPGoIPv6(e *Env) error {
	address := "[" + e.Server.IP6 + "]:80"
	if _, err := e.serve(e.Server, "http-server", role.HTTPServer{Addresses: []string{address}}); err != nil {
		return err
	}
	if err := e.fetch(role.HTTPClient{Base: "http://" + address, Host: serverName, Fetches: gets("/", "/items/1", "/missing")}); err != nil {
		return err
	}
	return all(statuses(200, 200, 404), connections(1))(e)
}

// fetch runs the Go HTTP client and notes what it saw.
func (e *Env) fetch(settings role.HTTPClient) error {
	var r role.HTTPReport
	if err := e.run(e.Client, "http-client", settings, &r); err != nil {
		return err
	}
	e.Truth.Requests = append(e.Truth.Requests, r.Requests...)
	e.Truth.TLS = append(e.Truth.TLS, r.TLS...)
	e.Truth.HTTP2 = append(e.Truth.HTTP2, r.HTTP2...)
	return nil
}

func runNginxGo(e *Env, settings role.HTTPClient) error {
	if err := e.nginx(""); err != nil {
		return err
	}
	settings.Base, settings.Host = "http://"+e.Server.address(serverPort), serverName
	return e.fetch(settings)
}

func runCurl(e *Env, targets ...string) error {
	if err := e.nginx(""); err != nil {
		return err
	}
	_, err := e.curl("http", serverPort, nil, targets...)
	return err
}

func runPipelining(e *Env) error {
	if err := e.nginx(""); err != nil {
		return err
	}
	var r role.HTTPReport
	settings := role.Pipeline{Address: e.Server.address(serverPort), Host: serverName, Targets: pageTargets()[1:7]}
	if err := e.run(e.Client, "http-pipe", settings, &r); err != nil {
		return err
	}
	e.Truth.Requests = r.Requests
	return nil
}

// pageTargets is a page and what it needs.
func pageTargets() []string {
	targets := []string{"/"}
	for i := range 4 {
		targets = append(targets, fmt.Sprintf("/img/%d.png", i))
	}
	return append(targets, "/style.css", "/app.js", "/vendor.js", "/font.woff2", "/data.json", "/favicon.ico")
}

// nginx starts nginx on the server with the lab's page; the extra lines go into
// its server block.
func (e *Env) nginx(server string) error {
	root := filepath.Join(e.Temp, "www")
	if err := os.MkdirAll(filepath.Join(root, "img"), 0o755); err != nil {
		return err
	}
	for i, t := range pageTargets() {
		name, size := t, 300+i*450
		if t == "/" {
			name = "/index.html"
		}
		content := []byte(strings.Repeat("The lab's page has parts of several sizes.\n", size/43+1)[:size])
		if strings.HasSuffix(name, ".png") {
			content = picture(size)
		}
		if err := os.WriteFile(filepath.Join(root, name), content, 0o644); err != nil {
			return err
		}
	}
	if server == "" {
		server = fmt.Sprintf("listen %d;", serverPort)
	}
	conf := filepath.Join(e.Temp, "nginx.conf")
	text := fmt.Sprintf(`daemon off; master_process off; pid %[1]s/nginx.pid; error_log %[1]s/error.log;
events { worker_connections 64; }
http {
  access_log off; default_type text/html;
  types { text/html html; text/css css; application/javascript js; image/png png; application/json json; font/woff2 woff2; }
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fcgi; uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
  server { %[2]s server_name api.lab.example; root %[1]s/www; }
}
`, e.Temp, server)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return err
	}
	e.software("nginx", "nginx", "-v")
	if _, err := e.start(e.Server, "nginx", "-e", filepath.Join(e.Temp, "error.log"), "-p", e.Temp, "-c", conf); err != nil {
		return err
	}
	return e.waitFor(e.Server, filepath.Join(e.Temp, "nginx.pid"), "\n")
}

// picture is a PNG of about so many bytes.
func picture(size int) []byte {
	side := int(math.Sqrt(float64(size)))
	gray := image.NewGray(image.Rect(0, 0, side, side))
	noise := rand.New(rand.NewPCG(1, uint64(size)))
	for i := range gray.Pix {
		gray.Pix[i] = byte(noise.Uint32())
	}
	var b bytes.Buffer
	if err := png.Encode(&b, gray); err != nil {
		panic(err) // a buffer takes everything, and the size is small
	}
	return b.Bytes()
}

// waitFor waits until a file holds the text that a server writes when it listens.
func (e *Env) waitFor(h *Host, file, text string) error {
	for range 100 {
		if b, err := os.ReadFile(file); err == nil && strings.Contains(string(b), text) {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	problem, _ := os.ReadFile(filepath.Join(e.Temp, "error.log"))
	return fmt.Errorf("the server on %s did not start: %s", h.Name, problem)
}

// pipelined: the last request was written before the first answer came.
func pipelined(e *Env) error {
	r := e.Truth.Requests
	if last := r[len(r)-1]; !last.Wrote.Before(*r[0].FirstByte) {
		return fmt.Errorf("the last request went out after the first answer")
	}
	return nil
}

// Checks that several scenarios share.

func all(checks ...func(*Env) error) func(*Env) error {
	return func(e *Env) error {
		for _, c := range checks {
			if err := c(e); err != nil {
				return err
			}
		}
		return nil
	}
}

// statuses: the client saw these, in this order, and no errors.
func statuses(want ...int) func(*Env) error {
	return func(e *Env) error {
		var got []int
		for _, r := range e.Truth.Requests {
			if r.Error != "" {
				return fmt.Errorf("%s %s: %s", r.Method, r.Target, r.Error)
			}
			got = append(got, r.Status)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			return fmt.Errorf("statuses %v, not %v", got, want)
		}
		return nil
	}
}

// connections: the client says that it used so many.
func connections(want int) func(*Env) error {
	return func(e *Env) error {
		seen := map[string]bool{}
		for _, r := range e.Truth.Requests {
			seen[r.Connection] = true
		}
		if len(seen) != want {
			return fmt.Errorf("%d connections, not %d", len(seen), want)
		}
		return nil
	}
}

func repeat(status, n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = status
	}
	return s
}
