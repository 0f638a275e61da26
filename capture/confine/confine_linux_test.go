package confine

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The walls stand for good, so that each test runs its deeds in a process of
// its own: this one, called again with the deed's name.
const deedVariable = "WIRESIGHT_TEST_DEED"

// deeds are what a decoder gone wild might try, and what must go on working.
var deeds = map[string]func(dir string) error{
	"open /etc/passwd": func(string) error { _, err := os.ReadFile("/etc/passwd"); return err },
	"write elsewhere":  func(dir string) error { return os.WriteFile(filepath.Join(dir, "..", "x"), nil, 0o600) },
	"open a socket":    func(string) error { _, err := net.Dial("tcp", "127.0.0.1:1"); return err },
	"listen":           func(string) error { _, err := net.Listen("tcp", "127.0.0.1:0"); return err },
	"run a program":    func(string) error { return exec.Command("/bin/true").Run() },
	"read what was named": func(dir string) error {
		_, err := os.ReadFile(filepath.Join(dir, "named"))
		return err
	},
	"save where it was named": func(dir string) error {
		part := filepath.Join(dir, "out", "part")
		if err := os.WriteFile(part, []byte("x"), 0o600); err != nil {
			return err
		}
		return os.Rename(part, filepath.Join(dir, "out", "whole"))
	},
	"hold no capability": func(string) error {
		status, err := os.ReadFile("/proc/self/status")
		if err == nil && !strings.Contains(string(status), "CapEff:\t0000000000000000") {
			err = errors.New("capabilities are left")
		}
		return err
	},
}

func TestMain(m *testing.M) {
	name := os.Getenv(deedVariable)
	if name == "" {
		os.Exit(m.Run())
	}
	dir := os.Args[len(os.Args)-1]
	if _, err := DropPrivileges(); err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(3)
	}
	state := Apply(Rules{
		Read:  []string{filepath.Join(dir, "named"), filepath.Join(dir, "not there"), "/proc/self/status"},
		Write: []string{filepath.Join(dir, "out")},
	})
	if !state.Files.Up || !state.Calls.Up {
		os.Stderr.WriteString(state.Files.Text + "; " + state.Calls.Text)
		os.Exit(3)
	}
	if err := deeds[name](dir); err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	os.Exit(0)
}

func TestWhatIsNotNamedIsOutOfReach(t *testing.T) {
	if s := Support(); !s.Files.Up || !s.Calls.Up {
		t.Skipf("this kernel confines nothing: %+v", s)
	}
	for name, allowed := range map[string]bool{
		"open /etc/passwd": false, "write elsewhere": false, "open a socket": false, "listen": false, "run a program": false,
		"read what was named": true, "save where it was named": true, "hold no capability": true,
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "d")
			if err := errors.Join(os.MkdirAll(filepath.Join(dir, "out"), 0o700), os.WriteFile(filepath.Join(dir, "named"), nil, 0o600)); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(os.Args[0], dir)
			cmd.Env = append(os.Environ(), deedVariable+"="+name)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			switch {
			case errors.As(err, &exit) && exit.ExitCode() == 3:
				t.Fatalf("not confined: %s", out)
			case (err == nil) != allowed:
				t.Errorf("%v: %s", err, out)
			case !allowed && !denied(string(out)):
				t.Errorf("failed for another reason: %s", out)
			}
		})
	}
}

func denied(text string) bool {
	return strings.Contains(text, syscall.EPERM.Error()) || strings.Contains(text, syscall.EACCES.Error())
}
