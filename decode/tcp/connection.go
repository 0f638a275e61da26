// Package tcp follows one TCP connection: it judges each segment as
// Wireshark's tcp.analysis does, keeps the facts of the handshake and puts the
// two byte streams together. It leans on package header for the header's
// fields, keeps bounded memory and never sees another connection.
package tcp

import (
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/header"
	"github.com/wiresight/wiresight/decode/layer"
)

// Connection is the state of one connection. Make it with New.
type Connection struct {
	Facts flow.TCP
	sides [2]*side // by the direction in which the segments go
	store [2]side  // what sides point to
	// firstRTT is Wireshark's initial RTT: last SYN to the first ACK after it.
	firstRTT int64
	lastSYN  layer.PacketRef
	fins     [2]bool
	reset    bool
	finACK   bool // a FIN with ACK was seen: a new SYN begins a new connection
	packets  int
}

type side struct {
	judge
	half
	base    uint32 // initial sequence number, or the guess that makes relative numbers begin at 1
	hasBase bool
	synSeq  uint32
	synWire int // bytes of payload in the SYN
	hasSYN  bool
	acked   bool // data of this side was acknowledged
	sent    int  // data segments before that
}

// New returns a connection of which nothing was seen.
func New() *Connection {
	c := &Connection{}
	for i := range c.sides {
		c.sides[i] = &c.store[i]
		c.sides[i].dir = layer.Direction(i)
		c.sides[i].scale = scaleUnknown
		c.sides[i].window = ^uint32(0)
		c.Facts.WindowScale[i] = -1
	}
	c.Facts.ClosedBy = flow.Open
	return c
}

// Begins reports whether a SYN of direction dir with sequence number seq
// begins another connection on the same addresses and ports: it has another
// initial sequence number, or the connection was closed or reset.
func (c *Connection) Begins(dir layer.Direction, seq uint32) bool {
	s := c.sides[dir]
	return s.hasBase && (s.base != seq || c.finACK)
}

// Base returns a direction's initial sequence number for relative numbers.
func (c *Connection) Base(dir layer.Direction) uint32 { return c.sides[dir].base }

// Closed reports whether the connection has ended: a reset, or both ends' FIN
// with all bytes before them.
func (c *Connection) Closed() bool { return c.reset || c.fins[0] && c.fins[1] }

// Ended reports whether a direction has ended in order: all bytes before its
// FIN were handed on.
func (c *Connection) Ended(dir layer.Direction) bool { return c.fins[dir] }

// Reset reports whether the connection was reset.
func (c *Connection) Reset() bool { return c.reset }

// Swap exchanges the two directions: client and server were mistaken. It may
// be called while a chunk is handed out.
func (c *Connection) Swap() {
	c.sides[0], c.sides[1] = c.sides[1], c.sides[0]
	c.sides[0].dir, c.sides[1].dir = layer.ToServer, layer.ToClient
	c.fins[0], c.fins[1] = c.fins[1], c.fins[0]
	f := &c.Facts
	f.MSS[0], f.MSS[1] = f.MSS[1], f.MSS[0]
	f.WindowScale[0], f.WindowScale[1] = f.WindowScale[1], f.WindowScale[0]
	f.SACK[0], f.SACK[1] = f.SACK[1], f.SACK[0]
	f.Timestamps[0], f.Timestamps[1] = f.Timestamps[1], f.Timestamps[0]
	f.InitialWindow[0], f.InitialWindow[1] = f.InitialWindow[1], f.InitialWindow[0]
	f.MaxSegment[0], f.MaxSegment[1] = f.MaxSegment[1], f.MaxSegment[0]
	f.SYNs[0], f.SYNs[1] = f.SYNs[1], f.SYNs[0]
	f.Resent[0], f.Resent[1] = f.Resent[1], f.Resent[0]
	switch f.ClosedBy {
	case flow.ClosedByClient:
		f.ClosedBy = flow.ClosedByServer
	case flow.ClosedByServer:
		f.ClosedBy = flow.ClosedByClient
	}
}

// Analyse judges a segment and fills s.Analysis, s.Window, s.Fresh,
// s.Again and s.InFlight. The caller has filled the rest of s.
func (c *Connection) Analyse(s *flow.Segment, h *header.TCPHeader) {
	fwd, rev := c.sides[s.Dir], c.sides[s.Dir.Reverse()]
	c.packets++
	again := s.Flags&(flow.SYN|flow.ACK) == flow.SYN && fwd.hasBase
	if again { // the same SYN again: a reset answer may have moved nextseq
		fwd.nextseq = fwd.maxToBeAcked
	}
	c.setBases(fwd, rev, s)
	s.Fresh = s.Length > 0 && (!fwd.known || after(s.Seq+uint32(s.Length), fwd.judge.nextseq) || fwd.judge.nextseq == 0)
	s.Again = fwd.seen(s)
	if s.Again {
		c.Facts.Resent[s.Dir]++
	}
	s.Analysis = analyse(&fwd.judge, &rev.judge, s, uint32(h.Window), c.firstRTT)
	count(&c.Facts, s.Analysis)

	s.Window = int(h.Window)
	if s.Flags&flow.SYN == 0 && fwd.scale > 0 {
		s.Window = int(h.Window) << fwd.scale
	}
	if rev.lastack != 0 && fwd.nextseq != 0 {
		s.InFlight = int64(int32(fwd.nextseq - rev.lastack))
	}
	if s.Flags&flow.SYN != 0 {
		c.syn(fwd, rev, s, h)
	}
	c.handshake(s)
	if s.Flags&(flow.SYN|flow.ACK) == flow.ACK {
		fwd.firstACK = false
	}
	c.facts(fwd, rev, s)
}

// seen reports whether some of a segment's sequence numbers, those of SYN and
// FIN included, were seen before in its direction. Bytes that were given up
// as lost in the capture count as seen.
func (d *side) seen(s *flow.Segment) bool {
	seq := s.Seq
	if s.Flags&flow.SYN != 0 {
		if d.hasSYN && d.synSeq == seq {
			return true
		}
		seq++
	}
	if s.Flags&flow.FIN != 0 && d.fin && d.finSeq == seq+uint32(s.Length) {
		return true
	}
	return s.Length > 0 && s.Flags&flow.RST == 0 && d.half.seen(seq, s.Length)
}

func (c *Connection) setBases(fwd, rev *side, s *flow.Segment) {
	if s.Flags&(flow.SYN|flow.ACK) == flow.SYN|flow.ACK {
		fwd.base, fwd.hasBase = s.Seq, true
	}
	if !fwd.hasBase {
		fwd.base, fwd.hasBase = s.Seq-1, true
		if s.Flags&flow.SYN != 0 {
			fwd.base = s.Seq
		}
	}
	if !rev.hasBase && s.Flags&flow.ACK != 0 {
		rev.base, rev.hasBase = s.Ack-1, true
	}
}

// syn takes what a SYN or SYN-ACK offers.
func (c *Connection) syn(fwd, rev *side, s *flow.Segment, h *header.TCPHeader) {
	f, d := &c.Facts, s.Dir
	fwd.hasSYN, fwd.synSeq, fwd.synWire = true, s.Seq, s.Length
	fwd.firstACK = true
	if h.WindowScale >= 0 {
		fwd.scale = int(min(h.WindowScale, 14)) // RFC 7323 section 2.3
		f.WindowScale[d] = fwd.scale
	}
	isACK := s.Flags&flow.ACK != 0
	settleScale(&fwd.judge, &rev.judge, isACK)
	if h.MSS > 0 {
		f.MSS[d] = int(h.MSS)
	}
	f.SACK[d] = h.SACKPermitted
	f.Timestamps[d] = h.HasTS
	f.SYNs[d]++
	if !isACK {
		f.ECN = s.Flags&(flow.ECE|flow.CWR) == flow.ECE|flow.CWR
		if h.FastOpen {
			f.FastOpen.CookieRequested = f.FastOpen.CookieRequested || h.FastOpenCookie == 0
			f.FastOpen.CookieSent = f.FastOpen.CookieSent || h.FastOpenCookie > 0
		}
		f.FastOpen.DataInSYN = f.FastOpen.DataInSYN || s.Length > 0
		return
	}
	f.ECN = f.ECN && s.Flags&(flow.ECE|flow.CWR) == flow.ECE
	f.FastOpen.CookieGranted = f.FastOpen.CookieGranted || h.FastOpen && h.FastOpenCookie > 0
	if rev.hasSYN && rev.synWire > 0 && s.Ack == rev.synSeq+1+uint32(rev.synWire) {
		f.FastOpen.Accepted = true
	}
}

// handshake keeps the packets of the three-way handshake.
func (c *Connection) handshake(s *flow.Segment) {
	hs := &c.Facts.Handshake
	switch s.Flags & (flow.SYN | flow.ACK) {
	case flow.SYN:
		c.lastSYN = s.At
		if !hs.FirstSYN.Valid() {
			hs.FirstSYN = s.At
		}
		if !hs.SYNACK.Valid() {
			hs.SYN = s.At
		}
	case flow.SYN | flow.ACK:
		if !hs.SYNACK.Valid() {
			hs.SYNACK = s.At
		}
	case flow.ACK:
		if c.lastSYN.Valid() && c.firstRTT == 0 {
			c.firstRTT = s.At.Nanos - c.lastSYN.Nanos
		}
		if hs.SYNACK.Valid() && !hs.ACK.Valid() && s.Dir == layer.ToServer {
			hs.ACK, hs.ACKData = s.At, s.Length > 0
		}
	}
}

func (c *Connection) facts(fwd, rev *side, s *flow.Segment) {
	f, d := &c.Facts, s.Dir
	if s.Length > f.MaxSegment[d] {
		f.MaxSegment[d] = s.Length
	}
	if s.Length > 0 && s.Flags&flow.SYN == 0 {
		if mss := c.mss(); mss > 0 && s.Length > mss {
			f.OffloadSegments++
		}
		if !fwd.acked && s.Fresh {
			fwd.sent++
			f.InitialWindow[d] = fwd.sent
		}
	}
	if s.Flags&flow.ACK != 0 && !rev.acked && rev.sent > 0 && rev.known && after(s.Ack, rev.base+1+uint32(rev.synWire)) {
		rev.acked = true
	}
	if s.Flags&flow.RST != 0 {
		f.Resets++
		if f.ClosedBy == flow.Open {
			f.ClosedBy = flow.ClosedByReset
		}
		if c.packets > 1 {
			c.reset = true
		}
	}
	if s.Flags&flow.FIN != 0 {
		if c.packets > 1 && s.Flags&flow.ACK != 0 {
			c.finACK = true
		}
		if f.ClosedBy == flow.Open {
			f.ClosedBy = flow.ClosedByServer
			if d == layer.ToServer {
				f.ClosedBy = flow.ClosedByClient
			}
		}
	}
}

// mss returns the effective maximum segment size by both sides' options
// (RFC 9293 section 3.7.1), or 0 if none was seen.
func (c *Connection) mss() int {
	a, b := c.Facts.MSS[0], c.Facts.MSS[1]
	switch {
	case a == 0:
		return b
	case b == 0:
		return a
	}
	return min(a, b)
}

// Stream takes the segment's payload into its direction's byte stream and
// hands on what is in order. payload may be shorter than s.Length where the
// snap length cut it.
func (c *Connection) Stream(s *flow.Segment, payload []byte, b *Budget, out receiver) {
	h := &c.sides[s.Dir].half
	seq := s.Seq
	if s.Flags&flow.SYN != 0 {
		seq++
		if !h.known {
			h.known, h.next = true, seq
		}
	}
	if s.Flags&flow.ACK != 0 {
		c.sides[s.Dir.Reverse()].half.acked(s.Ack, b, out)
	}
	if s.Flags&flow.RST != 0 { // a reset's payload is a message to people (RFC 9293 section 3.5.3)
		return
	}
	h.segment(seq, payload, s.Length, s.At, b, out)
	if s.Flags&flow.FIN != 0 && !h.fin {
		h.fin, h.finSeq = true, seq+uint32(s.Length)
		if !h.known {
			h.known, h.next = true, h.finSeq
		}
	}
	if h.fin && notAfter(h.finSeq, h.next) {
		c.fins[h.dir] = true
	}
}

// MidStream reports whether a direction's beginning was not seen.
func (c *Connection) MidStream(dir layer.Direction) bool { return !c.sides[dir].hasSYN }

// Finish hands on the bytes that still wait behind holes.
func (c *Connection) Finish(b *Budget, out receiver) {
	for d := range c.sides {
		c.sides[d].half.finish(b, out)
	}
}
