package wiresight_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/secrets"
)

const (
	encrypted     = "testdata/websocket-tls.client.pcapng"
	encryptedKeys = "testdata/websocket-tls.keys"
	foreign       = "CLIENT_RANDOM 00000000000000000000000000000000000000000000000000000000000000ff ffff\n"
)

// embedded returns the secrets that a capture holds, and how many conversations
// of it were decrypted without other keys.
func embedded(t *testing.T, path string) (text string, decrypted int) {
	t.Helper()
	s := run(t, path, wiresight.Options{})
	s.View(func(v wiresight.View) {
		for _, b := range v.Info.Secrets {
			text += string(b.Data)
		}
		for _, c := range v.Model.Conversations {
			if c.TLS != nil && c.TLS.Decrypted {
				decrypted++
			}
		}
	})
	return text, decrypted
}

func TestKeysAreEmbeddedOnlyWhenAsked(t *testing.T) {
	keys := func() *secrets.Store {
		s := secrets.New()
		if err := wiresight.LoadKeys(s, encryptedKeys, false); err != nil {
			t.Fatal(err)
		}
		s.AddKeyLog([]byte(foreign)) // of a connection that is not in the capture
		return s
	}
	dir := t.TempDir()
	with, without, again, moved := filepath.Join(dir, "with.pcapng"), filepath.Join(dir, "without.pcapng"), filepath.Join(dir, "again.pcapng"), filepath.Join(dir, "moved.pcapng")

	s := run(t, encrypted, wiresight.Options{Secrets: keys(), Write: with, EmbedKeys: true, Index: true})
	if _, err := s.Packet(1); err != nil {
		t.Errorf("the session cannot be looked at any more: %v", err)
	}
	text, decrypted := embedded(t, with)
	if decrypted == 0 || text == "" || strings.Contains(text, "ffff\n") || strings.Contains(text, string(secrets.Exporter)) {
		t.Errorf("%d conversations decrypted, secrets of %d bytes", decrypted, len(text))
	}
	run(t, encrypted, wiresight.Options{Secrets: keys(), Write: without})
	if text, _ := embedded(t, without); text != "" {
		t.Error("secrets were written without being asked for")
	}
	// Those that the capture itself holds are no different.
	run(t, with, wiresight.Options{Write: again})
	if text, _ := embedded(t, again); text != "" {
		t.Error("the capture's own secrets were copied")
	}
	run(t, with, wiresight.Options{Write: moved, EmbedKeys: true})
	if got, n := embedded(t, moved); got != text || n != decrypted {
		t.Errorf("the capture's own secrets were not kept: %d bytes, %d decrypted", len(got), n)
	}
}
