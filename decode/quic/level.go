package quic

import (
	"encoding/hex"

	"github.com/wiresight/wiresight/decode/secrets"
)

// The encryption levels whose keys come from secrets (RFC 9001 section 4).
const (
	levelEarly = iota // 0-RTT
	levelHandshake
	levelApplication // 1-RTT
	levels
)

// labelsOf are the NSS key log's labels by level, of the client and of the
// server. QUIC implementations once had labels of their own.
var labelsOf = [levels][2][2]secrets.Label{
	levelEarly:       {{secrets.ClientEarlyTraffic, secrets.QUICClientEarlyTraffic}, {}},
	levelHandshake:   {{secrets.ClientHandshake, secrets.QUICClientHandshake}, {secrets.ServerHandshake, secrets.QUICServerHandshake}},
	levelApplication: {{secrets.ClientTraffic, secrets.QUICClientTraffic}, {secrets.ServerTraffic, secrets.QUICServerTraffic}},
}

// level are the keys of one direction and encryption level.
type level struct {
	// keys are those that may fit: one once a packet was opened, several as long
	// as the cipher suite is not known.
	keys   []*traffic
	fits   bool
	asked  uint64 // secrets.Version at the last look, plus one
	misses int    // packets that could not be opened
}

// maxUnfit is after how many packets secrets that open none are given up.
const maxUnfit = 256

// at returns the level's keys for a direction, looking for their secret where
// that makes sense: a key log may still be growing.
func (c *connection) at(r *reading, n int) *level {
	l := &c.levels[r.chunk.Dir][n]
	if len(l.keys) > 0 || c.random == nil {
		return l
	}
	s := c.d.secrets
	if v := s.Version() + 1; l.asked != v || l.misses&(l.misses-1) == 0 {
		l.asked = v
		side := 0
		if r.chunk.Dir != c.client {
			side = 1
		}
		for _, label := range labelsOf[n][side] {
			if label == "" {
				continue
			}
			if secret := s.Lookup(label, c.random); secret != nil {
				c.derive(l, secret, n, r.packet.version)
				break
			}
		}
	}
	return l
}

// derive makes the keys of a secret. The early secret's suite is that of the
// connection before, which need not be this one's.
func (c *connection) derive(l *level, secret []byte, n int, version uint32) {
	suites := suitesOf(secret)
	if c.suite != 0 && n != levelEarly {
		suites = []uint16{c.suite}
	}
	for _, id := range suites {
		if t := newTraffic(id, version, secret); t != nil {
			l.keys = append(l.keys, t)
		}
	}
}

// settle keeps the keys that opened a packet.
func (l *level) settle(i int) {
	l.keys[0] = l.keys[i]
	l.keys, l.fits, l.misses = l.keys[:1], true, 0
}

func (l *level) miss() {
	l.misses++
	if !l.fits && l.misses > maxUnfit {
		l.keys = l.keys[:0:0]
	}
}

// openTraffic opens a 0-RTT or Handshake packet.
func (c *connection) openTraffic(r *reading, n int) {
	if r.packet.cut {
		return
	}
	l := c.at(r, n)
	next := c.packets[r.chunk.Dir][r.packet.kind.space()].next()
	for i, t := range l.keys {
		plain, number, ok := c.d.opener.open(t.phases[0], r.raw, r.packet.number, next)
		if ok {
			r.plain, r.number = plain, number
			l.settle(i)
			return
		}
	}
	l.miss()
	c.unread0 = c.unread0 || n == levelEarly
}

// openShort opens a 1-RTT packet.
func (c *connection) openShort(r *reading) {
	dir := r.chunk.Dir
	switch {
	case c.random == nil:
		c.problem("the capture begins after the handshake")
		return
	case r.packet.number == 0:
		c.problem("key found, but the length of the connection IDs is not known")
		return
	}
	l := c.at(r, levelApplication)
	next := c.packets[dir][spaceApplication].next()
	for i, t := range l.keys {
		plain, number, updated, ok := t.open(&c.d.opener, r.raw, r.packet.number, next)
		if !ok {
			continue
		}
		r.plain, r.number, r.phase = plain, number, c.d.opener.header[0]&keyPhaseBit != 0
		l.settle(i)
		c.d.facts.KeyUpdates[dir] += int64(updated)
		if !c.d.facts.Decrypted {
			c.d.facts.Decrypted, c.d.facts.KeyProblem, c.d.news = true, "", true
		}
		return
	}
	l.miss()
	if len(l.keys) == 0 && l.misses <= maxUnfit {
		c.problem("no key for client random " + hex.EncodeToString(c.random))
	} else {
		c.problem("the key for client random " + hex.EncodeToString(c.random) + " does not fit")
	}
}

// problem says why 1-RTT packets are not read, where keys were given.
func (c *connection) problem(text string) {
	q := c.d.facts
	if q.KeyProblem != "" || q.Decrypted || c.d.secrets.Empty() {
		return
	}
	q.KeyProblem, c.d.news = text, true
}
