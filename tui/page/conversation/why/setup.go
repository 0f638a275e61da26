package why

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/page/conversation/subject"
)

func (b *builder) setup() {
	s := b.subject.Verdict.Setup
	if s == nil {
		return
	}
	t := b.page.theme
	b.part("Set-up and first exchange")
	if way := summary(s); way != "" {
		b.link("way", target{lesson: first(s.Way)}, b.wrapped(2, way, t.Plain)...)
	}
	from, to := bounds(s.Phases)
	for _, ph := range s.Phases {
		why := ph.Name + " took " + component.Span(ph.Duration)
		line := component.Line{Text: b.bar(ph, from, to), Style: t.Phase(ph.Name)}
		b.link("phase "+ph.Name, target{packets: ph.Packets, why: why, lesson: ph.Name}, line)
	}
	for _, w := range s.WhatIf {
		text := fmt.Sprintf("  estimate: %s would take %s", w.Way, component.Plural(w.RoundTrips, "round trip"))
		if w.TimeToFirstByte > 0 {
			text += ", first byte after " + component.Span(w.TimeToFirstByte)
		}
		b.text(t.Dim, text)
	}
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// summary tells a set-up in one line.
func summary(s *timing.Setup) string {
	parts := subject.Present(strings.Join(s.Way, ", "))
	if s.HasRoundTrips {
		parts = append(parts, component.Plural(s.RoundTrips, "round trip"))
	}
	if s.HasTimeToRequest {
		parts = append(parts, "request after "+component.Span(s.TimeToRequest))
	}
	if s.HasTimeToFirstByte {
		parts = append(parts, "first byte after "+component.Span(s.TimeToFirstByte))
	}
	if s.HasRTT {
		parts = append(parts, "RTT "+component.Span(s.RTT)+" ("+s.RTTBasis+")")
	}
	if s.Vantage != "" && s.Vantage != "unknown" {
		parts = append(parts, "captured at the "+s.Vantage)
	}
	return strings.Join(parts, " · ")
}

func bounds(phases []timing.Phase) (from, to int64) {
	for i, ph := range phases {
		end := ph.Start + int64(ph.Duration)
		if i == 0 {
			from, to = ph.Start, end
		}
		from, to = min(from, ph.Start), max(to, end)
	}
	return from, to
}

// bar draws a phase to scale.
func (b *builder) bar(ph timing.Phase, from, to int64) string {
	trips := ""
	if ph.RoundTrips > 0 {
		trips = strconv.Itoa(ph.RoundTrips) + " RT"
	}
	label := fmt.Sprintf("  %s %s %s  ", component.Fit(ph.Name, 9), component.FitRight(component.Span(ph.Duration), 9), component.Fit(trips, 5))
	room := b.page.width - 29
	if room < 8 || to <= from {
		return label
	}
	scale := float64(room) / float64(to-from)
	at := min(int(float64(ph.Start-from)*scale), room-1)
	long := min(max(1, int(float64(ph.Duration)*scale+0.5)), room-at)
	return label + strings.Repeat("·", at) + strings.Repeat("█", long) + strings.Repeat("·", room-at-long)
}
