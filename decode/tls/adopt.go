package tls

import (
	"bytes"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/secrets"
	"github.com/wiresight/wiresight/decode/tls/suite"
)

// Where the ClientHello was not captured, or was only the outer one of ECH
// (secrets are logged under the inner one's random where the server takes it),
// the random by which keys are found is not known. Then the user's keys are
// tried at the first record: a tag that fits is proof.
const (
	maxAdopt     = 512 // keys tried at once
	maxAdoptions = 4   // times
)

// adopt looks for the connection's random among all keys, with the first
// encrypted record of a direction. It reports whether it found it.
func (k *keys) adopt(dst []byte, r *sealedRecord) bool {
	s := &k.side[r.dir]
	if k.random != nil && !k.ech || k.version == 0 || !k.usable || s.seq != 0 || k.adopted {
		return false
	}
	v := k.store.Version() + 1
	if v == k.triedAt || k.tried == maxAdoptions {
		return false
	}
	k.triedAt = v
	k.tried++
	label := secrets.ClientRandom
	if is13(k.version) {
		label = secrets.ServerHandshake
		if r.dir == k.client {
			label = secrets.ClientHandshake
		}
	}
	var head suite.Header
	copy(head[:], r.raw)
	n := 0
	k.store.Each(label, func(random, secret []byte) bool {
		n++
		o := k.opener(r.dir, random, secret)
		if o == nil {
			return n < maxAdopt
		}
		if _, _, ok := o.Open(dst[:0], 0, head, r.raw[r.header.size:]); !ok {
			return n < maxAdopt
		}
		k.random, k.adopted = bytes.Clone(random), true
		return false
	})
	k.side[0].ahead, k.side[1].ahead = nil, nil
	return k.adopted
}

// opener returns what opens a direction's records with a secret of the key log.
func (k *keys) opener(dir layer.Direction, random, secret []byte) suite.Opener {
	if !is13(k.version) {
		client, server, err := k.suite.Openers(k.version, secret, random, k.serverRandom, k.flags.encryptThenMAC)
		if err != nil {
			return nil
		}
		if dir == k.client {
			return client
		}
		return server
	}
	if len(secret) != k.suite.Hash.Size() {
		return nil
	}
	o, err := k.suite.NewTraffic(secret)
	if err != nil {
		return nil
	}
	return o
}
