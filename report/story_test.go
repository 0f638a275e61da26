package report_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/report"
)

// told reads a capture with an index and returns it as Markdown and HTML.
func told(t *testing.T, path string) (markdown, html string) {
	t.Helper()
	s, err := wiresight.Open(context.Background(), path, wiresight.Options{Index: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	var m, h bytes.Buffer
	if err := report.WriteMarkdown(&m, s, report.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := report.WriteHTML(&h, s, report.Options{}); err != nil {
		t.Fatal(err)
	}
	return m.String(), h.String()
}

func TestAStoryHasFindingsEvidenceLedgerAndDiagrams(t *testing.T) {
	markdown, html := told(t, "../testdata/nagle-delayed-ack-rtt20ms.client.pcapng")
	for _, want := range []string{"nagle-delayed-ack", "packets 54, 55, 56", "SYN, ACK", "network", "request-response"} {
		if !strings.Contains(markdown, want) {
			t.Errorf("%q is not in the Markdown", want)
		}
		if !strings.Contains(html, want) {
			t.Errorf("%q is not in the HTML", want)
		}
	}
	if n := strings.Count(html, "<svg "); n != 2 {
		t.Errorf("%d drawings of one conversation, want ladder and waterfall", n)
	}
	if n := strings.Count(html, "<polygon"); n != 80 {
		t.Errorf("%d arrows, want the first 80 packets", n)
	}
}

// Drawings are bounded however many conversations and exchanges there are.
func TestAStoryIsBounded(t *testing.T) {
	_, html := told(t, "../testdata/impaired-path.client.pcapng")
	if n := strings.Count(html, "<svg "); n == 0 || n > 24 {
		t.Errorf("%d drawings", n)
	}
}

func TestLostBytesAreMarkedInTheLadder(t *testing.T) {
	markdown, html := told(t, "../testdata/loss-fast-retransmit.client.pcapng")
	if !strings.Contains(markdown, "▶│ ") && !strings.Contains(markdown, "│ fast retransmission") {
		t.Error("the Markdown does not tell of the retransmission at its arrow")
	}
	if !strings.Contains(html, `class="grave"`) {
		t.Error("no arrow of the HTML is marked")
	}
}
