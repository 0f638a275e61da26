package why

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/tui/component"
)

// ledger tells where the conversation's time went, the largest part first.
func (b *builder) ledger() {
	l := b.subject.Verdict.Ledger
	if l == nil || l.Wall <= 0 {
		return
	}
	t := b.page.theme
	b.part("Where the " + component.Span(l.Wall) + " went")
	entries := slices.Clone(l.Entries)
	slices.SortStableFunc(entries, func(x, y timing.Entry) int { return cmp.Compare(y.Time, x.Time) })
	room := max(4, b.page.width-34)
	for _, e := range entries {
		share := float64(e.Time) / float64(l.Wall)
		text := fmt.Sprintf("  %s %s %s  %s", component.Fit(e.Name, 11), component.FitRight(component.Span(e.Time), 9), component.FitRight(fmt.Sprintf("%.0f %%", 100*share), 5), component.Bar(share, room))
		b.link("ledger "+e.Name, target{lesson: e.Name}, component.Line{Text: text, Style: t.Phase(e.Name)})
	}
}
