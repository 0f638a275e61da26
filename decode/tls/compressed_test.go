package tls

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/crypto/cryptobyte"
)

// compressed builds a CompressedCertificate of a Certificate message's body.
func compressed(t testing.TB, algorithm uint16, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch algorithm {
	case compressBrotli:
		w = brotli.NewWriter(&b)
	case compressZstd:
		z, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		w = z
	default:
		w = zlib.NewWriter(&b)
	}
	w.Write(body)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return envelope(algorithm, len(body), b.Bytes())
}

func envelope(algorithm uint16, length int, data []byte) []byte {
	var m cryptobyte.Builder
	m.AddUint16(algorithm)
	m.AddUint24(uint32(length))
	m.AddUint24LengthPrefixed(func(m *cryptobyte.Builder) { m.AddBytes(data) })
	return m.BytesOrPanic()
}

// chain13 builds a Certificate message's body of TLS 1.3.
func chain13(certs ...[]byte) []byte {
	var m cryptobyte.Builder
	m.AddUint8(0)
	m.AddUint24LengthPrefixed(func(m *cryptobyte.Builder) {
		for _, c := range certs {
			m.AddUint24LengthPrefixed(func(m *cryptobyte.Builder) { m.AddBytes(c) })
			m.AddUint16(0)
		}
	})
	return m.BytesOrPanic()
}

func TestCompressedCertificates(t *testing.T) {
	body := chain13(testCertificate(t).Certificate[0])
	for _, algorithm := range []uint16{compressZlib, compressBrotli, compressZstd} {
		c, err := ParseCompressedCertificate(compressed(t, algorithm, body))
		if err != nil || len(c.Chain) != 1 || c.Chain[0].Subject != "CN=example.com,O=Example" || c.Compression != algorithm {
			t.Errorf("%s: %+v, %v", CompressionName(algorithm), c, err)
		}
	}
}

// What a compressed certificate grows to is bounded by what the message says,
// and that by what a handshake message may be.
func TestCompressedCertificatesDoNotGrow(t *testing.T) {
	bomb := compressed(t, compressZlib, make([]byte, 10<<20))
	for _, c := range []struct {
		about string
		b     []byte
		want  error
	}{
		{"more than a message may be", bomb, ErrMalformed},
		{"less than announced", envelope(compressZlib, 1000, compressed(t, compressZlib, []byte("short"))[8:]), ErrMalformed},
		{"no such algorithm", envelope(9, 5, []byte("12345")), errCompression},
		{"nothing", nil, ErrMalformed},
	} {
		if _, err := ParseCompressedCertificate(c.b); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.about, err, c.want)
		}
	}
	long := append(envelope(compressZlib, 9, nil)[:5], bomb[5:]...) // says 9 bytes, holds 10 MiB
	if c, err := ParseCompressedCertificate(long); err == nil || len(c.Chain) > 0 {
		t.Errorf("%+v", c)
	}
}
