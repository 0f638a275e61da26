package tui

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/notes"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/page"
)

// saving is a capture being written.
type saving struct {
	cancel   context.CancelFunc
	done, of atomic.Int64
}

func (s *saving) String() string {
	return fmt.Sprintf("saving packet %s of %s, esc stops", component.Count(s.done.Load()), component.Count(s.of.Load()))
}

// firstPacket returns the number of a conversation's first packet, 0 where
// there is none.
func firstPacket(src page.Source, id int) (number int) {
	src.View(func(v wiresight.View) {
		if v.Model != nil && id >= 1 && id <= len(v.Model.Conversations) {
			number = v.Model.Conversations[id-1].First.Number
		}
	})
	return number
}

// trimCapture takes the endings of a journal and of a capture off a name.
func trimCapture(path string) string {
	path = strings.TrimSuffix(path, notes.Extension)
	for _, e := range []string{".gz", ".zst", ".lz4", ".pcapng", ".pcap", ".cap"} {
		path = strings.TrimSuffix(path, e)
	}
	return path
}
