package timing

import (
	"fmt"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/layer"
)

// QUICLossLesson teaches how QUIC finds and repairs losses.
var QUICLossLesson = claim.Lesson{
	ID: "quic-loss", Title: "QUIC packets were lost",
	About: "QUIC never sends a packet again: each has a new number, and what a lost one carried goes in a later one. The receiver's ACK frames list what arrived, so that the sender knows of a loss when three later packets, or any after about 9/8 of a round trip, are acknowledged. " +
		"Only the streams whose bytes were lost wait; the others go on.",
	Is:      "With keys: numbers that ACK frames leave out between ranges, far enough behind the largest acknowledged one.",
	IsNot:   "Numbers that a sender passed over on purpose; packets acknowledged that the capture does not hold; reordering within the thresholds.",
	Sources: []string{"RFC 9002 section 6.1", "RFC 9000 section 13.2"},
}

// QUICLoss finds lost QUIC packets.
func QUICLoss(v *View, out *claim.Sink) {
	q := v.QUIC
	if q == nil || q.Lost.Sum() == 0 || len(q.Losses) == 0 {
		return
	}
	f := claim.Finding{ID: QUICLossLesson.ID, Severity: claim.Notice, Omitted: int(q.Lost.Sum()) - len(q.Losses)}
	for _, l := range q.Losses {
		d := max(0, l.Told.Since(l.Sent))
		f.Occurrences = append(f.Occurrences, claim.Occurrence{Packets: []int{l.Sent.Number, l.Told.Number}, Cost: d,
			Shows: "a packet from the " + first(ends(l.Dir)) + ", and the acknowledgment that leaves it out"})
		f.Cost = max(f.Cost, d)
	}
	where := ""
	for _, d := range []layer.Direction{layer.ToServer, layer.ToClient} {
		if q.Lost[d] > 0 {
			sender, receiver := ends(d)
			where += fmt.Sprintf(" Of the %s's %d packets %d were lost between the capture point and the %s.", sender, q.Sent[d], q.Lost[d], receiver)
		}
	}
	f.Title = fmt.Sprintf("%s lost, known after up to %s", times(int(q.Lost.Sum()), "QUIC packet"), milliseconds(f.Cost))
	f.Explanation = fmt.Sprintf("ACK frames left these packets out while later ones were acknowledged (RFC 9002 section 6.1).%s What they carried was sent again in other packets, %d bytes of streams in all; the streams whose bytes were lost had to wait for that, and no others.",
		where, q.Resent.Sum())
	f.Cost = 0 // which stream waited for how long is not told here
	f.Advice = "Look for loss, or queues that overflow, on the path; networks that treat UDP worse than TCP; and receive buffers of UDP sockets that are too small (net.core.rmem_max)."
	out.Finding(f)
}

func first(a, _ string) string { return a }

// FlowControlLesson teaches senders that flow control stops.
var FlowControlLesson = claim.Lesson{
	ID: "flow-control-blocked", Title: "Flow control held a stream up",
	About: "HTTP/2 and QUIC have windows of their own above the transport, one for each stream and one for the connection. A sender that has used one up must wait until the receiver opens it further, however free the network is. " +
		"Small windows cost a round trip each time.",
	Is:      "DATA up to the last byte of a window, and the next only after a WINDOW_UPDATE (HTTP/2), or after MAX_DATA or MAX_STREAM_DATA (QUIC).",
	IsNot:   "TCP's receive window; a sender that has nothing to send.",
	Sources: []string{"RFC 9113 section 5.2", "RFC 9000 section 4.1"},
}

// FlowControl finds streams that flow control held up.
func FlowControl(v *View, out *claim.Sink) {
	f := claim.Finding{ID: FlowControlLesson.ID, Severity: claim.Notice}
	receiver, smallest := "", ""
	add := func(from, to layer.PacketRef, d layer.Direction, what string) {
		cost := max(0, to.Since(from))
		f.Cost += cost
		_, receiver = ends(d)
		f.Occurrences = append(f.Occurrences, claim.Occurrence{Packets: []int{from.Number, to.Number}, Cost: cost, Shows: what})
	}
	total := 0
	if h := v.HTTP2; h != nil {
		total = int(h.BlockedTotal)
		for _, b := range h.Blocked {
			what := fmt.Sprintf("the DATA that used up the window of stream %d, and what opened it", b.Stream)
			if b.Stream == 0 {
				what = "the DATA that used up the connection's window, and what opened it"
			}
			add(b.From, b.To, b.Dir, what)
		}
		if len(h.Blocked) > 0 {
			smallest = fmt.Sprintf(" It announced windows of %s for each stream.", size(int64(h.Settings[h.Blocked[0].Dir^1].InitialWindow)))
		}
	}
	if q := v.QUIC; q != nil && total == 0 {
		total = int(q.BlockedTotal)
		for _, b := range q.Blocked {
			add(b.From, b.To, b.Dir, "the limit of "+b.What.String()+" is reached, and raised")
		}
	}
	if len(f.Occurrences) == 0 {
		return
	}
	f.Omitted = max(0, total-len(f.Occurrences))
	if f.Cost < 10*time.Millisecond && f.Cost < v.Path.RTT/2 {
		return
	}
	f.Title = fmt.Sprintf("The %s's flow control held the sender up %s, for %s in all", receiver, times(total, "time"), milliseconds(f.Cost))
	f.Explanation = fmt.Sprintf("The %s's windows were used up, and the sender had to wait for them to be opened: %s in all over %s; the path's round trip is %s.%s Times of several streams may overlap.",
		receiver, milliseconds(f.Cost), times(total, "wait"), v.roundTrip(), smallest)
	f.Advice = fmt.Sprintf("Let the %s announce larger windows, at least the bandwidth times the round trip, and open them before they are used up; and let its application read without pauses.", receiver)
	out.Finding(f)
}
