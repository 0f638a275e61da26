package tls

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/crypto/cryptobyte"
)

// The algorithms by which certificates are compressed (RFC 8879 section 3).
const (
	compressZlib   = 1
	compressBrotli = 2
	compressZstd   = 3
)

// CompressionName returns an algorithm's name.
func CompressionName(id uint16) string {
	switch id {
	case compressZlib:
		return "zlib"
	case compressBrotli:
		return "brotli"
	case compressZstd:
		return "zstd"
	}
	return "unknown"
}

// errCompression says that a certificate was compressed in a way that cannot be
// undone.
var errCompression = errors.New("unknown certificate compression")

// decompress undoes the compression of a CompressedCertificate (RFC 8879
// section 4) and returns the Certificate message's body. The message says how
// long that is; longer than a handshake message may be is malformed.
func decompress(b []byte) (algorithm uint16, body []byte, err error) {
	s := cryptobyte.String(b)
	var length uint32
	var compressed cryptobyte.String
	if !s.ReadUint16(&algorithm) || !s.ReadUint24(&length) || !s.ReadUint24LengthPrefixed(&compressed) || length > maxHandshake {
		return algorithm, nil, ErrMalformed
	}
	r, err := decompressor(algorithm, bytes.NewReader(compressed))
	if err != nil {
		return algorithm, nil, err
	}
	body = make([]byte, length+1) // one more, which must not come
	if n, err := io.ReadFull(r, body); !errors.Is(err, io.ErrUnexpectedEOF) && !(length == 0 && errors.Is(err, io.EOF)) || n != int(length) {
		return algorithm, nil, ErrMalformed
	}
	return algorithm, body[:length], nil
}

func decompressor(algorithm uint16, r io.Reader) (io.Reader, error) {
	switch algorithm {
	case compressZlib:
		z, err := zlib.NewReader(r)
		if err != nil {
			return nil, ErrMalformed
		}
		return z, nil
	case compressBrotli:
		return brotli.NewReader(r), nil
	case compressZstd: // one thread, so that nothing goes on after the message
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return nil, ErrMalformed
		}
		return z, nil
	}
	return nil, errCompression
}

// maxZstdWindow bounds the memory of a decompressor; no certificate needs as
// much.
const maxZstdWindow = 1 << 20
