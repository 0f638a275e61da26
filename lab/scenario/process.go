package scenario

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Process is a program that runs on a host while the scenario goes on.
type Process struct {
	name   string
	cmd    *exec.Cmd
	stdin  io.Closer
	output bytes.Buffer // what it printed after it was ready
	errors bytes.Buffer
	copied chan struct{}
}

// limit is how long any program of a scenario may take.
const limit = 60 * time.Second

// roleCommand is a program of the lab itself, run as a process of its own. Its
// settings go with it as JSON.
func roleCommand(role string, settings any) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	c := exec.Command(self, "role", role, string(b))
	// Clients read of their HTTP/2 frames in the library's log.
	c.Env = append(os.Environ(), "GODEBUG=http2debug=2,http2xconnect=1")
	return c, nil
}

// serve starts one of the lab's servers and waits until it says it is ready.
func (e *Env) serve(h *Host, role string, settings any) (*Process, error) {
	c, err := roleCommand(role, settings)
	if err != nil {
		return nil, err
	}
	p := &Process{name: role, cmd: c, copied: make(chan struct{})}
	if p.stdin, err = c.StdinPipe(); err != nil {
		return nil, err
	}
	c.Stderr = &p.errors
	stdout, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := h.Start(c); err != nil {
		return nil, fmt.Errorf("%s: %w", role, err)
	}
	e.running = append(e.running, p)
	r := bufio.NewReader(stdout)
	line, err := r.ReadString('\n')
	if err != nil || strings.TrimSpace(line) != "ready" {
		return nil, fmt.Errorf("%s did not become ready: %q %s", role, line, p.errors.String())
	}
	go func() {
		defer close(p.copied)
		_, _ = io.Copy(&p.output, r)
	}()
	return p, nil
}

// start starts a program that runs until the scenario ends.
func (e *Env) start(h *Host, argv ...string) (*Process, error) {
	p := &Process{name: argv[0], cmd: exec.Command(argv[0], argv[1:]...)}
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Dir = &p.output, &p.errors, e.Temp
	if err := h.Start(p.cmd); err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	e.running = append(e.running, p)
	return p, nil
}

// stop ends a process and, for a server of the lab, decodes what it reports.
func (e *Env) stop(p *Process, report any) error {
	for i, q := range e.running {
		if q == p {
			e.running = append(e.running[:i], e.running[i+1:]...)
			break
		}
	}
	if p.stdin == nil {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
	} else {
		p.stdin.Close() // the lab's servers end with their input
		select {
		case <-p.copied:
		case <-time.After(5 * time.Second):
		}
	}
	kill := time.AfterFunc(5*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer kill.Stop()
	err := p.cmd.Wait()
	if p.stdin != nil && err != nil {
		return fmt.Errorf("%s: %w: %s", p.name, err, p.errors.String())
	}
	if report == nil {
		return nil
	}
	if err := decode(p.output.Bytes(), report); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	return nil
}

func (e *Env) stopProcesses() error {
	var all []error
	for len(e.running) > 0 {
		all = append(all, e.stop(e.running[len(e.running)-1], nil))
	}
	return errors.Join(all...)
}

// run runs one of the lab's clients to its end and decodes its report.
func (e *Env) run(h *Host, role string, settings, report any) error {
	c, err := roleCommand(role, settings)
	if err != nil {
		return err
	}
	out, err := e.finish(h, c)
	if err != nil {
		return fmt.Errorf("%s: %w", role, err)
	}
	if report == nil {
		return nil
	}
	if err := decode(out, report); err != nil {
		return fmt.Errorf("%s: %w", role, err)
	}
	return nil
}

func (e *Env) finish(h *Host, c *exec.Cmd) ([]byte, error) {
	var out, problems bytes.Buffer
	c.Stdout, c.Stderr = &out, &problems
	if err := h.Start(c); err != nil {
		return nil, err
	}
	kill := time.AfterFunc(limit, func() { _ = c.Process.Kill() })
	defer kill.Stop()
	if err := c.Wait(); err != nil {
		return out.Bytes(), fmt.Errorf("%w: %s", err, strings.TrimSpace(problems.String()))
	}
	return out.Bytes(), nil
}

// transcript runs a program to its end and returns all that it printed.
func (e *Env) transcript(h *Host, c *exec.Cmd) (string, error) {
	out := new(console)
	c.Stdout, c.Stderr = out, out
	if err := h.Start(c); err != nil {
		return "", err
	}
	kill := time.AfterFunc(limit, func() { _ = c.Process.Kill() })
	defer kill.Stop()
	if err := c.Wait(); err != nil {
		return out.String(), fmt.Errorf("%w: %s", err, out.tail())
	}
	return out.String(), nil
}

// lookPath is where a program lies; its name where it is missing, which Make
// has found out before.
func lookPath(program string) string {
	path, err := exec.LookPath(program)
	if err != nil {
		return program
	}
	return path
}
