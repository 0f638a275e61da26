package http

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// Bounds against bodies that grow without end when they are decoded.
const (
	maxCodings = 4
	maxWindow  = 8 << 20 // bytes of zstd's window (RFC 9659)
)

// ErrCoding is returned for a content coding that is not known here.
var ErrCoding = errors.New("unknown content coding")

// Decode undoes the content codings that a Content-Encoding field lists
// (RFC 9110 section 8.4): gzip, deflate, br, zstd. It returns at most so many
// bytes. A body that is cut short or damaged is decoded as far as it goes, and
// err says what is wrong; it is ErrCoding for an unknown coding.
func Decode(contentEncoding string, body []byte, most int) (decoded []byte, err error) {
	r, err := decoder(contentEncoding, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	decoded, err = io.ReadAll(io.LimitReader(r, int64(most)))
	if c, ok := r.(interface{ Close() }); ok {
		c.Close()
	}
	return decoded, err
}

// Coded reports whether a Content-Encoding field names any coding.
func Coded(contentEncoding string) bool {
	coded := false
	Elements([]byte(contentEncoding), func(e []byte) bool {
		coded = !FoldEqual(e, "identity")
		return !coded
	})
	return coded
}

// decoder returns a reader that undoes codings; the last one listed was the
// last applied.
func decoder(contentEncoding string, r io.Reader) (io.Reader, error) {
	var codings []string
	Elements([]byte(contentEncoding), func(e []byte) bool {
		codings = append(codings, strings.ToLower(string(e)))
		return len(codings) <= maxCodings
	})
	if len(codings) > maxCodings {
		return nil, fmt.Errorf("%w: more than %d of them", ErrCoding, maxCodings)
	}
	for len(codings) > 0 {
		last := len(codings) - 1
		var err error
		if r, err = uncoded(codings[last], r); err != nil {
			return nil, err
		}
		codings = codings[:last]
	}
	return r, nil
}

func uncoded(coding string, r io.Reader) (io.Reader, error) {
	switch coding {
	case "identity":
		return r, nil
	case "gzip", "x-gzip":
		return &opener{r: r, open: gunzip}, nil
	case "deflate":
		return &opener{r: r, open: inflate}, nil
	case "br":
		return brotli.NewReader(r), nil
	case "zstd":
		return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	}
	return nil, fmt.Errorf("%w: %s", ErrCoding, coding)
}

// opener makes its reader with the first read, as gzip and zlib read a header
// when they are made.
type opener struct {
	r    io.Reader
	open func(io.Reader) (io.Reader, error)
	in   io.Reader
}

func (o *opener) Read(p []byte) (n int, err error) {
	if o.in == nil {
		if o.in, err = o.open(o.r); err != nil {
			return 0, err
		}
	}
	return o.in.Read(p)
}

// gunzip reads one member of gzip's format, as browsers do: a reader of several
// would keep the end of one until the next one comes.
func gunzip(r io.Reader) (io.Reader, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return z, nil
}

// inflate reads "deflate", which is zlib's format (RFC 9110 section 8.4.1.2);
// some senders leave out its header.
func inflate(r io.Reader) (io.Reader, error) {
	head := make([]byte, 2)
	n, err := io.ReadFull(r, head)
	if err != nil && n == 0 {
		return nil, err
	}
	whole := byteReader{r: io.MultiReader(bytes.NewReader(head[:n]), r)}
	const deflate, most = 8, 7 // the method, and the largest window
	if n == 2 && head[0]&15 == deflate && head[0]>>4 <= most && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return zlib.NewReader(&whole)
	}
	return flate.NewReader(&whole), nil
}

// byteReader keeps the decoders from reading ahead into a buffer of their own,
// which would wait for bytes that have not come.
type byteReader struct {
	r   io.Reader
	one [1]byte
}

func (b *byteReader) Read(p []byte) (int, error) { return b.r.Read(p) }

func (b *byteReader) ReadByte() (byte, error) {
	_, err := io.ReadFull(b.r, b.one[:])
	return b.one[0], err
}
