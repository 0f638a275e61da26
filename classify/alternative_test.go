package classify_test

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/file"
	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/decode"
	"github.com/wiresight/wiresight/decode/secrets"
)

// What a client was told of, and what it did next, make one claim with the
// packets of both.
func TestAlternativeServicesAreTiedToWhatTheClientDidNext(t *testing.T) {
	for scenario, want := range map[string]struct {
		shows  []string
		packet []int // that tell and that follow
	}{
		"chromium-alt-svc": {[]string{"Alt-Svc: h3 is offered on port 443", "opens a connection with h3 there"}, []int{20, 23}},
		"dns-https-record": {[]string{"HTTPS record: h3 is offered on port 443", "opens a connection with h3 there"}, []int{2, 5}},
		"chromium-http2":   {},
		"chromium-http3":   {},
	} {
		src, err := file.Open("../testdata/"+scenario+".client.pcapng", file.Options{Context: context.Background()})
		if err != nil {
			t.Fatal(err)
		}
		log, err := os.ReadFile("../testdata/" + scenario + ".keys")
		if err != nil {
			t.Fatal(err)
		}
		keys := secrets.New()
		keys.AddKeyLog(log)
		chain := decode.New(decode.Options{Secrets: keys})
		var f capture.Frame
		for n := 1; ; n++ {
			if err := src.Next(&f); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			f.Number = n
			chain.Packet(&f)
		}
		src.Close()
		patterns, _ := classify.New(chain.Finish()).Capture()
		var shows []string
		var packets []int
		for _, p := range patterns {
			if p.ID != "alternative-service" {
				continue
			}
			for _, e := range p.Evidence {
				shows, packets = append(shows, e.Shows), append(packets, e.Packet)
			}
		}
		if !slices.Equal(shows, want.shows) || !slices.Equal(packets, want.packet) {
			t.Errorf("%s: %s in %v, want %s in %v", scenario, strings.Join(shows, "; "), packets, strings.Join(want.shows, "; "), want.packet)
		}
	}
}
