package timing

import (
	"fmt"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// The lessons of what goes wrong below the application.
var (
	SYNRetryLesson = claim.Lesson{
		ID: "syn-retry", Title: "The SYN had to be sent again",
		About:   "A connection attempt that is not answered is repeated after a second, then two, four and so on. Each costs the user that whole wait.",
		Is:      "The same SYN again before any SYN-ACK was captured.",
		IsNot:   "A new connection on the same ports, which has another initial sequence number; a refused one, which is answered.",
		Sources: []string{"RFC 6298 section 5.7", "RFC 9293 section 3.8.3"},
	}
	TimeoutLesson = claim.Lesson{
		ID: "retransmission-timeout", Title: "A retransmission timer ran out",
		About:   "Data, or the acknowledgment of it, did not arrive in time, and nothing came back that could have told the sender: it sent again only when a timer ran out, 200 ms or more later.",
		Is:      "The first segment that was not acknowledged, sent again after at least 200 ms, and not on the heels of three duplicate or selective acknowledgments.",
		IsNot:   "Fast recovery, which duplicate acknowledgments start within about a round trip; a zero-window probe. Where a single segment was in flight, a tail-loss probe (RFC 8985) waits about as long.",
		Sources: []string{"RFC 6298", "RFC 8985 section 7"},
	}
	RecoveryLesson = claim.Lesson{
		ID: "fast-recovery", Title: "Loss repaired by fast retransmit",
		About:   "A segment was lost while later ones arrived. The duplicate acknowledgments that these cause let the sender repair the loss in about a round trip.",
		Is:      "At least three duplicate or selective acknowledgments, and then the missing segment again.",
		IsNot:   "Reordering, where the segment itself comes late; a timeout, where nothing came back.",
		Sources: []string{"RFC 5681 section 3.2", "RFC 6675"},
	}
	ZeroWindowLesson = claim.Lesson{
		ID: "zero-window", Title: "The receiver closed its window",
		About:   "The receiver's buffer was full: the application there did not read. The sender had to stop until the window opened again.",
		Is:      "A segment that advertises a window of 0, until the first one that advertises more.",
		IsNot:   "Congestion: nothing is lost, and the network is not slow.",
		Sources: []string{"RFC 9293 section 3.8.6"},
	}
	CaptureLossLesson = claim.Lesson{
		ID: "capture-loss", Title: "Acknowledged bytes were not captured",
		About:   "Bytes were acknowledged that the capture never saw. They arrived; the capture lost them, was filtered, or stood where they did not pass. Counts and times around them are not reliable.",
		Is:      "An acknowledgment beyond the highest byte captured.",
		IsNot:   "Packet loss in the network, which is repaired by a retransmission. Whether the capture dropped the packets or they took another way is not to be seen.",
		Sources: []string{"Wireshark User's Guide, TCP Analysis: ACKed unseen segment"},
	}
	RefusedLesson = claim.Lesson{
		ID: "connection-refused", Title: "The connection was refused",
		About:   "A RST answered the SYN: the host is there, and nothing accepts connections on that port, or a firewall answers in its name.",
		Is:      "A RST that acknowledges the SYN, with no SYN-ACK before it.",
		IsNot:   "A reset of a connection that was set up; silence, where a firewall drops the SYN.",
		Sources: []string{"RFC 9293 section 3.5.2"},
	}
	ResetLesson = claim.Lesson{
		ID: "reset-by-peer", Title: "The connection was reset",
		About:   "One end, or something between that speaks in its name, ended the connection with a RST; what was under way is lost.",
		Is:      "A RST on a connection that was set up or carried data.",
		IsNot:   "A refused connection, where the RST answers the SYN; a RST after both ends' FIN.",
		Sources: []string{"RFC 9293 section 3.10.7"},
	}
)

// Trouble finds what the transport had to repair or could not.
func Trouble(v *View, out *claim.Sink) {
	if v.tracker == nil || v.tracker.events == nil {
		return
	}
	e := v.tracker.events
	for k := range kinds {
		if e.count[k] > 0 || k == zeroWindow && (e.zero[0].valid() || e.zero[1].valid()) {
			v.trouble(k, e, out)
		}
	}
}

func (v *View) trouble(k kind, e *events, out *claim.Sink) {
	n, cost := int(e.count[k]), time.Duration(e.cost[k])
	f := claim.Finding{Severity: claim.Notice, Omitted: n}
	for i := range e.list {
		if e.list[i].kind == k {
			f.Occurrences = append(f.Occurrences, e.list[i].occurrence())
			f.Omitted--
		}
	}
	var about claim.Lesson
	switch k {
	case synRetry:
		about, f.Cost = SYNRetryLesson, cost
		f.Title = fmt.Sprintf("%s repeated: %s until the last", times(n, "SYN"), milliseconds(cost))
		f.Advice = "See whether the host is reachable, whether a firewall drops SYNs, and whether the server's queue of new connections is full."
	case timeout:
		about, f.Cost, f.Severity = TimeoutLesson, cost, claim.Warning
		f.Title = fmt.Sprintf("%s sent again only after a timer, %s in all", times(n, "segment"), milliseconds(cost))
		f.Advice = "Look for loss on the path. Where it is the last segments of an answer that get lost, tail-loss probes at the sender shorten the wait."
	case recovery:
		about, f.Cost = RecoveryLesson, cost
		f.Title = fmt.Sprintf("%s sent again after duplicate ACKs", times(n, "segment"))
		if cost > 0 { // unknown for those lost before the capture point
			f.Title += fmt.Sprintf(", %s in all", milliseconds(cost))
		}
		f.Advice = "Look for loss, or queues that overflow, on the path."
	case zeroWindow:
		v.stillClosed(e, &f, &n, &cost)
		about, f.Cost, f.Severity = ZeroWindowLesson, cost, claim.Warning
		f.Title = fmt.Sprintf("%s closed for %s in all", times(n, "receive window"), milliseconds(cost))
		f.Advice = "Look at the application that receives: it does not read fast enough, or its buffer is too small."
	case unseen:
		about = CaptureLossLesson
		f.Title = fmt.Sprintf("%s of bytes that were never captured", times(n, "acknowledgment"))
		f.Advice = "Capture with a larger buffer, a filter or a shorter snap length, and trust counts of this conversation less."
	case resetBy:
		if !v.tracker.refused && v.TCP.ClosedBy != flow.ClosedByReset {
			return // after a FIN: the usual end where one side still had something to say
		}
		about = v.reset(e, &f)
	}
	f.ID, f.Explanation = about.ID, about.About
	out.Finding(f)
}

// stillClosed adds the windows that were closed at the capture's end.
func (v *View) stillClosed(e *events, f *claim.Finding, n *int, cost *time.Duration) {
	for _, z := range e.zero {
		if z.valid() && v.Last.Nanos > z.nanos {
			d := time.Duration(v.Last.Nanos - z.nanos)
			*n, *cost = *n+1, *cost+d
			f.Occurrences = append(f.Occurrences, claim.Occurrence{Packets: []int{int(z.number)}, Cost: d, Shows: "the window closes, and is not seen to open again"})
		}
	}
}

// reset words a RST. A refused connection never was one.
func (v *View) reset(e *events, f *claim.Finding) claim.Lesson {
	var by layer.Direction
	for i := range e.list {
		if e.list[i].kind == resetBy {
			by = layer.Direction(e.list[i].packets[2])
		}
	}
	if v.tracker.refused {
		f.Severity = claim.Problem
		f.Title = "The server refused the connection: a RST answered the SYN"
		f.Advice = "See whether the service runs, listens on this address and port, and is not shut off by a firewall."
		return RefusedLesson
	}
	sender, _ := ends(by)
	f.Title = fmt.Sprintf("The connection was reset from the %s's side", sender)
	f.Advice = fmt.Sprintf("Look in the logs of the %s, and for a firewall or balancer between that ends idle connections.", sender)
	return ResetLesson
}

// occurrence words an event.
func (x *event) occurrence() claim.Occurrence {
	p := func(list ...uint32) (packets []int) {
		for _, n := range list {
			if n > 0 {
				packets = append(packets, int(n))
			}
		}
		return packets
	}
	a, b, c := x.packets[0], x.packets[1], x.packets[2]
	o := claim.Occurrence{Cost: time.Duration(max(0, x.nanos))}
	switch x.kind {
	case synRetry:
		o.Packets, o.Shows = p(a, b), "a SYN, and the same SYN again"
	case timeout:
		o.Packets, o.Shows = p(a, b), "a segment, and the same again after the timer"
	case recovery:
		o.Packets, o.Shows = p(a, b, c), "a segment, the last duplicate ACK that asked for it, and the segment again"
		if a == 0 {
			o.Shows = "the last duplicate ACK that asked for a segment lost before the capture point, and that segment sent again"
		}
	case zeroWindow:
		o.Packets, o.Shows = p(a, b), "the window closes, and opens again"
	case unseen:
		o.Packets, o.Shows = p(a), "acknowledges bytes that the capture does not hold"
	case resetBy:
		o.Packets, o.Shows = p(a, b), "the RST"
		if a > 0 {
			o.Shows = "the SYN, and the RST"
		}
	}
	return o
}
