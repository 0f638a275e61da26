package confine

import (
	"fmt"
	"os"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/landlock-lsm/go-landlock/landlock"
	abi "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// devices are the files that a terminal program opens while it runs.
var devices = []string{"/dev/tty", "/dev/null"}

// Apply confines all threads of the process. Privileges are as they are: see
// DropPrivileges, which comes first.
func Apply(r Rules) State {
	return State{Files: restrictFiles(r), Calls: restrictCalls(), Privileges: privileges()}
}

// Support tells what the kernel can do, without doing it.
func Support() State {
	s := State{Privileges: privileges()}
	if v, err := abi.LandlockGetABIVersion(); err == nil {
		s.Files = Wall{true, fmt.Sprintf("Landlock, version %d", v)}
	} else {
		s.Files = Wall{Text: "this kernel has no Landlock: " + err.Error()}
	}
	if seccomp.Supported() {
		s.Calls = Wall{true, "seccomp"}
	} else {
		s.Calls = Wall{Text: "this kernel has no seccomp filters"}
	}
	return s
}

// restrictFiles lets nothing be opened but what r names (Landlock).
func restrictFiles(r Rules) Wall {
	wall := Support().Files
	if !wall.Up {
		return wall
	}
	rules := []landlock.Rule{landlock.RWFiles(devices...).IgnoreIfMissing().WithIoctlDev()}
	for _, list := range []struct {
		paths []string
		file  func(...string) landlock.FSRule
		dir   func(...string) landlock.FSRule
	}{{r.Read, landlock.ROFiles, landlock.RODirs}, {r.Write, landlock.RWFiles, landlock.RWDirs}} {
		for _, path := range list.paths {
			info, err := os.Stat(path)
			switch {
			case err != nil:
			case info.IsDir():
				rules = append(rules, list.dir(path))
			default:
				rules = append(rules, list.file(path))
			}
		}
	}
	if err := landlock.V7.BestEffort().RestrictPaths(rules...); err != nil {
		return Wall{Text: "Landlock: " + err.Error()}
	}
	return wall
}

// forbidden are the calls that no decoder, screen or writer of captures needs:
// new sockets, new programs, other processes, the kernel's own settings, and
// ways around a filter of calls.
var forbidden = []string{
	"socket", "socketpair", "connect", "bind", "listen", "accept", "accept4",
	"execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd",
	"io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "perf_event_open", "userfaultfd",
	"keyctl", "add_key", "request_key", "mount", "umount2", "pivot_root", "chroot", "unshare", "setns",
	"init_module", "finit_module", "delete_module", "kexec_load", "reboot", "swapon", "swapoff",
	"open_by_handle_at", "quotactl", "settimeofday", "clock_settime",
}

// restrictCalls makes the forbidden calls fail with EPERM (seccomp), on all
// threads, and for good: no program that it might start regains privileges.
func restrictCalls() Wall {
	wall := Support().Calls
	if !wall.Up {
		return wall
	}
	err := seccomp.LoadFilter(seccomp.Filter{
		NoNewPrivs: true,
		Flag:       seccomp.FilterFlagTSync,
		Policy: seccomp.Policy{
			DefaultAction: seccomp.ActionAllow,
			Syscalls:      []seccomp.SyscallGroup{{Action: seccomp.ActionErrno, Names: known(forbidden)}},
		},
	})
	if err != nil {
		return Wall{Text: "seccomp: " + err.Error()}
	}
	wall.Text = "seccomp, no sockets and no programs"
	return wall
}
