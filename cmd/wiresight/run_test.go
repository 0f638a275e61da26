package main

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// visit is what the test binary does as the command that is run: it fetches a
// page over TLS, writes its secrets to the key log, and exits with a code.
func visit(url string) int {
	keys, err := os.OpenFile(os.Getenv(keyLogVariable), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, KeyLogWriter: keys}}}
	r, err := client.Get(url)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	page, _ := io.ReadAll(r.Body)
	r.Body.Close()
	info, err := os.Stat(os.Getenv(keyLogVariable))
	if err != nil {
		return 1
	}
	fmt.Fprintf(os.Stderr, "page %q, key log %v\n", page, info.Mode())
	return 7
}

type captured struct {
	Conversations []struct {
		Stack     []string
		TLS       *struct{ Decrypted bool }
		Exchanges []struct{ Name string }
	}
}

func TestRunShowsWhatTheCommandDidDecrypted(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }))
	defer server.Close()
	port := server.URL[strings.LastIndexByte(server.URL, ':')+1:]
	kept := filepath.Join(t.TempDir(), "kept.pcapng")
	stdout, stderr, code := call(t, "run", "--json", "-i", loopback(), "-f", "tcp port "+port, "-w", kept, "--",
		os.Args[0], visitArgument, server.URL+"/secret")
	if strings.Contains(stderr, "right to") || strings.Contains(stderr, "permitted") {
		t.Skip(stderr)
	}
	if code != 7 || !strings.Contains(stderr, `page "hello", key log -rw-------`) {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	decrypted := func(document string) {
		t.Helper()
		var got captured
		if err := json.Unmarshal([]byte(document), &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Conversations) != 1 || got.Conversations[0].TLS == nil || !got.Conversations[0].TLS.Decrypted ||
			len(got.Conversations[0].Exchanges) != 1 || got.Conversations[0].Exchanges[0].Name != "GET /secret" {
			t.Errorf("%+v", got)
		}
	}
	decrypted(stdout)

	stdout, stderr, code = call(t, "report", "--json", kept) // the keys are in it
	if code != exitOK {
		t.Fatal(stderr)
	}
	decrypted(stdout)
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "wiresight-run-*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func loopback() string {
	if runtime.GOOS == "linux" {
		return "lo"
	}
	return "lo0"
}

func TestRunExitsAsTheCommand(t *testing.T) {
	notExecutable := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(notExecutable, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		command []string
		code    int
	}{
		{"well", []string{"true"}, 0},
		{"with a code", []string{"sh", "-c", "exit 5"}, 5},
		{"by a signal", []string{"sh", "-c", "kill -9 $$"}, 137},
		{"by a broken pipe, which it does not ignore", []string{"sh", "-c", "kill -13 $$"}, 141},
		{"never: there is no such command", []string{"no-such-command"}, exitNotFound},
		{"never: it is no program", []string{notExecutable}, exitNotExecutable},
		{"never: none is named", nil, exitUsage},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := slices.Concat([]string{"run", "-i", loopback(), "-f", "tcp port 1", "--report", "--"}, c.command)
			_, stderr, code := call(t, args...)
			if strings.Contains(stderr, "right to") {
				t.Skip(stderr)
			}
			if code != c.code {
				t.Errorf("exit code %s, not %d: %s", strconv.Itoa(code), c.code, stderr)
			}
		})
	}
}
