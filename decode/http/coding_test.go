package http

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

type flusher interface {
	io.WriteCloser
	Flush() error
}

// coders make what the decoders undo.
var coders = map[string]func(io.Writer) flusher{
	"gzip":    func(w io.Writer) flusher { return gzip.NewWriter(w) },
	"deflate": func(w io.Writer) flusher { return zlib.NewWriter(w) },
	"br":      func(w io.Writer) flusher { return brotli.NewWriter(w) },
	"zstd":    func(w io.Writer) flusher { z, _ := zstd.NewWriter(w); return z },
}

func encoded(coding, text string) []byte {
	var b bytes.Buffer
	w := coders[coding](&b)
	io.WriteString(w, text)
	w.Close()
	return b.Bytes()
}

func TestDecode(t *testing.T) {
	text := strings.Repeat("hello, ", 1000)
	for coding := range coders {
		body := encoded(coding, text)
		got, err := Decode(coding, body, len(text)+1)
		if err != nil || string(got) != text {
			t.Errorf("%s: %d bytes, %v", coding, len(got), err)
		}
		if got, err = Decode(coding, body, 10); err != nil || string(got) != text[:10] {
			t.Errorf("%s: %q where 10 bytes are wanted, %v", coding, got, err)
		}
		if _, err = Decode(coding, body[:len(body)-3], len(text)+1); err == nil {
			t.Errorf("%s: a cut body has no fault", coding)
		}
	}
	both := encoded("br", string(encoded("gzip", text)))
	if got, err := Decode("gzip, identity ,br", both, len(text)); err != nil || string(got) != text {
		t.Errorf("two codings: %d bytes, %v", len(got), err)
	}
	var raw bytes.Buffer
	w, _ := flate.NewWriter(&raw, 6)
	io.WriteString(w, text)
	w.Close()
	if got, err := Decode("deflate", raw.Bytes(), len(text)); err != nil || string(got) != text {
		t.Errorf("deflate without zlib's header: %d bytes, %v", len(got), err)
	}
	for _, unknown := range []string{"compress", "gzip, aes128gcm", "gzip,gzip,gzip,gzip,gzip"} {
		if _, err := Decode(unknown, nil, 1); !errors.Is(err, ErrCoding) {
			t.Errorf("%s: %v", unknown, err)
		}
	}
}

// What a sender flushed comes out with the byte that completes it.
func TestDecoderWaitsForNothing(t *testing.T) {
	for coding, make := range coders {
		var b bytes.Buffer
		w := make(&b)
		d, err := NewDecoder(coding)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"data: one\n\n", "data: two\n\n", strings.Repeat("long ", 10000)} {
			io.WriteString(w, text)
			w.Flush()
			var got []byte
			for _, c := range b.Bytes() {
				if err := d.Write([]byte{c}, func(p []byte) { got = append(got, p...) }); err != nil {
					t.Fatalf("%s: %v", coding, err)
				}
			}
			b.Reset()
			if string(got) != text {
				t.Errorf("%s: %d bytes of %d have come out", coding, len(got), len(text))
			}
		}
		d.Close()
		d.Close()
		if err := d.Write([]byte("more"), func([]byte) { t.Error("a closed decoder goes on") }); err != nil {
			t.Error(err)
		}
	}
	if _, err := NewDecoder("nonsense"); !errors.Is(err, ErrCoding) {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	for coding := range coders {
		f.Add(coding, encoded(coding, "hello hello hello"), uint8(3))
	}
	f.Fuzz(func(t *testing.T, coding string, body []byte, size uint8) {
		const most = 1 << 16
		whole, err := Decode(coding, body, most)
		d, failed := NewDecoder(coding)
		if failed != nil {
			return
		}
		defer d.Close()
		var got []byte
		for len(body) > 0 && len(got) < most {
			n := min(len(body), int(size)+1)
			if d.Write(body[:n], func(p []byte) { got = append(got, p...) }) != nil {
				return
			}
			body = body[n:]
		}
		if err == nil && len(whole) < most && !bytes.Equal(got, whole) {
			t.Errorf("%s: %q in pieces of %d, %q as a whole", coding, got, size, whole)
		}
	})
}
