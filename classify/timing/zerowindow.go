package timing

import (
	"fmt"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/layer"
)

// ZeroWindowLesson teaches closed windows.
var ZeroWindowLesson = claim.Lesson{
	ID: "zero-window", Title: "The receiver's window was closed",
	About:   "The receiver's buffer was full: the application there did not read. The sender had to stop until the window opened again.",
	Is:      "A segment that advertises a window of 0, until the first one that advertises more.",
	IsNot:   "Congestion: nothing is lost, and the network is not slow.",
	Sources: []string{"RFC 9293 section 3.8.6"},
}

// ZeroWindow finds closed windows, and whose they were.
func ZeroWindow(v *View, out *claim.Sink) {
	if v.tracker == nil || v.tracker.events == nil {
		return
	}
	for d := range v.tracker.events.zero {
		v.zeroWindow(layer.Direction(d), out)
	}
}

// zeroWindow takes the windows that were closed in segments of a direction.
func (v *View) zeroWindow(d layer.Direction, out *claim.Sink) {
	e := v.tracker.events
	f := claim.Finding{ID: ZeroWindowLesson.ID, Severity: claim.Warning}
	n := 0
	for i := range e.list {
		x := &e.list[i]
		if x.kind != zeroWindow || layer.Direction(x.dir) != d {
			continue
		}
		n++
		f.Cost += nanoseconds(x.nanos)
		f.Occurrences = append(f.Occurrences, claim.Occurrence{Packets: []int{int(x.packets[0]), int(x.packets[1])}, Cost: nanoseconds(x.nanos), Shows: "the window closes, and opens again"})
	}
	if e.count[zeroWindow] > maxEvents { // the rest is not told apart by direction
		f.Omitted = int(e.count[zeroWindow]) - maxEvents
	}
	if z := e.zero[d]; z.valid() && v.Last.Nanos > z.nanos {
		cost := time.Duration(v.Last.Nanos - z.nanos)
		n++
		f.Cost += cost
		f.Occurrences = append(f.Occurrences, claim.Occurrence{Packets: []int{int(z.number)}, Cost: cost, Shows: "the window closes, and is not seen to open again"})
	}
	if n == 0 {
		return
	}
	slow, waits := ends(d)
	f.Title = fmt.Sprintf("The %s's receive window was closed %s, for %s in all", slow, times(n, "time"), milliseconds(f.Cost))
	f.Explanation = fmt.Sprintf("The %s told the %s that it has no room for more data (window 0, RFC 9293 section 3.8.6): its application did not read what had come. The %s had to stop until the window opened, %s in all, which is %s of the conversation's time. The fault is the %s's, not the network's.",
		slow, waits, waits, milliseconds(f.Cost), share(f.Cost, time.Duration(v.Duration())), slow)
	f.Advice = fmt.Sprintf("Look at the %s's application: it does not read fast enough (a slow disk, a busy thread, a debugger), or its receive buffer is too small for the bursts. What it saves is at most those %s.", slow, milliseconds(f.Cost))
	out.Finding(f)
}
