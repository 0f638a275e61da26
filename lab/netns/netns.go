// Package netns gives the lab its hosts: network namespaces that live only as
// long as the process, the TAP device of each, and programs run inside them.
// It leans on the kernel alone (unshare, setns, /dev/net/tun) and names nothing
// under /run, so that a killed lab leaves nothing behind.
package netns

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrClosed is returned by calls on a Namespace after Close.
var ErrClosed = errors.New("netns: namespace is closed")

// Namespace is one network namespace, held by an OS thread that never leaves it.
type Namespace struct {
	Name  string
	TID   int // the thread that holds it, for programs that name a namespace by process
	calls chan func()
	done  chan struct{}
}

// New makes an empty network namespace with its loopback interface up.
func New(name string) (*Namespace, error) {
	n := &Namespace{Name: name, calls: make(chan func()), done: make(chan struct{})}
	ready := make(chan error, 1)
	go n.hold(ready)
	if err := <-ready; err != nil {
		return nil, fmt.Errorf("netns %s: %w", name, err)
	}
	if err := n.Run("ip", "link", "set", "lo", "up"); err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

// hold keeps a thread inside the namespace. The thread is never unlocked: when
// the goroutine ends the runtime ends the thread, and the kernel the namespace.
func (n *Namespace) hold(ready chan<- error) {
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		ready <- fmt.Errorf("unshare: %w", err)
		return
	}
	n.TID = unix.Gettid()
	ready <- nil
	for {
		select {
		case call := <-n.calls:
			call()
		case <-n.done:
			return
		}
	}
}

// Do calls f on a thread inside the namespace. Sockets and processes that f
// makes belong to the namespace; goroutines that f starts do not.
func (n *Namespace) Do(f func() error) error {
	result := make(chan error, 1)
	select {
	case n.calls <- func() { result <- f() }:
		return <-result
	case <-n.done:
		return ErrClosed
	}
}

// Close lets the namespace go. Processes still inside keep it alive.
func (n *Namespace) Close() {
	select {
	case <-n.done:
	default:
		close(n.done)
	}
}

// Start starts the command inside the namespace. The kernel kills it should the
// lab die first.
func (n *Namespace) Start(c *exec.Cmd) error {
	if c.SysProcAttr == nil {
		c.SysProcAttr = &syscall.SysProcAttr{}
	}
	c.SysProcAttr.Pdeathsig = syscall.SIGKILL
	c.SysProcAttr.Setpgid = true // ^C is the lab's to handle
	return n.Do(c.Start)
}

// Run runs a command inside the namespace to its end; its output is part of the
// error when it fails.
func (n *Namespace) Run(argv ...string) error {
	c := exec.Command(argv[0], argv[1:]...)
	var out strings.Builder
	c.Stdout, c.Stderr = &out, &out
	if err := n.Start(c); err != nil {
		return fmt.Errorf("netns %s: %s: %w", n.Name, strings.Join(argv, " "), err)
	}
	if err := c.Wait(); err != nil {
		return fmt.Errorf("netns %s: %s: %w: %s", n.Name, strings.Join(argv, " "), err, strings.TrimSpace(out.String()))
	}
	return nil
}

// Sysctl sets a value under /proc/sys/net of this namespace, for example
// "ipv4.tcp_sack" to "0".
func (n *Namespace) Sysctl(name, value string) error {
	file := filepath.Join("/proc/sys/net", strings.ReplaceAll(name, ".", "/"))
	return n.Do(func() error { return os.WriteFile(file, []byte(value), 0) })
}
