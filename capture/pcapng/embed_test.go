package pcapng

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/window"
)

func TestEmbeddedSecretsStandBeforeThePackets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.pcapng")
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := f.Write(&capture.Frame{Link: capture.LinkEthernet, Length: 5, Data: []byte("hello"), Nanos: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	want := capture.Secrets{Type: 0x544c534b, Data: []byte("CLIENT_RANDOM 00 11\n")}
	if err := Embed(path, []capture.Secrets{want}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(window.New(bytes.NewReader(data)), path)
	if err != nil {
		t.Fatal(err)
	}
	var frame capture.Frame
	packets := 0
	for ; r.Next(&frame) == nil; packets++ {
		if s := r.Info().Secrets; len(s) != 1 || s[0].Type != want.Type || !bytes.Equal(s[0].Data, want.Data) {
			t.Fatalf("before packet %d: %+v", packets+1, s)
		}
	}
	if packets != 3 {
		t.Errorf("%d packets", packets)
	}
}

func TestSecretsInASectionOfTheOtherByteOrder(t *testing.T) {
	swapped := []byte{0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 28, 0x1a, 0x2b, 0x3c, 0x4d, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 99, 0, 0, 0, 28}
	path := filepath.Join(t.TempDir(), "a.pcapng")
	if err := os.WriteFile(path, swapped, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Embed(path, []capture.Secrets{{Type: 1, Data: []byte("abcde")}}); err != nil {
		t.Fatal(err)
	}
	data, _ := os.ReadFile(path)
	r, err := NewReader(window.New(bytes.NewReader(data)), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Next(new(capture.Frame)); err != io.EOF {
		t.Fatal(err)
	}
	if s := r.Info().Secrets; len(s) != 1 || s[0].Type != 1 || string(s[0].Data) != "abcde" {
		t.Errorf("%+v", s)
	}
}

func TestNothingIsEmbeddedIntoOtherFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.pcap")
	for _, text := range []string{"", "no pcapng file, and longer than a section's header", "\n\r\r\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Embed(path, nil); err == nil {
			t.Errorf("%q: no error", text)
		}
		if got, _ := os.ReadFile(path); string(got) != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}
