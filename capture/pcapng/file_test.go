package pcapng

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/window"
)

// aSource is a source as far as the writer knows one.
type aSource struct{ info capture.Info }

func (s aSource) Info() *capture.Info { return &s.info }

var twoInterfaces = aSource{capture.Info{Interfaces: []capture.Interface{
	{Name: "eth0", Link: 1, SnapLength: 96}, {Name: "tun0", Link: 101},
}}}

func begin(t testing.TB) (*File, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out.pcapng")
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w, path
}

// contents reads what a file holds by now.
func contents(t testing.TB, path string) (frames []capture.Frame, damages []capture.Damage, info *capture.Info) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	frames, damages, info = readAll(t, b)
	for i := range frames {
		frames[i].Offset = 0
	}
	return frames, damages, info
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	w, path := begin(t)
	w.Describe(twoInterfaces)
	want := []capture.Frame{
		{Number: 1, Nanos: 1_700_000_000_123_456_789, Link: 101, Interface: 1, Length: 1500, Data: []byte("abc")},
		{Number: 2, Nanos: 0, Link: 1, Interface: 0, Length: 4, Data: []byte("defg"), Comments: []string{"slow here", "ünïcode", ""}},
		{Number: 3, Nanos: 5, Link: 101, Interface: 1, Length: 9, Data: []byte{}},
	}
	for i := range want {
		offset, err := w.Write(&want[i])
		if err != nil {
			t.Fatal(err)
		}
		var again capture.Frame
		if err := w.FrameAt(want[i].Number, offset, &again); err != nil {
			t.Fatal(err)
		}
		if again.Offset = 0; !reflect.DeepEqual(again, want[i]) {
			t.Errorf("at once: %+v, not %+v", again, want[i])
		}
	}
	w.Drops([]capture.Interface{{Link: 1}, {Link: 101, Dropped: 17}})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	frames, damages, info := contents(t, path)
	// Interfaces are numbered as their first frames come.
	want[0].Interface, want[1].Interface, want[2].Interface = 0, 1, 0
	if !reflect.DeepEqual(frames, want) || len(damages) > 0 {
		t.Errorf("read   %+v\nwanted %+v\ndamage %v", frames, want, damages)
	}
	interfaces := []capture.Interface{
		{Name: "tun0", Link: 101, Dropped: 17, Resolution: 1}, {Name: "eth0", Link: 1, SnapLength: 96, Resolution: 1},
	}
	if !reflect.DeepEqual(info.Interfaces, interfaces) {
		t.Errorf("interfaces %+v, not %+v", info.Interfaces, interfaces)
	}
}

func TestAnEmptyCaptureIsAValidFile(t *testing.T) {
	w, path := begin(t)
	if frames, damages, _ := contents(t, path); len(frames)+len(damages) > 0 {
		t.Errorf("before the first packet: %v, %v", frames, damages)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if frames, damages, _ := contents(t, path); len(frames)+len(damages) > 0 {
		t.Errorf("closed: %v, %v", frames, damages)
	}
}

// Whenever the process ends, the file on disk ends with a whole block, and
// lacks the last moments only.
func TestTheFileOnDiskIsValidAtAnyTime(t *testing.T) {
	w, path := begin(t)
	data := bytes.Repeat([]byte("x"), 1001)
	for n := 1; n <= 500; n++ {
		if _, err := w.Write(&capture.Frame{Link: 1, Length: len(data), Data: data}); err != nil {
			t.Fatal(err)
		}
		if n%50 == 0 {
			if _, damages, _ := contents(t, path); len(damages) > 0 {
				t.Fatalf("after %d packets: %v", n, damages)
			}
		}
	}
	deadline := time.Now().Add(20 * flushAfter)
	for {
		frames, _, _ := contents(t, path)
		if len(frames) == 500 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d packets are on disk long after 500 were written", len(frames))
		}
		time.Sleep(flushAfter / 10)
	}
}

// Also the very first frame, which comes with its interface's description.
func TestASingleFrameIsOnDiskSoon(t *testing.T) {
	w, path := begin(t)
	if _, err := w.Write(&capture.Frame{Link: 1, Length: 3, Data: []byte("abc")}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * flushAfter); ; time.Sleep(flushAfter / 10) {
		if frames, _, _ := contents(t, path); len(frames) == 1 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("not on disk long after it was written")
		}
	}
}

// Frames are read again by others while more are written.
func TestReadingAgainWhileWriting(t *testing.T) {
	w, err := Temp()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	const packets = 3000
	offsets := make(chan int64, packets)
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		number := 0
		for offset := range offsets {
			number++
			var f capture.Frame
			if err := w.FrameAt(number, offset, &f); err != nil {
				t.Error(err)
				return
			}
			if want := fmt.Sprint("packet ", number); string(f.Data) != want || f.Number != number || f.Interface != number%3 {
				t.Errorf("%+v is not %s", f, want)
				return
			}
		}
	}()
	for n := 1; n <= packets; n++ {
		data := fmt.Sprint("packet ", n)
		offset, err := w.Write(&capture.Frame{Interface: n % 3, Link: 1, Length: len(data), Data: []byte(data)})
		if err != nil {
			t.Fatal(err)
		}
		offsets <- offset
	}
	close(offsets)
	wg.Wait()
	if err := w.FrameAt(1, 3, new(capture.Frame)); err == nil {
		t.Error("a packet where none is")
	}
}

func TestTemporaryFilesLeaveNothing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	w, err := Temp()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

func TestCreate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has neither permission bits nor these links")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "x.pcapng")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	reader, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("others may look into it: %v", info.Mode())
	}
	if b, _ := io.ReadAll(reader); string(b) != "old" {
		t.Errorf("who had the old file open reads %q", b)
	}
	if _, err := Create(path); !errors.Is(err, errInUse) || !strings.Contains(err.Error(), path) {
		t.Errorf("a file that is being written was begun again: %v", err)
	}
	link := filepath.Join(dir, "link.pcapng")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, refused := range []string{link, dir, filepath.Join(dir, "no", "such.pcapng"), os.DevNull} {
		w, err := Create(refused)
		if err == nil {
			w.Close()
			t.Errorf("%s was replaced", refused)
			continue
		}
		if !strings.Contains(err.Error(), refused) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", refused, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".wiresight*")); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

func BenchmarkWrite(b *testing.B) {
	w, err := Temp()
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	f := capture.Frame{Link: 1, Length: 620, Data: make([]byte, 620)}
	b.SetBytes(int64(len(f.Data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Write(&f); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	m := littleMaker().section("").iface(1, 0, nil)
	for range 20_000 {
		m.packet(0, 1, string(make([]byte, 620)), 620)
	}
	b.SetBytes(int64(len(m.b)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := NewReader(window.New(bytes.NewReader(m.b)), "x")
		if err != nil {
			b.Fatal(err)
		}
		var f capture.Frame
		for r.Next(&f) == nil {
		}
	}
}
