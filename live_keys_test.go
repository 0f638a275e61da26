package wiresight_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/capture/live"
	"github.com/wiresight/wiresight/decode/secrets"
)

// A key log is written while the connection it belongs to is captured, and may
// not even be there when capturing begins.
func TestKeysThatComeWhileCapturing(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("captures on the loopback of Linux")
	}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") }))
	defer server.Close()
	port := server.URL[strings.LastIndexByte(server.URL, ':')+1:]
	path := filepath.Join(t.TempDir(), "keys")
	keys := secrets.New()
	if err := wiresight.LoadKeys(keys, path, true); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	s, err := wiresight.OpenLive(ctx, "lo", wiresight.Options{CaptureFilter: "tcp port " + port, Secrets: keys})
	if errors.Is(err, live.ErrPermission) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.Start()

	var log bytes.Buffer
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, KeyLogWriter: &log}}}
	get := func(name string) {
		r, err := client.Get(server.URL + name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		r.Body.Close()
	}
	get("/before")
	time.Sleep(100 * time.Millisecond) // its packets are read without a key
	if err := os.WriteFile(path, log.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	get("/behind")
	names := func() (names []string) {
		s.View(func(v wiresight.View) {
			for _, c := range v.Model.Conversations {
				for _, e := range c.Exchanges {
					names = append(names, e.Name)
				}
			}
		})
		return names
	}
	for range 100 {
		if slices.Contains(names(), "GET /behind") {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if got := names(); !slices.Contains(got, "GET /behind") || !slices.Contains(got, "GET /before") {
		t.Errorf("exchanges %q", got)
	}
}
