// Package file opens capture files of every form that wiresight reads: pcap
// and pcapng, plain or compressed, from a path, a pipe or memory, complete or
// still growing. It tells formats by their first bytes, never by their names,
// and leaves parsing to the packages pcap and pcapng.
package file

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/wiresight/wiresight/capture"
)

// Options say how an input is read. The zero value reads to the end, once.
type Options struct {
	Follow  bool            // the file is still being written: wait for more at its end
	Context context.Context // ends reading when cancelled; nil is never
}

// Open opens the capture file at path, "-" for standard input. The source is
// a capture.RandomAccess where the input is an uncompressed regular file, and
// always a capture.Progress.
//
// Where the input is complete, errors that wrap capture.ErrFormat are returned
// here; a pipe or a file that is followed may have no bytes yet, and its
// format is told by the first call of Next.
func Open(path string, opt Options) (capture.Source, error) {
	opt = withContext(opt)
	if path == "-" {
		return newSource("-", os.Stdin, opt)
	}
	f, err := openFile(path, opt.Context)
	if err != nil {
		return nil, err
	}
	return newSource(path, f, opt)
}

// Read reads a capture from r, which it closes in the end; name is how errors
// and Info call it. The source is a capture.RandomAccess where r is an
// io.ReaderAt and the capture is not compressed.
func Read(name string, r io.ReadCloser, opt Options) (capture.Source, error) {
	return newSource(name, r, withContext(opt))
}

func withContext(opt Options) Options {
	if opt.Context == nil {
		opt.Context = context.Background()
	}
	return opt
}

// openFile opens what is at path. Opening a named pipe waits for its writer,
// unless ctx ends first.
func openFile(path string, ctx context.Context) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return os.Open(path) // fails likewise, and says it better
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s is a directory: %w", path, capture.ErrFormat)
	}
	if info.Mode().IsRegular() {
		f, err := os.Open(path)
		if err == nil {
			shareLock(f)
		}
		return f, err
	}
	type opened struct {
		f   *os.File
		err error
	}
	done := make(chan opened, 1)
	go func() {
		f, err := os.Open(path)
		done <- opened{f, err}
	}()
	select {
	case o := <-done:
		return o.f, o.err
	case <-ctx.Done():
		go func() {
			if o := <-done; o.err == nil {
				o.f.Close()
			}
		}()
		return nil, ctx.Err()
	}
}
