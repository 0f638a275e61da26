package filter

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/bpf"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/pcapng"
	"github.com/wiresight/wiresight/capture/window"
)

var update = flag.Bool("update", false, "ask tcpdump again what each expression matches")

// captures are real ones with the traffic that the expressions are about.
var captures = []string{
	"http1-get-go-ipv6.client", "http1-keepalive-page.client", "dns.client", "quic-0rtt-go.client",
	"loss-syn.client", "nagle-delayed-ack-rtt1ms.middle",
}

const (
	expressionsFile = "testdata/expressions.txt"
	expectedFile    = "testdata/expected.txt"
)

func capturePath(name string) string { return filepath.Join("../../testdata", name+".pcapng") }

func expressions(t testing.TB) []string {
	t.Helper()
	data, err := os.ReadFile(expressionsFile)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, line := range strings.Split(string(data), "\n") {
		if line != "" && !strings.HasPrefix(line, "#") {
			list = append(list, line)
		}
	}
	return list
}

func frames(t testing.TB, name string) []capture.Frame {
	t.Helper()
	f, err := os.Open(capturePath(name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := pcapng.NewReader(window.New(f), name)
	if err != nil {
		t.Fatal(err)
	}
	var list []capture.Frame
	for {
		var frame capture.Frame
		if err := r.Next(&frame); err != nil {
			return list
		}
		frame.Data = append([]byte(nil), frame.Data...)
		list = append(list, frame)
	}
}

// TestExpressionsMatchWhatTcpdumpMatches holds every expression of the list
// against tcpdump's answers, packet by packet, as they are kept in
// testdata/expected.txt; -update asks tcpdump anew.
func TestExpressionsMatchWhatTcpdumpMatches(t *testing.T) {
	if *update {
		writeExpected(t)
	}
	expected := readExpected(t)
	for _, name := range captures {
		list := frames(t, name)
		for _, expr := range expressions(t) {
			want, known := expected[name+" "+expr]
			if !known {
				t.Fatalf("%s has no answer for %q on %s: run with -update", expectedFile, expr, name)
			}
			p, err := Compile(expr, capture.LinkEthernet, 0)
			if err != nil {
				if want != refused {
					t.Errorf("%q: %v", expr, err)
				}
				continue
			}
			if got := matched(p, list); got != want {
				t.Errorf("%q on %s matches packets %q; tcpdump: %q", expr, name, got, want)
			}
		}
	}
}

// matched lists the packets that match, as ranges.
func matched(p *Program, list []capture.Frame) string {
	var hits []int
	for i := range list {
		if p.Match(list[i].Data, list[i].Length) {
			hits = append(hits, i+1)
		}
	}
	return ranges(hits)
}

func ranges(numbers []int) string {
	var parts []string
	for i := 0; i < len(numbers); {
		j := i
		for j+1 < len(numbers) && numbers[j+1] == numbers[j]+1 {
			j++
		}
		if i == j {
			parts = append(parts, strconv.Itoa(numbers[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", numbers[i], numbers[j]))
		}
		i = j + 1
	}
	return strings.Join(parts, ",")
}

// readExpected reads lines of capture, packets and expression, tab-separated.
func readExpected(t *testing.T) map[string]string {
	t.Helper()
	f, err := os.Open(expectedFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m := map[string]string{}
	s := bufio.NewScanner(f)
	for s.Scan() {
		if c := strings.SplitN(s.Text(), "\t", 3); len(c) == 3 {
			m[c[0]+" "+c[2]] = c[1]
		}
	}
	return m
}

func writeExpected(t *testing.T) {
	t.Helper()
	var b strings.Builder
	for _, name := range captures {
		for _, expr := range expressions(t) {
			fmt.Fprintf(&b, "%s\t%s\t%s\n", name, askTcpdump(t, capturePath(name), expr), expr)
		}
	}
	if err := os.WriteFile(expectedFile, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// askTcpdump returns the packets that tcpdump lets through; it numbers the
// packets it prints only if asked, and then those of the output, so its
// time stamps are mapped back to numbers.
func askTcpdump(t *testing.T, path, expr string) string {
	t.Helper()
	numbers := map[string][]int{}
	all, _ := stamps(t, path, "")
	for i, stamp := range all {
		numbers[stamp] = append(numbers[stamp], i+1)
	}
	var hits []int
	some, ok := stamps(t, path, expr)
	if !ok {
		return refused
	}
	for _, stamp := range some {
		if len(numbers[stamp]) != 1 {
			t.Fatalf("%s: two packets at %s", path, stamp)
		}
		hits = append(hits, numbers[stamp][0])
	}
	return ranges(hits)
}

// refused stands for the packets where tcpdump, too, has no answer for the link type.
const refused = "refused"

func stamps(t *testing.T, path, expr string) (list []string, ok bool) {
	t.Helper()
	out, err := exec.Command("tcpdump", "-n", "-q", "-tt", "--time-stamp-precision=nano", "-r", path, "--", expr).Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) && strings.Contains(string(failed.Stderr), "expression rejects all packets") {
		return nil, true
	}
	if errors.As(err, &failed) && expr != "" {
		return nil, false
	}
	if err != nil {
		t.Fatalf("tcpdump %q: %v", expr, err)
	}
	for _, line := range strings.Split(string(out), "\n") {
		if stamp, _, ok := strings.Cut(line, " "); ok && stamp != "" && stamp[0] >= '0' && stamp[0] <= '9' {
			list = append(list, stamp)
		}
	}
	return list, true
}

func TestWhatIsNotSupportedIsRefusedByNameAndColumn(t *testing.T) {
	for _, c := range []struct {
		expr, says string
	}{
		{"tcp port", "column 9: expected an address"},
		{"host example.com", `column 6: host names are not resolved; use an address instead of "example.com"`},
		{"tcp and frobnicate", `column 9: what "frobnicate" is must be said`},
		{"port 99999", "column 6: ports end at 65535"},
		{"net 10.0.0.1/8", "column 5: the address has bits that are not in its network's mask"},
		{"(tcp", `column 5: expected ")"`},
		{"gateway 10.0.0.1", `column 1: "gateway" is not supported`},
	} {
		_, err := Compile(c.expr, capture.LinkEthernet, 0)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v; want %q", c.expr, err, c.says)
		}
	}
}

// The kernel's machine and ours must agree: x/net's interpreter stands for
// the kernel's.
func TestOurMachineAgreesWithTheReferenceOne(t *testing.T) {
	list := frames(t, "dns.client")
	for _, expr := range expressions(t) {
		p, err := Compile(expr, capture.LinkEthernet, 0)
		if err != nil {
			continue // held against tcpdump's refusals above
		}
		code, ok := bpf.Disassemble(p.Raw())
		if !ok {
			t.Errorf("%q: instructions that cannot be disassembled", expr)
			continue
		}
		vm, err := bpf.NewVM(code)
		if err != nil {
			continue // extensions that the reference machine lacks
		}
		for i := range list {
			n, err := vm.Run(list[i].Data)
			if err != nil {
				t.Fatalf("%q: %v", expr, err)
			}
			if got := p.Match(list[i].Data, list[i].Length); got != (n > 0) {
				t.Errorf("%q on packet %d: %v, the reference machine says %v", expr, i+1, got, n > 0)
			}
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, e := range expressions(f) {
		f.Add(e)
	}
	packet := make([]byte, 128)
	f.Fuzz(func(t *testing.T, expr string) {
		for _, link := range []capture.LinkType{capture.LinkEthernet, capture.LinkRaw, capture.LinkLinuxSLL} {
			if p, err := Compile(expr, link, 0); err == nil {
				for n := 0; n <= len(packet); n += 16 {
					p.Match(packet[:n], n)
				}
			}
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	list := frames(b, "http1-keepalive-page.client")
	p, err := Compile("tcp port 80 and host 10.0.0.1", capture.LinkEthernet, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		f := &list[i%len(list)]
		p.Match(f.Data, f.Length)
	}
}
