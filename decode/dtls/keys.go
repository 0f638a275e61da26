package dtls

import (
	"bytes"
	"encoding/hex"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/secrets"
	"github.com/wiresight/wiresight/decode/tls"
	"github.com/wiresight/wiresight/decode/tls/suite"
)

// keys opens records with the master secret that the user gave under the
// client's random.
type keys struct {
	store        *secrets.Store
	client       layer.Direction
	random       []byte
	serverRandom []byte
	suite        suite.Suite
	version      uint16 // as TLS numbers it; 0 until the ServerHello
	etm          bool
	openers      [2]suite.Opener
	tried        uint64 // the store's version at the last look, plus one
	failed       bool
	opened       bool
	sealed       bool
	v13          bool
}

// message takes what the keys depend on.
func (k *keys) message(m *tls.Handshake, dir layer.Direction) {
	if k.store == nil {
		return
	}
	switch {
	case m.ClientHello != nil:
		k.client, k.random = dir, bytes.Clone(m.ClientHello.Random)
		k.openers, k.tried = [2]suite.Opener{}, 0
	case m.ServerHello != nil && !m.ServerHello.HelloRetry:
		h := m.ServerHello
		k.client, k.serverRandom = dir.Reverse(), bytes.Clone(h.Random)
		k.suite, _ = suite.ByID(h.CipherSuite)
		k.etm = h.EncryptThenMAC
		k.v13 = h.Version == dtls13
		k.version = tlsVersion(h.Version)
	}
}

// The versions as DTLS writes them.
const (
	dtls10 = 0xfeff
	dtls12 = 0xfefd
	dtls13 = 0xfefc
)

// tlsVersion returns the version of TLS whose key schedule a version of DTLS
// uses: DTLS 1.0 is TLS 1.1 (RFC 4347).
func tlsVersion(v uint16) uint16 {
	if v == dtls10 {
		return 0x0302
	}
	return 0x0303
}

// open opens a record behind d.plain and returns its content. The epoch and
// the number stand where TLS has its sequence number (RFC 6347 section 4.1.2.1).
func (k *keys) open(d *dissector, r *record, dir layer.Direction) (content []byte, ok bool) {
	k.sealed = true
	if r.unified || r.epoch != 1 || len(r.body) < r.length || !k.ready() {
		return nil, false
	}
	h := suite.Header{r.kind, byte(r.version >> 8), byte(r.version), byte(r.length >> 8), byte(r.length)}
	from := len(d.plain)
	plain, _, ok := k.openers[dir].Open(d.plain, uint64(r.epoch)<<48|r.sequence, h, r.body)
	if !ok {
		k.failed = true
		return nil, false
	}
	d.plain = plain
	k.opened = true
	return plain[from:], true
}

// ready reports whether there are keys, and derives them once there are.
func (k *keys) ready() bool {
	if k.openers[0] != nil {
		return true
	}
	if k.store.Empty() || k.version == 0 || k.v13 || k.random == nil || k.tried == k.store.Version()+1 {
		return false
	}
	k.tried = k.store.Version() + 1
	master := k.store.Lookup(secrets.ClientRandom, k.random)
	if master == nil {
		return false
	}
	client, server, err := k.suite.Openers(k.version, master, k.random, k.serverRandom, k.etm)
	if err != nil {
		return false
	}
	k.openers[k.client], k.openers[k.client.Reverse()] = client, server
	return true
}

// problem tells why records stayed sealed, "" where they did not or where no
// keys were given.
func (k *keys) problem() string {
	switch {
	case !k.sealed || k.opened || k.store.Empty():
		return ""
	case k.v13:
		return "records of DTLS 1.3 cannot be opened"
	case k.random == nil:
		return "the capture begins after the ClientHello, by whose random keys are found"
	case k.version == 0:
		return "the capture does not hold the ServerHello"
	case k.failed:
		return "key found, but it does not open the records"
	case !k.store.Has(k.random):
		return "no key for client random " + hex.EncodeToString(k.random[:min(8, len(k.random))]) + "…"
	}
	return "the records of this cipher suite cannot be opened"
}
