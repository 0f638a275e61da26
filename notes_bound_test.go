package wiresight_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/pcapng"
)

// A stranger's file may bear gigabytes of comments.
func TestCommentsAreKeptUpToABound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "comments.pcapng")
	out, err := pcapng.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	const packets = 400
	for n := range packets {
		f := capture.Frame{Number: n + 1, Link: capture.LinkEthernet, Length: 14, Data: make([]byte, 14), Comments: []string{strings.Repeat("c", 60_000)}}
		if _, err := out.Write(&f); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	run(t, path, wiresight.Options{}).View(func(v wiresight.View) {
		bytes := 0
		for _, n := range v.Notes {
			bytes += len(n.Text)
		}
		if bytes > 16<<20 || len(v.Notes) < 200 || v.Model.Packets != packets {
			t.Errorf("%d notes of %d bytes, %d packets", len(v.Notes), bytes, v.Model.Packets)
		}
		if len(v.Model.Problems) != 1 || v.Model.Problems[0].Packet != len(v.Notes)+1 {
			t.Errorf("it is said as %v", v.Model.Problems)
		}
	})
}
