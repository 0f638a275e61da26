package wiresight_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wiresight/wiresight"
)

func TestACaptureIsSavedWithItsCommentsAndNew(t *testing.T) {
	s := traced(t, "http1-get-go.client.pcapng")
	before, err := os.ReadFile("testdata/http1-get-go.client.pcapng")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "noted.pcapng")
	if err := s.SaveAs(context.Background(), path, map[int][]string{4: {"ada: look", "bob: yes"}}, nil); err != nil {
		t.Fatal(err)
	}
	again, err := wiresight.Open(context.Background(), path, wiresight.Options{Index: true})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := again.Run(); err != nil {
		t.Fatal(err)
	}
	if a, b := s.Status().Packets, again.Status().Packets; a != b {
		t.Errorf("%d packets, want %d", b, a)
	}
	for n := 1; n <= int(s.Status().Packets); n++ {
		a, err := s.Packet(n)
		if err != nil {
			t.Fatal(err)
		}
		b, err := again.Packet(n)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(a.Data, b.Data) || !a.Time.Equal(b.Time) || a.Length != b.Length {
			t.Errorf("packet %d is another", n)
		}
		if n == 4 && !slices.Equal(b.Comments, []string{"ada: look", "bob: yes"}) {
			t.Errorf("packet 4 has the comments %q", b.Comments)
		}
	}
	// What was saved can be saved again, and keeps its comments.
	second := filepath.Join(filepath.Dir(path), "second.pcapng")
	if err := again.SaveAs(context.Background(), second, map[int][]string{4: {"eve: hm"}}, nil); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(second)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"ada: look", "bob: yes", "eve: hm"} {
		if !strings.Contains(string(data), text) {
			t.Errorf("%q was not kept", text)
		}
	}
	if after, err := os.ReadFile("testdata/http1-get-go.client.pcapng"); err != nil || !slices.Equal(before, after) {
		t.Error("the original was changed", err)
	}
}

func TestACaptureIsNotSavedOverItself(t *testing.T) {
	s := traced(t, "dns.client.pcapng")
	if err := s.SaveAs(context.Background(), "testdata/dns.client.pcapng", nil, nil); err == nil {
		t.Error("it was")
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	path := filepath.Join(t.TempDir(), "part.pcapng")
	if err := s.SaveAs(ctx, path, nil, nil); err == nil {
		t.Error("a stopped save succeeded")
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
}
