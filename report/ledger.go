package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/wiresight/wiresight/classify/timing"
)

// ledger writes where a conversation's time went: the entries add up to the
// wall time.
func (e *encoder) ledger(l *timing.Ledger) {
	if l == nil {
		return
	}
	e.object("ledger")
	e.at("start", l.Start)
	e.duration("wall_s", l.Wall)
	e.entries("entries_s", l.Entries)
	e.close('}')
}

// entries writes accounts with their seconds.
func (e *encoder) entries(k string, list []timing.Entry) {
	if len(list) == 0 {
		return
	}
	e.object(k)
	for _, x := range list {
		e.duration(x.Name, x.Time)
	}
	e.close('}')
}

// ledger says in a line where a conversation's time went, the largest parts
// first; what is less than a hundredth is left out.
func (p *page) ledger(l *timing.Ledger) {
	if l == nil {
		return
	}
	var parts []string
	for _, x := range largest(l.Entries) {
		if part := float64(x.Time) / float64(l.Wall); part >= 0.01 {
			parts = append(parts, fmt.Sprintf("%s %s (%.0f %%)", x.Name, span(x.Time), 100*part))
		}
	}
	p.words(5, "", fmt.Sprintf("%s to the last byte: %s", span(l.Wall), strings.Join(parts, ", ")))
}

// largest sorts entries by their time, the longest first.
func largest(list []timing.Entry) []timing.Entry {
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b timing.Entry) int { return cmp.Compare(b.Time, a.Time) })
	return sorted
}
