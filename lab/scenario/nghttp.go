package scenario

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/wiresight/wiresight/lab/truth"
)

const nghttpPort = 8080 // nghttp knows a push for its own request only where the URL names a port

// nghttp starts nghttpd without TLS on the server and lets nghttp ask it for
// targets; what nghttp logs of each frame becomes the truth.
func (e *Env) nghttp(server, client []string, targets ...string) error {
	root := filepath.Join(e.Temp, "www")
	if err := os.Mkdir(root, 0o755); err != nil {
		return err
	}
	for name, size := range map[string]int{"index.html": 400, "style.css": 900, "app.js": 1400, "large.bin": 30000} {
		content := []byte(strings.Repeat("The lab's page has parts of several sizes.\n", size/43+1)[:size])
		if err := os.WriteFile(filepath.Join(root, name), content, 0o644); err != nil {
			return err
		}
	}
	e.software("nghttp2", "nghttp", "--version")
	argv := append([]string{"nghttpd", "--no-tls", "-a", e.Server.IP, "-d", root}, server...)
	if _, err := e.start(e.Server, append(argv, fmt.Sprint(nghttpPort))...); err != nil {
		return err
	}
	time.Sleep(300 * time.Millisecond) // nghttpd does not say when it listens
	argv = append([]string{"-v", "-n"}, client...)
	for _, t := range targets {
		argv = append(argv, fmt.Sprintf("http://%s:%d%s", e.Server.IP, nghttpPort, t))
	}
	out, err := e.finish(e.Client, exec.Command("nghttp", argv...))
	if err != nil {
		return fmt.Errorf("nghttp: %w", err)
	}
	r := nghttpReader{frames: truth.HTTP2{Witness: "client", Frames: truth.NewCounts()}, streams: map[int64]*truth.Request{}}
	for line := range strings.Lines(string(out)) {
		r.line(strings.TrimRight(line, "\n"))
	}
	for _, id := range r.order {
		e.Truth.Requests = append(e.Truth.Requests, *r.streams[id])
	}
	e.Truth.HTTP2 = []truth.HTTP2{r.frames}
	return nil
}

// nghttpReader reads nghttp's log: a line for each frame, indented lines that
// belong to it, and a line for each header field received.
type nghttpReader struct {
	frames  truth.HTTP2
	streams map[int64]*truth.Request
	order   []int64

	from, kind string // of the frame before
	stream     int64
	promised   string // target of the push to come
}

var (
	nghttpFrame   = regexp.MustCompile(`^\[ *[0-9.]+\] (send|recv) ([A-Z_]+) frame <length=(\d+), flags=0x([0-9a-f]+), stream_id=(\d+)>`)
	nghttpField   = regexp.MustCompile(`^\[ *[0-9.]+\] recv \(stream_id=(\d+)\) (:?[^:]+): (.*)$`)
	nghttpSent    = regexp.MustCompile(`^ +(:[a-z]+|priority): (.*)$`)
	nghttpSetting = regexp.MustCompile(`^ +\[SETTINGS_([A-Z_]+)\(0x[0-9a-f]+\):(\d+)\]`)
	nghttpDepends = regexp.MustCompile(`dep_stream_id=(\d+), weight=(\d+), exclusive=(\d)`)
	nghttpPadding = regexp.MustCompile(`padlen=(\d+)`)
	nghttpPromise = regexp.MustCompile(`promised_stream_id=(\d+)`)
	nghttpError   = regexp.MustCompile(`error_code=([A-Z_]+)`)
	nghttpLast    = regexp.MustCompile(`last_stream_id=(\d+)`)
)

func (r *nghttpReader) line(l string) {
	if m := nghttpFrame.FindStringSubmatch(l); m != nil {
		r.from, r.kind, r.stream = map[string]string{"send": "client", "recv": "server"}[m[1]], m[2], integer(m[5])
		r.frames.Frames.Add(r.from == "client", r.kind)
		if r.kind == "DATA" && r.from == "server" {
			r.request(r.stream).Body += integer(m[3])
		}
		return
	}
	if m := nghttpField.FindStringSubmatch(l); m != nil {
		r.received(integer(m[1]), m[2], m[3])
		return
	}
	r.detail(l)
}

// request is the one of a stream, made when it is first seen.
func (r *nghttpReader) request(stream int64) *truth.Request {
	q := r.streams[stream]
	if q == nil {
		q = &truth.Request{Protocol: "http2", Stream: &stream, Reused: len(r.order) > 0}
		r.streams[stream], r.order = q, append(r.order, stream)
	}
	return q
}

// received is a field of the block whose frame is told after it.
func (r *nghttpReader) received(stream int64, name, value string) {
	switch name {
	case ":path":
		r.promised = value
	case ":status":
		r.request(stream).Status = int(integer(value))
	case "x-checksum":
		r.request(stream).Trailers = map[string]string{name: value}
	}
}

// detail is an indented line about the frame before it.
func (r *nghttpReader) detail(l string) {
	toServer := r.from == "client"
	if strings.HasPrefix(strings.TrimSpace(l), ";") && strings.Contains(l, "PADDED") {
		if r.frames.Padded == nil {
			padded := truth.NewCounts()
			r.frames.Padded = &padded
		}
		r.frames.Padded.Add(toServer, r.kind)
	}
	if m := nghttpDepends.FindStringSubmatch(l); m != nil {
		r.frames.Priorities = append(r.frames.Priorities, truth.Priority{
			From: r.from, Frame: r.kind, Stream: r.stream, DependsOn: integer(m[1]), Weight: int(integer(m[2])), Exclusive: m[3] == "1",
		})
	}
	if m := nghttpSetting.FindStringSubmatch(l); m != nil {
		of := &r.frames.Settings.ToClient
		if toServer {
			of = &r.frames.Settings.ToServer
		}
		if *of == nil {
			*of = map[string]uint32{}
		}
		(*of)[m[1]] = uint32(integer(m[2]))
	}
	if m := nghttpPadding.FindStringSubmatch(l); m != nil && r.kind == "DATA" && !toServer {
		r.request(r.stream).Body -= integer(m[1]) // the frame's length counts it
	}
	if m := nghttpError.FindStringSubmatch(l); m != nil {
		r.ended(l, m[1])
	}
	if m := nghttpPromise.FindStringSubmatch(l); m != nil {
		push := truth.Push{Stream: r.stream, Promised: integer(m[1]), Target: r.promised}
		r.frames.Pushes = append(r.frames.Pushes, push)
		q := r.request(push.Promised)
		q.Method, q.Target, q.Pushed = "GET", push.Target, true
	}
	if m := nghttpSent.FindStringSubmatch(l); m != nil && toServer && r.kind == "HEADERS" {
		r.sent(m[1], m[2])
	}
}

func (r *nghttpReader) ended(l, code string) {
	if r.kind == "RST_STREAM" {
		r.frames.Resets = append(r.frames.Resets, truth.Reset{From: r.from, Stream: r.stream, Code: code})
		return
	}
	last := int64(0)
	if m := nghttpLast.FindStringSubmatch(l); m != nil {
		last = integer(m[1])
	}
	r.frames.GoAways = append(r.frames.GoAways, truth.GoAway{From: r.from, LastStream: last, Code: code})
}

func (r *nghttpReader) sent(name, value string) {
	q := r.request(r.stream)
	switch name {
	case ":method":
		q.Method = value
	case ":path":
		q.Target = value
	case ":authority":
		q.Host = value
	case "priority":
		r.frames.Priorities = append(r.frames.Priorities, truth.Priority{From: r.from, Frame: "HEADERS", Stream: r.stream, Value: value})
	}
}

func integer(s string) (n int64) {
	_, _ = fmt.Sscan(s, &n)
	return n
}
