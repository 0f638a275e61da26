package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/secrets"
	"github.com/wiresight/wiresight/report"
)

// handshakes is what the lab's truth says of TLS connections.
type handshakes struct {
	TLS []struct {
		Connection        string
		ALPN              string `json:"alpn"`
		EarlyData         string `json:"early_data"`
		ClientCertificate bool   `json:"client_certificate"`
		Renegotiated      int
		ECH               string
		Error             string
		Messages          map[string][]string
	}
	Requests []struct {
		Connection, Protocol, Method, Target string
		Status                               int
	}
}

// opened is what the report says of them with keys.
type opened struct {
	Conversations []struct {
		conversation
		TLS *struct {
			ALPN              string `json:"alpn"`
			EarlyData         string `json:"early_data"`
			Likely            bool   `json:"early_data_likely"`
			ClientCertificate bool   `json:"client_certificate"`
			Renegotiations    int
			ECH               string
			Decrypted         bool
			KeyProblem        string `json:"key_problem"`
		}
		Messages map[string]int
	}
}

// With its keys, a capture of TLS says what the ends of the connections said.
func TestWithKeysTheTruthIsTold(t *testing.T) {
	keys, _ := filepath.Glob("../testdata/tls*.keys")
	more, _ := filepath.Glob("../testdata/tls*.rsa.pem")
	for _, path := range append(keys, more...) {
		scenario, _, _ := strings.Cut(filepath.Base(path), ".")
		captures, _ := filepath.Glob("../testdata/" + scenario + ".*.pcapng")
		for _, capture := range captures {
			t.Run(filepath.Base(capture), func(t *testing.T) {
				want, got := new(handshakes), new(opened)
				data, err := os.ReadFile("../testdata/" + scenario + ".truth.json")
				if err != nil {
					t.Fatal(err)
				}
				if err := json.Unmarshal(data, want); err != nil {
					t.Fatal(err)
				}
				store := secrets.New()
				if err := wiresight.LoadKeys(store, path, false); err != nil {
					t.Fatal(err)
				}
				if err := json.Unmarshal(reportWith(t, capture, store), got); err != nil {
					t.Fatal(err)
				}
				tellsTheTruth(t, want, got)
			})
		}
	}
}

func reportWith(t *testing.T, path string, store *secrets.Store) []byte {
	s, err := wiresight.Open(context.Background(), path, wiresight.Options{Secrets: store})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := report.WriteJSON(&b, s, report.Options{}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tellsTheTruth(t *testing.T, want *handshakes, got *opened) {
	var seen, told []string
	for _, r := range want.Requests {
		if r.Protocol == "http1" {
			told = append(told, fmt.Sprintf("%s %s %s %d", r.Connection, r.Method, r.Target, r.Status))
		}
	}
	for i := range got.Conversations {
		for _, e := range got.Conversations[i].Exchanges {
			if e.Protocol == "http1" {
				seen = append(seen, fmt.Sprintf("%s %s %v", got.Conversations[i].client(), e.Name, e.Status))
			}
		}
	}
	same(t, "requests", seen, told)
	for _, h := range want.TLS {
		for i := range got.Conversations {
			c := &got.Conversations[i]
			if c.client() != h.Connection || c.TLS == nil {
				continue
			}
			if !c.TLS.Decrypted && h.Error == "" || c.TLS.KeyProblem != "" {
				t.Errorf("%s was not read: %s", h.Connection, c.TLS.KeyProblem)
			}
			if h.Error == "" && (c.TLS.EarlyData != h.EarlyData || c.TLS.Likely || c.TLS.ClientCertificate != h.ClientCertificate ||
				c.TLS.Renegotiations != h.Renegotiated || c.TLS.ECH != h.ECH) {
				t.Errorf("%s: %+v, want %+v", h.Connection, *c.TLS, h)
			}
			if len(h.Messages) > 0 {
				same(t, h.Connection+" handshake", counted(c.Messages), flat(h.Messages))
			}
		}
	}
}

// counted lists handshake messages and alerts as often as the report counts
// them.
func counted(messages map[string]int) (list []string) {
	for kind, n := range messages {
		name, of := strings.CutPrefix(kind, "tls/")
		if !of || name == "application_data" || name == "change_cipher_spec" {
			continue
		}
		for range n {
			list = append(list, strings.ReplaceAll(name, "_", ""))
		}
	}
	return list
}

// flat lists them as the ends told: "ServerHello", "alert warning close_notify".
func flat(messages map[string][]string) (list []string) {
	for _, side := range messages {
		for _, m := range side {
			name, _, _ := strings.Cut(m, " ")
			list = append(list, strings.ToLower(name))
		}
	}
	return list
}
