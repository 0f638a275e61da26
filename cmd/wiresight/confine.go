package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/wiresight/wiresight/capture/confine"
	"github.com/wiresight/wiresight/tui/config"
)

// confined returns what a session calls once its source is open: it gives up
// root and reaches from then on only what the command line names. paths are
// the captures to read. Files that belong to them, such as notes, lie beside
// them, and where a pipe is read its frames are spooled.
func (f *flags) confined(paths ...string) func() error {
	if f.noSandbox {
		return nil
	}
	return sync.OnceValue(func() error {
		if _, err := confine.DropPrivileges(); err != nil {
			return err
		}
		confine.Apply(f.rules(paths))
		return nil
	})
}

// rules tells the files that wiresight needs from here on.
func (f *flags) rules(paths []string) confine.Rules {
	_ = time.Now().Local().String() // the zone's file is read now, while it can be
	r := confine.Rules{Read: append([]string{}, f.keys...), Write: []string{os.TempDir()}}
	for _, path := range f.keys {
		if _, err := os.Stat(path); err != nil { // a key log that is not there yet
			r.Read = append(r.Read, filepath.Dir(path))
		}
	}
	if path := os.Getenv(keyLogVariable); path != "" {
		r.Read = append(r.Read, path, filepath.Dir(path)) // it may not be there yet
	}
	if path := config.Path(); path != "" {
		if _, err := os.Stat(path); err == nil {
			r.Read = append(r.Read, path)
		}
	}
	for _, path := range paths {
		if path == "" || path == "-" {
			continue
		}
		r.Read = append(r.Read, path, filepath.Dir(path))
		r.Write = append(r.Write, filepath.Dir(path))
	}
	if f.write != "" {
		r.Write = append(r.Write, filepath.Dir(f.write))
	}
	if recent := recentFile(); recent != "" {
		r.Write = append(r.Write, filepath.Dir(recent))
	}
	return r
}

// sandboxText tells what can confine wiresight here, for --version --verbose.
func sandboxText() string {
	s := confine.Support()
	return fmt.Sprintf("files: %s\ncalls: %s\nprivileges now: %s\n", s.Files.Text, s.Calls.Text, s.Privileges.Text)
}
