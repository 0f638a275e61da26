package decode

import (
	"encoding/binary"
	"net/netip"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/header"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/tcp"
)

// key names a conversation independent of direction: endpoint a sorts before
// endpoint b. Addresses are kept as the two halves of their 16-byte form, so
// that hashing and comparing stay cheap.
type key struct {
	a, b  [2]uint64
	ports uint32 // a's port in the upper half; ICMP: the identifier
	proto uint16 // IP protocol; ICMP adds the type above it
}

func words(a netip.Addr) [2]uint64 {
	b := a.As16()
	return [2]uint64{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

func less(a, b [2]uint64) bool { return a[0] < b[0] || a[0] == b[0] && a[1] < b[1] }

// makeKey also reports whether the source is endpoint b.
func makeKey(src, dst netip.Addr, sport, dport uint16, proto uint16) (k key, swapped bool) {
	s, d := words(src), words(dst)
	if less(d, s) || s == d && dport < sport {
		s, d, sport, dport, swapped = d, s, dport, sport, true
	}
	return key{s, d, uint32(sport)<<16 | uint32(dport), proto}, swapped
}

// conversation is the live state of one flow.Conversation.
type conversation struct {
	m *flow.Conversation
	// clientIsB: endpoint b of the key is the client.
	clientIsB bool
	tcp       *tcp.Connection
	app       *application
	shared    []*application // further ones between the same addresses and ports (RFC 7983)
	home      *conversation  // whose connection goes on here; nil for none
	path      int            // of home's connection
	lastTurn  int8           // direction of the last payload plus one
	bytes     [2]int64
	index     int // in Chain.live
	closed    bool
}

func (v *conversation) dir(fromB bool) layer.Direction {
	if fromB == v.clientIsB {
		return layer.ToServer
	}
	return layer.ToClient
}

// transport finds the packet's conversation and takes the packet into it.
func (c *Chain) transport() {
	p := &c.pkt
	k, swapped := c.packetKey(p)
	v := c.last
	if v == nil || k != c.lastKey {
		v = c.table[k]
	}
	if v != nil && v.tcp != nil && p.TCP.Flags&(flow.SYN|flow.ACK) == flow.SYN && v.tcp.Begins(v.dir(swapped), p.TCP.Seq) {
		c.end(v)
		v = c.open(p, k, swapped, true)
	}
	if v == nil {
		v = c.open(p, k, swapped, false)
	}
	c.lastKey, c.last = k, v
	if v == nil {
		return
	}
	c.result.Conversation = v.m
	c.account(v, v.dir(swapped), p.PayloadLength)
	if p.Transport == layer.TCP {
		c.tcpSegment(v, swapped)
	} else {
		c.datagram(v, swapped)
	}
	c.result.Dir = v.dir(swapped)
	if p.ICMP.Quoted {
		c.relate(p)
	}
}

// tunnels takes the packet into the conversations of the transports that
// carry the innermost one. The packet is shown as the innermost one's.
func (c *Chain) tunnels() {
	p := &c.pkt
	for i := range p.Outer {
		o := &p.Outer[i]
		k, swapped := makeKey(o.Src, o.Dst, o.SrcPort, o.DstPort, uint16(flow.IPProtocol(layer.UDP)))
		v := c.table[k]
		if v == nil {
			outside := header.Packet{Layers: p.Layers[:min(o.Layers+1, len(p.Layers))], Transport: layer.UDP, Src: o.Src, Dst: o.Dst, SrcPort: o.SrcPort, DstPort: o.DstPort}
			if v = c.open(&outside, k, swapped, false); v == nil {
				return
			}
		}
		c.account(v, v.dir(swapped), o.PayloadLength)
	}
}

func (c *Chain) packetKey(p *header.Packet) (key, bool) {
	proto := uint16(flow.IPProtocol(p.Transport))
	if p.Transport == layer.ICMP || p.Transport == layer.ICMPv6 {
		kind, id := icmpKind(p)
		return makeKey(p.Src, p.Dst, id, id, proto|kind<<8)
	}
	return makeKey(p.Src, p.Dst, p.SrcPort, p.DstPort, proto)
}

// icmpKind maps the two types of a query to one, so that request and reply
// share a conversation (RFC 792, RFC 4443).
func icmpKind(p *header.Packet) (kind, id uint16) {
	kind = uint16(p.ICMP.Type)
	id = p.ICMP.ID
	if p.Transport == layer.ICMPv6 {
		if kind == 129 {
			kind = 128
		}
		if kind != 128 {
			id = 0
		}
		return kind, id
	}
	switch kind {
	case 0, 8:
		return 8, id
	case 13, 14:
		return 13, id
	case 15, 16:
		return 15, id
	case 17, 18:
		return 17, id
	}
	return kind, 0
}

// open begins a conversation with packet p.
func (c *Chain) open(p *header.Packet, k key, fromB, reused bool) *conversation {
	if len(c.model.Conversations) >= c.opt.MaxConversations {
		c.model.PacketsOmitted++
		return nil
	}
	m := &flow.Conversation{ID: len(c.model.Conversations) + c.opt.FirstID, Transport: p.Transport, First: c.now, Reused: reused, Foretold: c.opt.Foretold}
	m.Stack = c.tally.stack(p.Layers)
	v := &conversation{m: m, index: len(c.live)}
	senderIsClient, basis := c.roles(p)
	m.RoleBasis = basis
	v.clientIsB = fromB == senderIsClient
	src := flow.Endpoint{Addr: p.Src, Port: p.SrcPort, Name: c.model.Names[p.Src]}
	dst := flow.Endpoint{Addr: p.Dst, Port: p.DstPort, Name: c.model.Names[p.Dst]}
	m.Client, m.Server = src, dst
	if !senderIsClient {
		m.Client, m.Server = dst, src
	}
	switch p.Transport {
	case layer.ICMP, layer.ICMPv6:
		m.ICMPType, m.ICMPCode = p.ICMP.Type, p.ICMP.Code
	case layer.TCP:
		v.tcp = tcp.New()
		m.TCP = &v.tcp.Facts
		if c.opt.NewTracker != nil {
			m.Tracker = c.opt.NewTracker()
		}
	}
	c.model.Conversations = append(c.model.Conversations, m)
	c.live = append(c.live, v)
	c.table[k] = v
	return v
}

// roles tells whether the sender of a conversation's first packet is the
// client.
func (c *Chain) roles(p *header.Packet) (senderIsClient bool, basis flow.RoleBasis) {
	if p.Transport == layer.TCP {
		switch p.TCP.Flags & (flow.SYN | flow.ACK) {
		case flow.SYN:
			return true, flow.RoleSYN
		case flow.SYN | flow.ACK:
			return false, flow.RoleSYN
		}
	}
	if p.Transport == layer.TCP || p.Transport == layer.UDP || p.Transport == layer.SCTP {
		from, to := c.isServerPort(p.SrcPort, p.Transport), c.isServerPort(p.DstPort, p.Transport)
		if from != to {
			return to, flow.RolePort
		}
	}
	return true, flow.RoleFirstPacket
}

// isServerPort reports whether a port is one that servers are reached at: a
// system port (RFC 6335 section 6) or one of a registered protocol.
func (c *Chain) isServerPort(port uint16, transport layer.Protocol) bool {
	if port < 1024 {
		return true
	}
	for i := range c.registry {
		r := &c.registry[i]
		if transport == layer.UDP && !r.Datagram || transport == layer.TCP && !r.Stream {
			continue
		}
		for _, known := range r.Ports {
			if known == port {
				return true
			}
		}
	}
	return false
}

// setClient corrects the roles once the bytes show who the client is. A SYN
// has the last word.
func (c *Chain) setClient(v *conversation, sender layer.Direction, who dissect.Client) {
	m := v.m
	if who == dissect.Unknown || m.RoleBasis == flow.RoleSYN {
		return
	}
	m.RoleBasis = flow.RoleHandshake
	senderIsClient := sender == layer.ToServer
	if senderIsClient == (who == dissect.Sender) {
		return
	}
	v.clientIsB = !v.clientIsB
	m.Client, m.Server = m.Server, m.Client
	m.Packets[0], m.Packets[1] = m.Packets[1], m.Packets[0]
	m.Bytes[0], m.Bytes[1] = m.Bytes[1], m.Bytes[0]
	m.Payload[0], m.Payload[1] = m.Payload[1], m.Payload[0]
	v.bytes[0], v.bytes[1] = v.bytes[1], v.bytes[0]
	if v.lastTurn != 0 {
		v.lastTurn = 3 - v.lastTurn
	}
	if v.tcp != nil {
		v.tcp.Swap()
		if c.opt.NewTracker != nil { // what it saw so far had no payload that anybody understood
			m.Tracker = c.opt.NewTracker()
		}
	}
}

// account counts the packet.
func (c *Chain) account(v *conversation, d layer.Direction, payload int) {
	m := v.m
	m.Last = c.now
	m.Packets[d]++
	m.Bytes[d] += int64(c.wire)
	m.Payload[d] += int64(payload)
	m.Version++
	if c.pieces != nil {
		m.Pieces(d, c.pieces)
	}
	if payload > 0 && v.lastTurn != int8(d)+1 {
		v.lastTurn = int8(d) + 1
		m.Turns++
	}
}

func (c *Chain) tcpSegment(v *conversation, swapped bool) {
	p, h, s := &c.pkt, &c.pkt.TCP, &c.segment
	*s = flow.Segment{
		At: c.now, Dir: v.dir(swapped), Seq: h.Seq, Ack: h.Ack, Length: p.PayloadLength, Flags: h.Flags,
		TSval: h.TSval, TSecr: h.TSecr, HasTS: h.HasTS,
	}
	if h.SACKBlocks > 0 {
		c.sack = h.SACK
		s.SACK = c.sack[:h.SACKBlocks]
	}
	v.tcp.Analyse(s, h)
	if v.m.Reused && v.m.First == c.now {
		s.Analysis |= flow.ReusedPorts
	}
	if v.m.Tracker != nil {
		v.m.Tracker.Segment(v.m, s)
	}
	c.sink.conv = v
	ended := v.tcp.Ended(v.dir(swapped))
	v.tcp.Stream(s, p.Payload, &c.held, &c.sink)
	if dir := v.dir(swapped); !ended && v.tcp.Ended(dir) {
		c.closeApplication(v, dir)
	}
	if !v.closed && v.tcp.Closed() {
		v.closed = true
		c.endApplication(v, !v.tcp.Reset())
	}
}

func (c *Chain) datagram(v *conversation, swapped bool) {
	p := &c.pkt
	if p.Transport != layer.UDP || len(p.Payload) == 0 {
		return
	}
	d := v.dir(swapped)
	chunk := dissect.Chunk{Dir: d, Data: p.Payload, At: c.now, Offset: v.bytes[d], Cut: max(0, p.PayloadLength-len(p.Payload))}
	if v.app == nil && v.home == nil {
		c.migrate(v, &chunk)
	}
	c.sink.conv = v
	if v.home != nil {
		c.continued(v, chunk)
	} else {
		c.sink.Chunk(chunk)
	}
	v.bytes[v.dir(swapped)] += int64(p.PayloadLength)
}

// relate ties an ICMP error to the conversation whose packet it quotes.
func (c *Chain) relate(p *header.Packet) {
	i := &p.ICMP
	proto := uint16(flow.IPProtocol(i.QuotedProto))
	if proto == 0 || !i.QuotedPorts {
		return
	}
	k, _ := makeKey(i.QuotedSrc, i.QuotedDst, i.QuotedSrcPort, i.QuotedDstPort, proto)
	if v := c.table[k]; v != nil && len(v.m.Related) < flow.MaxRelated {
		v.m.Related = append(v.m.Related, c.now)
		v.m.Version++
		if tooBig(p) {
			v.m.PacketTooBig(c.now, i.MTU)
		}
	}
}

// tooBig reports whether an ICMP message says that a packet was too large for
// the next link: "fragmentation needed" (RFC 792), "packet too big" (RFC 4443).
func tooBig(p *header.Packet) bool {
	if p.Transport == layer.ICMPv6 {
		return p.ICMP.Type == 2
	}
	return p.ICMP.Type == 3 && p.ICMP.Code == 4
}

// end finishes a conversation: nothing more will come.
func (c *Chain) end(v *conversation) {
	c.sink.conv = v
	if v.tcp != nil {
		v.tcp.Finish(&c.held, &c.sink)
	}
	c.endApplication(v, v.tcp != nil && v.tcp.Closed() && !v.tcp.Reset())
	c.live[v.index] = nil
}
