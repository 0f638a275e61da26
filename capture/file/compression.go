package file

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/wiresight/wiresight/capture/window"
)

// magicSize is how many bytes tell all formats apart.
const magicSize = 12

// maxWindow bounds the memory that a zstd file may ask for; it is what zstd's
// own tool accepts without being told.
const maxWindow = 128 << 20

// compression is one way in which captures are compressed.
type compression struct {
	name  string
	magic []byte
	open  func(io.Reader) (io.ReadCloser, error)
}

var compressions = [...]compression{
	{"gzip", []byte{0x1f, 0x8b}, openGzip},
	{"zstd", []byte{0x28, 0xb5, 0x2f, 0xfd}, openZstd},
	{"lz4", []byte{0x04, 0x22, 0x4d, 0x18}, openLZ4},
}

// compressionOf returns the compression that first begins.
func compressionOf(first []byte) (compression, bool) {
	for _, c := range compressions {
		if bytes.HasPrefix(first, c.magic) {
			return c, true
		}
	}
	return compression{}, false
}

// compressedAt says whether what is there so far is compressed.
func compressedAt(at io.ReaderAt) bool {
	first := make([]byte, magicSize)
	n, _ := at.ReadAt(first, 0)
	_, ok := compressionOf(first[:n])
	return ok
}

func openGzip(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) }

func openZstd(r io.Reader) (io.ReadCloser, error) {
	d, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderConcurrency(2))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}

func openLZ4(r io.Reader) (io.ReadCloser, error) { return io.NopCloser(lz4.NewReader(r)), nil }

// decoder decompresses, and tells damage to the compressed bytes from an
// input that cannot be read.
type decoder struct {
	io.ReadCloser
	name string
	in   *input
}

// newDecoder returns a decoder for what in holds, which reads from raw.
func newDecoder(c compression, in *window.Reader, raw *input) (*decoder, error) {
	// The decompressors read byte by byte at places.
	r, err := c.open(bufio.NewReaderSize(&unread{in}, 64<<10))
	if err != nil {
		if raw.failed != nil {
			return nil, raw.failed
		}
		return nil, err
	}
	return &decoder{r, c.name, raw}, nil
}

// Read implements io.Reader.
func (d *decoder) Read(p []byte) (int, error) {
	n, err := d.ReadCloser.Read(p)
	switch {
	case err == nil || err == io.EOF:
		return n, err
	case d.in.failed != nil:
		return n, d.in.failed
	case errors.Is(err, io.ErrUnexpectedEOF):
		return n, &window.Corrupt{Err: fmt.Errorf("the %s file is cut off", d.name)}
	}
	return n, &window.Corrupt{Err: fmt.Errorf("the %s file is damaged: %w", d.name, err)}
}

// unread reads on from a window, what it has buffered first.
type unread struct{ in *window.Reader }

// Read implements io.Reader.
func (u *unread) Read(p []byte) (int, error) {
	b, err := u.in.Peek(1)
	if len(b) == 0 {
		return 0, err
	}
	n := copy(p, b)
	u.in.Advance(n)
	return n, nil
}
