package quic

import (
	"encoding/binary"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// smallestShort is the length of the shortest packet with a short header that
// can be protected: header, packet number, sample (RFC 9001 section 5.4.2).
const smallestShort = 21

// probe judges one datagram.
func probe(b []byte, datagram bool) dissect.Verdict {
	if !datagram || len(b) < 7 {
		return dissect.Verdict{}
	}
	if b[0]&longHeader == 0 {
		if b[0]&fixedBit != 0 && len(b) >= smallestShort {
			return dissect.Verdict{Match: dissect.Maybe}
		}
		return dissect.Verdict{}
	}
	p, err := parseLong(b)
	if err != nil || len(p.dcid) > maxConnectionID || len(p.scid) > maxConnectionID {
		return dissect.Verdict{}
	}
	yes := dissect.Verdict{Match: dissect.Yes}
	switch p.kind {
	case negotiation:
		if !plausibleVersions(p.versions) {
			return dissect.Verdict{}
		}
		yes.Client = dissect.Receiver
		return yes
	case foreign: // a client that asks for version negotiation
		if !reserved(p.version) || len(b) < 1200 || b[0]&fixedBit == 0 {
			return dissect.Verdict{}
		}
		yes.Client = dissect.Sender
		return yes
	}
	if b[0]&fixedBit == 0 {
		return dissect.Verdict{}
	}
	switch p.kind {
	case initial:
		yes.Client = initialSender(b, &p)
	case zeroRTT:
		yes.Client = dissect.Sender
	case retry:
		yes.Client = dissect.Receiver
	}
	return yes
}

// initialSender tells who sent an Initial: a client's first one opens with the
// keys of its own Destination Connection ID, and only clients send tokens.
func initialSender(b []byte, p *packet) dissect.Client {
	if len(p.token) > 0 {
		return dissect.Sender
	}
	if k := deriveInitial(p.version, p.dcid, layer.ToServer); k != nil && !p.cut {
		var o opener
		if _, _, ok := o.open(k.side[0], b[:p.size], p.number, 0); ok {
			return dissect.Sender
		}
	}
	return dissect.Unknown
}

// plausibleVersions reports whether b can be a Version Negotiation packet's
// list: whole, not empty, and with a version in it that somebody speaks.
func plausibleVersions(b []byte) bool {
	if len(b) == 0 || len(b)%4 != 0 {
		return false
	}
	for ; len(b) > 0; b = b[4:] {
		if v := binary.BigEndian.Uint32(b); known(v) || reserved(v) {
			return true
		}
	}
	return false
}
