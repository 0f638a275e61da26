package file

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/pcap"
	"github.com/wiresight/wiresight/capture/pcapng"
	"github.com/wiresight/wiresight/capture/window"
)

// format is what the readers of both formats can do.
type format interface {
	Next(f *capture.Frame) error
	Info() *capture.Info
	FrameAt(src io.ReaderAt, number int, offset int64, f *capture.Frame) error
}

// source is one capture being read. Next belongs to one goroutine; everything
// else may be called beside it.
type source struct {
	name   string
	in     *input
	closer io.Closer
	decode io.Closer // the decompressor, nil where there is none
	reader atomic.Pointer[format]

	next   sync.Mutex // held while reading, so that Close takes nothing away from Next
	failed error      // why there is no format
	closed bool
}

// newSource finds out what r can do. It closes r where it fails.
func newSource(name string, r io.ReadCloser, opt Options) (capture.Source, error) {
	at, size := randomAccess(r)
	s := &source{name: name, in: newInput(r, size, at, opt), closer: r}
	if at == nil || opt.Follow {
		// There may be no bytes yet.
		if at != nil && !compressedAt(at) {
			return &randomSource{s, window.NewAt(at)}, nil
		}
		return s, nil
	}
	compressed, err := s.start()
	if err != nil {
		s.Close()
		return nil, err
	}
	if compressed {
		return s, nil
	}
	return &randomSource{s, window.NewAt(at)}, nil
}

// randomAccess returns r as an io.ReaderAt where it is one whose offsets are
// those of reading it from here, and how many bytes it has, 0 if unknown.
func randomAccess(r io.Reader) (io.ReaderAt, int64) {
	at, ok := r.(io.ReaderAt)
	if !ok {
		return nil, 0
	}
	if f, ok := r.(*os.File); ok {
		info, err := f.Stat()
		if err != nil || !info.Mode().IsRegular() {
			return nil, 0
		}
		if from, err := f.Seek(0, io.SeekCurrent); err != nil || from != 0 {
			return nil, 0
		}
		return at, info.Size()
	}
	if f, ok := r.(interface{ Stat() (os.FileInfo, error) }); ok {
		if info, err := f.Stat(); err == nil {
			return at, info.Size()
		}
	}
	return at, 0
}

// start tells the format and whether it is compressed. An error that wraps
// capture.ErrFormat means that the input is no capture.
func (s *source) start() (compressed bool, err error) {
	in := window.New(s.in)
	first, err := in.Peek(magicSize)
	if _, ended := window.Ended(err); err != nil && !ended {
		return false, err
	}
	if len(first) == 0 {
		return false, fmt.Errorf("%s is empty: %w", title(s.name), capture.ErrFormat)
	}
	if c, ok := compressionOf(first); ok {
		compressed = true
		if s.in.follow {
			return true, fmt.Errorf("%s is compressed with %s: only an uncompressed capture can be followed", title(s.name), c.name)
		}
		plain, err := newDecoder(c, in, s.in)
		if err != nil {
			return true, fmt.Errorf("%s: the %s file is damaged: %w", title(s.name), c.name, err)
		}
		s.decode = plain
		in = window.New(plain)
		if first, err = in.Peek(magicSize); err != nil {
			text, ended := window.Ended(err)
			switch {
			case !ended:
				return true, err
			case len(first) == 0 && text != "":
				return true, fmt.Errorf("%s: %s, before its first packet", title(s.name), text)
			}
		}
	}
	r, err := s.parser(in, first)
	if err != nil {
		return compressed, err
	}
	s.reader.Store(&r)
	return compressed, nil
}

// parser returns the reader of the format that first begins.
func (s *source) parser(in *window.Reader, first []byte) (format, error) {
	var r format
	var err error
	switch {
	case pcapng.Magic(first):
		r, err = pcapng.NewReader(in, s.name)
	case pcap.Magic(first):
		r, err = pcap.NewReader(in, s.name)
	default:
		return nil, fmt.Errorf("%s is %w", title(s.name), capture.ErrFormat)
	}
	if damage, ok := err.(*capture.Damage); ok {
		return &headless{capture.Info{Source: s.name}, damage}, nil
	}
	return r, err
}

func title(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// headless is a capture that is cut off before its first packet.
type headless struct {
	info   capture.Info
	damage *capture.Damage
}

func (h *headless) Next(*capture.Frame) error {
	if d := h.damage; d != nil {
		h.damage = nil
		return d
	}
	return io.EOF
}

func (h *headless) Info() *capture.Info { return &h.info }

func (h *headless) FrameAt(io.ReaderAt, int, int64, *capture.Frame) error { return io.EOF }

// Next implements capture.Source. When the options' context is cancelled it
// returns the context's error.
func (s *source) Next(f *capture.Frame) error {
	s.next.Lock()
	defer s.next.Unlock()
	if s.closed {
		return os.ErrClosed
	}
	r := s.reader.Load()
	if r == nil {
		if s.failed == nil {
			_, s.failed = s.start()
		}
		if s.failed != nil {
			return s.failed
		}
		r = s.reader.Load()
	}
	return (*r).Next(f)
}

// Info implements capture.Source; it may be called beside Next.
func (s *source) Info() *capture.Info {
	if r := s.reader.Load(); r != nil {
		return (*r).Info()
	}
	return &capture.Info{Source: s.name}
}

// Progress implements capture.Progress: bytes of the file, which for a
// compressed one are fewer than those of its frames.
func (s *source) Progress() (read, size int64) { return s.in.progress() }

// Close implements capture.Source. A Next that waits for input returns.
func (s *source) Close() error {
	s.in.stop()
	s.next.Lock()
	defer s.next.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.decode != nil {
		s.decode.Close()
	}
	if s.closer == io.Closer(os.Stdin) {
		return nil
	}
	return s.closer.Close()
}

// randomSource is a source whose frames can be read again.
type randomSource struct {
	*source
	at *window.At
}

// FrameAt implements capture.RandomAccess.
func (s *randomSource) FrameAt(number int, offset int64, f *capture.Frame) error {
	r := s.reader.Load()
	if r == nil {
		return fmt.Errorf("%s: packet %d was not read yet", s.name, number)
	}
	return (*r).FrameAt(s.at, number, offset, f)
}
