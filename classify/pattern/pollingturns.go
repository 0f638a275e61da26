package pattern

import (
	"fmt"
	"math"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/layer"
)

const (
	leastTurnPolls = 6    // without targets to compare, fewer are no rhythm
	steadySize     = 0.05 // of the questions' size: their median absolute deviation
	leastTurnGap   = 0.1  // seconds
)

// PollingTurns infers polling inside TLS: questions of one size at a steady
// period, answered quickly.
func PollingTurns(v *timing.View, out *claim.Sink) {
	if v.TLS == nil || len(v.Conversation.Exchanges) > 0 {
		return
	}
	t, ok := applicationTurns(v)
	if !ok || t.First != layer.ToServer || t.Crossed*crossedPart > t.Count {
		return
	}
	var gaps, sizes, answers []float64
	var e evidence
	for i := 0; i+1 < len(t.Runs); i += 2 {
		asked, told := &t.Runs[i], &t.Runs[i+1]
		if i > 0 {
			gaps = append(gaps, asked.First.Since(t.Runs[i-2].First).Seconds())
		}
		sizes = append(sizes, float64(asked.Bytes))
		answers = append(answers, told.First.Since(asked.Last).Seconds())
		if i < 8 {
			e.add(asked.First.Number, "the client speaks")
			e.add(told.First.Number, "and is answered at once")
		}
	}
	if len(sizes) < leastTurnPolls {
		return
	}
	period := median(gaps)
	deviation := scatter(gaps) / period
	if period < leastTurnGap || deviation > steadySplit || median(answers) > quickAnswer*period || scatter(sizes) > steadySize*median(sizes) {
		return
	}
	out.Pattern(claim.Pattern{ID: PollingLesson.ID, Confidence: 0.65, Basis: claim.Turns, Evidence: e,
		Because: fmt.Sprintf("Inside TLS, the client sent %s of about %.0f bytes every %.3g s (give or take %.0f %%), and each was answered quickly; likely polling.",
			count(len(sizes), "message"), median(sizes), period, deviation*100),
		Metrics: []claim.Metric{{Name: "polls", Value: float64(len(sizes))}, {Name: "period_s", Value: period}, {Name: "deviation", Value: deviation}}})
}

// scatter returns the median absolute deviation.
func scatter(list []float64) float64 {
	m := median(list)
	off := make([]float64, len(list))
	for i, x := range list {
		off[i] = math.Abs(x - m)
	}
	return median(off)
}
