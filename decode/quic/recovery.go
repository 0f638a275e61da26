package quic

import (
	"slices"
	"sort"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// numbers are the packets of one direction in one packet number space (RFC 9000
// section 12.3), and what the other side says of them.
type numbers struct {
	seen    ranges // numbers of the packets in the capture
	acked   ranges // numbers acknowledged
	waiting []sent // seen and not acknowledged, by number
}

// sent is a packet whose acknowledgement is awaited.
type sent struct {
	number    uint64
	at        layer.PacketRef
	eliciting bool // asks for an acknowledgement (RFC 9000 section 13.2.1)
	lost      bool
}

// Bounds, and the thresholds of RFC 9002 section 6.1.
const (
	maxWaiting      = 8192
	packetThreshold = 3
	granularity     = 1_000_000 // nanoseconds
)

// next returns the packet number that is expected next.
func (n *numbers) next() uint64 { return n.seen.end() }

// take notes a packet. It returns false where its number was there already.
func (n *numbers) take(number uint64, at layer.PacketRef, eliciting bool) bool {
	if n.seen.add(number, number+1) == 0 {
		return false
	}
	if n.acked.has(number) { // its acknowledgement was faster in the capture
		return true
	}
	if len(n.waiting) >= maxWaiting {
		n.waiting = n.waiting[:copy(n.waiting, n.waiting[maxWaiting/4:])]
	}
	place := len(n.waiting)
	for place > 0 && n.waiting[place-1].number > number && len(n.waiting)-place < maxReorder {
		place--
	}
	if place > 0 && n.waiting[place-1].number > number {
		return true // far behind the others
	}
	n.waiting = append(n.waiting, sent{})
	copy(n.waiting[place+1:], n.waiting[place:])
	n.waiting[place] = sent{number: number, at: at, eliciting: eliciting}
	return true
}

// maxReorder bounds how far a packet that came late is put back.
const maxReorder = 256

// measures are where the facts of one direction are written.
type measures struct {
	q   *flow.QUIC
	dir layer.Direction
}

// acknowledge takes an ACK frame of the other direction. delay is what its
// sender says that it waited, in nanoseconds. It reports whether the frame tells
// anything new.
func (n *numbers) acknowledge(f *frame, now layer.PacketRef, delay int64, m *measures) (news bool) {
	var a acked
	newest, eliciting := sent{}, false
	smallest := f.offset + 1
	for {
		from, to, ok := a.next(f)
		if !ok {
			break
		}
		if to < smallest {
			n.lose(to, smallest, f.offset, now, m)
		}
		smallest = from
		if to > n.seen.end()+maxUnseen { // nobody can have sent that yet
			continue
		}
		if n.acked.covers(from, to) {
			continue
		}
		news = true
		n.acked.add(from, to)
		n.settle(from, to, m, func(s sent) {
			if s.number == f.offset {
				newest = s
			}
			eliciting = eliciting || s.eliciting
		})
	}
	if newest.at.Valid() && eliciting && now.Nanos >= newest.at.Nanos {
		m.sample(now.Nanos-newest.at.Nanos, delay)
	}
	if f.kind == frameACKECN {
		m.q.ECN[m.dir] = flow.QUICECN{ECT0: f.ecn[0], ECT1: f.ecn[1], CE: f.ecn[2]}
	}
	return news
}

// maxUnseen is how far beyond the packets of the capture acknowledgements are
// believed.
const maxUnseen = 1 << 16

// find returns the index of the first waiting packet with a number not below n.
func (n *numbers) find(number uint64) int {
	return sort.Search(len(n.waiting), func(i int) bool { return n.waiting[i].number >= number })
}

// settle takes the acknowledged packets out of those that wait.
func (n *numbers) settle(from, to uint64, m *measures, each func(sent)) {
	first := n.find(from)
	last := first
	for ; last < len(n.waiting) && n.waiting[last].number < to; last++ {
		s := n.waiting[last]
		if s.lost { // it only came late
			m.found(s.at)
		}
		each(s)
	}
	if last > first {
		n.waiting = append(n.waiting[:first], n.waiting[last:]...)
	}
}

// lose declares packets lost that an ACK frame leaves out between two ranges,
// once they are far enough behind the largest one (RFC 9002 section 6.1).
// Numbers below all ranges prove nothing: receivers forget old ones.
func (n *numbers) lose(from, to, largest uint64, now layer.PacketRef, m *measures) {
	limit := now.Nanos - timeThreshold(&m.q.RTT[m.dir])
	for i := n.find(from); i < len(n.waiting) && n.waiting[i].number < to; i++ {
		s := &n.waiting[i]
		if !s.lost && (s.number+packetThreshold <= largest || m.q.RTT[m.dir].Samples > 0 && s.at.Nanos < limit) {
			s.lost = true
			m.lost(s.at, now)
		}
	}
}

// lost notes a packet that acknowledgements tell to be lost.
func (m *measures) lost(at, told layer.PacketRef) {
	m.q.Lost[m.dir]++
	if len(m.q.Losses) < flow.MaxQUICLosses {
		m.q.Losses = append(m.q.Losses, flow.QUICLoss{Dir: m.dir, Sent: at, Told: told})
	}
}

// found takes back that a packet was lost.
func (m *measures) found(at layer.PacketRef) {
	m.q.Lost[m.dir]--
	m.q.Losses = slices.DeleteFunc(m.q.Losses, func(l flow.QUICLoss) bool { return l.Dir == m.dir && l.Sent == at })
}

func timeThreshold(r *flow.QUICRTT) int64 {
	return max(9*max(r.Smoothed, r.Latest)/8, granularity)
}

// sample takes a round trip (RFC 9002 section 5.3).
func (m *measures) sample(trip, delay int64) {
	r := &m.q.RTT[m.dir]
	r.Samples++
	if r.Samples == 1 {
		r.Min, r.Latest, r.Smoothed = trip, trip, trip
		return
	}
	r.Min = min(r.Min, trip)
	if trip >= r.Min+delay {
		trip -= delay
	}
	r.Smoothed += (trip - r.Smoothed) / 8
	r.Latest = trip
}

// missed reports whether all packets that are not in the capture between two
// numbers were acknowledged, and there is one: what they carried will not be sent
// again.
func (n *numbers) missed(from, to uint64) bool {
	any, all := false, true
	n.seen.holes(from, to, func(from, to uint64) bool {
		any = true
		all = n.acked.covers(from, to)
		return all
	})
	return any && all
}

// unseen counts the numbers below the highest seen that are not in the capture:
// those acknowledged, and the others.
func (n *numbers) unseen() (captureLost, never int64) {
	if len(n.seen.list) == 0 {
		return 0, 0
	}
	n.seen.holes(n.seen.list[0].from, n.seen.end(), func(from, to uint64) bool {
		rest := int64(to - from)
		n.acked.holes(from, to, func(from, to uint64) bool {
			never += int64(to - from)
			rest -= int64(to - from)
			return true
		})
		captureLost += rest
		return true
	})
	return captureLost, never
}
