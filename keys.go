package wiresight

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/wiresight/wiresight/decode/secrets"
)

// maxKeyFile bounds a private key's file.
const maxKeyFile = 1 << 20

// LoadKeys reads a file of keys into a store: an NSS key log (what
// SSLKEYLOGFILE names), or a server's RSA private key in PEM form. With follow
// it reads on in a key log, which need not exist yet, whenever a connection's
// key is not there: the program that writes it may be running.
func LoadKeys(store *secrets.Store, path string, follow bool) error {
	f, err := os.Open(path)
	if follow && errors.Is(err, os.ErrNotExist) {
		l := keyLog{path: path, store: store}
		store.OnMiss(l.more)
		return nil
	}
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = &os.PathError{Op: "read", Path: path, Err: errors.New("is a directory")}
	}
	if err != nil {
		f.Close()
		return err
	}
	if pem, err := privateKey(f); pem {
		defer f.Close()
		if err == nil {
			err = addKey(store, f)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	}
	l := keyLog{path: path, file: f, store: store}
	if err := l.read(); err != nil {
		f.Close()
		return fmt.Errorf("%s: %w", path, err)
	}
	if follow {
		store.OnMiss(l.more)
		return nil
	}
	store.EndKeyLog()
	return f.Close()
}

// privateKey reports whether a file begins as PEM does.
func privateKey(f *os.File) (bool, error) {
	head := make([]byte, len("-----BEGIN"))
	n, err := f.ReadAt(head, 0)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return bytes.Equal(head[:n], []byte("-----BEGIN")), err
}

func addKey(store *secrets.Store, f *os.File) error {
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return err
	}
	return store.AddRSA(data)
}

// keyLog is a key log that may still grow.
type keyLog struct {
	mu    sync.Mutex
	path  string
	file  *os.File // nil until it exists
	store *secrets.Store
	asked time.Time
}

// askAgain is how long a key log that had nothing new is left alone.
const askAgain = 20 * time.Millisecond

// more reads what was written since.
func (l *keyLog) more() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.asked) < askAgain {
		return
	}
	l.asked = time.Now()
	if l.file == nil {
		f, err := os.Open(l.path)
		if err != nil {
			return
		}
		l.file = f
	}
	// What cannot be read now may be readable the next time.
	_ = l.read()
}

func (l *keyLog) read() error {
	buffer := make([]byte, 64<<10)
	for {
		n, err := l.file.Read(buffer)
		l.store.AddKeyLog(buffer[:n])
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
