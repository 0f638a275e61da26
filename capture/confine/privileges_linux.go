package confine

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"

	"github.com/elastic/go-seccomp-bpf/arch"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// DropPrivileges gives up what opening a socket needed: a process that sudo
// started becomes the user who called it, and every process loses all its
// capabilities. It returns an error where root stays though it should not.
func DropPrivileges() (Wall, error) {
	if os.Geteuid() == 0 {
		if err := becomeInvoker(); err != nil {
			return privileges(), fmt.Errorf("root's rights could not be given up: %w", err)
		}
	}
	if err := cap.NewSet().SetProc(); err != nil {
		return privileges(), fmt.Errorf("capabilities could not be given up: %w", err)
	}
	return privileges(), nil
}

// becomeInvoker becomes the user who called sudo; without sudo root stays
// root, though without capabilities.
func becomeInvoker() error {
	uid, err1 := strconv.Atoi(os.Getenv("SUDO_UID"))
	gid, err2 := strconv.Atoi(os.Getenv("SUDO_GID"))
	if err1 != nil || err2 != nil || uid <= 0 {
		return nil
	}
	return errors.Join(syscall.Setgroups([]int{gid}), syscall.Setgid(gid), syscall.Setuid(uid))
}

// privileges tells whose rights the process has.
func privileges() Wall {
	held := cap.GetProc()
	empty, err := held.Cf(cap.NewSet())
	bare := err == nil && empty == 0
	text := fmt.Sprintf("user %d", os.Geteuid())
	if bare {
		return Wall{true, text + ", no capabilities"}
	}
	return Wall{os.Geteuid() != 0, text + ", capabilities " + held.String()}
}

// known leaves out the calls that this processor's kernels do not have.
func known(names []string) []string {
	info, err := arch.GetInfo("")
	if err != nil {
		return names
	}
	var list []string
	for _, n := range names {
		if _, ok := info.SyscallNames[n]; ok {
			list = append(list, n)
		}
	}
	return list
}
