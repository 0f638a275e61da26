package wiresight_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/file"
	"github.com/wiresight/wiresight/capture/pcapng"
	"github.com/wiresight/wiresight/decode/secrets"
	"github.com/wiresight/wiresight/report"
)

// FuzzStreet drives the whole street with real captures that were tampered
// with: which is capture, how is script, four bytes to a change (see tamper).
// Neither pass may panic, be slow, or write a report that is no JSON.
func FuzzStreet(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.client.pcapng")
	if err != nil || len(paths) == 0 {
		f.Fatal("no captures", err)
	}
	paths = slices.DeleteFunc(paths, func(p string) bool {
		info, err := os.Stat(p)
		return err != nil || info.Size() > 64<<10
	})
	random := rand.New(rand.NewPCG(1, 2))
	for i := range paths {
		script := make([]byte, 4*(1+random.IntN(12)))
		for j := range script {
			script[j] = byte(random.Uint32())
		}
		f.Add(uint16(i), script)
	}
	cache := map[string][]capture.Frame{}
	f.Fuzz(func(t *testing.T, which uint16, script []byte) {
		path := paths[int(which)%len(paths)]
		frames, known := cache[path]
		if !known {
			frames = framesOf(t, path)
			cache[path] = frames
		}
		begun := time.Now()
		harmless(t, save(t, tamper(frames, script[:min(len(script), 400)])), keysOf(t, path))
		if took := time.Since(begun); took > 20*time.Second { // however busy the machine is
			t.Errorf("%s took %v", path, took)
		}
	})
}

// tamper changes a list of frames: each four bytes of script are what is done,
// to which frame, and where or how much.
func tamper(frames []capture.Frame, script []byte) []capture.Frame {
	frames = slices.Clone(frames)
	for ; len(script) >= 4 && len(frames) > 1; script = script[4:] {
		i := int(script[1]) * len(frames) / 256
		where := int(script[2])<<8 | int(script[3])
		f := &frames[i]
		switch script[0] % 10 {
		case 0, 1, 2: // bytes turn
			f.Data = slices.Clone(f.Data)
			for n := range int(script[0]>>4) + 1 {
				if len(f.Data) > 0 {
					f.Data[(where+n*int(script[3]))%len(f.Data)] ^= script[2] | 1
				}
			}
		case 3: // the last bytes turn to ones: lengths that lie
			f.Data = slices.Clone(f.Data)
			for at := len(f.Data) * int(script[2]) / 256; at < len(f.Data) && at < len(f.Data)*int(script[2])/256+4; at++ {
				f.Data[at] = 0xff
			}
		case 4:
			frames = slices.Delete(frames, i, i+1)
		case 5:
			frames = slices.Insert(frames, min(len(frames), i+1+where%8), *f)
		case 6:
			j := (i + 1 + where%16) % len(frames)
			frames[i], frames[j] = frames[j], frames[i]
		case 7: // cut by a snap length
			f.Data = f.Data[:where%(len(f.Data)+1)]
		case 8: // shorter on the wire, too
			f.Data = f.Data[:where%(len(f.Data)+1)]
			f.Length = len(f.Data)
		case 9: // the end of another frame takes the place of this one's
			other := frames[where%len(frames)].Data
			at := min(len(f.Data), len(other)) / 2
			f.Data = slices.Concat(f.Data[:at], other[at:])
			f.Length = len(f.Data)
		}
	}
	return frames
}

func framesOf(t *testing.T, path string) (frames []capture.Frame) {
	src, err := file.Open(path, file.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var f capture.Frame
	for {
		if err := src.Next(&f); errors.Is(err, io.EOF) {
			return frames
		} else if err != nil {
			t.Fatal(path, err)
		}
		kept := f
		kept.Data = slices.Clone(f.Data)
		frames = append(frames, kept)
	}
}

func save(t *testing.T, frames []capture.Frame) (path string) {
	path = filepath.Join(t.TempDir(), "tampered.pcapng")
	out, err := pcapng.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range frames {
		if _, err := out.Write(&frames[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(out.End(), out.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func keysOf(t *testing.T, path string) *secrets.Store {
	store := secrets.New()
	log, err := os.ReadFile(strings.TrimSuffix(path, ".client.pcapng") + ".keys")
	if err == nil {
		store.AddKeyLog(append(log, '\n'))
	} else if !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return store
}

// harmless reads a capture in both passes, and reports on it.
func harmless(t *testing.T, path string, keys *secrets.Store) {
	s, err := wiresight.Open(context.Background(), path, wiresight.Options{Secrets: keys})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	var doc bytes.Buffer
	if err := report.WriteJSON(&doc, s, report.Options{}); err != nil || !json.Valid(doc.Bytes()) {
		t.Errorf("the report is no JSON: %v", err)
	}
	if err := report.WriteText(io.Discard, s, report.Options{}); err != nil {
		t.Error(err)
	}
	s.View(func(v wiresight.View) {
		for _, p := range v.Model.Problems {
			if strings.Contains(p.Text, "decoder failed") {
				t.Errorf("packet %d: %s", p.Packet, p.Text)
			}
		}
	})
	each, err := wiresight.Open(context.Background(), path, wiresight.Options{Secrets: keys})
	if err != nil {
		t.Fatal(err)
	}
	defer each.Close()
	if err := each.EachPacket(func(p *wiresight.Packet) error {
		for _, problem := range p.Problems {
			if strings.Contains(problem.Text, "decoder failed") {
				t.Errorf("described, packet %d: %s", problem.Packet, problem.Text)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
