package quic

import (
	"bytes"
	"slices"

	"github.com/wiresight/wiresight/decode/layer"
)

// Keys cost time to derive. The packets of a datagram have one connection ID
// (RFC 9000 section 12.2), which two attempts decide: see initial.
const (
	maxDerived = 256 // for one conversation
	maxTries   = 2   // for one datagram
	maxKeySets = 4   // of one connection
)

// initial opens an Initial packet: with the keys at hand, else with those of the
// packet's own Destination Connection ID, as it is a client's first packet then,
// or its first one after a Retry (RFC 9001 section 5.2). It returns the
// connection, nil where no key fits.
func (d *dissector) initial(c *connection) *connection {
	r, p := &d.now, &d.now.packet
	dir := r.chunk.Dir
	if p.cut {
		return nil
	}
	for _, k := range slices.Backward(c.initial) {
		if k.version == p.version && d.openInitial(k, c.packets[dir][spaceInitial].next()) {
			return c
		}
	}
	// A server may answer in another version than the client began with (RFC 9369 section 4).
	if n := len(c.initial); n > 0 && c.initial[n-1].version != p.version && dir != c.client {
		if k := d.try(p.version, c.initial[n-1].dcid, c.client); k != nil {
			c.addKeys(k)
			return c
		}
	}
	k := d.try(p.version, p.dcid, dir)
	if k == nil {
		return nil
	}
	switch {
	case c.answered(), len(c.initial) > 0 && !c.retried: // another connection, or another attempt in another version
		c = d.begin(dir)
	case c.retried: // the ClientHello comes again
		c.crypto[dir][spaceInitial] = cryptoStream{}
	}
	c.client = dir
	c.odcid = bytes.Clone(p.dcid)
	c.addKeys(k)
	return c
}

// answered reports whether the server took up the connection.
func (c *connection) answered() bool {
	for _, n := range c.packets[c.client.Reverse()] {
		if len(n.seen.list) > 0 {
			return true
		}
	}
	return false
}

func (c *connection) addKeys(k *keySet) {
	if len(c.initial) >= maxKeySets {
		c.initial = slices.Delete(c.initial, 0, 1)
	}
	c.initial = append(c.initial, k)
}

// try derives keys and returns them if they open the packet.
func (d *dissector) try(version uint32, dcid []byte, client layer.Direction) *keySet {
	if d.derived >= maxDerived || d.tried >= maxTries {
		return nil
	}
	d.derived++
	d.tried++
	k := deriveInitial(version, dcid, client)
	if k == nil || !d.openInitial(k, 0) {
		return nil
	}
	return k
}

// openInitial opens the packet at hand; next is the packet number expected.
func (d *dissector) openInitial(k *keySet, next uint64) bool {
	r := &d.now
	plain, number, ok := d.opener.open(k.of(r.chunk.Dir), r.raw, r.packet.number, next)
	if ok {
		r.plain, r.number = plain, number
	}
	return ok
}
