package timing

import (
	"cmp"
	"slices"
	"time"

	"github.com/wiresight/wiresight/decode/layer"
)

// wait is a time in which a sender waits for a timer before it sends again what
// was lost. It is neither the other side's, though that owes an answer, nor the
// path's.
type wait struct{ from, to int64 } // nanoseconds

// waits returns a connection's, in order and apart from each other: those for
// retransmission timers, tail loss probes, and the timers of SYNs. While
// duplicate acknowledgments bring something back, the rest still moves.
func (t *Tracker) waits() (list []wait) {
	if t == nil || t.events == nil {
		return nil
	}
	for i := range t.events.list {
		x := &t.events.list[i]
		if x.end > 0 && x.nanos > 0 && x.packets != ([3]uint32{}) && (x.kind == timeout || x.kind == probe || x.kind == synRetry) {
			list = append(list, wait{x.end - x.nanos, x.end})
		}
	}
	slices.SortFunc(list, func(a, b wait) int { return cmp.Compare(a.from, b.from) })
	kept := list[:0]
	for _, w := range list {
		if n := len(kept); n > 0 && kept[n-1].to >= w.from {
			kept[n-1].to = max(kept[n-1].to, w.to)
			continue
		}
		kept = append(kept, w)
	}
	return kept
}

// within returns how much of a time the waits take.
func within(waits []wait, from, to int64) (sum time.Duration) {
	for _, w := range waits {
		if from, to := max(from, w.from), min(to, w.to); from < to {
			sum += time.Duration(to - from)
		}
	}
	return sum
}

// repaired returns how much later than a packet its bytes could be handed on:
// TCP does so in order, and something before them was still missing.
func (t *Tracker) repaired(d layer.Direction, p layer.PacketRef) (longest time.Duration) {
	if t == nil || t.events == nil {
		return 0
	}
	for i := range t.events.list {
		x := &t.events.list[i]
		if x.kind == gapped && layer.Direction(x.dir) == d && x.packets[0] > 0 && int(x.packets[0]) <= p.Number && p.Number < int(x.packets[1]) {
			longest = max(longest, time.Duration(x.end-p.Nanos))
		}
	}
	return longest
}
