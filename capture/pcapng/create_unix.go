//go:build unix

package pcapng

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// create returns a new file with its first bytes that has taken its place at
// path. A file that was there keeps its bytes for whoever has it open.
func create(path string, first []byte) (*os.File, error) {
	if err := replaceable(path); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".wiresight-*") // 0600
	if err != nil {
		return nil, err
	}
	// Held while the file is open; see replaceable.
	_ = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if _, err = f.Write(first); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		f.Close()
		os.Remove(f.Name())
		return nil, err
	}
	return f, nil
}

// replaceable refuses what is no regular file (a device, a link to another
// place) and what wiresight reads or writes just now: readers and writers hold
// a lock while they have a capture open.
func replaceable(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errNotRegular
	}
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB), unix.EWOULDBLOCK) {
		return errInUse
	}
	return nil
}
