package wiresight

import (
	"context"
	"embed"
	"encoding/json"
	"io"
	"io/fs"
	"path"
	"sort"
	"strings"

	"github.com/wiresight/wiresight/capture/file"
	"github.com/wiresight/wiresight/decode/secrets"
)

// Some captures of testdata travel in the binary, so that an installed
// wiresight has something to open. Those that serve only the tests do not: a
// scenario is bundled by naming its files here: captures, truth and keys.
//
//go:embed testdata/dns.* testdata/dns-then-http.*
//go:embed testdata/h2c-go.* testdata/http2-go.* testdata/http2-nginx-curl.* testdata/http2-stalled-window.*
//go:embed testdata/http1-*
//go:embed testdata/impaired-path.*
//go:embed testdata/lookalike-*
//go:embed testdata/loss-*
//go:embed testdata/nagle-*
//go:embed testdata/polling.* testdata/polling-new-connections.*
//go:embed testdata/quic-go.* testdata/quic-0rtt-go.* testdata/quic-retry-go.* testdata/quic-v2-go.*
//go:embed testdata/reordering.*
//go:embed testdata/tcp-port-reuse.* testdata/tcp-refused.*
//go:embed testdata/tls-protocol-version.*
//go:embed testdata/tls12-nginx-curl.* testdata/tls12-resumed.* testdata/tls12-unknown-ca.*
//go:embed testdata/tls13-nginx-curl.* testdata/tls13-resumed.* testdata/tls13-unknown-ca.*
//go:embed testdata/tls13-0rtt.* testdata/tls13-hello-retry.*
//go:embed testdata/grpc-kinds.* testdata/sse-http1.* testdata/websocket-deflate.* testdata/websocket-push.*
//go:embed testdata/udp-unreachable.*
//go:embed testdata/lessons/*.json
//go:embed testdata/hol-http2-loss.client.pcapng testdata/hol-http2-loss.truth.json testdata/http3-loss.*
//go:embed testdata/http2-nginx-parallel.* testdata/mqtt-fanout.* testdata/webrtc-data.*
//go:embed testdata/zero-window.*
var bundled embed.FS

// Example is one capture that is built in.
type Example struct {
	Name    string // the scenario, e.g. "polling"
	About   string // one sentence
	Vantage string // where it was captured: "client", "middle" or "server"
	path    string
	keys    string // of the key log beside it, "" for none
}

// Examples lists the built-in captures by name. Where a scenario was captured
// at several places, the client's capture has the scenario's plain name and
// the others have theirs behind a dot.
func Examples() []Example {
	files, err := fs.Glob(bundled, "testdata/*.pcapng")
	if err != nil {
		return nil
	}
	list := make([]Example, 0, len(files))
	for _, f := range files {
		scenario, vantage, _ := strings.Cut(strings.TrimSuffix(path.Base(f), ".pcapng"), ".")
		e := Example{Name: scenario, Vantage: vantage, path: f, About: about(scenario)}
		if vantage != "client" {
			e.Name += "." + vantage
		}
		if keys := "testdata/" + scenario + ".keys"; exists(keys) {
			e.keys = keys
		}
		list = append(list, e)
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}

func exists(path string) bool {
	f, err := bundled.Open(path)
	if err == nil {
		f.Close()
	}
	return err == nil
}

// about reads the sentence that describes a scenario.
func about(scenario string) string {
	data, err := bundled.ReadFile("testdata/" + scenario + ".truth.json")
	if err != nil {
		return ""
	}
	var truth struct{ Description string }
	if json.Unmarshal(data, &truth) != nil {
		return ""
	}
	return truth.Description
}

// FindExample returns the example with a name.
func FindExample(name string) (Example, bool) {
	for _, e := range Examples() {
		if e.Name == name || e.Name+".client" == name {
			return e, true
		}
	}
	return Example{}, false
}

// Data returns the capture's bytes.
func (e Example) Data() (io.ReadCloser, error) { return bundled.Open(e.path) }

// Open opens the example as a session, with the keys that its programs wrote.
func (e Example) Open(ctx context.Context, opt Options) (*Session, error) {
	if log, err := bundled.ReadFile(e.keys); err == nil {
		if opt.Secrets == nil {
			opt.Secrets = secrets.New()
		}
		opt.Secrets.AddKeyLog(log)
		opt.Secrets.EndKeyLog()
	}
	r, err := e.Data()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	src, err := file.Read(e.Name+".pcapng", r, file.Options{Context: ctx})
	if err != nil {
		cancel()
		return nil, err
	}
	return newSession(src, opt, cancel, false)
}
