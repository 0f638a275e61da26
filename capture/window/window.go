// Package window reads an input through a buffer that hands out contiguous
// bytes at the current position, so that the capture formats are parsed in
// place: from a file, a pipe or a decompressor with the same code, without a
// copy and without an allocation per frame. It knows no format.
//
// Files are read rather than mapped: a mapped file that shrinks kills the
// process, and its pages count as the process's memory.
package window

import (
	"errors"
	"io"
)

// Size is the buffer's size to begin with. It holds many frames, and little
// enough to stay in a processor's cache.
const Size = 256 << 10

// A Reader is an input and the place up to which it was consumed.
type Reader struct {
	src        io.Reader
	buf        []byte
	start, end int   // the window is buf[start:end]
	base       int64 // offset in the input of buf[0]
	err        error // why src gives no more
}

// New returns a window at the beginning of src.
func New(src io.Reader) *Reader { return &Reader{src: src} }

// Peek returns the bytes at the current position, at least n of them and more
// where they are buffered already. Where the input ends earlier it returns
// what is left and why. The bytes are valid until the next Peek or Skip.
func (r *Reader) Peek(n int) ([]byte, error) {
	if r.end-r.start >= n {
		return r.buf[r.start:r.end], nil
	}
	return r.fill(n)
}

// Advance consumes n bytes that Peek has returned.
func (r *Reader) Advance(n int) { r.start += min(n, r.end-r.start) }

// Offset returns the current position in the input.
func (r *Reader) Offset() int64 { return r.base + int64(r.start) }

// fill reads until n bytes are buffered. The buffer grows only when it is
// full of the input's bytes: a record that claims a great length gets no
// memory before its bytes are there.
func (r *Reader) fill(n int) ([]byte, error) {
	if r.buf == nil {
		r.buf = make([]byte, Size)
	}
	for idle := 0; r.end-r.start < n && r.err == nil; {
		if r.start > 0 && r.start+n > len(r.buf) {
			r.base += int64(r.start)
			r.end = copy(r.buf, r.buf[r.start:r.end])
			r.start = 0
		}
		if r.end == len(r.buf) {
			r.buf = append(r.buf, make([]byte, len(r.buf))...)
		}
		m, err := r.src.Read(r.buf[r.end:])
		r.end += m
		r.err = err
		if idle++; m > 0 {
			idle = 0
		}
		if idle > 100 {
			r.err = io.ErrNoProgress
		}
	}
	if r.end-r.start < n {
		return r.buf[r.start:r.end], r.err
	}
	return r.buf[r.start:r.end], nil
}

// Corrupt is the error of an input that cannot be read on because its own
// encoding (a compression) is damaged or cut off.
type Corrupt struct{ Err error }

// Error is the reason alone; the reader's caller knows the place.
func (c *Corrupt) Error() string { return c.Err.Error() }

// Unwrap returns the decoder's error.
func (c *Corrupt) Unwrap() error { return c.Err }

// Ended says whether err means that the input is over, in order or not:
// text tells why where it is the encoding's fault.
func Ended(err error) (text string, ended bool) {
	var corrupt *Corrupt
	switch {
	case errors.Is(err, io.EOF):
		return "", true
	case errors.As(err, &corrupt):
		return corrupt.Error(), true
	}
	return "", false
}
