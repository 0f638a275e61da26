package tcp

import (
	"github.com/wiresight/wiresight/decode/flow"
)

// Sequence numbers are compared modulo 2^32 (RFC 9293 section 3.4).
func after(a, b uint32) bool     { return int32(a-b) > 0 }
func notAfter(a, b uint32) bool  { return int32(a-b) <= 0 }
func before(a, b uint32) bool    { return int32(a-b) < 0 }
func controls(f flow.Flags) bool { return f&(flow.SYN|flow.FIN|flow.RST) != 0 }

// Window scale values of a side beyond the option's shift count.
const (
	scaleUnknown = -1 // no SYN seen
	scaleNone    = -2 // a SYN was seen and scaling is not in use
)

// judge is what the analysis remembers of one direction. The rules are those
// of Wireshark 4.0, also where they can be argued with: a count that differs
// from Wireshark's would only puzzle, so findings that know better stand
// beside the counters. As there, 0 stands for "not known yet" in nextseq,
// lastack and maxToBeAcked.
type judge struct {
	nextseq      uint32 // highest sequence number seen, plus length
	nextseqNanos int64  // when it was seen
	maxToBeAcked uint32 // highest contiguous sequence number seen
	lastack      uint32
	lastNanos    int64  // last packet of this direction
	window       uint32 // as on the wire; ^0 before the first
	dupacks      int    // -1 neutralises repeated "ACKed unseen"
	lastFlags    flow.Analysis
	lastLength   int // sequence numbers of the packet that last raised nextseq
	scale        int
	firstACK     bool // a SYN was sent and no ACK since: the window is not scaled yet
}

const (
	fastRetransmitWithin = 20e6 // ns after the other side's last packet
	reorderWithin        = 3e6  // ns, where the handshake's RTT is not known
)

// analyse judges a segment against what was seen before and remembers it.
// firstRTT is the handshake's round trip in nanoseconds, 0 if unknown.
func analyse(fwd, rev *judge, s *flow.Segment, window uint32, firstRTT int64) flow.Analysis {
	length := uint32(s.Length)
	var a flow.Analysis
	if s.Length == 1 && s.Seq == fwd.nextseq && rev.window == 0 {
		a = flow.ZeroWindowProbe
	} else {
		a = forward(fwd, rev, s, window)
	}
	if s.Ack != fwd.lastack {
		fwd.dupacks = 0
	}
	if rev.maxToBeAcked != 0 && after(s.Ack, rev.maxToBeAcked) && s.Flags&flow.ACK != 0 {
		if before(rev.maxToBeAcked, rev.nextseq) {
			rev.maxToBeAcked = rev.nextseq
			a |= flow.ACKedUnseen
		} else {
			if rev.dupacks == 0 {
				a |= flow.ACKedUnseen
			}
			rev.dupacks = -1
		}
	}
	if (s.Length > 0 || s.Flags&(flow.SYN|flow.FIN) != 0) && a&flow.KeepAlive == 0 {
		a |= repeated(fwd, rev, s, firstRTT)
	}

	next := s.Seq + length
	phantom := uint32(0)
	if s.Flags&(flow.SYN|flow.FIN) != 0 {
		phantom = 1
	}
	next += phantom
	if fwd.nextseq == 0 || after(next, fwd.nextseq+phantom) {
		fwd.lastLength = int(length + phantom)
	}
	if a&flow.ZeroWindowProbe == 0 {
		if after(next, fwd.nextseq) || fwd.nextseq == 0 {
			fwd.nextseq, fwd.nextseqNanos = next, s.At.Nanos
		}
		if s.Seq == fwd.maxToBeAcked || fwd.maxToBeAcked == 0 {
			fwd.maxToBeAcked = fwd.nextseq
		}
	}
	fwd.window, fwd.lastack, fwd.lastNanos, fwd.lastFlags = window, s.Ack, s.At.Nanos, a
	return a
}

// forward finds the flags that depend on where the segment stands in its own
// direction, and on the window.
func forward(fwd, rev *judge, s *flow.Segment, window uint32) (a flow.Analysis) {
	plain := !controls(s.Flags)
	if window == 0 && plain {
		a |= flow.ZeroWindow
	}
	if fwd.nextseq != 0 && after(s.Seq, fwd.nextseq) && s.Flags&flow.RST == 0 {
		a |= flow.LostSegment
	}
	if s.Length <= 1 && s.Seq == fwd.nextseq-1 && plain {
		a |= flow.KeepAlive
	}
	if s.Length > 0 {
		if plain && rev.scale != scaleUnknown && s.Seq+uint32(s.Length) == rev.lastack+rev.scaled() {
			a |= flow.WindowFull
		}
		return a
	}
	if !plain || s.Seq != fwd.nextseq || s.Ack != fwd.lastack {
		return a
	}
	// An empty segment that repeats sequence and acknowledgment number.
	switch {
	case window != 0 && window != fwd.window:
		a |= flow.WindowUpdate
	case window != 0 && rev.lastFlags&flow.KeepAlive != 0:
		a |= flow.KeepAliveACK
	case window == 0 && fwd.window == 0 && rev.lastFlags&flow.ZeroWindowProbe != 0:
		a |= flow.ZeroWindowProbeACK
	case window != 0:
		if fwd.dupacks == -1 {
			fwd.dupacks = 0
		}
		fwd.dupacks++
		a |= flow.DuplicateACK
	}
	return a
}

// repeated tells retransmissions and reordering apart.
func repeated(fwd, rev *judge, s *flow.Segment, firstRTT int64) flow.Analysis {
	end := s.Seq + uint32(s.Length)
	behind := fwd.nextseq != 0 && before(s.Seq, fwd.nextseq)
	if s.Length > 1 && fwd.nextseq-1 == s.Seq {
		behind = false // carries on after a zero-window probe's byte
	}
	if s.Length > 0 && rev.lastack != 0 && notAfter(end, rev.lastack) {
		return flow.SpuriousRetransmission
	}
	if !behind {
		return 0
	}
	// Wireshark counts without a sign, so that its -1 is more than two, too.
	if uint32(rev.dupacks) >= 2 && rev.lastack == s.Seq && s.At.Nanos-rev.lastNanos < fastRetransmitWithin {
		return flow.FastRetransmission
	}
	if s.Flags&(flow.SYN|flow.FIN) != 0 {
		end++
	}
	threshold := int64(reorderWithin)
	if firstRTT != 0 {
		threshold = firstRTT
	}
	// What ends where a bare ACK has said that the stream ends closes a row of
	// disordered packets; a FIN without payload that comes behind its own ACK
	// counts as sent again.
	if s.At.Nanos-fwd.nextseqNanos < threshold && (fwd.nextseq != end || fwd.lastLength == 0 && s.Length > 0) {
		return flow.OutOfOrder
	}
	return flow.Retransmission
}

// scaled returns the side's last advertised window in bytes.
func (j *judge) scaled() uint32 {
	if j.firstACK || j.scale < 0 {
		return j.window
	}
	return j.window << j.scale
}

// settleScale follows RFC 7323 section 1.3: scaling is in use only where both
// SYNs offered it.
func settleScale(fwd, rev *judge, synACK bool) {
	if fwd.scale == scaleUnknown {
		fwd.scale, rev.scale = scaleNone, scaleNone
	}
	if synACK && rev.scale == scaleNone {
		fwd.scale = scaleNone
	}
}

// count adds a segment's flags to the connection's counters.
func count(t *flow.TCP, a flow.Analysis) {
	if a == 0 {
		return
	}
	for _, c := range [...]struct {
		flag flow.Analysis
		n    *int64
	}{
		{flow.Retransmission | flow.FastRetransmission | flow.SpuriousRetransmission, &t.Retransmissions},
		{flow.FastRetransmission, &t.FastRetransmissions},
		{flow.SpuriousRetransmission, &t.SpuriousRetransmissions},
		{flow.OutOfOrder, &t.OutOfOrder},
		{flow.DuplicateACK, &t.DuplicateACKs},
		{flow.LostSegment, &t.LostInCapture},
		{flow.ACKedUnseen, &t.ACKedUnseen},
		{flow.ZeroWindow, &t.ZeroWindows},
		{flow.WindowFull, &t.WindowFull},
		{flow.WindowUpdate, &t.WindowUpdates},
		{flow.KeepAlive, &t.KeepAlives},
		{flow.KeepAliveACK, &t.KeepAliveACKs},
		{flow.ZeroWindowProbe, &t.ZeroWindowProbes},
	} {
		if a&c.flag != 0 {
			*c.n++
		}
	}
}
