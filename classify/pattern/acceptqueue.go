package pattern

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
)

// AcceptQueueLesson teaches what happens where nobody takes connections.
var AcceptQueueLesson = claim.Lesson{
	ID: "accept-queue-overflow", Title: "The server's queue of connections is full",
	About:   "The kernel sets connections up by itself and keeps them until the program accepts them. Where that queue is full, it drops SYNs, and ignores the last ACK of handshakes that are under way and the data behind it: clients wait a second or more, or believe that they are connected and hear nothing.",
	Is:      "Several SYNs to one port without a SYN-ACK, sent again a second later, or handshakes after which nothing is acknowledged and the SYN-ACK or the data is sent again, while other connections of that port are served.",
	IsNot:   "A server that is down: it answers nobody. A lossy path: other packets are lost, too.",
	Sources: []string{"RFC 9293 section 3.10.7.2", "listen(2), tcp(7): tcp_abort_on_overflow"},
}

const (
	leastDropped = 2                      // connections
	leastRetry   = 500 * time.Millisecond // a kernel waits a second, some less
	leastSilence = time.Second            // after the ACK
	leastResent  = 2                      // times that the data was sent again meanwhile
	togetherMost = int64(5 * time.Second)
)

// ignored is what the server did not take.
type ignored int

const (
	ignoredSYN  ignored = iota
	ignoredACK          // its SYN-ACK was sent again after the ACK
	ignoredData         // what followed the ACK was sent again and again
	kindsIgnored
)

// dropped is a connection whose handshake the server did not follow.
type dropped struct {
	c    *flow.Conversation
	kind ignored
	wait time.Duration
}

// AcceptQueue looks at the handshakes of each server's port.
func AcceptQueue(w *Capture, out *claim.Sink) {
	index := map[endpoint][]dropped{}
	var order []endpoint
	for _, c := range w.Conversations {
		d, ok := refusedByQueue(c)
		if !ok {
			continue
		}
		e := at(&c.Server)
		if index[e] == nil {
			order = append(order, e)
		}
		index[e] = append(index[e], d)
	}
	if len(order) == 0 {
		return
	}
	served := map[endpoint][]int64{} // when the port completed handshakes
	for _, c := range w.Conversations {
		if c.TCP == nil || !c.TCP.Handshake.SYNACK.Valid() {
			continue
		}
		if e := at(&c.Server); index[e] != nil {
			served[e] = append(served[e], c.TCP.Handshake.SYNACK.Nanos)
		}
	}
	for _, e := range order {
		list := index[e]
		sort.Slice(served[e], func(i, j int) bool { return served[e][i] < served[e][j] })
		if len(list) >= leastDropped {
			overflow(e, near(list, served[e]), out)
		}
	}
}

// refusedByQueue reports whether a handshake went as it does where the queue is
// full.
func refusedByQueue(c *flow.Conversation) (d dropped, ok bool) {
	if c.TCP == nil || c.Reused {
		return d, false
	}
	h := &c.TCP.Handshake
	switch {
	case h.SYNACK.Valid() && h.ACK.Valid() && c.TCP.SYNs[0] == 1 && c.Payload[0] > 0 && c.TCP.Resent[0] > 0:
		d = dropped{c: c, kind: ignoredData, wait: answeredAfter(c)}
		again := c.TCP.SYNs[1] > 1
		if again {
			d.kind = ignoredACK
		}
		return d, d.wait >= leastSilence && (again || c.TCP.Resent[0] >= leastResent)
	case c.TCP.SYNs[0] >= 2 && h.FirstSYN.Valid() && c.TCP.Resets == 0:
		last := h.SYN
		if h.SYNACK.Valid() {
			last = h.SYNACK
		} else if last.Number == h.FirstSYN.Number {
			last = c.Last
		}
		wait := last.Since(h.FirstSYN)
		return dropped{c: c, wait: wait}, wait >= leastRetry
	}
	return d, false
}

// answeredAfter is how long the server said nothing after the handshake's last
// ACK: what else came in that time it ignored as well.
func answeredAfter(c *flow.Conversation) time.Duration {
	first := c.Last
	switch {
	case c.TLS != nil && c.TLS.ServerHello.Valid():
		first = c.TLS.ServerHello
	case len(c.Exchanges) > 0 && c.Exchanges[0].Response.Seen():
		first = c.Exchanges[0].Response.First
	}
	return first.Since(c.TCP.Handshake.ACK)
}

// near keeps those around which the port completed other handshakes: it is not
// down.
func near(list []dropped, served []int64) (kept []dropped) {
	for _, d := range list {
		first := d.c.First.Nanos
		i := sort.Search(len(served), func(i int) bool { return served[i] >= first-togetherMost })
		if i < len(served) && served[i] <= first+togetherMost {
			kept = append(kept, d)
		}
	}
	return kept
}

func overflow(e endpoint, list []dropped, out *claim.Sink) {
	if len(list) < leastDropped {
		return
	}
	f := claim.Finding{
		ID: AcceptQueueLesson.ID, Severity: claim.Warning, Explanation: AcceptQueueLesson.About,
		Advice: "See how fast the program accepts, and how long its queue is (listen's backlog, net.core.somaxconn); `ss -lt` shows it, and `nstat -az TcpExtListenOverflows` counts what was dropped.",
	}
	var n [kindsIgnored]int
	var c []*flow.Conversation
	for _, d := range list {
		n[d.kind]++
		c = append(c, d.c)
		f.Cost += d.wait
		if len(f.Occurrences) == claim.Listed {
			f.Omitted++
			continue
		}
		f.Occurrences = append(f.Occurrences, d.occurrence())
	}
	f.Conversations = ids(c)
	var parts []string
	for kind, says := range [...]string{ignoredSYN: "%s got no SYN-ACK at first", ignoredACK: "%s got the SYN-ACK again after its ACK", ignoredData: "%s got no acknowledgment after the handshake"} {
		if n[kind] > 0 {
			parts = append(parts, fmt.Sprintf(says, count(n[kind], "connection")))
		}
	}
	f.Title = fmt.Sprintf("Likely a full accept queue at %s: %s", e, strings.Join(parts, ", "))
	out.Finding(f)
}

func (d *dropped) occurrence() claim.Occurrence {
	h := &d.c.TCP.Handshake
	o := claim.Occurrence{Packets: []int{h.FirstSYN.Number}, Cost: d.wait, Shows: "a SYN is sent and gets no SYN-ACK, while the port serves others"}
	switch d.kind {
	case ignoredACK:
		o.Packets, o.Shows = []int{h.SYNACK.Number, h.ACK.Number}, "the handshake's last ACK is sent, and the SYN-ACK comes again all the same"
	case ignoredData:
		o.Packets, o.Shows = []int{h.SYNACK.Number, h.ACK.Number}, "the handshake is over for the client, but what it sends then is not acknowledged for a second or more"
	}
	return o
}
