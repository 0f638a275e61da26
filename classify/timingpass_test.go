package classify_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/file"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode"
	"github.com/wiresight/wiresight/decode/flow"
)

// The timing pass is what the trackers add to the first pass over a capture:
// compare the two.
func BenchmarkTimingPass(b *testing.B) {
	paths, err := filepath.Glob("../testdata/loss-*.pcapng")
	if err != nil || len(paths) == 0 {
		b.Fatalf("no captures: %v", err)
	}
	var captures [][]capture.Frame
	for _, path := range paths {
		src, err := file.Open(path, file.Options{Context: context.Background()})
		if err != nil {
			b.Fatal(err)
		}
		var frames []capture.Frame
		var f capture.Frame
		for src.Next(&f) == nil {
			f.Data = append([]byte(nil), f.Data...)
			f.Number = len(frames) + 1
			frames = append(frames, f)
		}
		src.Close()
		captures = append(captures, frames)
	}
	for name, tracker := range map[string]func() flow.Tracker{"without": nil, "with": timing.NewTracker} {
		b.Run(name, func(b *testing.B) {
			packets := 0
			for b.Loop() {
				for _, frames := range captures {
					chain := decode.New(decode.Options{NewTracker: tracker})
					for i := range frames {
						f := frames[i]
						chain.Packet(&f)
					}
					chain.Finish()
					packets += len(frames)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(packets), "ns/packet")
		})
	}
}
