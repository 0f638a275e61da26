package pcap

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/window"
)

// header is a file header of version 2.4 in a byte order.
func header(o binary.AppendByteOrder, magic uint32, link uint32) []byte {
	b := o.AppendUint32(nil, magic)
	b = o.AppendUint16(b, 2)
	b = o.AppendUint16(b, 4)
	b = o.AppendUint32(b, 0)
	b = o.AppendUint32(b, 0)
	b = o.AppendUint32(b, 65535)
	return o.AppendUint32(b, link)
}

// record appends a packet of data that was length bytes long on the wire.
func record(b []byte, o binary.AppendByteOrder, seconds, fraction uint32, data string, length int) []byte {
	b = o.AppendUint32(b, seconds)
	b = o.AppendUint32(b, fraction)
	b = o.AppendUint32(b, uint32(len(data)))
	b = o.AppendUint32(b, uint32(length))
	return append(b, data...)
}

// readAll returns the frames, with data of their own, and the errors before
// io.EOF.
func readAll(t *testing.T, file []byte) (frames []capture.Frame, failures []error) {
	t.Helper()
	r, err := NewReader(window.New(bytes.NewReader(file)), "x.pcap")
	if err != nil {
		return nil, []error{err}
	}
	for {
		var f capture.Frame
		err := r.Next(&f)
		if err == io.EOF {
			return frames, failures
		}
		if err != nil {
			failures = append(failures, err)
			continue
		}
		var again capture.Frame
		if err := r.FrameAt(bytes.NewReader(file), f.Number, f.Offset, &again); err != nil {
			t.Fatalf("packet %d again: %v", f.Number, err)
		}
		if !bytes.Equal(again.Data, f.Data) || again.Nanos != f.Nanos || again.Length != f.Length || again.Number != f.Number {
			t.Fatalf("packet %d is %+v, and %+v when read again", f.Number, f, again)
		}
		f.Data = bytes.Clone(f.Data)
		frames = append(frames, f)
	}
}

func TestReader(t *testing.T) {
	little, big := binary.LittleEndian, binary.BigEndian
	twoPackets := func(o binary.AppendByteOrder, magic uint32) []byte {
		return record(record(header(o, magic, 1), o, 10, 7, "abc", 3), o, 11, 8, "defg", 1500)
	}
	modified := header(little, magicModified, 1)
	modified = record(modified, little, 10, 7, "", 3)
	little.PutUint32(modified[fileHeaderSize+8:], 3)
	modified = append(modified, "8bytes..abc"...)
	old := header(little, magicMicro, 1)
	old[6] = 2 // version 2.2
	old = record(old, little, 10, 7, "abc", 3)
	little.PutUint32(old[fileHeaderSize+8:], 9)
	withFCS := twoPackets(little, magicMicro)
	little.PutUint32(withFCS[20:], 1|0x24000000)
	for _, c := range []struct {
		name   string
		file   []byte
		nanos  int64
		link   capture.LinkType
		length int // of the first packet, on the wire
	}{
		{"little endian, microseconds", twoPackets(little, magicMicro), 10_000_007_000, 1, 3},
		{"big endian, microseconds", twoPackets(big, magicMicro), 10_000_007_000, 1, 3},
		{"little endian, nanoseconds", twoPackets(little, magicNano), 10_000_000_007, 1, 3},
		{"big endian, nanoseconds", twoPackets(big, magicNano), 10_000_000_007, 1, 3},
		{"longer record headers of patched systems", modified, 10_000_007_000, 1, 3},
		{"version 2.2 has the lengths the other way round", old, 10_000_007_000, 1, 9},
		{"the link type's upper bits tell of a frame check sequence", withFCS, 10_000_007_000, 1, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			frames, failures := readAll(t, c.file)
			if len(failures) > 0 || len(frames) == 0 {
				t.Fatalf("%d frames, %v", len(frames), failures)
			}
			f := frames[0]
			if f.Number != 1 || f.Nanos != c.nanos || f.Link != c.link || f.Length != c.length || string(f.Data) != "abc" {
				t.Errorf("the first packet is %+v", f)
			}
			if len(frames) > 1 && (string(frames[1].Data) != "defg" || frames[1].Length != 1500) {
				t.Errorf("the second packet is %+v", frames[1])
			}
		})
	}
}

// A file that ends anywhere gives the packets that are whole, and says so.
func TestCutOffAnywhere(t *testing.T) {
	o := binary.LittleEndian
	file := record(header(o, magicMicro, 1), o, 1, 0, "abc", 3)
	first := len(file)
	file = record(file, o, 2, 0, "defg", 4)
	whole := map[int]int{fileHeaderSize: 0, first: 1, len(file): 2}
	for n := 4; n <= len(file); n++ {
		frames, failures := readAll(t, file[:n])
		want, complete := whole[n]
		if !complete && n > first {
			want = 1
		}
		if len(frames) != want {
			t.Errorf("%d bytes: %d packets, not %d", n, len(frames), want)
		}
		var damage *capture.Damage
		switch {
		case complete && len(failures) > 0:
			t.Errorf("%d bytes: %v", n, failures)
		case !complete && (len(failures) != 1 || !errors.As(failures[0], &damage)):
			t.Errorf("%d bytes: no damage but %v", n, failures)
		case !complete && (damage.Frame != want || damage.Recovered):
			t.Errorf("%d bytes: %+v", n, damage)
		}
	}
}

func TestNoCapture(t *testing.T) {
	for name, input := range map[string]string{
		"nothing": "", "three bytes of a magic number": "\xd4\xc3\xb2", "text": "these are just words, and many of them",
	} {
		if _, failures := readAll(t, []byte(input)); len(failures) != 1 || !errors.Is(failures[0], capture.ErrFormat) {
			t.Errorf("%s: %v", name, failures)
		}
	}
}

func TestGiantPacketIsNotBelieved(t *testing.T) {
	o := binary.LittleEndian
	file := record(header(o, magicMicro, 1), o, 1, 0, "abc", 3)
	file = record(file, o, 1, 0, "x", 1)
	o.PutUint32(file[len(file)-9:], 0xfffffff0)
	frames, failures := readAll(t, file)
	if len(frames) != 1 || len(failures) != 1 || !strings.Contains(failures[0].Error(), "4294967280") {
		t.Errorf("%d frames, %v", len(frames), failures)
	}
}

func FuzzReader(f *testing.F) {
	o := binary.LittleEndian
	f.Add(record(header(o, magicMicro, 1), o, 1, 2, "abc", 3))
	f.Add(record(header(binary.BigEndian, magicNano, 101), binary.BigEndian, 1, 2, "abc", 3))
	f.Add(record(header(o, magicMicro, 1), o, 1, 2, "", 60)) // a packet without bytes at the end
	f.Add(append(header(o, magicModified, 1), make([]byte, 40)...))
	f.Fuzz(func(t *testing.T, file []byte) {
		frames, failures := readAll(t, file)
		if len(frames) > len(file)/recordHeaderSize || len(failures) > 1 {
			t.Errorf("%d frames and %d errors of %d bytes", len(frames), len(failures), len(file))
		}
	})
}
