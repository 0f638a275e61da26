package window

import (
	"io"
	"sync"
)

// blockSize is how much At reads at a time: records that are read again lie
// near each other more often than not.
const blockSize = 32 << 10

// At reads an input anywhere, through a cache of one block, from any
// goroutine. The input may grow meanwhile.
type At struct {
	src io.ReaderAt

	mu    sync.Mutex
	from  int64
	block []byte
}

// NewAt returns a reader for src.
func NewAt(src io.ReaderAt) *At { return &At{src: src} }

// ReadAt implements io.ReaderAt.
func (a *At) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 {
		return 0, io.ErrUnexpectedEOF
	}
	if len(p) > blockSize {
		return a.src.ReadAt(p, offset)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if offset < a.from || offset+int64(len(p)) > a.from+int64(len(a.block)) {
		if err := a.load(offset, len(p)); err != nil {
			return 0, err
		}
	}
	return copy(p, a.block[offset-a.from:]), nil
}

// load reads the block that begins at offset; n bytes at least must be there.
func (a *At) load(offset int64, n int) error {
	if a.block == nil {
		a.block = make([]byte, 0, blockSize)
	}
	a.from = offset
	m, err := a.src.ReadAt(a.block[:blockSize], offset)
	a.block = a.block[:m]
	if m >= n {
		return nil
	}
	if err == nil || err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
