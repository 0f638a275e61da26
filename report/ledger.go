package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/layer"
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

// nagle writes what is known of the two sides' Nagle's algorithm and delayed
// acknowledgments.
func (e *encoder) nagle(k *classify.Conversation) {
	if k.Nagle[0].On+k.Nagle[0].Off+k.Nagle[1].On+k.Nagle[1].Off > 0 {
		e.object("nagle")
		for d, s := range k.Nagle {
			if s.On+s.Off == 0 {
				continue
			}
			e.object(sender(layer.Direction(d)))
			e.text("state", s.State.String())
			e.key("on")
			e.int(int64(s.On))
			e.key("off")
			e.int(int64(s.Off))
			e.close('}')
		}
		e.close('}')
	}
	if k.DelayedACK == nil {
		return
	}
	e.object("delayed_ack")
	for d, t := range k.DelayedACK {
		if t.Timer == 0 {
			continue
		}
		e.object(sender(layer.Direction(d ^ 1)))
		e.duration("timer_s", t.Timer)
		e.count("count", int64(t.Delayed))
		e.close('}')
	}
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
