package scenario

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/wiresight/wiresight/lab/truth"
)

// ngtcp2Scenarios are HTTP/3 by another family of software: ngtcp2 and nghttp3,
// whose QPACK uses the dynamic table.
func ngtcp2Scenarios() []Scenario {
	path := Path{OneWay: 10 * time.Millisecond}
	programs := []string{"gtlsserver", "gtlsclient"}
	return []Scenario{
		{
			Name: "http3-ngtcp2", Description: "ngtcp2's client makes six requests to its server over HTTP/3; both compress fields with QPACK's dynamic table.",
			Path: path, Programs: programs,
			Shows: []string{"multiplexing"},
			Run:   func(e *Env) error { return runNgtcp2(e, nil, []string{"-n", "6"}, "/", "/style.css", "/app.js") },
			Check: all(statuses(200, 200, 200, 200, 200, 200), onlyDatagrams(1), func(e *Env) error {
				if n := e.Truth.QUIC[0].HTTP3.Encoders; n.ToServer == 0 || n.ToClient == 0 {
					return fmt.Errorf("the dynamic table was not used both ways: %+v", n)
				}
				return nil
			}),
		},
		{
			Name: "quic-ngtcp2-rebinding", Description: "ngtcp2's client changes its port in the middle without a word, as behind a NAT; its server validates the new path.",
			Path: path, Programs: programs,
			Run: func(e *Env) error {
				return runNgtcp2(e, nil, []string{"-n", "3", "--nat-rebinding", "--change-local-addr=150ms", "--delay-stream=250ms"}, "/", "/style.css")
			},
			Check: all(statuses(200, 200, 200), onlyDatagrams(2), quicFrames("PATH_CHALLENGE", 0, 1)),
		},
		{
			Name: "quic-ngtcp2-key-update", Description: "ngtcp2's client changes its keys 150 ms after the handshake, between requests; the address was validated by a Retry.",
			Path: path, Programs: programs,
			Run: func(e *Env) error {
				return runNgtcp2(e, []string{"--validate-addr"}, []string{"-n", "3", "--key-update=150ms", "--delay-stream=250ms"}, "/", "/app.js")
			},
			Check: all(statuses(200, 200, 200), onlyDatagrams(1), packetCount("retry", 0, 1), func(e *Env) error {
				if e.Truth.QUIC[0].KeyUpdates == 0 {
					return fmt.Errorf("no key update")
				}
				return nil
			}),
		},
	}
}

// runNgtcp2 lets ngtcp2's client ask its server for targets and reads the truth
// in the client's log and qlog.
func runNgtcp2(e *Env, server, client []string, targets ...string) error {
	c, err := e.certificate()
	if err != nil {
		return err
	}
	root := filepath.Join(e.Temp, "www")
	if err := os.Mkdir(root, 0o755); err != nil {
		return err
	}
	for name, size := range map[string]int{"index.html": 400, "style.css": 900, "app.js": 3000} {
		text := strings.Repeat("The lab's page has parts of several sizes.\n", size/43+1)[:size]
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	argv := append([]string{"gtlsserver", "-q", "-d", root}, server...)
	if _, err := e.start(e.Server, append(argv, e.Server.IP, fmt.Sprint(tlsPort), c.Key, c.Certificate)...); err != nil {
		return err
	}
	time.Sleep(300 * time.Millisecond) // the server does not say when it listens
	qlog := filepath.Join(e.Temp, "client.qlog")
	argv = append([]string{"--exit-on-all-streams-close", "--no-quic-dump", "--qlog-file=" + qlog}, client...)
	argv = append(argv, e.Server.IP, fmt.Sprint(tlsPort))
	for _, t := range targets {
		argv = append(argv, "https://"+serverName+t)
	}
	cmd := exec.Command("gtlsclient", argv...)
	cmd.Env = append(os.Environ(), "SSLKEYLOGFILE="+e.Keys)
	log, err := e.transcript(e.Client, cmd)
	if err != nil {
		return fmt.Errorf("gtlsclient: %w", err)
	}
	e.Truth.Software["ngtcp2"] = debianVersion("ngtcp2-client")
	events, err := os.ReadFile(qlog)
	if err != nil {
		return err
	}
	q, err := readQlog(events)
	if err != nil {
		return err
	}
	q.TLS.SNI, q.TLS.Version, q.TLS.ALPN = "localhost", "TLS 1.3", "h3" // its name for any server that is given as an address
	r := ngtcp2Reader{quic: q, targets: targets}
	for line := range strings.Lines(log) {
		r.line(strings.TrimRight(line, "\n"))
	}
	e.Truth.QUIC, e.Truth.Requests = []truth.QUIC{*q}, r.requests
	return nil
}

// debianVersion is the version of a package, for programs that do not tell it.
func debianVersion(name string) string {
	b, err := exec.Command("dpkg-query", "-W", "-f", "${Version}", name).Output()
	if err != nil {
		return "unknown"
	}
	return string(b)
}

// ngtcp2Reader reads what the client prints of HTTP/3.
type ngtcp2Reader struct {
	quic     *truth.QUIC
	targets  []string // asked for in turn
	requests []truth.Request
}

var (
	ngtcp2Submit = regexp.MustCompile(`^http: stream 0x([0-9a-f]+) submit request headers`)
	ngtcp2Status = regexp.MustCompile(`^http: stream 0x([0-9a-f]+) \[:status: (\d+)\]`)
	ngtcp2Body   = regexp.MustCompile(`^http: stream 0x([0-9a-f]+) body (\d+) bytes`)
)

func (r *ngtcp2Reader) line(l string) {
	if m := ngtcp2Submit.FindStringSubmatch(l); m != nil {
		id := hexadecimal(m[1])
		n := len(r.requests)
		r.requests = append(r.requests, truth.Request{
			Protocol: "http3", Stream: &id, Method: "GET",
			Target: r.targets[n%len(r.targets)], Host: serverName, Reused: n > 0,
		})
	}
	if m := ngtcp2Status.FindStringSubmatch(l); m != nil {
		if q := r.of(m[1]); q != nil {
			q.Status = int(integer(m[2]))
		}
	}
	if m := ngtcp2Body.FindStringSubmatch(l); m != nil {
		if q := r.of(m[1]); q != nil {
			q.Body += integer(m[2])
		}
	}
	if strings.HasSuffix(l, "the negotiated version is 0x00000001") {
		r.quic.Version = "v1"
	}
	if strings.HasPrefix(l, "Initiate key update") {
		r.quic.KeyUpdates++
	}
}

func (r *ngtcp2Reader) of(stream string) *truth.Request {
	for i := range r.requests {
		if *r.requests[i].Stream == hexadecimal(stream) {
			return &r.requests[i]
		}
	}
	return nil
}

func hexadecimal(s string) (n int64) {
	_, _ = fmt.Sscanf(s, "%x", &n)
	return n
}

// qlogEvent is the part of a qlog event (draft-ietf-quic-qlog-main-schema, as
// ngtcp2 writes it) that counts.
type qlogEvent struct {
	Name string
	Data struct {
		Header struct {
			Type string `json:"packet_type"`
		}
		Frames []struct {
			Type   string `json:"frame_type"`
			Stream int64  `json:"stream_id"`
			Length int64
		}
	}
}

// readQlog counts the packets and frames of a client's qlog.
func readQlog(file []byte) (*truth.QUIC, error) {
	packets, frames := truth.NewCounts(), truth.NewCounts()
	q := &truth.QUIC{Witness: "client", Packets: &packets, Frames: &frames}
	q.HTTP3 = &truth.HTTP3{Encoders: &truth.Sizes{ToServer: -1, ToClient: -1}} // less each stream's type
	for line := range strings.Lines(string(file)) {
		var e qlogEvent
		if err := json.Unmarshal([]byte(strings.Trim(line, "\x1e\n")), &e); err != nil {
			return nil, fmt.Errorf("qlog: %w", err)
		}
		toServer := e.Name == "transport:packet_sent"
		if !toServer && e.Name != "transport:packet_received" {
			if e.Name == "recovery:packet_lost" {
				q.Lost++
			}
			continue
		}
		packets.Add(toServer, e.Data.Header.Type)
		for _, f := range e.Data.Frames {
			if f.Type != "padding" {
				frames.Add(toServer, strings.ToUpper(f.Type))
			}
			switch {
			case f.Type == "stream" && f.Stream == 6 && toServer: // as nghttp3 numbers its QPACK encoders
				q.HTTP3.Encoders.ToServer += f.Length
			case f.Type == "stream" && f.Stream == 7 && !toServer:
				q.HTTP3.Encoders.ToClient += f.Length
			}
		}
	}
	return q, nil
}

// onlyDatagrams: the client used so many ports on the link, and the first
// conversation is the connection's.
func onlyDatagrams(ports int) func(*Env) error {
	return func(e *Env) error {
		if n := len(e.Truth.Conversations); n != ports {
			return fmt.Errorf("%d conversations on the link, not %d", n, ports)
		}
		q := &e.Truth.QUIC[0]
		q.Connection = e.Truth.Conversations[0].Client.String()
		q.TLS.Connection = q.Connection
		q.Paths = nil
		for _, c := range e.Truth.Conversations {
			if ports > 1 {
				q.Paths = append(q.Paths, c.Client.String())
			}
		}
		for i := range e.Truth.Requests {
			e.Truth.Requests[i].Connection = q.Connection
		}
		return nil
	}
}
