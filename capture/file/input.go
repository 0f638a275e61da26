package file

import (
	"context"
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/wiresight/wiresight/capture/window"
)

// pollInterval is how soon a followed file's growth is seen.
const pollInterval = 40 * time.Millisecond

// input reads the bytes as they are stored. It counts them, waits for more
// where the file is followed, and ends when its context does.
type input struct {
	r      io.Reader
	size   int64 // when opened; 0 if unknown
	read   atomic.Int64
	follow bool
	ctx    context.Context
	cancel context.CancelFunc
	failed error // the last error of r other than io.EOF
}

// newInput returns an input for r. Reading may block where r is neither a
// regular file nor memory; then it happens in a goroutine of its own.
func newInput(r io.Reader, size int64, at io.ReaderAt, opt Options) *input {
	in := &input{r: r, size: size, follow: opt.Follow && at != nil}
	in.ctx, in.cancel = context.WithCancel(opt.Context)
	if at == nil {
		in.r = newPump(in.ctx, r)
	}
	return in
}

func (in *input) stop() { in.cancel() }

// Read implements io.Reader.
func (in *input) Read(p []byte) (int, error) {
	for {
		if err := in.ctx.Err(); err != nil {
			in.failed = err
			return 0, err
		}
		n, err := in.r.Read(p)
		in.read.Add(int64(n))
		switch {
		case err != nil && err != io.EOF:
			in.failed = err
			return n, err
		case n > 0:
			return n, nil // an end comes back with the next call
		case err == nil || !in.follow:
			return 0, err
		}
		if err := in.wait(); err != nil {
			in.failed = err
			return 0, err
		}
	}
}

// wait pauses at the end of a file that is followed.
func (in *input) wait() error {
	if f, ok := in.r.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Size() < in.read.Load() {
			return &window.Corrupt{Err: errors.New("the file has become shorter while it was followed")}
		}
	}
	select {
	case <-in.ctx.Done():
		return in.ctx.Err()
	case <-time.After(pollInterval):
		return nil
	}
}

func (in *input) progress() (read, size int64) {
	read = in.read.Load()
	if in.size > 0 {
		size = max(in.size, read)
	}
	return read, size
}

// pump reads in a goroutine, so that whoever waits for its bytes can be told
// to stop. A read that never returns keeps the goroutine until the process
// ends: nothing else can be done about a terminal or a pipe that is silent.
type pump struct {
	ctx   context.Context
	full  chan chunk
	empty chan []byte
	left  []byte // of buf
	buf   []byte
	err   error
}

type chunk struct {
	data []byte
	err  error
}

func newPump(ctx context.Context, r io.Reader) *pump {
	p := &pump{ctx: ctx, full: make(chan chunk), empty: make(chan []byte, 2)}
	p.empty <- make([]byte, window.Size)
	p.empty <- make([]byte, window.Size)
	go p.run(r)
	return p
}

func (p *pump) run(r io.Reader) {
	for {
		var buf []byte
		select {
		case buf = <-p.empty:
		case <-p.ctx.Done():
			return
		}
		n, err := r.Read(buf)
		select {
		case p.full <- chunk{buf[:n], err}:
		case <-p.ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// Read implements io.Reader.
func (p *pump) Read(b []byte) (int, error) {
	for len(p.left) == 0 {
		if p.err != nil {
			return 0, p.err
		}
		if p.buf != nil {
			p.empty <- p.buf[:cap(p.buf)]
			p.buf = nil
		}
		select {
		case c := <-p.full:
			p.buf, p.left, p.err = c.data, c.data, c.err
		case <-p.ctx.Done():
			return 0, p.ctx.Err()
		}
	}
	n := copy(b, p.left)
	p.left = p.left[n:]
	return n, nil
}
