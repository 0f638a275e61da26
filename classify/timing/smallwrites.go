package timing

import (
	"fmt"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// SmallWritesLesson teaches packets that carry little.
var SmallWritesLesson = claim.Lesson{
	ID: "small-writes", Title: "Many packets with little in them",
	About: "An application writes a few bytes at a time, and TCP_NODELAY makes a packet of each write. Every packet costs some 60 bytes of headers, and both ends and all that lies between as much work as a full one (tinygrams). " +
		"Under TLS each write also becomes a record of its own, with some 22 bytes more.",
	Is:      "Eight or more segments in a row one way, none of them full, sent within a millisecond of each other or before the one before was acknowledged.",
	IsNot:   "A person who types; requests that each wait for their answer; the last segment of a message, which is seldom full.",
	Sources: []string{"RFC 896", "RFC 1122 section 4.2.3.4"},
}

const (
	leastRun = 8   // segments
	nearRun  = 1e6 // ns between two of them
)

// run is a number of small segments in a row.
type run struct {
	first, count uint32
	bytes        uint32
	last         uint32
}

// smalls are the runs of one direction that were long enough.
type smalls struct {
	list  []run // the first ones
	count uint32
	sum   run // segments and bytes of all
}

// inRow takes a data segment into the run of small ones; a full one, or one
// that waited, ends it.
func (t *Tracker) inRow(d *side, s *flow.Segment, full int) {
	r := &d.nagle.run
	if s.Length >= full {
		t.endRun(r, s.Dir)
		return
	}
	waits := d.hasUna && before(d.una, s.Seq) // the one before is not acknowledged
	if r.count > 0 && (t.turns.current != int8(s.Dir)+1 || !waits && s.At.Nanos-d.lastSent > nearRun) {
		t.endRun(r, s.Dir)
	}
	if r.count == 0 {
		r.first = uint32(s.At.Number)
	}
	r.count, r.bytes, r.last = r.count+1, r.bytes+uint32(s.Length), uint32(s.At.Number)
}

func (t *Tracker) endRun(r *run, d layer.Direction) {
	if r.count >= leastRun {
		x := &t.more().small[d]
		x.add(r)
	}
	*r = run{}
}

func (x *smalls) add(r *run) {
	x.count++
	x.sum.count += r.count
	x.sum.bytes += r.bytes
	if len(x.list) < maxEvents {
		x.list = append(x.list, *r)
	}
}

// SmallWrites finds runs of small segments.
func SmallWrites(v *View, out *claim.Sink) {
	if v.tracker == nil {
		return
	}
	for i := range v.tracker.side {
		d := layer.Direction(i)
		var x smalls
		if e := v.tracker.events; e != nil {
			x = e.small[d]
			x.list = x.list[:len(x.list):len(x.list)]
		}
		if r := &v.tracker.side[i].nagle.run; r.count >= leastRun {
			x.add(r)
		}
		// Where the path takes less than both ends offer, segments that look
		// small are full.
		if x.count > 0 && int(x.sum.bytes/x.sum.count) < v.tracker.fullSegment(v.Conversation)/2 {
			v.smallWrites(d, &x, out)
		}
	}
}

func (v *View) smallWrites(d layer.Direction, x *smalls, out *claim.Sink) {
	sender, _ := ends(d)
	headers := int64(0)
	if v.Packets[d] > 0 {
		headers = (v.Bytes[d] - v.Payload[d]) / v.Packets[d]
	}
	mean := int64(x.sum.bytes / x.sum.count)
	overhead := 100 * float64(headers) / float64(headers+mean)
	f := claim.Finding{ID: SmallWritesLesson.ID, Severity: claim.Notice, Omitted: int(x.count) - len(x.list)}
	f.Title = fmt.Sprintf("%s of %d bytes on average from the %s: %.0f %% of what went are headers", times(int(x.sum.count), "small segment"), mean, sender, overhead)
	f.Explanation = fmt.Sprintf("The %s sent %d segments with %d bytes of payload in all, each with about %d bytes of headers, one right behind the other. Full ones would have carried the same in %s.",
		sender, x.sum.count, x.sum.bytes, headers, times((int(x.sum.bytes)+v.tracker.fullSegment(v.Conversation)-1)/v.tracker.fullSegment(v.Conversation), "segment"))
	if v.TLS != nil {
		f.Explanation += " Under TLS each write is a record of its own, so that every piece bears a record's header and tag, too."
	}
	f.Advice = fmt.Sprintf("At the %s gather what belongs together and write it at once: a buffered writer that is flushed at the end of a message, writev, or TCP_CORK around the writes.", sender)
	for i := range x.list {
		r := &x.list[i]
		f.Occurrences = append(f.Occurrences, claim.Occurrence{Packets: []int{int(r.first), int(r.last)},
			Shows: fmt.Sprintf("the first and the last of %d small segments with %d bytes", r.count, r.bytes)})
	}
	out.Finding(f)
}
