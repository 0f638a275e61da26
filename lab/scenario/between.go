package scenario

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/wiresight/wiresight/lab/role"
)

// atServer is the vantage of a host that stands in between: it sees both legs.
var atServer = []string{"server"}

const (
	frontPort = 80
	appPort   = 8080
)

// betweenScenarios have somebody between the client and the servers: the server
// host is the proxy, the backends are behind it.
func betweenScenarios() []Scenario {
	path := Path{OneWay: 2 * time.Millisecond}
	nginx, haproxy := []string{"nginx"}, []string{"haproxy"}
	list := []Scenario{
		{
			Name: "proxy-nginx", Description: "nginx stands before one Go server, keeps its connections and names the client in X-Forwarded-For.",
			Backends: 1, Programs: nginx,
			Shows: []string{"reverse-proxy"}, DoesNotShow: []string{"layer7-load-balancer", "layer4-load-balancer", "tls-termination", "sidecar", "forward-proxy"},
			Run: func(e *Env) error { return e.behindNginx(forwarded, "", e.clients(mixed, 10, 2, false)) },
		},
		{
			Name: "proxy-nginx-unnamed", Description: "The same without a word of the client: only what is asked for and when ties the two legs.",
			Backends: 1, Programs: nginx,
			Shows: []string{"reverse-proxy"}, DoesNotShow: []string{"layer7-load-balancer", "layer4-load-balancer", "tls-termination", "sidecar"},
			Run: func(e *Env) error { return e.behindNginx("", "", e.clients(mixed, 12, 2, false)) },
		},
		{
			Name: "balancer-round-robin", Description: "nginx spreads requests over two Go servers in turn.",
			Backends: 2, Programs: nginx,
			Shows: []string{"reverse-proxy", "layer7-load-balancer"}, DoesNotShow: []string{"layer4-load-balancer", "tls-termination"},
			Run: func(e *Env) error { return e.behindNginx(forwarded, "", e.clients(mixed, 24, 2, false)) },
		},
		{
			Name: "balancer-least-connections", Description: "nginx gives each request to the server with the fewest open ones; some take long.",
			Backends: 2, Programs: nginx,
			Shows: []string{"reverse-proxy", "layer7-load-balancer"}, DoesNotShow: []string{"layer4-load-balancer"},
			Run: func(e *Env) error {
				return e.behindNginx(forwarded, "least_conn;", e.clients([]string{"/slow/90", "/slow/5", "/slow/7", "/slow/3", "/slow/60"}, 40, 4, false))
			},
		},
		{
			Name: "balancer-hash", Description: "nginx chooses the server by a hash of the client's address; there are six clients.",
			Backends: 2, Programs: []string{"nginx", "curl"},
			Shows: []string{"reverse-proxy", "layer7-load-balancer"}, DoesNotShow: []string{"layer4-load-balancer"},
			Run: func(e *Env) error { return e.behindNginx(forwarded, "hash $remote_addr;", e.manyClients) },
		},
		{
			Name: "balancer-path", Description: "nginx sends /items to one server and /bytes to the other.",
			Backends: 2, Programs: nginx,
			Shows: []string{"reverse-proxy", "layer7-load-balancer"}, DoesNotShow: []string{"layer4-load-balancer"},
			Run: func(e *Env) error {
				return e.byPath(e.clients([]string{"/items/1", "/items/2", "/bytes/90", "/items/3", "/bytes/80"}, 20, 2, false))
			},
		},
		{
			Name: "balancer-cookie", Description: "HAProxy sets a cookie of its own and keeps each of four clients at the server that it names.",
			Backends: 2, Programs: []string{"haproxy", "curl"},
			Shows: []string{"reverse-proxy", "layer7-load-balancer", "stateful"}, DoesNotShow: []string{"layer4-load-balancer"},
			Run: func(e *Env) error {
				return e.behindHAProxy("mode http\n  option forwardfor", "balance roundrobin\n  cookie SRV insert indirect nocache", "cookie s%d", e.cookieClients)
			},
		},
		{
			Name: "balancer-tcp", Description: "HAProxy passes connections on to two servers in turn, without looking inside.",
			Backends: 2, Programs: haproxy,
			Shows: []string{"layer4-load-balancer"}, DoesNotShow: []string{"reverse-proxy", "layer7-load-balancer", "tls-termination"},
			Run: func(e *Env) error {
				return e.behindHAProxy("mode tcp", "balance roundrobin", "", e.clients(mixed, 14, 2, true))
			},
		},
		{
			Name: "balancer-tcp-proxy-v1", Description: "The same with a PROXY header in text before each connection.",
			Backends: 2, Programs: []string{"haproxy", "nginx"},
			Shows: []string{"layer4-load-balancer"}, DoesNotShow: []string{"reverse-proxy", "layer7-load-balancer", "tls-termination"},
			Run: func(e *Env) error { return e.withHeaders("send-proxy") },
		},
		{
			Name: "balancer-tcp-proxy-v2", Description: "The same with a PROXY header in binary.",
			Backends: 2, Programs: []string{"haproxy", "nginx"},
			Shows: []string{"layer4-load-balancer"}, DoesNotShow: []string{"reverse-proxy", "layer7-load-balancer", "tls-termination"},
			Run: func(e *Env) error { return e.withHeaders("send-proxy-v2") },
		},
		{
			Name: "balancer-tls-passthrough", Description: "HAProxy passes TLS connections on to two servers without opening them.",
			Backends: 2, Programs: haproxy,
			Shows: []string{"layer4-load-balancer"}, DoesNotShow: []string{"reverse-proxy", "layer7-load-balancer", "tls-termination"},
			Run: runPassThrough,
		},
		{
			Name: "tls-termination", Description: "nginx ends TLS and goes on in plain text, with X-Forwarded-For; no keys are kept.",
			Backends: 1, Programs: nginx,
			Shows: []string{"tls-termination", "reverse-proxy"}, DoesNotShow: []string{"layer4-load-balancer", "layer7-load-balancer"},
			Run: func(e *Env) error {
				return e.ended(forwarded, "ssl", role.HTTPClient{Fetches: gets("/", "/items/1", "/items/2", "/bytes/900")})
			},
		},
		{
			Name: "tls-termination-unnamed", Description: "The same without a word of the client.",
			Backends: 1, Programs: nginx,
			Shows: []string{"tls-termination"}, DoesNotShow: []string{"layer4-load-balancer", "layer7-load-balancer"},
			Run: func(e *Env) error {
				return e.ended("", "ssl", role.HTTPClient{Fetches: gets("/", "/items/1", "/items/2", "/bytes/900", "/items/3")})
			},
		},
		{
			Name: "proxy-http2-to-pool", Description: "HAProxy takes requests of one HTTP/2 connection and sends them on over several of HTTP/1.1.",
			Backends: 1, Programs: haproxy,
			Shows: []string{"http2-to-pool", "reverse-proxy"}, DoesNotShow: []string{"http1-to-http2", "layer4-load-balancer", "layer7-load-balancer"},
			Run: runToPool,
		},
		{
			Name: "proxy-http1-to-http2", Description: "HAProxy folds four HTTP/1.1 connections into one of HTTP/2.",
			Backends: 1, Programs: haproxy,
			Shows: []string{"http1-to-http2", "reverse-proxy"}, DoesNotShow: []string{"http2-to-pool", "layer4-load-balancer", "layer7-load-balancer"},
			Run: runFolded,
		},
		{
			Name: "forward-proxy-connect", Description: "curl asks tinyproxy for a tunnel to a TLS server, twice.",
			Backends: 1, Programs: []string{"tinyproxy", "curl"},
			Shows: []string{"forward-proxy"}, DoesNotShow: []string{"reverse-proxy", "layer4-load-balancer", "layer7-load-balancer", "tls-termination"},
			Run: func(e *Env) error { return e.forward(true) },
		},
		{
			Name: "forward-proxy-url", Description: "curl asks tinyproxy for whole URLs.",
			Backends: 1, Programs: []string{"tinyproxy", "curl"},
			Shows: []string{"forward-proxy"}, DoesNotShow: []string{"reverse-proxy", "layer4-load-balancer", "layer7-load-balancer", "tls-termination"},
			Run: func(e *Env) error { return e.forward(false) },
		},
		{
			Name: "sidecar-out", Description: "An application on the client asks nginx on its own host, over loopback, which asks the server.",
			Loopback: "client", Vantages: []string{"client"}, Programs: nginx,
			Shows: []string{"sidecar", "reverse-proxy"}, DoesNotShow: []string{"forward-proxy", "layer7-load-balancer", "layer4-load-balancer"},
			Run: runSidecarOut,
		},
		{
			Name: "sidecar-in", Description: "HAProxy on the server's host takes connections from the network and passes requests on to the application over loopback.",
			Loopback: "server", Programs: haproxy,
			Shows: []string{"sidecar", "reverse-proxy"}, DoesNotShow: []string{"forward-proxy", "layer7-load-balancer", "layer4-load-balancer"},
			Run: runSidecarIn,
		},
		{
			Name: "services-in-turn", Description: "A client asks two servers that know nothing of each other, one after the other, for the same paths.",
			Backends: 1, Vantages: []string{"client"},
			DoesNotShow: betweenIDs, Run: runInTurn,
		},
		{
			Name: "service-asks-service", Description: "A server makes its answers from those of another one, which it asks for something else.",
			Backends: 1, Programs: []string{"curl"},
			DoesNotShow: betweenIDs, Run: runAsks,
		},
	}
	for i := range list {
		list[i].Run = notTold(list[i].Run)
		list[i].Path = path
		if list[i].Vantages == nil {
			list[i].Vantages = atServer
		}
	}
	return list
}

// notTold plays a scenario whose requests the truth does not list: the captures
// hold them twice, or their clients keep no account.
func notTold(run func(*Env) error) func(*Env) error {
	return func(e *Env) error {
		e.Truth.NotTold = true
		return run(e)
	}
}

// betweenIDs are the patterns of those who stand in between.
var betweenIDs = []string{"reverse-proxy", "layer7-load-balancer", "layer4-load-balancer", "tls-termination", "sidecar", "forward-proxy", "http2-to-pool", "http1-to-http2"}

var mixed = []string{"/items/1", "/items/2", "/bytes/500", "/", "/slow/4"}

const forwarded = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;"

// clients are programs that makes so many requests of the proxy.
func (e *Env) clients(targets []string, requests, connections int, perRequest bool) func() error {
	return func() error {
		e.Truth.Notes = map[string]any{"requests": requests, "connections_at_once": connections}
		return e.run(e.Client, "load", role.Load{Address: e.Server.address(frontPort), Host: serverName, Targets: targets,
			Requests: requests, Connections: connections, PerRequest: perRequest}, nil)
	}
}

// apps starts the lab's HTTP server on all backends.
func (e *Env) apps(settings role.HTTPServer) error {
	for _, h := range e.Backends {
		settings.Addresses = []string{h.address(appPort)}
		if _, err := e.serve(h, "http-server", settings); err != nil {
			return err
		}
	}
	return nil
}

// nginxWith starts nginx on a host with what stands within http { }.
func (e *Env) nginxWith(h *Host, http string) error {
	dir := filepath.Join(e.Temp, "nginx-"+h.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	conf := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(`daemon off; master_process off; pid %[1]s/nginx.pid; error_log %[1]s/error.log;
events { worker_connections 128; }
http {
  access_log off; client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fcgi; uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
  %[2]s
}
`, dir, http)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return err
	}
	e.software("nginx", "nginx", "-v")
	if _, err := e.start(h, "nginx", "-e", filepath.Join(dir, "error.log"), "-p", dir, "-c", conf); err != nil {
		return err
	}
	return e.waitFor(h, filepath.Join(dir, "nginx.pid"), "\n")
}

// behindNginx lets clients ask nginx, which spreads over all backends.
func (e *Env) behindNginx(fields, balance string, clients func() error) error {
	if err := e.apps(role.HTTPServer{}); err != nil {
		return err
	}
	servers := ""
	for _, h := range e.Backends {
		servers += "server " + h.address(appPort) + "; "
	}
	err := e.nginxWith(e.Server, fmt.Sprintf(`upstream app { %s %s keepalive 8; }
  server { listen %d; location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; %s } }`, balance, servers, frontPort, fields))
	if err != nil {
		return err
	}
	return clients()
}

func (e *Env) byPath(clients func() error) error {
	if err := e.apps(role.HTTPServer{}); err != nil {
		return err
	}
	err := e.nginxWith(e.Server, fmt.Sprintf(`server { listen %d; %s
    location /items/ { proxy_pass http://%s; } location /bytes/ { proxy_pass http://%s; } }`,
		frontPort, forwarded, e.Backends[0].address(appPort), e.Backends[1].address(appPort)))
	if err != nil {
		return err
	}
	return clients()
}

// manyClients are six addresses of the client's host, each of which asks four
// times over one connection.
func (e *Env) manyClients() error {
	for i := range 6 {
		ip := fmt.Sprintf("10.7.0.%d", 101+i)
		if err := e.Client.Run("ip", "addr", "add", ip+"/24", "dev", "eth0"); err != nil {
			return err
		}
		_ = e.Server.Run("ip", "neigh", "replace", ip, "lladdr", macString(e.Client.mac), "dev", "eth0", "nud", "permanent")
		if err := e.askFour("--interface", ip); err != nil {
			return err
		}
	}
	return nil
}

// cookieClients are four clients with a cookie jar each.
func (e *Env) cookieClients() error {
	for i := range 4 {
		if err := e.askFour("-c", filepath.Join(e.Temp, fmt.Sprint("jar", i)), "-b", filepath.Join(e.Temp, fmt.Sprint("jar", i))); err != nil {
			return err
		}
	}
	return nil
}

// askFour lets curl ask the proxy four times over one connection.
func (e *Env) askFour(options ...string) error {
	argv := append([]string{"-sS", "--fail"}, options...)
	for i := range 4 {
		argv = append(argv, "-o", "/dev/null", fmt.Sprintf("http://%s/items/%d", e.Server.address(frontPort), i+1))
	}
	e.software("curl", "curl", "--version")
	_, err := e.transcript(e.Client, exec.Command("curl", argv...))
	return err
}

// haproxy starts HAProxy on the server's host.
func (e *Env) haproxy(conf string) error {
	file := filepath.Join(e.Temp, "haproxy.cfg")
	text := "global\n  maxconn 200\ndefaults\n  timeout connect 5s\n  timeout client 10s\n  timeout server 10s\n" + conf + "\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return err
	}
	e.software("haproxy", "haproxy", "-v")
	if _, err := e.start(e.Server, "haproxy", "-db", "-f", file); err != nil {
		return err
	}
	return e.listensAt(e.Server, frontPort)
}

// listensAt waits until somebody listens at a port of the host. It looks in the
// kernel's table: a connection would be in the capture.
func (e *Env) listensAt(h *Host, port uint16) error {
	want := fmt.Sprintf(":%04X 00000000:0000 0A", port)
	for range 200 {
		var table string
		err := h.Do(func() error {
			b, err := os.ReadFile("/proc/thread-self/net/tcp")
			table = string(b)
			return err
		})
		if err == nil && strings.Contains(table, want) {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("nobody listens at port %d of %s", port, h.Name)
}

// behindHAProxy lets clients ask HAProxy, which spreads over all backends.
func (e *Env) behindHAProxy(mode, balance, each string, clients func() error) error {
	if err := e.apps(role.HTTPServer{}); err != nil {
		return err
	}
	if err := e.haproxy(e.spread(mode, balance, each)); err != nil {
		return err
	}
	return clients()
}

func (e *Env) spread(mode, balance, each string) string {
	text := fmt.Sprintf("listen front\n  bind %s\n  %s\n  %s\n", e.Server.address(frontPort), mode, balance)
	for i, h := range e.Backends {
		word := each
		if strings.Contains(each, "%d") {
			word = fmt.Sprintf(each, i+1)
		}
		text += fmt.Sprintf("  server s%d %s %s\n", i+1, h.address(appPort), word)
	}
	return text
}

func (e *Env) withHeaders(each string) error {
	for _, h := range e.Backends {
		err := e.nginxWith(h, fmt.Sprintf(`server { listen %s proxy_protocol; location / { default_type text/plain; return 200 "served for $proxy_protocol_addr by %s\n"; } }`, h.address(appPort), h.Name))
		if err != nil {
			return err
		}
	}
	if err := e.haproxy(e.spread("mode tcp", "balance roundrobin", each)); err != nil {
		return err
	}
	return e.clients([]string{"/a", "/b", "/c/d"}, 14, 2, true)()
}

func runPassThrough(e *Env) error {
	c, err := e.certificate()
	if err != nil {
		return err
	}
	if err := e.apps(role.HTTPServer{Certificate: c.Certificate, Key: c.Key}); err != nil {
		return err
	}
	if err := e.haproxy(e.spread("mode tcp", "balance roundrobin", "")); err != nil {
		return err
	}
	settings := role.HTTPClient{Base: "https://" + e.Server.address(frontPort), Host: serverName, CA: c.CA, NewConnections: true, Fetches: gets("/", "/items/1", "/items/2", "/items/3")}
	return e.answered(e.Client, settings)
}

// ended lets the client ask nginx over TLS, which asks the backend without.
func (e *Env) ended(fields, listen string, settings role.HTTPClient) error {
	c, err := e.certificate()
	if err != nil {
		return err
	}
	if err := e.apps(role.HTTPServer{}); err != nil {
		return err
	}
	err = e.nginxWith(e.Server, fmt.Sprintf(`server { listen %d %s; ssl_certificate %s; ssl_certificate_key %s; %s
    location / { proxy_pass http://%s; } }`, frontPort, listen, c.Certificate, c.Key, fields, e.Backends[0].address(appPort)))
	if err != nil {
		return err
	}
	settings.Base, settings.Host, settings.CA = "https://"+e.Server.address(frontPort), serverName, c.CA
	return e.answered(e.Client, settings)
}

// answered runs the HTTP client and sees that all went well. The truth's
// requests stay empty: the captures hold each one twice.
func (e *Env) answered(h *Host, settings role.HTTPClient) error {
	var r role.HTTPReport
	if err := e.run(h, "http-client", settings, &r); err != nil {
		return err
	}
	for _, one := range r.Requests {
		if one.Error != "" || one.Status != 200 {
			return fmt.Errorf("%s %s: %d %s", one.Method, one.Target, one.Status, one.Error)
		}
	}
	e.Truth.Notes = map[string]any{"requests": len(r.Requests)}
	return nil
}

func runToPool(e *Env) error {
	if err := e.apps(role.HTTPServer{}); err != nil {
		return err
	}
	conf := fmt.Sprintf("listen front\n  mode http\n  bind %s proto h2\n  option forwardfor\n  server s1 %s\n", e.Server.address(frontPort), e.Backends[0].address(appPort))
	if err := e.haproxy(conf); err != nil {
		return err
	}
	return e.answered(e.Client, role.HTTPClient{Base: "http://" + e.Server.address(frontPort), Host: serverName, Protocol: "h2c", Concurrent: true,
		Fetches: gets("/", "/slow/30", "/slow/31", "/slow/32", "/slow/33", "/items/1")})
}

func runFolded(e *Env) error {
	if err := e.apps(role.HTTPServer{Protocols: []string{"h2c"}}); err != nil {
		return err
	}
	conf := fmt.Sprintf("listen front\n  mode http\n  bind %s\n  option forwardfor\n  http-reuse always\n  server s1 %s proto h2\n", e.Server.address(frontPort), e.Backends[0].address(appPort))
	if err := e.haproxy(conf); err != nil {
		return err
	}
	if err := e.clients([]string{"/"}, 1, 1, false)(); err != nil { // the one connection is there before the others ask
		return err
	}
	return e.clients([]string{"/items/1", "/slow/20", "/items/2", "/slow/30"}, 12, 4, false)()
}

// forward lets curl go through tinyproxy on the server's host.
func (e *Env) forward(tunnel bool) error {
	c, err := e.certificateOf(identity{More: []string{e.Backends[0].IP}})
	if err != nil {
		return err
	}
	settings, scheme := role.HTTPServer{}, "http://"
	if tunnel {
		settings, scheme = role.HTTPServer{Certificate: c.Certificate, Key: c.Key}, "https://"
	}
	if err := e.apps(settings); err != nil {
		return err
	}
	conf := filepath.Join(e.Temp, "tinyproxy.conf")
	text := fmt.Sprintf("Port 8888\nListen %s\nTimeout 30\nMaxClients 20\nAllow 10.7.0.0/24\nLogFile \"%s/tinyproxy.log\"\nConnectPort %d\n", e.Server.IP, e.Temp, appPort)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return err
	}
	e.software("tinyproxy", "tinyproxy", "-v")
	if _, err := e.start(e.Server, "tinyproxy", "-d", "-c", conf); err != nil {
		return err
	}
	if err := e.listensAt(e.Server, 8888); err != nil {
		return err
	}
	for range 2 {
		argv := []string{"-sS", "-k", "--fail", "--proxy", "http://" + e.Server.address(8888)}
		for _, t := range []string{"/", "/items/1"} {
			argv = append(argv, "-o", "/dev/null", scheme+e.Backends[0].address(appPort)+t)
		}
		if _, err := e.transcript(e.Client, exec.Command("curl", argv...)); err != nil {
			return err
		}
	}
	return nil
}

func runSidecarOut(e *Env) error {
	if _, err := e.serve(e.Server, "http-server", role.HTTPServer{Addresses: []string{e.Server.address(appPort)}}); err != nil {
		return err
	}
	err := e.nginxWith(e.Client, fmt.Sprintf(`upstream app { server %s; keepalive 4; }
  server { listen 127.0.0.1:15001; location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header X-Request-ID $request_id; } }`, e.Server.address(appPort)))
	if err != nil {
		return err
	}
	return e.answered(e.Client, role.HTTPClient{Base: "http://127.0.0.1:15001", Host: serverName, Fetches: gets("/", "/items/1", "/items/2", "/bytes/700", "/items/3")})
}

func runSidecarIn(e *Env) error {
	if _, err := e.serve(e.Server, "http-server", role.HTTPServer{Addresses: []string{"127.0.0.1:8080"}}); err != nil {
		return err
	}
	if err := e.haproxy(fmt.Sprintf("listen front\n  mode http\n  bind %s\n  option forwardfor\n  server app 127.0.0.1:8080\n", e.Server.address(frontPort))); err != nil {
		return err
	}
	return e.clients(mixed, 10, 2, false)()
}

func runInTurn(e *Env) error {
	if err := e.apps(role.HTTPServer{}); err != nil {
		return err
	}
	if _, err := e.serve(e.Server, "http-server", role.HTTPServer{Addresses: []string{e.Server.address(appPort)}}); err != nil {
		return err
	}
	argv := []string{"-sS", "--fail"}
	for i := range 5 {
		for _, h := range []*Host{e.Server, e.Backends[0]} {
			argv = append(argv, "-o", "/dev/null", fmt.Sprintf("http://%s/items/%d", h.address(appPort), i))
		}
	}
	_, err := e.transcript(e.Client, exec.Command("curl", argv...))
	return err
}

// runAsks: the server asks the backend for an item and for its price, and makes
// one answer of both.
func runAsks(e *Env) error {
	if err := e.apps(role.HTTPServer{}); err != nil {
		return err
	}
	if _, err := e.serve(e.Server, "http-server", role.HTTPServer{Addresses: []string{e.Server.address(frontPort)}, Asks: "http://" + e.Backends[0].address(appPort)}); err != nil {
		return err
	}
	argv := []string{"-sS", "--fail"}
	for i := range 6 {
		argv = append(argv, "-o", "/dev/null", fmt.Sprintf("http://%s/orders/%d", e.Server.address(frontPort), i))
	}
	_, err := e.transcript(e.Client, exec.Command("curl", argv...))
	return err
}
