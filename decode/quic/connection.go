package quic

import (
	"bytes"
	"encoding/hex"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// connection is one QUIC connection.
type connection struct {
	d       *dissector
	serial  uint32 // among those of the conversation
	client  layer.Direction
	version uint32
	odcid   []byte // the Destination Connection ID of the client's first Initial

	initial []*keySet // Initial keys in use, newest last
	retried bool      // a Retry was seen: the client begins again
	random  []byte    // of the ClientHello
	suite   uint16    // 0 until the ServerHello
	levels  [2][levels]level
	crypto  [2][spaces]cryptoStream
	packets [2][spaces]numbers
	rtt     [2]measures
	params  [2]*flow.QUICParameters

	ids    [2]ids
	tokens [2][][]byte // Stateless Reset Tokens of the endpoint that sends in the direction

	alpn    string
	offered []string
	inner   layer.Protocol
	named   bool // inner is decided
	streams streams
	data    [2]flowLimit // MAX_DATA of each direction
	counts  [2][2]flowLimit
	sent    [2]uint64 // bytes of all streams, as MAX_DATA counts them
	last    layer.PacketRef
	unread0 bool // 0-RTT packets could not be opened
}

// Packet number spaces (RFC 9000 section 12.3).
const (
	spaceInitial = iota
	spaceHandshake
	spaceApplication
	spaces
)

// space returns the packet number space of a packet type.
func (p packetType) space() int {
	switch p {
	case initial:
		return spaceInitial
	case handshake:
		return spaceHandshake
	}
	return spaceApplication
}

func newConnection(d *dissector, client layer.Direction, serial uint32) *connection {
	c := &connection{d: d, client: client, serial: serial}
	for dir := range c.rtt {
		c.rtt[dir] = measures{q: d.facts, dir: layer.Direction(dir)}
		c.ids[dir].length = -1
	}
	return c
}

// setVersion keeps the version last used: negotiation moves to another one
// (RFC 9368).
func (c *connection) setVersion(p *packet, dir layer.Direction) {
	if p.kind == zeroRTT && c.version != 0 { // it is sent in the version that the client began with
		return
	}
	if c.version == p.version && c.d.facts.Version != "" {
		return
	}
	if p.kind == initial && dir == c.client && c.version != 0 && len(c.packets[dir.Reverse()][spaceInitial].seen.list) > 0 {
		return // sent again in the version that the server has left
	}
	c.version, c.d.facts.Version, c.d.news = p.version, VersionName(p.version), true
}

// ids are the connection IDs by which packets of one direction are addressed.
type ids struct {
	list   [][]byte
	length int // of the last one; -1 unknown
}

// maxIDs bounds the connection IDs of one direction; the oldest are forgotten.
const maxIDs = 64

// knows reports whether packets of a direction are addressed by an id.
func (c *connection) knows(dir layer.Direction, id []byte) bool {
	for _, known := range c.ids[dir].list {
		if bytes.Equal(known, id) {
			return len(id) > 0
		}
	}
	return false
}

// addID notes that packets of a direction may be addressed by id.
func (c *connection) addID(out dissect.Sink, dir layer.Direction, id []byte) {
	l := &c.ids[dir]
	l.length = len(id)
	if len(id) == 0 || c.knows(dir, id) {
		return
	}
	id = bytes.Clone(id)
	if len(l.list) >= maxIDs {
		l.list = append(l.list[:0], l.list[1:]...)
	}
	l.list = append(l.list, id)
	out.ConnectionID(id, dir)
}

// idLength returns the length of the connection ID at the start of b, -1 where
// it is not known.
func (c *connection) idLength(dir layer.Direction, b []byte) int {
	for _, id := range c.ids[dir].list {
		if bytes.HasPrefix(b, id) {
			return len(id)
		}
	}
	if n := c.ids[dir].length; n <= len(b) {
		return n
	}
	return -1
}

// maxTokens bounds the reset tokens of one endpoint.
const maxTokens = 64

func (c *connection) addToken(dir layer.Direction, token []byte) {
	if len(token) == resetToken && len(c.tokens[dir]) < maxTokens {
		c.tokens[dir] = append(c.tokens[dir], bytes.Clone(token))
	}
}

// isReset reports whether a datagram is a stateless reset: it ends with a token
// that the sender gave out (RFC 9000 section 10.3.1).
func (c *connection) isReset(dir layer.Direction, b []byte) bool {
	if len(b) < smallestShort {
		return false
	}
	tail := b[len(b)-resetToken:]
	for _, t := range c.tokens[dir] {
		if bytes.Equal(t, tail) {
			return true
		}
	}
	return false
}

// parse takes the payload apart, and of its frames those of the handshake: what
// they say is needed for describing the packet and for reading the others.
func (c *connection) parse(r *reading) {
	for b := r.plain; len(b) > 0; {
		f, err := parseFrame(b)
		if err == nil && !allowed(f.kind, r.packet.kind) {
			err = errFrame
		}
		if err != nil {
			r.rest = err
			r.out.Problem(Name, err.Error()+" in a packet of type "+titles[r.packet.kind])
			break
		}
		f.at = len(r.plain) - len(b)
		r.frames = append(r.frames, f)
		b = b[f.size:]
	}
	if !c.count(r) {
		r.frames = r.frames[:0] // the packet came twice
		return
	}
	for i := range r.frames {
		if r.frames[i].kind == frameCrypto {
			c.handshake(r, &r.frames[i])
		}
	}
}

// allowed reports whether a frame may be in a packet (RFC 9000 section 12.4).
func allowed(frame uint64, p packetType) bool {
	switch frame {
	case framePadding, framePing, frameClose:
		return true
	case frameACK, frameACKECN, frameCrypto:
		return p != zeroRTT
	}
	return p != initial && p != handshake
}

// count notes the packet's number; false where it was there before.
func (c *connection) count(r *reading) bool {
	eliciting := false
	for i := range r.frames {
		switch r.frames[i].kind {
		case framePadding, frameACK, frameACKECN, frameClose, frameCloseApp:
		default:
			eliciting = true
		}
	}
	dir := r.chunk.Dir
	if !c.packets[dir][r.packet.kind.space()].take(r.number, r.chunk.At, eliciting) {
		return false
	}
	c.last = r.chunk.At
	c.d.facts.Sent[dir]++
	return true
}

// drop forgets what costs memory.
func (c *connection) drop() { c.streams.drop(c.d.budget) }

// finish says what is still held, and sums up.
func (c *connection) finish(out dissect.Sink) {
	q := c.d.facts
	c.partialHello(out)
	if c.unread0 && q.Decrypted && c.random != nil {
		q.KeyProblem, c.d.news = "no key for the 0-RTT packets of client random "+hex.EncodeToString(c.random), true
	}
	c.streams.finish(c, out)
	for dir := range c.packets {
		for space := range c.packets[dir] {
			missing, never := c.packets[dir][space].unseen()
			q.CaptureLost[dir] += missing
			q.Unseen[dir] += never
		}
		d := layer.Direction(dir)
		c.data[dir].finish(c.last, blocks{q: q, dir: d, what: flow.ConnectionData})
		for i := range c.counts[dir] {
			c.counts[dir][i].finish(c.last, blocks{q: q, dir: d, what: flow.StreamCount})
		}
	}
}
