package quic

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/tls/suite"
)

// keySet holds the Initial keys that follow from one Destination Connection ID
// of a client.
type keySet struct {
	version uint32
	dcid    []byte
	client  layer.Direction
	side    [2]*seal // of the client, of the server
}

// deriveInitial derives both sides' Initial keys (RFC 9001 section 5.2); nil
// for a version without known salt.
func deriveInitial(version uint32, dcid []byte, client layer.Direction) *keySet {
	salt := initialSalt(version)
	s, ok := suite.ByID(aes128Suite)
	if salt == nil || !ok {
		return nil
	}
	secret, err := hkdf.Extract(sha256.New, dcid, salt)
	if err != nil {
		return nil
	}
	k := &keySet{version: version, dcid: bytes.Clone(dcid), client: client}
	for i, label := range [2]string{"client in", "server in"} {
		if k.side[i], err = newSeal(&s, version, suite.ExpandLabel(s.Hash, secret, label, nil, s.Hash.Size()), nil); err != nil {
			return nil
		}
	}
	return k
}

// of returns what protects packets that go in a direction.
func (k *keySet) of(dir layer.Direction) *seal {
	if dir == k.client {
		return k.side[0]
	}
	return k.side[1]
}

// traffic opens the packets of one direction and encryption level with a secret
// that the user gave. Of 1-RTT packets it follows the key phases (RFC 9001
// section 6).
type traffic struct {
	suite   suite.Suite
	version uint32
	secret  []byte // of the newest phase derived
	// phases are the seals of the last phase, the current one, and those after
	// it as far as they were derived.
	phases  []*seal
	current int    // index into phases
	bit     bool   // key phase bit of the current one
	first   uint64 // lowest packet number of the current one
	proven  bool   // it opened a packet
	misses  int    // packets that no phase opened, one after the other
}

// Key updates cost time to derive and to try. The next phase is always at hand;
// phases that the capture missed are looked for a few times only.
const maxMisses = 64

// newTraffic returns nil where the suite cannot be.
func newTraffic(id uint16, version uint32, secret []byte) *traffic {
	s, ok := suite.ByID(id)
	if !ok || !s.Is13() || len(secret) != s.Hash.Size() {
		return nil
	}
	p, err := newSeal(&s, version, secret, nil)
	if err != nil {
		return nil
	}
	return &traffic{suite: s, version: version, secret: secret, phases: []*seal{p}}
}

// suitesOf returns the suites that a secret can be of: where the ServerHello was
// not seen, they are tried.
func suitesOf(secret []byte) []uint16 {
	if len(secret) == sha256.Size {
		return []uint16{aes128Suite, chachaSuite, ccmSuite}
	}
	return []uint16{aes256Suite}
}

const ccmSuite = 0x1304

// phase returns the seal of a phase counted from the current one, deriving it
// where it is new.
func (t *traffic) phase(ahead int) *seal {
	for t.current+ahead >= len(t.phases) {
		secret := suite.ExpandLabel(t.suite.Hash, t.secret, labels(t.version)+"ku", nil, t.suite.Hash.Size())
		p, err := newSeal(&t.suite, t.version, secret, t.phases[len(t.phases)-1])
		if err != nil {
			return nil
		}
		t.secret, t.phases = secret, append(t.phases, p)
	}
	return t.phases[t.current+ahead]
}

// open removes the protection of a packet with a short header, whatever its key
// phase. updated tells how many phases the direction has gone on.
func (t *traffic) open(o *opener, b []byte, number int, next uint64) (plain []byte, pn uint64, updated int, ok bool) {
	pn, length := o.unmask(t.phases[t.current], b, number, next)
	if length == 0 {
		return nil, 0, 0, false
	}
	sealed := b[number+length:]
	bit := o.header[0]&keyPhaseBit != 0
	for _, ahead := range t.order(bit, pn) {
		p := t.phase(ahead)
		if p == nil {
			break
		}
		if plain, ok = o.decrypt(p, sealed, pn); ok {
			t.misses = 0
			return plain, pn, t.advance(ahead, bit, pn), true
		}
	}
	t.misses++
	return nil, 0, 0, false
}

// The phases that a packet can be of, counted from the current one, the likeliest
// first: the key phase bit tells odd from even.
var (
	samePhase   = []int{0, 2, 4} // 2, 4: updates that the capture missed
	onlyCurrent = []int{0}
	nextPhase   = []int{1, -1}
	lateOrNext  = []int{-1, 1}
	firstUpdate = []int{1, 3}
)

func (t *traffic) order(bit bool, pn uint64) []int {
	switch {
	case bit == t.bit && t.misses < maxMisses:
		return samePhase
	case bit == t.bit:
		return onlyCurrent
	case t.current == 0:
		return firstUpdate
	case pn < t.first:
		return lateOrNext
	}
	return nextPhase
}

// advance makes the phase that opened a packet the current one, unless it is the
// one before.
func (t *traffic) advance(ahead int, bit bool, pn uint64) (updated int) {
	if ahead < 0 {
		return 0
	}
	if ahead == 0 {
		if !t.proven || pn < t.first {
			t.first = pn
		}
		t.proven = true
		return 0
	}
	if t.current += ahead; t.current > 1 { // keep the last one for packets that come late
		t.phases = t.phases[t.current-1:]
		t.current = 1
	}
	t.bit, t.first, t.proven = bit, pn, true
	return ahead
}
