package quic

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
