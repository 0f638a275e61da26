package timing

import (
	"time"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/layer"
)

// limited is what held up the transfers of one direction.
type limited struct {
	dir  layer.Direction
	x    *transfer
	sums limits
	busy time.Duration // how long the transfers took
	trip time.Duration // of the path
	full int64         // bytes of a full segment
}

const (
	leastTrips = 1 // round trips that a transfer must take before its limit is worth a word
	leastBusy  = 5 * time.Millisecond
)

// transfers calls f for each direction whose transfers were long enough to say
// what limited them.
func (v *View) transfers(f func(*limited)) {
	if v.tracker == nil || v.TCP == nil {
		return
	}
	for d := range v.tracker.side {
		x := v.tracker.side[d].transfer
		if x == nil {
			continue
		}
		l := limited{dir: layer.Direction(d), x: x, trip: v.Path.RTT, full: int64(v.tracker.fullSegment(v.Conversation))}
		var busy int64
		l.sums, busy = x.sums()
		l.busy = time.Duration(busy)
		if l.busy >= max(leastBusy, leastTrips*l.trip) {
			f(&l)
		}
	}
}

// by returns how long the sender waited for a cause.
func (l *limited) by(c cause) time.Duration { return time.Duration(l.sums[c]) }

// half reports whether a time is at least half of the transfers'.
func (l *limited) half(d time.Duration) bool { return 2*d >= l.busy }

// longest returns the packets around the longest wait for a cause.
func (l *limited) longest(c cause, shows string) []claim.Occurrence {
	p := &l.x.longest[c]
	if p.to == 0 {
		return nil
	}
	o := claim.Occurrence{Packets: []int{int(p.from)}, Cost: nanoseconds(p.nanos), Shows: shows}
	if p.ack > 0 {
		o.Packets = append(o.Packets, int(p.ack))
	}
	o.Packets = append(o.Packets, int(p.to))
	return []claim.Occurrence{o}
}

// Idle returns for which share of a direction's transfers its sender had
// nothing to send; ok is false where there was no transfer worth the name.
func (v *View) Idle(d layer.Direction) (share float64, ok bool) {
	v.transfers(func(l *limited) {
		if l.dir == d && l.busy > 0 {
			share, ok = float64(l.sums[application])/float64(l.busy), true
		}
	})
	return share, ok
}
