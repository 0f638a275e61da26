package pcapng

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/window"
)

const (
	flushBytes = 64 << 10               // written out when so much is buffered
	flushAfter = 150 * time.Millisecond // and at the latest when it is so old
)

// File is a pcapng file being written, whose frames can be read again at any
// time and from any goroutine. Whole blocks alone reach the disk, and soon, so
// that what is there is a valid file whenever the process ends.
type File struct {
	path   string // as errors name it
	remove bool   // when closed
	f      *os.File
	at     *window.At

	mu      sync.Mutex
	buf     []byte // whole blocks that are not on the disk yet
	base    int64  // where in the file buf begins
	flushAt *time.Timer
	err     error // sticky
	ended   bool  // End was called
	closed  bool

	describe interface{ Info() *capture.Info }
	numbers  map[described]int
	written  []described // by number in the file
	ifaces   []iface     // likewise, for reading
	last     []int64     // likewise, time of the last frame
	drops    []capture.Interface
}

var (
	errNotRegular = errors.New("there is something else than a file, a link or a device")
	errInUse      = errors.New("the file is open: it is being read or written")
)

// described is an interface as the source counts it. An interface with frames
// of several link types becomes several.
type described struct {
	index int
	link  capture.LinkType
}

// Create begins a pcapng file at path, readable by its owner alone. It
// replaces a regular file that was there in one step, once its own is begun,
// but refuses to replace one that is being read or written by wiresight.
func Create(path string) (*File, error) {
	first := appendSection(nil)
	f, err := create(path, first)
	if err != nil {
		return nil, named(path, err)
	}
	w := newFile(path, f)
	w.base = int64(len(first))
	return w, nil
}

// Temp begins a file in the directory for temporary files that nobody else
// finds, and that is gone when it is closed or the process ends.
func Temp() (*File, error) {
	f, err := os.CreateTemp("", "wiresight-*.pcapng") // 0600
	if err != nil {
		return nil, err
	}
	w := newFile(f.Name(), f)
	// Where an open file cannot lose its name (Windows), Close removes it.
	w.remove = os.Remove(f.Name()) != nil
	w.buf = appendSection(w.buf)
	if err := w.flush(); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

func newFile(path string, f *os.File) *File {
	w := &File{path: path, f: f, at: window.NewAt(f), numbers: map[described]int{}}
	w.buf = make([]byte, 0, flushBytes+flushBytes/4)
	w.flushAt = time.AfterFunc(time.Hour, w.flushLate)
	w.flushAt.Stop()
	return w
}

// Describe says where interfaces' names and snap lengths are looked up when
// their first frame is written. Without it they stay unnamed.
func (w *File) Describe(source interface{ Info() *capture.Info }) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.describe = source
}

// Write appends a frame and returns where FrameAt finds it again. Times before
// 1970, which pcapng cannot hold, become its beginning. Once an error was
// returned, every further call returns it.
func (w *File) Write(f *capture.Frame) (offset int64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil && w.ended {
		w.err = named(w.path, os.ErrClosed)
	}
	if w.err != nil {
		return 0, w.err
	}
	if len(w.buf) == 0 {
		w.flushAt.Reset(flushAfter)
	}
	id := w.number(described{f.Interface, f.Link})
	offset = w.base + int64(len(w.buf))
	w.last[id] = max(0, f.Nanos)
	w.buf = appendPacket(w.buf, uint32(id), f)
	if len(w.buf) >= flushBytes {
		err = w.flush()
	}
	return offset, err
}

// number returns the number of an interface in the file, and describes it
// there if this is its first time.
func (w *File) number(d described) int {
	id, ok := w.numbers[d]
	if ok {
		return id
	}
	var about capture.Interface
	if w.describe != nil {
		if all := w.describe.Info().Interfaces; d.index < len(all) {
			about = all[d.index]
		}
	}
	id = len(w.ifaces)
	w.numbers[d] = id
	w.written = append(w.written, d)
	w.ifaces = append(w.ifaces, iface{newClock(nanoseconds, 0), d.link, uint32(about.SnapLength)})
	w.last = append(w.last, 0)
	w.buf = appendInterface(w.buf, d.link, about)
	return id
}

// flush writes what is buffered; the caller holds the lock. Where only part of
// it fits, that part is taken back: the file ends with a whole block.
func (w *File) flush() error {
	w.flushAt.Stop()
	if w.err != nil || len(w.buf) == 0 {
		return w.err
	}
	n, err := w.f.Write(w.buf)
	if err != nil {
		if n > 0 {
			_ = w.f.Truncate(w.base)
		}
		w.err = named(w.path, err)
		return w.err
	}
	w.base += int64(n)
	w.buf = w.buf[:0]
	return nil
}

func (w *File) flushLate() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		_ = w.flush() // the next Write or Close returns it
	}
}

// FrameAt implements capture.RandomAccess; the frame owns its data. It may be
// called from any goroutine, also for frames that are still buffered.
func (w *File) FrameAt(number int, offset int64, f *capture.Frame) error {
	block, ifaces, err := w.blockAt(offset)
	if err != nil {
		return fmt.Errorf("packet %d: %w", number, named(w.path, err))
	}
	text := "no packet at this place"
	if (order{}).uint32(block) == blockEnhancedPacket {
		_, text = packet(blockEnhancedPacket, block[blockHeader:], order{}, ifaces, 0, false, f)
	}
	if text != "" {
		return fmt.Errorf("packet %d: %s: %s", number, w.path, text)
	}
	f.Number, f.Offset = number, offset
	w.mu.Lock()
	f.Interface = w.written[f.Interface].index
	w.mu.Unlock()
	return nil
}

// blockAt returns the block at offset but for its trailing length.
func (w *File) blockAt(offset int64) ([]byte, []iface, error) {
	w.mu.Lock()
	ifaces, closed, base := w.ifaces, w.closed, w.base
	if !closed && offset >= base {
		defer w.mu.Unlock()
		b, err := readBlock(buffered(w.buf), offset-base, order{})
		return b, ifaces, err
	}
	w.mu.Unlock()
	if closed {
		return nil, nil, os.ErrClosed
	}
	b, err := readBlock(w.at, offset, order{})
	return b, ifaces, err
}

// Drops keeps how many frames were lost on each interface of the source, to
// be written by End.
func (w *File) Drops(interfaces []capture.Interface) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.drops = append(w.drops[:0], interfaces...)
}

// End writes the drop counts and what is left: the file is complete. Its frames
// can be read again until Close.
func (w *File) End() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.end()
}

func (w *File) end() error {
	if w.ended {
		return w.err
	}
	w.ended = true
	for i, d := range w.drops {
		if d.Dropped > 0 {
			id := w.number(described{i, d.Link})
			w.buf = appendStatistics(w.buf, uint32(id), w.last[id], d.Dropped)
		}
	}
	return w.flush()
}

// Close ends and closes the file.
func (w *File) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	err := w.end()
	w.closed = true
	if cerr := w.f.Close(); err == nil && cerr != nil {
		err = named(w.path, cerr)
	}
	if w.remove {
		if rerr := os.Remove(w.path); err == nil {
			err = rerr
		}
	}
	return err
}

// named is err with the path that the user knows: a file that is begun has
// another name until it takes its place.
func named(path string, err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		err = p.Err
	case errors.As(err, &l):
		err = l.Err
	}
	return fmt.Errorf("cannot save to %s: %w", path, err)
}
