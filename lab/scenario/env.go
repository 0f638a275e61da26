package scenario

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/wiresight/wiresight/lab/link"
	"github.com/wiresight/wiresight/lab/netns"
	"github.com/wiresight/wiresight/lab/pcapng"
	"github.com/wiresight/wiresight/lab/truth"
)

// Host is one end: a namespace with an address on its TAP device.
type Host struct {
	*netns.Namespace
	IP, IP6 string
	mac     [6]byte
}

// Env is what a scenario runs in.
type Env struct {
	Scenario *Scenario
	Client   *Host
	Server   *Host
	Backends []*Host // behind the server, where the scenario has them
	Network  *link.Network
	Truth    *truth.Truth
	Temp     string // a directory for the scenario's files
	Keys     string // where TLS secrets may be logged; kept if it is there at the end
	RSAKey   string // the server's RSA key, if it is to be kept beside the capture

	ca      *authority
	asked   []int // for each request of openssl, which of the handshakes carried it
	running []*Process
}

const serverName = "api.lab.example"

// Make runs a scenario and writes its captures, truth and keys into out.
func Make(s Scenario, out string) (*truth.Truth, error) {
	for _, p := range s.Programs {
		if _, err := exec.LookPath(p); err != nil {
			return nil, fmt.Errorf("%s: the program %s is missing; lab/README.md lists the Debian packages", s.Name, p)
		}
	}
	e, err := newEnv(&s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	defer e.close()
	if err := e.play(); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	if err := e.write(out); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	return e.Truth, nil
}

func newEnv(s *Scenario) (*Env, error) {
	temp, err := os.MkdirTemp("", "wiresight-lab-")
	if err != nil {
		return nil, err
	}
	e := &Env{
		Scenario: s, Temp: temp, Keys: filepath.Join(temp, "keys"), Network: link.New(1),
		Truth: &truth.Truth{
			Schema: truth.Schema, Scenario: s.Name, Description: s.Description,
			Shows: s.Shows, DoesNotShow: s.DoesNotShow,
			Software: map[string]string{"linux": kernelRelease(), "go": runtime.Version()},
		},
	}
	if s.Path.MTU == 0 {
		s.Path.MTU = 1500
	}
	if e.Client, err = e.host("client", 1); err == nil {
		e.Server, err = e.host("server", 2)
	}
	if err != nil {
		e.close()
		return nil, err
	}
	for i := range s.Backends {
		h, err := e.host(fmt.Sprintf("backend%d", i+1), byte(3+i))
		if err != nil {
			e.close()
			return nil, err
		}
		e.Backends = append(e.Backends, h)
	}
	for _, h := range e.hosts() {
		for _, other := range e.hosts() {
			if other != h {
				e.neighbours(h, other)
			}
		}
		if h.Name == s.Loopback {
			packets, err := h.Namespace.Loopback()
			if err != nil {
				e.close()
				return nil, err
			}
			e.Network.Watch(h.Name, packets)
		}
	}
	for i := range s.Rules {
		r := s.Rules[i] // a copy: rules count
		e.Network.Rules = append(e.Network.Rules, &r)
	}
	e.Network.SnapLength = s.SnapLength
	if s.Misses != nil {
		e.Network.Misses = s.Misses()
	}
	return e, nil
}

// hosts are all that there are.
func (e *Env) hosts() (all []*Host) {
	for _, h := range append([]*Host{e.Client, e.Server}, e.Backends...) {
		if h != nil {
			all = append(all, h)
		}
	}
	return all
}

// host makes a namespace with its TAP device and joins it to the switch.
func (e *Env) host(name string, number byte) (*Host, error) {
	ns, err := netns.New(name)
	if err != nil {
		return nil, err
	}
	h := &Host{
		Namespace: ns,
		IP:        fmt.Sprintf("10.7.0.%d", number),
		IP6:       fmt.Sprintf("fd00:7::%d", number),
		mac:       [6]byte{0x02, 0x00, 0x5e, 0x07, 0x00, number},
	}
	device, err := ns.TAP("eth0")
	if err != nil {
		ns.Close()
		return nil, err
	}
	commands := [][]string{
		{"ip", "link", "set", "eth0", "address", macString(h.mac), "mtu", fmt.Sprint(e.Scenario.Path.MTU)},
		{"ip", "addr", "add", h.IP + "/24", "dev", "eth0"},
	}
	if e.Scenario.IPv6 {
		commands = append(commands, []string{"ip", "addr", "add", h.IP6 + "/64", "dev", "eth0", "nodad"})
		_ = ns.Sysctl("ipv6.conf.eth0.router_solicitations", "0")
		_ = ns.Sysctl("ipv6.conf.eth0.accept_dad", "0")
	} else {
		_ = ns.Sysctl("ipv6.conf.all.disable_ipv6", "1")
	}
	commands = append(commands, []string{"ip", "link", "set", "eth0", "up"})
	for _, c := range commands {
		if err := ns.Run(c...); err != nil {
			ns.Close()
			return nil, err
		}
	}
	half := e.Scenario.Path
	down := link.Leg{Delay: half.OneWay / 2, Jitter: half.Jitter, Rate: half.Rate, Loss: half.Loss}
	e.Network.Attach(&link.Port{
		Host: name, MAC: h.mac, Device: device,
		Up: link.Leg{Delay: half.OneWay - half.OneWay/2}, Down: down,
	})
	return h, nil
}

// neighbours tells a host the other's link address, so that no ARP is needed.
// Failing costs no more than an ARP exchange in the capture.
func (e *Env) neighbours(of, other *Host) {
	_ = of.Run("ip", "neigh", "replace", other.IP, "lladdr", macString(other.mac), "dev", "eth0", "nud", "permanent")
	if e.Scenario.IPv6 {
		_ = of.Run("ip", "neigh", "replace", other.IP6, "lladdr", macString(other.mac), "dev", "eth0", "nud", "permanent")
	}
}

// play lets the scenario run on the link and checks what came of it.
func (e *Env) play() error {
	e.Network.Start()
	err := e.Scenario.Run(e)
	if stopped := e.stopProcesses(); err == nil {
		err = stopped
	}
	time.Sleep(e.Scenario.Path.OneWay + 30*time.Millisecond) // last frames arrive
	if stopped := e.Network.Stop(); err == nil {
		err = stopped
	}
	if err != nil {
		return err
	}
	if longest := e.Network.LongestFrame(); longest > e.Scenario.Path.MTU+14 {
		return fmt.Errorf("a frame of %d bytes on a link of MTU %d: offload is on", longest, e.Scenario.Path.MTU)
	}
	e.describe()
	if e.Scenario.Check == nil {
		return nil
	}
	if err := e.Scenario.Check(e); err != nil {
		return fmt.Errorf("did not come out as it should: %w", err)
	}
	return nil
}

// describe puts into the truth what the link knows.
func (e *Env) describe() {
	p, t := e.Scenario.Path, e.Truth
	oneWay := p.OneWay.Seconds()
	t.Link = truth.Link{
		RTT: 2 * oneWay, OneWay: truth.Ways{ToServer: oneWay, ToClient: oneWay}, Middle: 0.5,
		Jitter: p.Jitter.Seconds(), Rate: p.Rate, Loss: p.Loss, MTU: p.MTU, Lateness: e.Network.Lateness(),
	}
	for _, r := range e.Scenario.Rules {
		t.Link.Rules = append(t.Link.Rules, truth.Rule{
			Name: r.Name, From: r.From, Where: r.Half.String(), Action: string(r.Action), Nth: r.Nth, Count: r.Count,
		})
	}
	for _, h := range e.hosts() {
		ips := []string{h.IP}
		if e.Scenario.IPv6 {
			ips = append(ips, h.IP6)
		}
		role := h.Name
		if h != e.Client && h != e.Server {
			role = "backend"
		}
		t.Hosts = append(t.Hosts, truth.Host{Name: h.Name, IP: ips, MAC: macString(h.mac), Role: role})
	}
	t.Conversations, t.LinkEvents = e.Network.Conversations(), e.Network.Events()
}

// write writes the captures, the keys if any, and the truth.
func (e *Env) write(out string) error {
	vantages := e.Scenario.Vantages
	if len(vantages) == 0 {
		vantages = []string{"client"}
	}
	for _, v := range vantages {
		packets := e.Network.Packets(v)
		if len(packets) == 0 {
			return fmt.Errorf("nothing was captured at %s", v)
		}
		file := e.Scenario.Name + "." + v + ".pcapng"
		size, err := pcapng.WriteFile(filepath.Join(out, file), e.interfaces(v), packets)
		if err != nil {
			return err
		}
		e.Truth.Captures = append(e.Truth.Captures, truth.Capture{
			File: file, Vantage: v, Packets: len(packets), Bytes: size,
			First: packets[0].Time.UTC(), Last: packets[len(packets)-1].Time.UTC(),
		})
	}
	if keys, err := os.ReadFile(e.Keys); err == nil && len(keys) > 0 {
		if err := os.WriteFile(filepath.Join(out, e.Scenario.Name+".keys"), keys, 0o644); err != nil {
			return err
		}
	}
	if e.RSAKey != "" {
		key, err := os.ReadFile(e.RSAKey)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, e.Scenario.Name+".rsa.pem"), key, 0o644); err != nil {
			return err
		}
	}
	return e.Truth.WriteFile(filepath.Join(out, e.Scenario.Name+".truth.json"))
}

// interfaces names those of a vantage's capture.
func (e *Env) interfaces(vantage string) []string {
	if vantage == e.Scenario.Loopback {
		return []string{vantage, "lo"}
	}
	return []string{vantage}
}

func (e *Env) close() {
	_ = e.stopProcesses()
	for _, h := range e.hosts() {
		h.Close()
	}
	os.RemoveAll(e.Temp)
}

// tcp is the n-th TCP conversation, from 0.
func (e *Env) tcp(n int) (*link.Conversation, error) {
	for _, c := range e.Truth.Conversations {
		if c.Transport == "tcp" {
			if n == 0 {
				return c, nil
			}
			n--
		}
	}
	return nil, fmt.Errorf("too few TCP connections on the link")
}

// software notes the version that a program tells of itself.
func (e *Env) software(name string, argv ...string) {
	b, _ := exec.Command(argv[0], argv[1:]...).CombinedOutput()
	e.Truth.Software[name] = strings.TrimSpace(strings.SplitN(string(b), "\n", 2)[0])
}

func kernelRelease() string {
	b, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(b))
}

func macString(m [6]byte) string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5])
}

// address is a host's IPv4 address with a port.
func (h *Host) address(port uint16) string {
	return netip.AddrPortFrom(netip.MustParseAddr(h.IP), port).String()
}

func decode(b []byte, into any) error {
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("%w in %.200q", err, b)
	}
	return nil
}
