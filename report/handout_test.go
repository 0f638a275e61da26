package report_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/report"
)

// A handout has each step's words, and each step's packet in a ladder.
func TestHandoutsHoldTheirLessons(t *testing.T) {
	for _, l := range wiresight.Lessons() {
		t.Run(l.Name, func(t *testing.T) {
			d, err := report.Handout(context.Background(), l)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := d.HTML(&b); err != nil {
				t.Fatal(err)
			}
			page := b.String()
			for i, step := range l.Steps {
				if !strings.Contains(page, fmt.Sprintf("(packet %d)", step.Packet)) {
					t.Errorf("step %d is not told", i+1)
				}
				if !strings.Contains(page, fmt.Sprintf(">#%d</text>", step.Packet)) {
					t.Errorf("packet %d of step %d is not drawn", step.Packet, i+1)
				}
			}
		})
	}
}
