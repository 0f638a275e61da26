package timing

import (
	"fmt"
	"slices"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/layer"
)

// DelayedACKLesson teaches delayed acknowledgments by themselves.
var DelayedACKLesson = claim.Lesson{
	ID: "delayed-ack", Title: "Acknowledgments are delayed",
	About: "A receiver may keep an acknowledgment back for a while in the hope that an answer carries it, or that a second segment can be acknowledged with it. " +
		"That saves packets and costs nobody anything, unless the sender waits for the acknowledgment.",
	Is:      "Bare acknowledgments of segments that came alone, later than the path's round trip by a time that stays the same: 40 ms on Linux, 40 to 200 ms on Windows, 100 ms on BSD, Solaris and macOS.",
	IsNot:   "A long path, whose acknowledgments are all late; an answer that carries the acknowledgment.",
	Sources: []string{"RFC 1122 section 4.2.3.2", "RFC 5681 section 4.2"},
}

// lones are acknowledgments of single segments that came late.
type lones struct {
	list  []lone
	count uint32
}

type lone struct {
	nanos     int64
	data, ack uint32
}

const (
	maxLones   = 32
	leastLones = 3
)

func (l *lones) add(nanos int64, data, ack uint32) {
	l.count++
	if len(l.list) < maxLones {
		l.list = append(l.list, lone{nanos, data, ack})
	}
}

// DelayedACKTimer is what is known of how long a host keeps acknowledgments
// back.
type DelayedACKTimer struct {
	Timer   time.Duration // the median; 0 where it is not known
	Delayed int           // acknowledgments that were kept back for about so long
	shown   []lone
}

// DelayedACKs estimates the timer of the host that acknowledges a direction's
// data.
func (v *View) delayedACKs(d layer.Direction) (timer DelayedACKTimer) {
	h := v.holdSides(d)
	if !h.receiverKnown {
		return timer
	}
	var late []lone
	for _, x := range v.tracker.events.lone[d].list {
		x.nanos -= int64(h.receiver)
		if time.Duration(x.nanos) >= max(leastDelay, 4*h.receiverSpread) {
			late = append(late, x)
		}
	}
	if len(late) < leastLones {
		return timer
	}
	sorted := slices.SortedFunc(slices.Values(late), func(a, b lone) int { return int(a.nanos - b.nanos) })
	median := sorted[len(sorted)/2].nanos
	for _, x := range late {
		if float64(x.nanos) > float64(median)*(1-nearTimer) && float64(x.nanos) < float64(median)*(1+nearTimer) {
			timer.shown = append(timer.shown, x)
		}
	}
	if len(timer.shown) < leastLones || 2*len(timer.shown) < len(late) {
		return DelayedACKTimer{}
	}
	timer.Timer, timer.Delayed = time.Duration(median), len(timer.shown)
	return timer
}

// timers estimates the timers of both hosts, nil where none is known.
func (v *View) timers() *[2]DelayedACKTimer {
	if v.tracker == nil || v.tracker.events == nil {
		return nil
	}
	t := [...]DelayedACKTimer{v.delayedACKs(layer.ToServer), v.delayedACKs(layer.ToClient)}
	if t[0].Timer+t[1].Timer == 0 {
		return nil
	}
	return &t
}

// DelayedACKs finds hosts that delay their acknowledgments.
func DelayedACKs(v *View, out *claim.Sink) {
	if v.DelayedACK == nil {
		return
	}
	for d := range v.DelayedACK {
		timer := &v.DelayedACK[d]
		if timer.Timer == 0 {
			continue
		}
		sender, receiver := ends(layer.Direction(d))
		f := claim.Finding{ID: DelayedACKLesson.ID, Severity: claim.Info}
		f.Title = fmt.Sprintf("The %s delays its acknowledgments by about %s", receiver, milliseconds(timer.Timer))
		f.Explanation = fmt.Sprintf("%s of single segments came about %s later than the way takes: the %s waits for something to send them with (delayed ACK, RFC 1122 section 4.2.3.2). By itself that costs no time; it does where the %s waits for them, as with Nagle's algorithm, or at the end of a flight.",
			times(timer.Delayed, "bare acknowledgment"), milliseconds(timer.Timer), receiver, sender)
		f.Advice = fmt.Sprintf("Nothing, unless the %s waits: then let it write whole messages, or set TCP_NODELAY there; TCP_QUICKACK at the %s helps on Linux.", sender, receiver)
		for _, x := range timer.shown[:min(len(timer.shown), 4)] {
			f.Occurrences = append(f.Occurrences, claim.Occurrence{Packets: []int{int(x.data), int(x.ack)}, Shows: "a segment alone, and its acknowledgment " + milliseconds(time.Duration(x.nanos)) + " beyond the way"})
		}
		f.Omitted = timer.Delayed - len(f.Occurrences)
		out.Finding(f)
	}
}
