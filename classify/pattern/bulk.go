package pattern

import (
	"fmt"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// BulkLesson teaches bulk transfers.
var BulkLesson = claim.Lesson{
	ID: "bulk-transfer", Title: "Much data, as fast as it goes",
	About: "One side sends nearly all bytes, and the sender always has more: downloads, backups, copies of disks. What limits it is the congestion window, the receiver's window or the link; " +
		"round trips matter at the beginning only. It fills queues on its way, so that what is in a hurry should not share them.",
	Is:      "128 kB or more, nine tenths of all bytes one way, in full segments, with little time in which the sender had nothing to send.",
	IsNot:   "Media at a steady rate; an answer that is sent while it is made; many small answers that add up.",
	Sources: []string{"RFC 5681", "RFC 2914"},
}

// PacedLesson teaches streams at a steady rate.
var PacedLesson = claim.Lesson{
	ID: "paced-streaming", Title: "A stream at a steady rate",
	About: "Media are sent as fast as they are played, not as fast as the network lets them: a packet every 20 ms for speech, a burst for each picture. What matters is delay and its variation, hardly the bandwidth; " +
		"what comes too late is of no use.",
	Is:      "RTP packets of one source over half a second or more; without RTP, small pieces of one turn at equal intervals that the sender makes.",
	IsNot:   "A download, which is as fast as the path; events, which come when something happens.",
	Sources: []string{"RFC 3550", "RFC 8836"},
}

const (
	leastBulk     = 128 << 10
	leastBulkRate = 200e3 // bits per second
	fastest       = 1e9   // bits per second: what seems faster is a matter of the capture's clock
	leastMedia    = 25    // packets
	mediaLasts    = 500 * time.Millisecond
	manyMedia     = 50
	evenPauses    = 0.25 // coefficient of variation
	pausesPaced   = 15
	leastRate     = 24e3 // bits per second: less is no medium
	tardyMedia    = 0.1  // seconds between packets from which on it is hardly sound or pictures
)

// Bulk claims transfers in bulk.
func Bulk(v *timing.View, out *claim.Sink) {
	for d := range v.Payload {
		dir := layer.Direction(d)
		bytes, packets := v.Payload[d], v.Packets[d]
		if bytes < leastBulk || bytes*10 < v.Payload.Sum()*9 || v.RTP != nil {
			continue
		}
		idle, known := v.Idle(dir)
		switch {
		case v.Transport == layer.TCP && known && (idle > 0.25 || bytes/max(1, packets) < 536):
			continue
		case v.Transport == layer.TCP && !known && (!oneAnswer(v, dir) && !unreadable(v) || bytes/max(1, packets) < 900):
			continue
		case v.Transport != layer.TCP && (v.QUIC == nil || bytes/max(1, packets) < 900 || v.Duration() > int64(30*time.Second)):
			continue
		}
		var e evidence
		rate := rateOf(v, dir, &e)
		if len(e) == 0 || rate < leastBulkRate {
			continue
		}
		confidence := 0.93
		switch {
		case !known && unreadable(v):
			confidence = 0.65
		case !known, manyAnswers(v):
			confidence = 0.75
		}
		who, pace := "client", ""
		if dir == layer.ToClient {
			who = "server"
		}
		if rate < fastest {
			pace = fmt.Sprintf(", at %.1f Mbit/s", rate/1e6)
		}
		out.Pattern(claim.Pattern{ID: BulkLesson.ID, Confidence: confidence, Basis: basisOf(v), Evidence: e,
			Because: fmt.Sprintf("The %s sent %.0f kB, %.0f %% of all bytes%s, and while it sent it nearly always had more.",
				who, float64(bytes)/1e3, 100*float64(bytes)/float64(v.Payload.Sum()), pace),
			Metrics: []claim.Metric{{Name: "bytes", Value: float64(bytes)}, {Name: "bit_s", Value: rate}, {Name: "idle_share", Value: idle}}})
	}
}

func basisOf(v *timing.View) claim.Basis {
	if len(v.Conversation.Exchanges)+len(v.Events) > 0 {
		return claim.Decoded
	}
	return claim.Turns
}

// manyAnswers reports whether no single exchange carries half of the bytes.
func manyAnswers(v *timing.View) bool {
	var most int64
	for _, x := range v.Conversation.Exchanges {
		most = max(most, x.Request.Bytes, x.Response.Bytes)
	}
	return most > 0 && most*2 < v.Payload.Sum()
}

// oneAnswer reports whether a single message carries four fifths of a
// direction's bytes, within half a minute, and its kind is no stream.
func oneAnswer(v *timing.View, dir layer.Direction) bool {
	for _, x := range v.Conversation.Exchanges {
		p := &x.Response
		if x.Dir == dir {
			p = &x.Request
		}
		if p.Bytes*5 >= v.Payload[dir]*4 && p.Last.Since(p.First) < 30*time.Second {
			return !streams(x) && !remote(x)
		}
	}
	return false
}

// unreadable reports whether only sizes and times can be seen, of a conversation
// that is short enough for its bytes to be one transfer.
func unreadable(v *timing.View) bool {
	return v.TLS != nil && len(v.Conversation.Exchanges) == 0 && v.Duration() < int64(30*time.Second)
}

// rateOf cites the largest message or turn of a direction, and returns its bits
// per second.
func rateOf(v *timing.View, dir layer.Direction, e *evidence) float64 {
	var best *flow.Part
	for _, x := range v.Conversation.Exchanges {
		p := &x.Response
		if x.Dir == dir {
			p = &x.Request
		}
		if p.Seen() && (best == nil || p.Bytes > best.Bytes) {
			best = p
		}
	}
	if best != nil && best.First.Number < best.Last.Number {
		e.add(best.First.Number, "the largest message begins")
		e.add(best.Last.Number, "and ends")
		return float64(best.Bytes) * 8 / max(1e-6, best.Last.Since(best.First).Seconds())
	}
	t, ok := timing.TurnsOf(v.Conversation)
	if !ok {
		return 0
	}
	var most *timing.Run
	for i := range t.Runs {
		if t.First^layer.Direction(i&1) == dir && (most == nil || t.Runs[i].Bytes > most.Bytes) {
			most = &t.Runs[i]
		}
	}
	if most == nil {
		return 0
	}
	e.add(most.First.Number, "the longest run of data begins")
	e.add(most.Last.Number, "and ends")
	return float64(most.Bytes) * 8 / max(1e-6, most.Last.Since(most.First).Seconds())
}

// Paced claims streams at a steady rate.
func Paced(v *timing.View, out *claim.Sink) {
	if v.RTP != nil {
		media(v, out)
		return
	}
	t, ok := timing.TurnsOf(v.Conversation)
	if !ok || len(v.Events) > 0 || claimed(out, EventStreamLesson.ID) {
		return
	}
	for i := range t.Runs {
		r := &t.Runs[i]
		if r.Pauses < pausesPaced || r.Spread > evenPauses {
			continue
		}
		// All but the pauses must be short: they fill the turn.
		if rate := float64(r.Bytes) * 8 / max(1e-6, r.Last.Since(r.First).Seconds()); rate < leastRate {
			continue
		}
		if filled := time.Duration(r.Pauses) * r.Pause; filled*10 < r.Last.Since(r.First)*7 || eventful(v, r) {
			continue
		}
		var e evidence
		e.add(r.First.Number, "the first piece of a long run")
		e.add(r.Last.Number, "the last piece; nobody else spoke between")
		out.Pattern(claim.Pattern{ID: PacedLesson.ID, Confidence: 0.7, Basis: claim.Turns, Evidence: e,
			Because: fmt.Sprintf("%d pieces of about %d bytes came in one run, every %.1f ms (give or take %.0f %%): likely a stream at a rate that the sender sets.",
				r.Pauses+1, r.Bytes/int64(r.Pauses+1), r.Pause.Seconds()*1e3, r.Spread*100),
			Metrics: []claim.Metric{{Name: "pieces", Value: float64(r.Pauses + 1)}, {Name: "period_s", Value: r.Pause.Seconds()}, {Name: "deviation", Value: r.Spread}}})
		return
	}
}

// claimed reports whether a rule before has claimed a pattern.
func claimed(out *claim.Sink, id string) bool {
	for i := range out.Patterns {
		if out.Patterns[i].ID == id {
			return true
		}
	}
	return false
}

// eventful reports whether a run is an answer that other rules know.
func eventful(v *timing.View, r *timing.Run) bool {
	for _, x := range v.Conversation.Exchanges {
		if x.Response.Seen() && x.Response.First.Number <= r.Last.Number && x.Response.Last.Number >= r.First.Number && (streams(x) || x.Protocol == "grpc") {
			return true
		}
	}
	return false
}

// media claims the streams of RTP.
func media(v *timing.View, out *claim.Sink) {
	n := 0
	var packets int64
	var e evidence
	var longest *flow.RTPStream
	for i := range v.RTP.Streams {
		s := &v.RTP.Streams[i]
		if s.Packets < leastMedia || s.Last.Since(s.First) < mediaLasts {
			continue
		}
		n++
		packets += s.Packets
		if longest == nil || s.Packets > longest.Packets {
			longest = s
		}
		if n <= 4 {
			e.add(s.First.Number, fmt.Sprintf("the first packet of source 0x%08x", s.SSRC))
			e.add(s.Last.Number, fmt.Sprintf("its last, %d packets later", s.Packets-1))
		}
	}
	if n == 0 {
		return
	}
	period := longest.Last.Since(longest.First).Seconds() / float64(longest.Packets-1)
	confidence := 0.95
	if longest.Packets < manyMedia {
		confidence = 0.85
	}
	if period > tardyMedia {
		confidence = 0.7
	}
	metrics := []claim.Metric{{Name: "streams", Value: float64(n)}, {Name: "packets", Value: float64(packets)}, {Name: "period_s", Value: period}, {Name: "lost", Value: float64(longest.Lost)}}
	jitter := "" // without the clock of the time stamps it is not known
	if longest.ClockRate > 0 {
		jitter = fmt.Sprintf(" with a jitter of at most %.1f ms,", longest.MaxJitter*1e3)
		metrics = append(metrics, claim.Metric{Name: "jitter_s", Value: longest.MaxJitter})
	}
	out.Pattern(claim.Pattern{ID: PacedLesson.ID, Confidence: confidence, Basis: claim.Decoded, Evidence: e, Metrics: metrics,
		Because: fmt.Sprintf("%s of media; the longest has a packet every %.1f ms on average,%s and lost %d of %d.",
			count(n, "stream"), period*1e3, jitter, longest.Lost, longest.Packets+longest.Lost)})
}
