package live

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/wiresight/wiresight/capture"
)

// waitMillis is how long to wait for frames before looking whether the capture
// was cancelled.
const waitMillis = 50

// source captures from one BPF device.
type source struct {
	fd      int
	name    string
	snap    int
	link    capture.LinkType
	ctx     context.Context
	stopped atomic.Bool
	unwatch func() bool

	reading sync.Mutex // held by Next
	buf     []byte
	rest    []byte // of buf: frames that were not returned
	number  int

	mu   sync.Mutex // held to change what follows, and to use the device beside Next
	info capture.Info
	gone bool
}

func (s *source) watch() {
	s.unwatch = context.AfterFunc(s.ctx, func() { s.stopped.Store(true) })
}

// Next implements capture.Source.
func (s *source) Next(f *capture.Frame) error {
	s.reading.Lock()
	defer s.reading.Unlock()
	for !s.stopped.Load() {
		if len(s.rest) == 0 {
			if err := s.read(); err != nil {
				return err
			}
			continue
		}
		if s.take(f) {
			return nil
		}
	}
	if err := s.ctx.Err(); err != nil {
		return err
	}
	return os.ErrClosed
}

// read waits for frames, not for long.
func (s *source) read() error {
	fds := []unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLIN}}
	if _, err := unix.Poll(fds, waitMillis); err != nil && err != unix.EINTR {
		return fmt.Errorf("cannot capture on %s any more: %w", s.name, err)
	}
	n, err := unix.Read(s.fd, s.buf)
	switch err {
	case nil:
		s.rest = s.buf[:n]
	case unix.EAGAIN, unix.EINTR:
	default:
		return fmt.Errorf("cannot capture on %s any more: %w", s.name, err)
	}
	return nil
}

// take fills f from the next record of the buffer. It returns false for a
// record that is not whole, with which the buffer ends.
func (s *source) take(f *capture.Frame) bool {
	b := s.rest
	s.rest = nil
	if len(b) < int(unsafe.Sizeof(unix.BpfHdr{})) {
		return false
	}
	h := (*unix.BpfHdr)(unsafe.Pointer(&b[0]))
	end := int(h.Hdrlen) + int(h.Caplen)
	if end > len(b) {
		return false
	}
	s.number++
	*f = capture.Frame{
		Number: s.number, Nanos: int64(h.Tstamp.Sec)*1e9 + int64(h.Tstamp.Usec)*1e3, Link: s.link,
		Length: int(h.Datalen), Data: b[h.Hdrlen:end:end], Offset: -1,
	}
	f.Data = f.Data[:min(len(f.Data), s.snap)]
	const align = 4 // BPF_ALIGNMENT is an int32's size on macOS
	s.rest = b[min((end+align-1)&^(align-1), len(b)):]
	return true
}

// Info implements capture.Source. It returns a snapshot.
func (s *source) Info() *capture.Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.countDrops()
	info := s.info
	info.Interfaces = append([]capture.Interface(nil), info.Interfaces...)
	return &info
}

// countDrops asks for what was lost since the start; the caller holds mu.
func (s *source) countDrops() {
	var stats unix.BpfStat
	if !s.gone && control(s.fd, unix.BIOCGSTATS, &stats) == nil {
		s.info.Interfaces[0].Dropped = uint64(stats.Drop)
	}
}

// Close implements capture.Source.
func (s *source) Close() error {
	s.stopped.Store(true)
	s.reading.Lock()
	defer s.reading.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return nil
	}
	s.countDrops()
	s.gone = true
	s.unwatch()
	return unix.Close(s.fd)
}
