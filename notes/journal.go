package notes

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Extension is what a capture's name and its journal's differ by.
const Extension = ".notes"

// change is a line of the journal: a note as it is from then on, or that it is
// no more.
type change struct {
	ID   string    `json:"id"`
	At   time.Time `json:"at"`
	By   string    `json:"by,omitempty"`
	Note *Note     `json:"note,omitempty"` // nil where it was deleted
}

// after reports whether c has the last word over d, whatever the order in
// which they are read.
func (c *change) after(d *change) bool {
	if !c.At.Equal(d.At) {
		return c.At.After(d.At)
	}
	return c.By > d.By
}

// Open reads the journal at path, where there is one. Notes of this process
// are the author's. Lines that are damaged, as a crash of the machine may
// leave one, are left out.
func Open(path, author string) (*Book, error) {
	b := &Book{path: path, author: author, state: map[string]change{}}
	if path == "" {
		return b, nil
	}
	return b, b.Refresh()
}

// Refresh takes in what another process has written since.
func (b *Book) Refresh() error {
	if b == nil || b.path == "" {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	f, err := os.Open(b.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := io.ReadAll(io.NewSectionReader(f, b.read, maxJournal))
	if err != nil {
		return fmt.Errorf("notes: %w", err)
	}
	b.take(data)
	return nil
}

// maxJournal bounds what is read of a journal.
const maxJournal = 256 << 20

// take reads whole lines; one that is not ended yet is left for the next time.
func (b *Book) take(data []byte) (taken int) {
	for {
		n := bytes.IndexByte(data, '\n') + 1
		if n == 0 {
			return taken
		}
		var c change
		if json.Unmarshal(data[:n], &c) == nil && c.ID != "" {
			if b.apply(c) {
				taken++
			}
		}
		b.read += int64(n)
		data = data[n:]
	}
}

// apply takes a change in where it has the last word.
func (b *Book) apply(c change) bool {
	if old, known := b.state[c.ID]; known && !c.after(&old) {
		return false
	}
	b.state[c.ID] = c
	b.version++
	return true
}

// change appends a change to the journal; the caller holds the lock.
func (b *Book) change(c change) error {
	c.At, c.By = time.Now().UTC().Round(0), b.author
	old := b.state[c.ID]
	if !c.after(&old) { // a clock that went back has not the last word
		c.At = old.At.Add(1)
	}
	if err := b.write([]change{c}); err != nil {
		return err
	}
	b.apply(c)
	return nil
}

// write appends lines in one piece and waits until they are on the disk.
func (b *Book) write(list []change) error {
	if b.path == "" || len(list) == 0 {
		return nil
	}
	var data []byte
	for _, c := range list {
		line, err := json.Marshal(c)
		if err != nil {
			return fmt.Errorf("notes: %w", err)
		}
		data = append(append(data, line...), '\n')
	}
	_, missing := os.Stat(b.path)
	if missing != nil {
		if err := os.MkdirAll(filepath.Dir(b.path), 0o700); err != nil {
			return fmt.Errorf("notes: %w", err)
		}
	}
	f, err := os.OpenFile(b.path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("notes: %w", err)
	}
	defer f.Close()
	if torn(f) {
		data = append([]byte{'\n'}, data...)
	}
	if _, err := f.Write(data); err != nil {
		return fmt.Errorf("notes: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("notes: %w", err)
	}
	if missing != nil {
		syncDirectory(filepath.Dir(b.path))
	}
	return nil
}

// torn reports whether the file's last line has no end.
func torn(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return false
	}
	var last [1]byte
	_, err = f.ReadAt(last[:], info.Size()-1)
	return err == nil && last[0] != '\n'
}

// syncDirectory makes a new file's name durable, where the system can do that.
func syncDirectory(path string) {
	if d, err := os.Open(path); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}

// Merge takes in another journal of the same capture, and returns how many
// notes it added or changed. Where both changed a note, the later change
// stands.
func (b *Book) Merge(path string) (int, error) {
	other, err := Open(path, "")
	if err != nil {
		return 0, err
	}
	if _, err := os.Stat(path); err != nil {
		return 0, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var fresh []change
	for id, c := range other.state {
		if old, known := b.state[id]; !known || c.after(&old) {
			fresh = append(fresh, c)
		}
	}
	if err := b.write(fresh); err != nil {
		return 0, err
	}
	for _, c := range fresh {
		b.apply(c)
	}
	return len(fresh), nil
}
