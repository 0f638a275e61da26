package netns

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

const insideUserNamespace = "WIRESIGHT_LAB_USERNS"

// Privileged makes sure that the process may create network namespaces. As root
// it returns at once. Otherwise it runs the same command again as root of a new
// user namespace and exits with that run's code.
func Privileged() error {
	if os.Geteuid() == 0 {
		return nil
	}
	if os.Getenv(insideUserNamespace) != "" {
		return errors.New("netns: still not root inside the user namespace")
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("netns: %w", err)
	}
	c := exec.Command(self, os.Args[1:]...)
	c.Env = append(os.Environ(), insideUserNamespace+"=1")
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		Pdeathsig:   syscall.SIGTERM,
	}
	signal.Ignore(os.Interrupt) // the run inside handles it
	err = c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("netns: user namespaces are refused here (%w); run the lab as root", err)
	}
	os.Exit(c.ProcessState.ExitCode())
	return nil
}
