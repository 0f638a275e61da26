package timing

import (
	"fmt"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/layer"
)

// NagleDelayedACKLesson teaches the stall between Nagle's algorithm and
// delayed acknowledgments.
var NagleDelayedACKLesson = claim.Lesson{
	ID:    "nagle-delayed-ack",
	Title: "Nagle's algorithm meets delayed ACK",
	About: "An application writes a message in two small pieces. The first leaves at once; Nagle's algorithm holds the second until the first is acknowledged. " +
		"The receiver cannot answer half a message, and delays its bare acknowledgment in the hope of an answer to carry it. Both wait, until the receiver's timer ends it.",
	Is: "A small segment; alone, after a delayed-ACK timer above the path's round trip, the bare acknowledgment of it; " +
		"and as soon as that can have reached the sender, the next small segment. Nothing else moves meanwhile.",
	IsNot: "A server that thinks (the answer ends the wait, not an acknowledgment); a path whose round trip is as long (the acknowledgment is not late); " +
		"a sender with a pace of its own, or a person who types (the second segment does not follow the acknowledgment); loss; a closed window; TCP_CORK (which lets go without an acknowledgment).",
	Sources: []string{"RFC 896", "RFC 1122 section 4.2.3.2", "RFC 1122 section 4.2.3.4", "RFC 9293 section 3.7.4", "RFC 5681 section 4.2"},
}

// NagleHoldLesson teaches what Nagle's algorithm costs on a long path.
var NagleHoldLesson = claim.Lesson{
	ID:      "nagle-hold",
	Title:   "Held back by Nagle's algorithm",
	About:   "A small segment waits at its sender while an earlier small one is not acknowledged. On a long path each such wait is a round trip, even where the receiver acknowledges at once.",
	Is:      "Small segments leave only as the acknowledgment of the small one before them arrives, again and again, and never earlier.",
	IsNot:   "An application that has nothing to send yet: then the next segment comes at any time after the acknowledgment; a full window.",
	Sources: []string{"RFC 896", "RFC 1122 section 4.2.3.4"},
}

// timers are the usual delays of delayed acknowledgments in milliseconds:
// Windows in data centres, short adaptive ones, Linux and BSD, Windows,
// Solaris and macOS, older Windows, the RFC's limit.
var timers = [...]float64{10, 25, 40, 50, 100, 200, 500}

const (
	leastDelay    = 10 * time.Millisecond // above the floor
	nearTimer     = 0.15
	releaseSlack  = time.Millisecond
	releaseLead   = 150 * time.Microsecond // a kernel lets go of a segment sooner than it acknowledges one
	leastHoldPath = 4 * time.Millisecond   // round trip from which on a hold is worth a word
	leastHoldSeen = 3
)

// holdSides knows how long things take on the data sender's side of the capture
// point and on its receiver's.
type holdSides struct {
	sender, receiver             time.Duration // floors
	senderSpread, receiverSpread time.Duration
	senderKnown, receiverKnown   bool
}

func (v *View) holdSides(d layer.Direction) (h holdSides) {
	client := part{floor: v.Path.Client, known: v.Path.HasClient}
	server := part{floor: v.Path.Server, known: v.Path.HasServer}
	if d == layer.ToClient {
		client, server = server, client
	}
	h.sender, h.senderKnown, h.receiver, h.receiverKnown = client.floor, client.known, server.floor, server.known
	h.senderSpread = v.tracker.side[d^1].spread(h.sender)
	h.receiverSpread = v.tracker.side[d].spread(h.receiver)
	return h
}

// spread tells how far ordinary samples lie above the floor: the lower
// quartile, since it is of the nature of a stall to be in many of the others.
func (d *side) spread(floor time.Duration) time.Duration {
	if d.count == 0 {
		return 0
	}
	var buffer [maxSamples]int64
	list := d.sorted(&buffer)
	return max(0, time.Duration(list[(len(list)-1)/4])-floor)
}

// verdict is what one kept hold turned out to be.
type verdict uint8

const (
	early verdict = iota // B left before the acknowledgment can have been there: Nagle's algorithm is off
	near                 // B left a little before, or after, it would have been held: a matter of clocks, of a busy machine, or of chance
	late                 // B came too late to have waited for it
	held                 // B left as the acknowledgment arrived
)

// release judges when B left after the acknowledgment of A.
func (h *holdSides) release(x *hold) verdict {
	after := time.Duration(x.release)
	slack := max(releaseSlack, h.sender/10, min(h.senderSpread, 5*time.Millisecond))
	lead := max(h.sender/10, min(h.senderSpread, 5*time.Millisecond), releaseLead)
	switch {
	case after < h.sender/4:
		return early
	case after+lead < h.sender:
		return near
	case after > h.sender+3*slack:
		return late
	case after > h.sender+slack:
		return near
	}
	return held
}

// delayed returns by how much the acknowledgment of A was late, and whether it
// was delayed by a timer.
func (h *holdSides) delayed(x *hold, all []hold) (time.Duration, bool) {
	d := time.Duration(x.delay) - h.receiver
	if d < leastDelay || d < 4*h.receiverSpread {
		return d, false
	}
	ms := float64(d) / float64(time.Millisecond)
	for _, t := range timers {
		if ms > t*(1-nearTimer) && ms < t*(1+nearTimer) {
			return d, true
		}
	}
	alike := 0 // a host's own timer: most of its lone acknowledgments take as long
	for i := range all {
		other := float64(time.Duration(all[i].delay)-h.receiver) / float64(time.Millisecond)
		if other > ms*(1-nearTimer) && other < ms*(1+nearTimer) {
			alike++
		}
	}
	return d, alike >= 3 && alike*2 >= len(all)
}

// NagleDelayedACK finds the stalls, and the holds that are none.
func NagleDelayedACK(v *View, out *claim.Sink) {
	if v.tracker == nil || v.tracker.events == nil {
		return
	}
	for d := range v.tracker.events.holds {
		if holds := v.tracker.events.holds[d]; len(holds) > 0 {
			v.nagle(layer.Direction(d), holds, out)
		}
	}
}

// tally is what the holds of one direction come to.
type tally struct {
	stalls, holds   []claim.Occurrence
	cost, heldCost  time.Duration
	shortest        time.Duration
	longest         time.Duration
	off, late       int
	offFirst, offTo uint32 // hold.off at the first and the last stall or hold
	any             bool
}

func (v *View) nagle(d layer.Direction, holds []hold, out *claim.Sink) {
	h := v.holdSides(d)
	if !h.senderKnown || !h.receiverKnown {
		return
	}
	var t tally
	trusted := v.Nagle[d].State == NagleOn // what is near is held, too
	for i := range holds {
		t.add(&h, &holds[i], holds, trusted)
	}
	n := &v.tracker.side[d].nagle
	t.late += int(n.late)
	t.off += int(t.offTo - t.offFirst)
	total := len(t.stalls) + len(t.holds)
	if total == 0 || t.off*2 > total || t.late > total*10 {
		return // Nagle's algorithm is off, or the sender has a rhythm of its own
	}
	if len(t.stalls) > 0 {
		v.stallFinding(d, &h, &t, out)
	}
	if v.Path.RTT >= leastHoldPath && len(t.holds) >= leastHoldSeen && t.off == 0 && int(n.off) == 0 && t.late <= len(t.holds) {
		v.holdFinding(d, &t, out)
	}
}

func (t *tally) add(h *holdSides, x *hold, all []hold, trusted bool) {
	switch h.release(x) {
	case early:
		t.off++
		return
	case near:
		if !trusted {
			return
		}
	case late:
		t.late++
		return
	}
	if !t.any {
		t.any, t.offFirst = true, x.off
	}
	t.offTo = x.off
	packets := []int{int(x.a), int(x.ack), int(x.b)}
	d, ok := h.delayed(x, all)
	if ok {
		t.stalls = append(t.stalls, claim.Occurrence{Packets: packets, Cost: d,
			Shows: "a small segment, its delayed acknowledgment, and the small segment that had waited for it"})
		t.cost += d
		if t.shortest == 0 || d < t.shortest {
			t.shortest = d
		}
		t.longest = max(t.longest, d)
		return
	}
	t.holds = append(t.holds, claim.Occurrence{Packets: packets, Cost: time.Duration(x.delay + x.release),
		Shows: "a small segment, its acknowledgment, and the small segment that left as it arrived"})
	t.heldCost += time.Duration(x.delay + x.release)
}

func (v *View) stallFinding(d layer.Direction, h *holdSides, t *tally, out *claim.Sink) {
	sender, receiver := ends(d)
	omitted := int(v.tracker.events.moreStalls[d])
	t.cost += time.Duration(v.tracker.events.moreCost[d])
	once := ""
	if len(t.stalls)+len(t.holds)+omitted == 1 {
		once = " It was seen once only: a program that happens to write just as the acknowledgment arrives looks the same."
	}
	severity := claim.Notice
	if t.cost >= 100*time.Millisecond {
		severity = claim.Warning
	}
	out.Finding(claim.Finding{
		ID: NagleDelayedACKLesson.ID, Severity: severity,
		Title: fmt.Sprintf("%s for a delayed ACK, %s in all: Nagle's algorithm at the %s meets delayed ACK at the %s",
			times(len(t.stalls)+omitted, "wait"), milliseconds(t.cost), sender, receiver),
		Explanation: fmt.Sprintf("The %s sent a small segment and held the next one back until the first was acknowledged (Nagle's algorithm, RFC 896). "+
			"The %s sent nothing meanwhile and delayed its bare acknowledgment by %s beyond the %s that the way takes (delayed ACK, RFC 1122 section 4.2.3.2). "+
			"Each left the other waiting.%s%s", sender, receiver, span(t.shortest, t.longest), milliseconds(h.receiver), v.partOf(t.cost), once),
		Advice: fmt.Sprintf("At the %s write the whole message at once (a buffer, writev, TCP_CORK), or set TCP_NODELAY; at the %s TCP_QUICKACK helps on Linux.", sender, receiver),
		Cost:   t.cost, Occurrences: t.stalls, Omitted: omitted,
	})
}

// partOf says how much of the conversation's time something took.
func (v *View) partOf(cost time.Duration) string {
	if v.Ledger == nil {
		return ""
	}
	busy := v.Ledger.Wall - v.Ledger.Get(Idle.String())
	return fmt.Sprintf(" These waits are %s of the time in which the conversation was not idle.", share(cost, busy))
}

func (v *View) holdFinding(d layer.Direction, t *tally, out *claim.Sink) {
	sender, _ := ends(d)
	out.Finding(claim.Finding{
		ID: NagleHoldLesson.ID, Severity: claim.Notice,
		Title: fmt.Sprintf("The %s held %s back until the one before was acknowledged: up to %s in all", sender, times(len(t.holds), "small segment"), milliseconds(t.heldCost)),
		Explanation: fmt.Sprintf("Small segments of the %s left only as the acknowledgment of an earlier small one arrived, never before (Nagle's algorithm, RFC 896). "+
			"When the application wrote them is not on the wire, so that the cost is an upper bound.", sender),
		Advice: fmt.Sprintf("At the %s write the whole message at once, or set TCP_NODELAY.", sender),
		Cost:   t.heldCost, Occurrences: t.holds,
	})
}
