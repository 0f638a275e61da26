package report_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/report"
)

var update = flag.Bool("update", false, "rewrite the golden reports")

// golden are captures that together show most of what a report can say.
var golden = []string{
	"dns.client", "http1-get-go.client", "http1-connection-per-request.client", "loss-fast-retransmit.client",
	"nagle-delayed-ack-rtt1ms.client", "quic-go.client", "tcp-refused.client", "tls12-unknown-ca.client", "tls13-resumed.client",
}

// The reports of a few captures, to be read in a review whenever they change.
func TestGoldenReports(t *testing.T) {
	for _, name := range golden {
		t.Run(name, func(t *testing.T) {
			// Run from the repository's root, so that the reports name the
			// captures as anyone would there.
			t.Chdir("..")
			s, err := wiresight.Open(context.Background(), "testdata/"+name+".pcapng", wiresight.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := s.Run(); err != nil {
				t.Fatal(err)
			}
			var text, doc bytes.Buffer
			if err := report.WriteText(&text, s, report.Options{}); err != nil {
				t.Fatal(err)
			}
			if err := report.WriteJSON(&doc, s, report.Options{}); err != nil {
				t.Fatal(err)
			}
			compare(t, name+".txt", text.Bytes())
			compare(t, name+".json", doc.Bytes())
		})
	}
}

// compare holds what was written against the golden file.
func compare(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("report", "testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	was, is := bytes.Split(want, []byte("\n")), bytes.Split(got, []byte("\n"))
	for i := range min(len(was), len(is)) {
		if !bytes.Equal(was[i], is[i]) {
			t.Fatalf("%s, line %d (rewrite with -update where this is meant)\n got: %.600s\nwant: %.600s", path, i+1, is[i], was[i])
		}
	}
	t.Fatalf("%s: %d lines, want %d (rewrite with -update where this is meant)", path, len(is), len(was))
}
