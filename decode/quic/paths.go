package quic

import "github.com/wiresight/wiresight/decode/layer"

// paths follows a connection over the paths that it uses (RFC 9000 section 9).
type paths struct {
	current int    // the path of the newest packet that was no probe
	number  uint64 // of that packet
	known   bool
}

// take counts a migration: the client's newest packet that is no probe came over
// another path. Where packets cannot be read, the first datagram of the client on
// a new path counts.
func (p *paths) take(d *dissector, c *connection, r *reading) {
	if r.packet.kind != oneRTT || r.chunk.Dir != c.client {
		return
	}
	path := r.chunk.Path
	if r.plain != nil {
		if p.known && r.number < p.number || probes(r.plain) {
			return
		}
		p.number, p.known = r.number, true
	} else if path <= p.current {
		return
	}
	if path != p.current {
		p.current = path
		d.facts.Migrations++
		d.news = true
	}
}

// Claims implements dissect.Claimer: the packet is of a connection whose keys
// open it. Only keys that have opened packets of the direction are tried.
func (d *dissector) Claims(dir layer.Direction, b []byte) bool {
	if len(b) < smallestShort || b[0]&longHeader != 0 {
		return false
	}
	for _, c := range d.connections {
		l, id := &c.levels[dir][levelApplication], c.ids[dir].length
		if !l.fits || id < 0 {
			continue
		}
		t := l.keys[0]
		pn, length := d.opener.unmask(t.phases[t.current], b, 1+id, c.packets[dir][spaceApplication].next())
		if length == 0 {
			continue
		}
		ahead := 0
		if t.bit != (d.opener.header[0]&keyPhaseBit != 0) {
			ahead = 1
		}
		if p := t.phase(ahead); p != nil {
			if _, ok := d.opener.decrypt(p, b[1+id+length:], pn); ok {
				return true
			}
		}
	}
	return false
}

// probes reports whether a packet holds nothing but probing frames (RFC 9000
// section 9.1).
func probes(plain []byte) bool {
	for len(plain) > 0 {
		f, err := parseFrame(plain)
		if err != nil {
			return false
		}
		switch f.kind {
		case framePadding, framePathChallenge, framePathResponse, frameNewConnectionID:
		default:
			return false
		}
		plain = plain[f.size:]
	}
	return true
}
