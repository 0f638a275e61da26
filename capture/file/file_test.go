package file

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/pcapng"
)

const example = "../../testdata/http1-get-go.client.pcapng"

// pcapOf is a pcap file with a packet of each length.
func pcapOf(lengths ...int) []byte {
	o := binary.LittleEndian
	b := o.AppendUint32(nil, 0xa1b2c3d4)
	b = o.AppendUint16(o.AppendUint16(b, 2), 4)
	b = append(b, make([]byte, 8)...)
	b = o.AppendUint32(o.AppendUint32(b, 65535), 1)
	for i, n := range lengths {
		b = o.AppendUint32(o.AppendUint32(b, uint32(i)), 0)
		b = o.AppendUint32(o.AppendUint32(b, uint32(n)), uint32(n))
		b = append(b, bytes.Repeat([]byte{byte(i)}, n)...)
	}
	return b
}

func compressed(t testing.TB, how string, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	switch how {
	case "":
		return b
	case "gzip":
		w = gzip.NewWriter(&out)
	case "zstd":
		w, _ = zstd.NewWriter(&out)
	case "lz4":
		l := lz4.NewWriter(&out)
		if err := l.Apply(lz4.BlockSizeOption(lz4.Block64Kb)); err != nil {
			t.Fatal(err)
		}
		w = l
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// saved writes a file.
func saved(t testing.TB, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// all reads a source to its end, and closes it.
func all(t testing.TB, s capture.Source) (frames []capture.Frame, failed error) {
	t.Helper()
	defer s.Close()
	for {
		var f capture.Frame
		err := s.Next(&f)
		if err == io.EOF {
			return frames, failed
		}
		var damage *capture.Damage
		if failed = err; errors.As(err, &damage) {
			continue
		}
		if err != nil {
			return frames, err
		}
		f.Data = bytes.Clone(f.Data)
		frames = append(frames, f)
	}
}

// Whatever form the same capture comes in, the same frames come out.
func TestEveryFormGivesTheSameFrames(t *testing.T) {
	plain, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(example, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want, failed := all(t, s)
	if len(want) == 0 || failed != nil {
		t.Fatalf("%d frames, %v", len(want), failed)
	}
	for _, how := range []string{"", "gzip", "zstd", "lz4"} {
		b := compressed(t, how, plain)
		inputs := map[string]func() (capture.Source, error){
			"file": func() (capture.Source, error) { return Open(saved(t, "misleading.txt", b), Options{}) },
			"memory": func() (capture.Source, error) {
				return Read("x", struct {
					*bytes.Reader
					io.Closer
				}{bytes.NewReader(b), io.NopCloser(nil)}, Options{})
			},
			"pipe": func() (capture.Source, error) {
				r, w, err := os.Pipe()
				if err != nil {
					return nil, err
				}
				go func() {
					for i := 0; i < len(b); i += 700 {
						w.Write(b[i:min(i+700, len(b))])
					}
					w.Close()
				}()
				return Read("x", r, Options{})
			},
		}
		for input, open := range inputs {
			t.Run(strings.TrimSpace(input+" "+how), func(t *testing.T) {
				s, err := open()
				if err != nil {
					t.Fatal(err)
				}
				again, random := s.(capture.RandomAccess)
				if random != (how == "" && input != "pipe") {
					t.Errorf("frames can be read again: %v", random)
				}
				if random {
					s = checked{s, again, t}
				}
				frames, failed := all(t, s)
				if failed != nil || !reflect.DeepEqual(frames, want) {
					t.Errorf("%d frames of %d, %v", len(frames), len(want), failed)
				}
				if p, ok := s.(capture.Progress); ok {
					read, size := p.Progress()
					if read != int64(len(b)) || input == "file" && size != read {
						t.Errorf("%d of %d bytes read, not all %d", read, size, len(b))
					}
				}
			})
		}
	}
}

// checked reads every frame a second time.
type checked struct {
	capture.Source
	again capture.RandomAccess
	t     *testing.T
}

func (c checked) Next(f *capture.Frame) error {
	err := c.Source.Next(f)
	if err == nil {
		var g capture.Frame
		if err := c.again.FrameAt(f.Number, f.Offset, &g); err != nil || !reflect.DeepEqual(*f, g) {
			c.t.Errorf("packet %d again: %v, %+v, not %+v", f.Number, err, g, *f)
		}
	}
	return err
}

func TestCompressionThatIsCutOff(t *testing.T) {
	random := pcapOf()
	for i := range 300 {
		one := pcapOf(500)[24:]
		for j := range one[16:] {
			one[16+j] = byte(i*j>>3) ^ byte(i*i) // does not compress to nothing
		}
		random = append(random, one...)
	}
	for _, how := range []string{"gzip", "zstd", "lz4"} {
		b := compressed(t, how, random)
		s, err := Open(saved(t, "x", b[:len(b)-20]), Options{})
		if err != nil {
			t.Fatal(err)
		}
		frames, failed := all(t, s)
		var damage *capture.Damage
		if !errors.As(failed, &damage) || !strings.Contains(damage.Text, how) {
			t.Errorf("%s: %d frames, then %v", how, len(frames), failed)
		}
	}
}

func TestWhatCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name, path string
		is         error
	}{
		{"a missing file", filepath.Join(dir, "missing.pcap"), os.ErrNotExist},
		{"a directory", dir, capture.ErrFormat},
		{"an empty file", saved(t, "empty.pcap", nil), capture.ErrFormat},
		{"a text", saved(t, "text.pcap", []byte("no capture at all, just words\n")), capture.ErrFormat},
		{"one byte", saved(t, "one.pcap", []byte{0xd4}), capture.ErrFormat},
		{"a compressed text", saved(t, "x.gz", compressed(t, "gzip", []byte("just words and more of them"))), capture.ErrFormat},
		{"nothing, compressed", saved(t, "y.gz", compressed(t, "gzip", nil)), capture.ErrFormat},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Open(c.path, Options{})
			if err == nil {
				s.Close()
				t.Fatal("it was opened")
			}
			if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.path) || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is %q", err)
			}
		})
	}
}

// A capture is followed while it is written, in pieces that end anywhere.
func TestFollow(t *testing.T) {
	b := pcapOf(10, 20, 30)
	path := saved(t, "growing.pcap", nil)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s, err := Open(path, Options{Follow: true, Context: ctx})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	lengths := make(chan int)
	ended := make(chan error, 1)
	go func() {
		var f capture.Frame
		for {
			if err := s.Next(&f); err != nil {
				ended <- err
				return
			}
			lengths <- len(f.Data)
		}
	}()
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	steps := []struct{ from, to, packet int }{
		{0, 3, 0}, {3, 30, 0}, {30, 24 + 26, 10}, {50, 60, 0}, {60, 24 + 26 + 36 + 5, 20}, {91, len(b), 30},
	}
	for _, step := range steps {
		w.Write(b[step.from:step.to])
		if step.packet == 0 {
			select {
			case n := <-lengths:
				t.Fatalf("a packet of %d bytes that is not whole", n)
			case err := <-ended:
				t.Fatalf("ended at %d bytes: %v", step.to, err)
			case <-time.After(3 * pollInterval):
			}
			continue
		}
		select {
		case n := <-lengths:
			if n != step.packet {
				t.Fatalf("a packet of %d bytes, not %d", n, step.packet)
			}
		case err := <-ended:
			t.Fatalf("ended at %d bytes: %v", step.to, err)
		case <-time.After(10 * time.Second):
			t.Fatalf("nothing comes at %d bytes", step.to)
		}
	}
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("cancelling does not end it")
	}
}

func TestFollowedFileThatBecomesShorter(t *testing.T) {
	path := saved(t, "x.pcap", pcapOf(10, 20))
	s, err := Open(path, Options{Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(2*pollInterval, func() { os.Truncate(path, 24) })
	frames, failed := all(t, s)
	var damage *capture.Damage
	if len(frames) != 2 || !errors.As(failed, &damage) {
		t.Errorf("%d frames, %v", len(frames), failed)
	}
}

func TestCompressedFilesAreNotFollowed(t *testing.T) {
	s, err := Open(saved(t, "x", compressed(t, "gzip", pcapOf(1))), Options{Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, failed := all(t, s); failed == nil || !strings.Contains(failed.Error(), "gzip") {
		t.Errorf("followed: %v", failed)
	}
}

// Waiting for a silent pipe ends when the context does.
func TestSilentPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	ctx, cancel := context.WithCancel(context.Background())
	s, err := Read("x", r, Options{Context: ctx})
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, failed := all(t, s); !errors.Is(failed, context.Canceled) {
		t.Errorf("ended with %v", failed)
	}
}

// The capture that is being looked at is not replaced by what is saved.
func TestCaptureThatIsReadIsNotReplaced(t *testing.T) {
	path := saved(t, "x.pcap", pcapOf(10))
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if w, err := pcapng.Create(path); err == nil {
		w.Close()
		t.Error("it was replaced")
	}
	if frames, failed := all(t, s); len(frames) != 1 || failed != nil {
		t.Errorf("%d frames, %v", len(frames), failed)
	}
	w, err := pcapng.Create(path)
	if err != nil {
		t.Errorf("nobody reads it any more: %v", err)
	} else if err := w.Close(); err != nil {
		t.Error(err)
	}
}

func TestNextAllocatesNothing(t *testing.T) {
	s, err := Open(saved(t, "x.pcap", pcapOf(make([]int, 3000)...)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var f capture.Frame
	if n := testing.AllocsPerRun(2000, func() {
		if err := s.Next(&f); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

func FuzzRead(f *testing.F) {
	for _, how := range []string{"", "gzip", "zstd", "lz4"} {
		f.Add(compressed(f, how, pcapOf(1, 2, 3)))
	}
	if b, err := os.ReadFile("../../testdata/dns-then-http.client.pcapng"); err == nil {
		f.Add(b)
		f.Add(compressed(f, "zstd", b))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Read("x", io.NopCloser(bytes.NewReader(b)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		var fr capture.Frame
		for n := 0; n < 1_000_000; n++ {
			var damage *capture.Damage
			if err := s.Next(&fr); err != nil && !(errors.As(err, &damage) && damage.Recovered) {
				return
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	lengths := make([]int, 20_000)
	for i := range lengths {
		lengths[i] = 60 + i%3*580
	}
	plain := pcapOf(lengths...)
	for _, how := range []string{"", "gzip", "zstd", "lz4"} {
		path := saved(b, "x", compressed(b, how, plain))
		b.Run("pcap "+how, func(b *testing.B) {
			b.SetBytes(int64(len(plain)))
			b.ReportAllocs()
			for b.Loop() {
				s, err := Open(path, Options{})
				if err != nil {
					b.Fatal(err)
				}
				var f capture.Frame
				for err == nil {
					err = s.Next(&f)
				}
				if err != io.EOF {
					b.Fatal(err)
				}
				s.Close()
			}
		})
	}
}
