package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// hostile is an input made to hurt. docs/hardening.md is the table of them.
type hostile struct {
	name string
	// speaks is the protocol that must be recognised: else the input would hurt
	// nobody.
	speaks string
	make   func(tr *trace, n int) // n is how often
	n      int                    // in full; tests take a twentieth unless WIRESIGHT_HOSTILE is set
	// Bounds in full, of the whole process: seconds of CPU time and MiB of
	// resident memory, both far above what was measured.
	seconds, memory int
	what            string // happens
}

// WIRESIGHT_HOSTILE=full makes the inputs in full and prints the rows of
// docs/hardening.md.
func TestHostileInputsStayBounded(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("peak memory is measured in Linux's unit")
	}
	full := os.Getenv("WIRESIGHT_HOSTILE") != ""
	lists := [][]hostile{hostileNetwork, hostileWeb, hostileQUIC, hostileMessaging, hostileMedia, hostileFiles}
	for i, list := range lists {
		for _, h := range list {
			t.Run(h.name, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "hostile.pcap")
				tr, done := newTrace(t, path)
				n := h.n
				if !full {
					n = max(1, n/20)
				}
				if i < len(lists)-1 { // the last ones write their own
					tr.head()
				}
				h.make(tr, n)
				done()
				measure(t, &h, path, tr.packets, full)
			})
		}
	}
}

// measure reports on the input as a process of its own and holds it to its
// bounds.
func measure(t *testing.T, h *hostile, path string, packets int, full bool) {
	out, err := os.Create(path + ".json")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	var errs strings.Builder
	cmd := command("report", "--json", path)
	cmd.Stdout, cmd.Stderr = out, &errs
	peak, err := os.Create(path + ".peak")
	if err != nil {
		t.Fatal(err)
	}
	defer peak.Close()
	cmd.ExtraFiles = []*os.File{peak}
	cmd.Env = append(cmd.Env, peakVariable+"=3")
	limit := time.AfterFunc(2*time.Minute, func() { cmd.Process.Kill() })
	err = cmd.Run()
	limit.Stop()
	if code := cmd.ProcessState.ExitCode(); code != 0 && code != 1 {
		t.Fatalf("ended with %v: %.500s", err, errs.String())
	}
	report, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	var said struct{ Protocols []struct{ Name string } }
	if err := json.Unmarshal(report, &said); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(said.Protocols, func(p struct{ Name string }) bool { return p.Name == h.speaks }) {
		t.Errorf("%s was not recognised: %v", h.speaks, said.Protocols)
	}
	if i := strings.Index(string(report), "decoder failed"); i >= 0 {
		t.Errorf("%.200s", report[i:])
	}
	cpu := (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	var memory int
	if _, err := fmt.Sscanf(field(t, peak.Name(), "VmHWM"), "%d kB", &memory); err != nil {
		t.Fatal(err)
	}
	memory >>= 10
	if cpu > float64(h.seconds) || memory > h.memory {
		t.Errorf("took %.2f s of CPU time and %d MiB, more than %d s and %d MiB", cpu, memory, h.seconds, h.memory)
	}
	if full {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("| %s | %d packets, %.1f MB | %s | %d MiB | %.2f s |\n", h.name, packets, float64(info.Size())/1e6, h.what, memory, cpu)
	}
}

// peakVariable names the descriptor to which the command writes its
// /proc/self/status in the end. The kernel's ru_maxrss would not do: it counts
// the parent's memory, too.
const peakVariable = "WIRESIGHT_TEST_PEAK"

// peakWatch opens what must be read in the end, as the command confines itself.
func peakWatch() (done func()) {
	number, err := strconv.Atoi(os.Getenv(peakVariable))
	status, err2 := os.Open("/proc/self/status")
	if err != nil || err2 != nil {
		return func() {}
	}
	out := os.NewFile(uintptr(number), "peak")
	return func() {
		b := make([]byte, 8192)
		n, _ := status.ReadAt(b, 0)
		out.Write(b[:n])
	}
}

// field returns a field of a /proc/self/status that was saved.
func field(t *testing.T, path, name string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	t.Fatalf("no %s in %q", name, b)
	return ""
}
