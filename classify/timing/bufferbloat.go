package timing

import (
	"fmt"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
)

// BufferbloatLesson teaches queues that delay everything.
var BufferbloatLesson = claim.Lesson{
	ID: "bufferbloat", Title: "The path's round trip grows under load",
	About: "Somewhere on the path a queue fills before the slowest link. Nothing is lost, but each packet waits in the queue, those of other connections, too: " +
		"calls stutter and pages open slowly while a download runs.",
	Is:      "Round trips measured while eight segments or more are in flight that lie far above the least one, on average at least 50 ms and twice as long.",
	IsNot:   "A path that is long by nature, whose least round trip is long, too; delayed acknowledgments, which end with the second segment.",
	Sources: []string{"RFC 7567", "RFC 8290"},
}

const (
	leastLoaded = 16                    // samples under load
	leastBloat  = 50 * time.Millisecond // above the floor
)

// Bufferbloat finds round trips that grow under load.
func Bufferbloat(v *View, out *claim.Sink) {
	v.transfers(func(l *limited) {
		d := &v.tracker.side[l.dir]
		load := &l.x.load
		if load.count < leastLoaded {
			return
		}
		mean, floor := time.Duration(load.sum/int64(load.count)), time.Duration(d.floor)
		if mean-floor < leastBloat || mean < 2*max(floor, l.trip) {
			return
		}
		sender, receiver := ends(l.dir)
		out.Finding(claim.Finding{
			ID: BufferbloatLesson.ID, Severity: claim.Notice,
			Title: fmt.Sprintf("Under load a round trip takes %s, %s at the least", milliseconds(mean), milliseconds(floor)),
			Explanation: fmt.Sprintf("While the %s had eight segments or more in flight, the way to the %s and back took %s on average and up to %s, over %d samples; without load it takes %s. The rest is a queue before the slowest link of the path (RFC 7567).",
				sender, receiver, milliseconds(mean), milliseconds(time.Duration(load.most)), load.count, milliseconds(floor)),
			Advice:      "Use queue management where the slow link begins (fq_codel, CAKE), or limit the sender a little below the link's rate. That costs almost no throughput and gives the others their short round trips back.",
			Occurrences: []claim.Occurrence{{Packets: []int{int(load.first), int(load.last)}, Cost: nanoseconds(load.most - d.floor), Shows: "the segment with the longest round trip, and its acknowledgment"}},
		})
	})
}
