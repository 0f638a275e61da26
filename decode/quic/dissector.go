package quic

import (
	"bytes"
	"slices"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/tls"
)

// dissector reads the datagrams between two addresses and ports.
type dissector struct {
	out      *flow.QUIC
	news     bool
	version  uint32
	keys     []*keySet // Initial keys in use, newest last
	derived  int       // how often keys were derived
	tried    int       // how often for this datagram
	opener   opener
	crypto   [2]cryptoStream
	largest  [2]int64 // highest Initial packet number, -1 for none
	answered bool     // the server's first datagram was seen
	ids      [2]int   // length of the connection IDs that each direction is addressed by; -1 unknown
	peers    [2][]byte
	spin     [2]spin
	msg      flow.Message
	describe func() layer.Layer
	now      described
}

// spin follows the latency spin bit of one direction (RFC 9000 section 17.4).
type spin struct {
	value, seen bool
	edges       int
}

// Keys cost time to derive. The packets of a datagram have one connection ID
// (RFC 9000 section 12.2), which two attempts decide: see open.
const (
	maxDerived = 64 // for one conversation
	maxTries   = 2  // for one datagram
	maxKeySets = 4
	maxText    = 255
)

func newDissector() *dissector {
	d := &dissector{out: &flow.QUIC{}, largest: [2]int64{-1, -1}, ids: [2]int{-1, -1}}
	d.describe = d.layer
	return d
}

// Feed implements dissect.Dissector: c is one datagram, which holds one or
// more packets (RFC 9000 section 12.2).
func (d *dissector) Feed(out dissect.Sink, c dissect.Chunk) {
	d.now.reset(out.Recording(), len(c.Data))
	d.tried = 0
	b := c.Data
	packets := 0
	for len(b) > 0 && packets < maxCoalesced {
		n := d.packet(out, &c, b)
		if n <= 0 {
			break
		}
		packets++
		b = b[n:]
	}
	if packets == 0 {
		return
	}
	d.firstFlights(&c)
	out.Layer(Name, d.describe)
	if d.news {
		d.news = false
		out.QUIC(d.out)
	}
}

// maxCoalesced bounds the packets read in one datagram.
const maxCoalesced = 64

// packet reads the packet at the start of b and returns its size, 0 where
// there is none.
func (d *dissector) packet(out dissect.Sink, c *dissect.Chunk, b []byte) int {
	if b[0]&longHeader == 0 {
		return d.short(out, c, b)
	}
	p, err := parseLong(b)
	if err != nil {
		if len(b) == len(c.Data) || b[0]&fixedBit != 0 {
			out.Problem(Name, err.Error())
		}
		return 0
	}
	d.now.begin(len(c.Data)-len(b), &p)
	switch p.kind {
	case initial:
		d.initial(out, c, &p, b[:p.size])
	case retry:
		d.set(&d.out.Retry)
		if !d.out.RetryAt.Valid() {
			d.out.RetryAt = c.At
		}
	case negotiation:
		d.set(&d.out.VersionNegotiation)
	case zeroRTT:
		d.set(&d.out.ZeroRTT)
	}
	if p.kind != negotiation && p.kind != foreign {
		d.setVersion(p.version)
		d.ids[c.Dir.Reverse()] = len(p.scid)
		if !bytes.Equal(d.peers[c.Dir.Reverse()], p.scid) {
			d.peers[c.Dir.Reverse()] = bytes.Clone(p.scid)
		}
	}
	d.say(out, c, kinds[p.kind], p.size)
	return p.size
}

func (d *dissector) set(flag *bool) {
	if !*flag {
		*flag, d.news = true, true
	}
}

// setVersion keeps the version last used: negotiation moves to another one
// (RFC 9368).
func (d *dissector) setVersion(v uint32) {
	if d.version != v || d.out.Version == "" {
		d.version, d.out.Version, d.news = v, VersionName(v), true
	}
}

// firstFlights notes the datagrams that bound the handshake's round trips.
func (d *dissector) firstFlights(c *dissect.Chunk) {
	if c.Dir == d.client().Reverse() {
		d.answered = true
	} else if d.answered && !d.out.FirstFlight2.Valid() {
		d.out.FirstFlight2, d.news = c.At, true
	}
}

// client returns the direction in which the client sends.
func (d *dissector) client() layer.Direction {
	if len(d.keys) > 0 {
		return d.keys[len(d.keys)-1].client
	}
	return layer.ToServer
}

func (d *dissector) say(out dissect.Sink, c *dissect.Chunk, kind string, size int) {
	d.msg = flow.Message{Protocol: Name, Kind: kind, Dir: c.Dir, First: c.At, Last: c.At, Packets: d.msg.Packets, Bytes: int64(size)}
	d.msg.Packets.Reset()
	d.msg.Packets.Add(c.At.Number)
	out.Message(&d.msg)
}

// short takes a packet with a short header, which ends the datagram (RFC 9000
// section 17.3).
func (d *dissector) short(out dissect.Sink, c *dissect.Chunk, b []byte) int {
	if b[0]&fixedBit == 0 && !d.addressed(c.Dir, b[1:]) {
		return 0 // padding behind coalesced packets, or another protocol (RFC 9443)
	}
	d.now.beginShort(len(c.Data)-len(b), b, d.ids[c.Dir])
	if !d.out.First1RTT[c.Dir].Valid() {
		d.out.First1RTT[c.Dir], d.news = c.At, true
	}
	d.turn(c.Dir, b[0]&spinBit != 0)
	d.say(out, c, kinds[oneRTT], len(b))
	return len(b)
}

// addressed reports whether b begins with the connection ID that packets of
// this direction are addressed by. The fixed bit may be greased then (RFC
// 9287).
func (d *dissector) addressed(dir layer.Direction, b []byte) bool {
	id := d.peers[dir]
	return len(id) > 0 && bytes.HasPrefix(b, id)
}

// turn follows the spin bit. It spins where both directions turn, and equally
// often: an endpoint that does not take part sets it at random or never.
func (d *dissector) turn(dir layer.Direction, value bool) {
	s := &d.spin[dir]
	if s.seen && s.value != value {
		s.edges++
		a, b := d.spin[0].edges, d.spin[1].edges
		spins := min(a, b) >= 2 && max(a, b)-min(a, b) <= 2+min(a, b)/10
		if spins != d.out.SpinBit {
			d.out.SpinBit, d.news = spins, true
		}
	}
	s.value, s.seen = value, true
}

// initial reads an Initial packet with the keys that anybody can derive.
func (d *dissector) initial(out dissect.Sink, c *dissect.Chunk, p *packet, b []byte) {
	if !d.out.FirstInitial[c.Dir].Valid() {
		d.out.FirstInitial[c.Dir], d.news = c.At, true
	}
	if p.cut {
		return
	}
	plain, number, ok := d.open(c.Dir, p, b)
	if !ok {
		d.now.sealed()
		return
	}
	d.set(&d.out.InitialDecrypted)
	d.now.number(number)
	d.frames(out, c, plain)
}

// open tries the keys at hand, then those of the packet's own Destination
// Connection ID: it is a client's first packet then, or its first one after a
// Retry (RFC 9001 section 5.2).
func (d *dissector) open(dir layer.Direction, p *packet, b []byte) ([]byte, int64, bool) {
	for _, k := range slices.Backward(d.keys) {
		if k.version != p.version {
			continue
		}
		if plain, n, ok := d.opener.open(k.of(dir), b, p.number, d.largest[dir]); ok {
			d.largest[dir] = max(d.largest[dir], n)
			return plain, n, true
		}
	}
	// A server may answer in another version than the client began with (RFC 9369 section 4).
	if n := len(d.keys); n > 0 && d.keys[n-1].version != p.version && dir != d.client() {
		if plain, number, ok := d.try(p.version, d.keys[n-1].dcid, d.client(), dir, p, b); ok {
			return plain, number, true
		}
	}
	return d.try(p.version, p.dcid, dir, dir, p, b)
}

// try derives keys and keeps them if they open the packet.
func (d *dissector) try(version uint32, dcid []byte, client, dir layer.Direction, p *packet, b []byte) ([]byte, int64, bool) {
	if d.derived >= maxDerived || d.tried >= maxTries {
		return nil, 0, false
	}
	d.derived++
	d.tried++
	k := deriveInitial(version, dcid, client)
	if k == nil {
		return nil, 0, false
	}
	plain, n, ok := d.opener.open(k.of(dir), b, p.number, -1)
	if !ok {
		return nil, 0, false
	}
	if len(d.keys) > 0 && !bytes.Equal(d.keys[len(d.keys)-1].dcid, dcid) { // begun anew: numbers and offsets too
		d.crypto = [2]cryptoStream{}
		d.largest = [2]int64{-1, -1}
	}
	if len(d.keys) >= maxKeySets {
		d.keys = slices.Delete(d.keys, 0, 1)
	}
	d.keys = append(d.keys, k)
	d.largest[dir] = max(d.largest[dir], n)
	return plain, n, true
}

// frames reads a decrypted Initial packet's frames.
func (d *dissector) frames(out dissect.Sink, c *dissect.Chunk, b []byte) {
	stream := &d.crypto[c.Dir]
	for len(b) > 0 {
		f, n, err := parseFrame(b)
		if err != nil {
			out.Problem(Name, "malformed frame in an Initial packet")
			return
		}
		b = b[n:]
		d.now.frame(&f, n)
		switch f.kind {
		case frameCrypto:
			if !stream.add(f.offset, f.data) {
				out.Problem(Name, "CRYPTO data beyond 64 KiB")
				return
			}
			d.messages(out, c.Dir, stream)
		case frameClose, frameCloseApp:
			if d.out.Close == nil {
				d.out.Close = &flow.QUICClose{By: c.Dir, Code: f.code, Reason: layer.Clip(f.data, maxText)}
				d.news = true
			}
		}
	}
}

// Handshake types that Initial packets carry.
const (
	clientHello = 1
	serverHello = 2
)

// messages takes the handshake messages that are whole.
func (d *dissector) messages(out dissect.Sink, dir layer.Direction, s *cryptoStream) {
	for {
		kind, body, ok := s.message()
		if !ok {
			return
		}
		switch kind {
		case clientHello:
			h, err := tls.ParseClientHello(body)
			if err != nil {
				out.Problem(Name, "malformed client_hello")
			}
			d.clientHello(out, h)
		case serverHello:
			h, err := tls.ParseServerHello(body)
			if err != nil {
				out.Problem(Name, "malformed server_hello")
			}
			d.now.serverHello(h)
		}
	}
}

func (d *dissector) clientHello(out dissect.Sink, h *tls.ClientHello) {
	d.now.clientHello(h)
	if d.out.JA4 != "" { // a second one, after a HelloRetryRequest
		return
	}
	d.offer(out, h)
	d.out.JA3, d.out.JA3String = h.JA3()
	d.out.JA4 = h.JA4('q')
}

func (d *dissector) offer(out dissect.Sink, h *tls.ClientHello) {
	d.news = true
	for _, a := range h.ALPN[:min(len(h.ALPN), 64)] {
		d.out.OfferedALPN = append(d.out.OfferedALPN, layer.Clip([]byte(a), maxText))
	}
	if h.ServerName != "" {
		d.out.SNI = layer.Clip([]byte(h.ServerName), maxText)
		out.ServerName(d.out.SNI)
	}
}

// Finish implements dissect.Dissector. A ClientHello of which a part is
// missing tells what stands before the missing part.
func (d *dissector) Finish(out dissect.Sink, _ bool) {
	if b := d.crypto[d.client()].prefix(); d.out.JA4 == "" && len(b) > messageHeader && b[0] == clientHello {
		h, _ := tls.ParseClientHello(b[messageHeader:])
		d.offer(out, h)
	}
	if d.news {
		d.news = false
		out.QUIC(d.out)
	}
}
