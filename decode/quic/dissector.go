package quic

import (
	"bytes"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/secrets"
)

// dissector reads the datagrams between two addresses and ports, and those of
// the paths that a connection of theirs has gone over to. Usually they are of
// one connection.
type dissector struct {
	facts       *flow.QUIC
	news        bool // facts that others look at have changed
	secrets     *secrets.Store
	budget      *budget
	connections []*connection // newest last, never empty
	begun       uint32        // connections so far
	closed      uint32        // serial of the one whose close is told
	opener      opener
	derived     int // how often Initial keys were derived
	tried       int // how often for this datagram
	answered    bool
	spin        [2]spin
	paths       paths
	msg         flow.Message
	now         reading
	describe    struct{ packet, payload func() layer.Layer } // bound once
}

// reading is the packet that is being read.
type reading struct {
	out      dissect.Sink
	datagram dissect.Chunk // here so that it needs no allocation
	chunk    *dissect.Chunk
	packet   packet
	offset   int // of the packet in the datagram
	raw      []byte
	number   uint64
	phase    bool   // key phase bit
	plain    []byte // the payload, nil where no key opened it
	frames   []frame
	rest     error // why there are no more frames
	messages []message
	reset    bool // a stateless reset
}

// maxConnections bounds the connections between the same addresses and ports of
// which state is kept.
const maxConnections = 16

func newDissector(c dissect.Context, b *budget) *dissector {
	d := &dissector{facts: &flow.QUIC{}, secrets: c.Secrets, budget: b}
	d.describe.packet, d.describe.payload = d.packetLayer, d.payloadLayer
	d.begin(layer.ToServer)
	return d
}

// begin makes room for another connection.
func (d *dissector) begin(client layer.Direction) *connection {
	if len(d.connections) >= maxConnections {
		d.connections[0].drop()
		d.connections = append(d.connections[:0], d.connections[1:]...)
	}
	c := newConnection(d, client, d.begun)
	d.begun++
	d.connections = append(d.connections, c)
	return c
}

// Feed implements dissect.Dissector: c is one datagram, which holds one or
// more packets (RFC 9000 section 12.2).
func (d *dissector) Feed(out dissect.Sink, c dissect.Chunk) {
	d.tried = 0
	d.now.datagram = c
	d.now.out, d.now.chunk = out, &d.now.datagram
	packets := 0
	for b := c.Data; len(b) > 0 && packets < maxCoalesced; packets++ {
		n := d.packet(b)
		if n <= 0 {
			break
		}
		b = b[n:]
	}
	if packets > 0 {
		d.firstFlights(d.now.chunk)
	}
	d.tell(out)
	d.now.out, d.now.chunk, d.now.datagram.Data, d.now.raw, d.now.plain = nil, nil, nil, nil, nil
	clear(d.now.frames)
	clear(d.now.messages)
}

// maxCoalesced bounds the packets read in one datagram.
const maxCoalesced = 64

// packet reads the packet at the start of b and returns its size, 0 where
// there is none.
func (d *dissector) packet(b []byte) int {
	r := &d.now
	r.offset = len(r.chunk.Data) - len(b)
	r.number, r.plain, r.phase, r.reset, r.rest = 0, nil, false, false, nil
	r.frames, r.messages = r.frames[:0], r.messages[:0]
	if b[0]&longHeader == 0 {
		return d.short(b)
	}
	p, err := parseLong(b)
	if err != nil {
		if r.offset == 0 || b[0]&fixedBit != 0 {
			r.out.Problem(Name, err.Error())
		}
		return 0
	}
	r.packet, r.raw = p, b[:p.size]
	d.long(d.pick(&p))
	return p.size
}

// pick returns the connection that a packet is of; see connection.begins for
// those that begin one.
func (d *dissector) pick(p *packet) *connection {
	dir := d.now.chunk.Dir
	for i := len(d.connections) - 1; i > 0; i-- {
		c := d.connections[i]
		if c.knows(dir, p.dcid) || len(p.scid) > 0 && c.knows(dir.Reverse(), p.scid) || dir == c.client && bytes.Equal(p.dcid, c.odcid) {
			return c
		}
	}
	if len(d.connections) > 1 {
		if c := d.connections[0]; c.knows(dir, p.dcid) || c.knows(dir.Reverse(), p.scid) {
			return c
		}
	}
	return d.connections[len(d.connections)-1]
}

// long takes a packet with a long header.
func (d *dissector) long(c *connection) {
	r, p := &d.now, &d.now.packet
	dir, at := r.chunk.Dir, r.chunk.At
	switch p.kind {
	case initial:
		if !d.facts.FirstInitial[dir].Valid() {
			d.facts.FirstInitial[dir], d.news = at, true
		}
		if opened := d.initial(c); opened != nil {
			c = opened
			d.set(&d.facts.InitialDecrypted)
		}
	case handshake:
		c.openTraffic(r, levelHandshake)
	case zeroRTT:
		d.set(&d.facts.ZeroRTT)
		c.openTraffic(r, levelEarly)
	case retry:
		d.retry(c)
	case negotiation:
		d.set(&d.facts.VersionNegotiation)
	}
	if p.kind != negotiation && p.kind != foreign {
		c.setVersion(p, dir)
		c.addID(r.out, dir.Reverse(), p.scid)
	}
	if p.kind == handshake && len(p.dcid) > 0 { // where the packet in which the other side chose it is missing
		c.addID(r.out, dir, p.dcid)
	}
	d.read(c)
}

// retry takes a Retry packet. One whose tag is wrong is ignored by clients (RFC
// 9000 section 17.2.5.2).
func (d *dissector) retry(c *connection) {
	r := &d.now
	forged := false
	for _, k := range c.initial { // a client that sent two Initials gets two Retries
		valid, checked := retryTagValid(r.packet.version, k.dcid, r.raw)
		if forged = checked && !valid; !forged {
			break
		}
	}
	if forged {
		r.out.Problem(Name, "Retry with a wrong integrity tag")
		return
	}
	c.retried = true
	d.set(&d.facts.Retry)
	if !d.facts.RetryAt.Valid() {
		d.facts.RetryAt = r.chunk.At
	}
}

// short takes a packet with a short header, which ends the datagram (RFC 9000
// section 17.3).
func (d *dissector) short(b []byte) int {
	r := &d.now
	dir, at := r.chunk.Dir, r.chunk.At
	c := d.connections[len(d.connections)-1]
	if len(d.connections) > 1 {
		c = d.addressee(b[1:])
	}
	id := c.idLength(dir, b[1:])
	if b[0]&fixedBit == 0 && (id <= 0 || !c.knows(dir, b[1:1+id])) {
		return 0 // padding behind coalesced packets, or another protocol (RFC 9443)
	}
	r.packet = packet{kind: oneRTT, version: c.version, size: len(b)}
	if id >= 0 && 1+id <= len(b) {
		r.packet.dcid, r.packet.number = b[1:1+id], 1+id
	}
	r.raw = b
	if c.isReset(dir, b) {
		r.reset = true
		if d.facts.StatelessReset == nil {
			d.facts.StatelessReset, d.news = &flow.QUICReset{At: at, By: dir}, true
		}
		d.say("stateless_reset", len(b))
		r.out.Layer(Name, d.describe.packet)
		return len(b)
	}
	if !d.facts.First1RTT[dir].Valid() {
		d.facts.First1RTT[dir], d.news = at, true
	}
	d.turn(dir, b[0]&spinBit != 0, at.Nanos)
	if r.chunk.Cut == 0 {
		c.openShort(r)
	}
	d.read(c)
	return len(b)
}

// addressee returns the connection that a packet with a short header is of.
func (d *dissector) addressee(b []byte) *connection {
	dir := d.now.chunk.Dir
	for i := len(d.connections) - 1; i >= 0; i-- {
		if c := d.connections[i]; c.idLength(dir, b) > 0 && c.knows(dir, b[:c.idLength(dir, b)]) {
			return c
		}
	}
	return d.connections[len(d.connections)-1]
}

// read takes what a packet holds, as far as it was opened.
func (d *dissector) read(c *connection) {
	r := &d.now
	d.paths.take(d, c, r)
	if r.plain != nil {
		c.parse(r)
	}
	d.say(kinds[r.packet.kind], r.packet.size)
	r.out.Layer(Name, d.describe.packet)
	if r.plain != nil {
		r.out.Layer(Name, d.describe.payload)
		c.take(r)
	}
}

func (d *dissector) set(flag *bool) {
	if !*flag {
		*flag, d.news = true, true
	}
}

// firstFlights notes the datagrams that bound the handshake's round trips.
func (d *dissector) firstFlights(c *dissect.Chunk) {
	if c.Dir == d.connections[0].client.Reverse() {
		d.answered = true
	} else if d.answered && !d.facts.FirstFlight2.Valid() {
		d.facts.FirstFlight2, d.news = c.At, true
	}
}

func (d *dissector) say(kind string, size int) {
	r := &d.now
	d.msg = flow.Message{Protocol: Name, Kind: kind, Dir: r.chunk.Dir, First: r.chunk.At, Last: r.chunk.At, Packets: d.msg.Packets, Bytes: int64(size)}
	d.msg.Packets.Reset()
	d.msg.Packets.Add(r.chunk.At.Number)
	r.out.Message(&d.msg)
}

func (d *dissector) tell(out dissect.Sink) {
	if d.news {
		d.news = false
		out.QUIC(d.facts)
	}
}

// Finish implements dissect.Dissector.
func (d *dissector) Finish(out dissect.Sink, _ bool) {
	d.now.out = out
	for _, c := range d.connections {
		c.finish(out)
	}
	d.tell(out)
}
