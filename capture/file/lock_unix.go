//go:build unix

package file

import (
	"os"

	"golang.org/x/sys/unix"
)

// shareLock marks a file as being read, so that pcapng.Create does not replace
// a capture while somebody looks at it. A file system that knows no locks does
// without.
func shareLock(f *os.File) { _ = unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB) }
