package scenario

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/wiresight/wiresight/lab/netns"
	"github.com/wiresight/wiresight/lab/role"
	"github.com/wiresight/wiresight/lab/truth"
)

// Bench makes a capture of over a million packets of real servers for
// benchmarks: HTTP/1.1, TLS, HTTP/3 and DNS between two hosts on a veth pair,
// captured by tcpdump. It returns the number of packets.
func Bench(file string) (packets int, err error) {
	for _, p := range []string{"nginx", "tcpdump", "ethtool", "unbound"} {
		if _, err := exec.LookPath(p); err != nil {
			return 0, fmt.Errorf("bench-data: the program %s is missing; lab/README.md lists the Debian packages", p)
		}
	}
	temp, err := os.MkdirTemp("", "wiresight-lab-")
	if err != nil {
		return 0, err
	}
	e := &Env{Temp: temp, Scenario: &Scenario{Name: "bench"}, Truth: &truth.Truth{Software: map[string]string{}}}
	defer e.close()
	if err := e.veth(); err != nil {
		return 0, err
	}
	if file, err = filepath.Abs(file); err != nil {
		return 0, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return 0, err
	}
	// -Z root: as root of a user namespace tcpdump could not become another user.
	dump, err := e.start(e.Client, "tcpdump", "-i", "eth0", "-w", file, "-B", "262144", "-s", "0", "-Z", "root")
	if err != nil {
		return 0, err
	}
	time.Sleep(500 * time.Millisecond) // tcpdump opens its socket
	if err := e.load(); err != nil {
		return 0, err
	}
	time.Sleep(time.Second)
	return e.stopDump(dump)
}

// veth makes the two hosts on one cable, without offload, so that packets are
// of the size and the checksum that a wire would have.
func (e *Env) veth() error {
	for i, h := range []**Host{&e.Client, &e.Server} {
		ns, err := netns.New([]string{"client", "server"}[i])
		if err != nil {
			return err
		}
		*h = &Host{Namespace: ns, IP: fmt.Sprintf("10.7.0.%d", i+1)}
	}
	err := e.Client.Run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", strconv.Itoa(e.Server.TID))
	if err != nil {
		return err
	}
	for _, h := range []*Host{e.Client, e.Server} {
		_ = h.Sysctl("ipv6.conf.all.disable_ipv6", "1")
		_ = h.Sysctl("ipv4.ip_local_port_range", "10000 65000")
		for _, c := range [][]string{
			{"ethtool", "-K", "eth0", "tx", "off", "tso", "off", "gso", "off", "gro", "off"},
			{"ip", "addr", "add", h.IP + "/24", "dev", "eth0"},
			{"ip", "link", "set", "eth0", "mtu", "1500", "up"},
		} {
			if err := h.Run(c...); err != nil {
				return err
			}
		}
	}
	return nil
}

// load lets the clients work, one kind after the other.
func (e *Env) load() error {
	c, err := e.certificate()
	if err != nil {
		return err
	}
	if err := e.nginx(fmt.Sprintf("listen 80; listen 443 ssl; ssl_certificate %s; ssl_certificate_key %s; keepalive_requests 2000;", c.Certificate, c.Key)); err != nil {
		return err
	}
	h3 := role.HTTP3Server{Address: e.Server.address(443), Certificate: c.Certificate, Key: c.Key}
	if _, err := e.serve(e.Server, "http3-server", h3); err != nil {
		return err
	}
	if err := e.unbound(); err != nil {
		return err
	}
	plain := role.Load{Address: e.Server.address(80), Host: serverName, Targets: pageTargets()}
	encrypted := role.Load{Address: e.Server.address(443), Host: serverName, Targets: pageTargets(), CA: c.CA}
	for _, l := range []struct {
		role.Load
		requests, connections int
		perRequest            bool
	}{
		{plain, 150_000, 40, false}, {plain, 25_000, 16, true}, {encrypted, 60_000, 24, false}, {encrypted, 6_000, 8, true},
	} {
		l.Requests, l.Connections, l.PerRequest = l.requests, l.connections, l.perRequest
		if err := e.run(e.Client, "load", l.Load, nil); err != nil {
			return err
		}
	}
	var fetches []role.Fetch
	for i := range 1500 {
		fetches = append(fetches, role.Fetch{Method: "GET", Target: fmt.Sprintf("/bytes/%d", 200+i%40*300)})
	}
	for range 10 {
		settings := role.HTTP3Client{HTTPClient: role.HTTPClient{Base: "https://" + e.Server.address(443), Host: serverName, CA: c.CA, Fetches: fetches}}
		if err := e.run(e.Client, "http3-client", settings, nil); err != nil {
			return err
		}
	}
	var questions []role.Question
	for i := range 1000 {
		questions = append(questions, role.Question{Name: fmt.Sprintf("host%d.lab.example.", i%50), Type: []string{"A", "AAAA"}[i%2]})
	}
	for range 15 {
		if err := e.run(e.Client, "dns-client", role.DNSClient{Server: e.Server.address(53), Questions: questions}, nil); err != nil {
			return err
		}
	}
	return nil
}

var dumpCount = regexp.MustCompile(`(\d+) packets? (captured|dropped by kernel)`)

// stopDump ends tcpdump and fails if it lost packets.
func (e *Env) stopDump(p *Process) (packets int, err error) {
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
		return 0, err
	}
	if err := p.cmd.Wait(); err != nil {
		return 0, fmt.Errorf("tcpdump: %w: %s", err, p.errors.String())
	}
	for i, q := range e.running {
		if q == p {
			e.running = append(e.running[:i], e.running[i+1:]...)
			break
		}
	}
	counts := map[string]int{}
	for _, m := range dumpCount.FindAllStringSubmatch(p.errors.String(), -1) {
		counts[m[2]], _ = strconv.Atoi(m[1])
	}
	if lost := counts["dropped by kernel"]; lost > 0 {
		return 0, fmt.Errorf("tcpdump lost %d packets: the machine is too busy", lost)
	}
	if counts["captured"] < 1_000_000 {
		return 0, fmt.Errorf("only %d packets were captured: %s", counts["captured"], strings.TrimSpace(p.errors.String()))
	}
	return counts["captured"], nil
}
