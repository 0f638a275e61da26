package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestMain lets the test binary be the command, so that exit codes, pipes and
// streams are tested as a shell sees them.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == visitArgument { // the command that a run runs
		os.Exit(visit(os.Args[2]))
	}
	if os.Getenv("WIRESIGHT_TEST_COMMAND") != "" {
		peak := peakWatch()
		code := run(os.Args[1:])
		peak()
		os.Exit(code)
	}
	os.Exit(m.Run())
}

const visitArgument = "visit"

const page = "../../testdata/http1-keepalive-page.client.pcapng"

func command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "WIRESIGHT_TEST_COMMAND=1", "XDG_CACHE_HOME="+os.TempDir())
	return cmd
}

// call runs the command and returns what it wrote and its exit code.
func call(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := command(args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		if _, exited := err.(*exec.ExitError); !exited {
			t.Fatal(err)
		}
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// damaged writes a capture whose last packet is cut off.
func damaged(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "damaged.pcapng")
	if err := os.WriteFile(path, data[:len(data)*2/3], 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExitCodes(t *testing.T) {
	own := filepath.Join(t.TempDir(), "own.pcapng")
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(own, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		args []string
		code int
		says string // on standard error
	}{
		{"a report", []string{"report", page}, exitOK, ""},
		{"packets of standard input's name", []string{"packets", "-c", "1", page}, exitOK, ""},
		{"the file by -r", []string{"report", "-r", page}, exitOK, ""},
		{"a file that is not there", []string{"report", "no-such-file.pcap"}, exitFailed, "no-such-file.pcap"},
		{"a file that is no capture", []string{"packets", "main.go"}, exitFailed, "not a pcap"},
		{"a damaged file", []string{"report", damaged(t)}, exitFailed, "damaged.pcapng"},
		{"report without a file", []string{"report"}, exitUsage, "needs a FILE"},
		{"packets without a file", []string{"packets"}, exitUsage, "needs a FILE"},
		{"an unknown flag", []string{"report", "--nonsense", page}, exitUsage, "nonsense"},
		{"an unknown format", []string{"report", "--format", "xml", page}, exitUsage, "xml"},
		{"two formats", []string{"report", "--json", "--format", "text", page}, exitUsage, "choose one"},
		{"two files for packets", []string{"packets", page, page}, exitUsage, "too many"},
		{"a file and an interface", []string{"packets", "-i", "lo", page}, exitUsage, "choose one"},
		{"a wrong display filter", []string{"packets", "-Y", "http and foo", page}, exitUsage, "column 10"},
		{"a wrong capture filter", []string{"report", "-f", "port port", page}, exitUsage, ""},
		{"saving onto the file that is read", []string{"packets", "-w", own, own}, exitUsage, "would replace"},
		{"a key log that is not there", []string{"report", "--keys", "no-such-keys", page}, exitUsage, "no-such-keys"},
		{"a schema that is not there", []string{"report", "--proto", "no-such.proto", page}, exitUsage, "no-such.proto"},
		{"a folder without schemas", []string{"report", "--proto", ".", page}, exitUsage, "no .proto files"},
		{"a schema that is none", []string{"report", "--proto", "main.go", page}, exitUsage, "no descriptor set"},
		{"a directory for a key log", []string{"report", "--keys", ".", page}, exitUsage, "is a directory"},
		{"a key log", []string{"report", "--keys", "../../testdata/tls13-nginx-curl.keys", page}, exitOK, ""},
		{"a file without keys", []string{"report", "--keys", "main.go", page}, exitOK, "no keys"},
		{"a port decoded as what nobody knows", []string{"report", "-d", "tcp.port==80,nonsense", page}, exitUsage, "nonsense"},
		{"a port decoded as HTTP", []string{"report", "-d", "tcp.port==80,http", page}, exitOK, ""},
		{"a screen without a terminal", []string{page}, exitUsage, "no terminal"},
		{"nothing at all without a terminal", nil, exitUsage, "no terminal"},
		{"an example that is not there", []string{"examples", "nonsense"}, exitUsage, "nonsense"},
		{"a part of an example's name", []string{"examples", "1-pipelin"}, exitUsage, "there is http1-pipelining"},
		{"a part of a pattern's name", []string{"patterns", "Nagle"}, exitUsage, "nagle-delayed-ack"},
		{"a part of a lesson's name", []string{"lesson", "40"}, exitUsage, "why-40-ms"},
		{"the lessons by the other name", []string{"lessons"}, exitOK, ""},
		{"notes on what is not there", []string{"notes", "no-such-file.pcap"}, exitFailed, "no-such-file.pcap"},
		{"no notes", []string{"notes", page}, exitOK, "no notes on"},
		{"a filter that nothing passes", []string{"packets", "-Y", "ip.adr == 1.2.3.4", page}, exitOK, "none of"},
		{"help", []string{"--help"}, exitOK, ""},
		{"what confines it", []string{"--version", "--verbose"}, exitOK, ""},
		{"no sandbox", []string{"report", "--no-sandbox", page}, exitOK, ""},
		{"the version", []string{"--version"}, exitOK, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, stderr, code := call(t, test.args...)
			if code != test.code || !strings.Contains(stderr, test.says) {
				t.Errorf("exit code %d, want %d; standard error %q, want %q", code, test.code, stderr, test.says)
			}
			if code == exitFailed && strings.Count(stderr, "\n") != 1 {
				t.Errorf("more than one line on standard error: %q", stderr)
			}
		})
	}
	if now, err := os.ReadFile(own); err != nil || !bytes.Equal(now, data) {
		t.Errorf("the capture was changed: %v", err)
	}
}

// The capture's packets come up to 35 ms apart, and its stream's time stamps
// are of a dynamic payload type whose clock fits none that is known.
func TestAJitterWithoutAClockIsNotTold(t *testing.T) {
	out, _, code := call(t, "report", "--keys", "../../testdata/webrtc-media.keys", "../../testdata/webrtc-media.client.pcapng")
	if code != exitOK || !strings.Contains(out, "streams of media") || strings.Contains(out, "jitter") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

func TestADamagedFileIsReportedOnAsFarAsItGoes(t *testing.T) {
	out, _, _ := call(t, "report", "--json", damaged(t))
	var doc struct {
		Capture struct {
			Packets  int
			Problems []struct{ Text string }
			Error    string
		}
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatal(err)
	}
	if c := doc.Capture; c.Packets < 10 || c.Packets > 57 || len(c.Problems) == 0 || c.Error == "" {
		t.Errorf("capture %+v", c)
	}
}

func TestSeveralFilesAreSeveralDocuments(t *testing.T) {
	out, _, code := call(t, "report", "--json", page, "no-such-file", page)
	d := json.NewDecoder(strings.NewReader(out))
	for n := range 2 {
		var doc struct{ Schema string }
		if err := d.Decode(&doc); err != nil || doc.Schema != "wiresight.report/1" {
			t.Fatalf("document %d: %q, %v", n+1, doc.Schema, err)
		}
	}
	if d.More() || code != exitFailed {
		t.Errorf("more than two documents, or exit code %d", code)
	}
}

func TestAReaderThatHasSeenEnoughIsNoFailure(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("pipes close in another way")
	}
	for _, args := range [][]string{{"packets", "--json", page}, {"report", "--json", page, page, page, page}} {
		cmd := command(args...)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := bufio.NewReaderSize(out, 16).ReadString('{'); err != nil {
			t.Fatal(err)
		}
		out.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestNothingIsDrawnWithoutATerminal(t *testing.T) {
	for _, args := range [][]string{{"report", page}, {"packets", page}, {"examples"}, {"interfaces"}} {
		out, stderr, _ := call(t, args...)
		if strings.Contains(out, "\x1b") || stderr != "" || out == "" {
			t.Errorf("%v: escape sequences in %.100q, or standard error %q", args, out, stderr)
		}
	}
}

func TestPacketsThatTheFilterChooses(t *testing.T) {
	out, _, _ := call(t, "packets", "-Y", "http.request", page)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 11 || !strings.Contains(lines[10], "GET ") {
		t.Errorf("got %d lines:\n%s", len(lines), out)
	}
}

func TestSavingWhatTheCaptureFilterPasses(t *testing.T) {
	saved := filepath.Join(t.TempDir(), "out.pcapng")
	if _, stderr, code := call(t, "packets", "-f", "src port 80", "-w", saved, page); code != exitOK {
		t.Fatal(stderr)
	}
	out, stderr, code := call(t, "packets", saved)
	if n := strings.Count(out, "\n"); n != 31 || code != exitOK {
		t.Errorf("%d packets were saved, exit code %d: %s", n, code, stderr)
	}
}

func TestExamplesAreSavedAndNeverReplaced(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	out, _, code := call(t, "examples", "--save", dir, "polling")
	path := filepath.Join(dir, "polling.pcapng")
	if code != exitOK || out != path+"\n" {
		t.Fatalf("exit code %d, wrote %q", code, out)
	}
	if _, stderr, code := call(t, "examples", "--save", dir, "polling"); code != exitFailed || !strings.Contains(stderr, "nothing is overwritten") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if _, stderr, code := call(t, "report", path); code != exitOK {
		t.Errorf("the saved example: %s", stderr)
	}
}

func TestInterfacesAsJSON(t *testing.T) {
	out, _, _ := call(t, "interfaces", "--json")
	var list []struct{ Name string }
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 || list[0].Name == "" {
		t.Errorf("interfaces %v", list)
	}
}

func TestCompletion(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"examples":   {[]string{"examples", "poll"}, "polling\t"},
		"formats":    {[]string{"report", "--format", ""}, "json"},
		"files":      {[]string{"report", ""}, "pcapng\n"},
		"interfaces": {[]string{"packets", "-i", ""}, "\tup\n"},
	} {
		out, _, _ := call(t, append([]string{"__complete"}, test.args...)...)
		if !strings.Contains(out, test.want) {
			t.Errorf("%s: completed %q", name, out)
		}
	}
}

func TestSave(t *testing.T) {
	const encrypted, keys = "../../testdata/websocket-tls.client.pcapng", "../../testdata/websocket-tls.keys"
	out := filepath.Join(t.TempDir(), "out.pcapng")
	if _, stderr, code := call(t, "save", "--keys", keys, "--embed-keys", "-f", "tcp", "-w", out, encrypted); code != exitOK || !strings.Contains(stderr, "packets saved to "+out) {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	stdout, _, _ := call(t, "report", "--json", out)
	if !strings.Contains(stdout, `"name":"GET /chat"`) {
		t.Error("what was saved cannot be read")
	}
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"save", encrypted}, "-w"},
		{[]string{"save", "-w", out}, "FILE"},
		{[]string{"save", "-w", out, "-Y", "tls", encrypted}, "-f"},
		{[]string{"report", "--embed-keys", encrypted}, "-w"},
	} {
		if _, stderr, code := call(t, c.args...); code != exitUsage || !strings.Contains(stderr, c.says) {
			t.Errorf("%q: exit code %d: %s", c.args, code, stderr)
		}
	}
}
