//go:build !unix

package pcapng

import (
	"errors"
	"os"
)

// create returns a new file at path with its first bytes. Windows removes no file that somebody has
// open.
func create(path string, first []byte) (*os.File, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errNotRegular
	default:
		if os.Remove(path) != nil {
			return nil, errInUse
		}
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err := f.Write(first); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
