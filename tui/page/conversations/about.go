package conversations

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/theme"
)

// about is what the pane below the table tells of the selected conversation:
// what its row has no room for. It keeps no evidence, for there is one about
// for each remembered verdict.
type about struct {
	findings []remark // the worst first
	patterns []remark // the likeliest first
	more     int      // claims left out
	path     string   // way, RTT and vantage
}

type remark struct {
	severity      claim.Severity // "" for a pattern
	title, detail string
}

// Claims of each kind that an about keeps.
const keepClaims = 3

func aboutOf(c classify.Conversation) about {
	a := about{path: path(c.Setup)}
	findings, patterns := worstFirst(c.Findings), likeliestFirst(c.Patterns)
	a.more = max(0, len(findings)-keepClaims) + max(0, len(patterns)-keepClaims)
	for _, f := range findings[:min(keepClaims, len(findings))] {
		cost := ""
		if f.Cost > 0 && !strings.Contains(f.Title, component.Span(f.Cost)) {
			cost = "  (" + component.Span(f.Cost) + ")"
		}
		a.findings = append(a.findings, remark{f.Severity, theme.Sign(f.Severity) + " " + f.Title + cost, f.Advice})
	}
	for _, k := range patterns[:min(keepClaims, len(patterns))] {
		a.patterns = append(a.patterns, remark{"", likely(k), k.Because})
	}
	return a
}

func worstFirst(list []claim.Finding) []claim.Finding {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b claim.Finding) int {
		return cmp.Or(cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), cmp.Compare(b.Cost, a.Cost))
	})
	return list
}

func likeliestFirst(list []claim.Pattern) []claim.Pattern {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b claim.Pattern) int { return cmp.Compare(b.Confidence, a.Confidence) })
	return list
}

func likely(k claim.Pattern) string { return fmt.Sprintf("%s %.0f %%", k.ID, 100*k.Confidence) }

func path(s *timing.Setup) string {
	if s == nil {
		return ""
	}
	var parts []string
	if len(s.Way) > 0 {
		parts = append(parts, "set up by "+strings.Join(s.Way, ", "))
	}
	if s.HasRTT {
		parts = append(parts, "RTT "+component.Span(s.RTT)+" ("+s.RTTBasis+")")
	}
	if s.Vantage != "" && s.Vantage != "unknown" {
		parts = append(parts, "captured at the "+s.Vantage)
	}
	return strings.Join(parts, " · ")
}

// lines draws the pane in at most height lines: the path first, for it is
// short and holds for all that follows.
func (a about) lines(t *theme.Theme, width, height int) []string {
	var lines []string
	add := func(indent int, text string, style lipgloss.Style) {
		if text == "" {
			return
		}
		for _, l := range component.Wrap(text, width-indent) {
			lines = append(lines, style.Render(component.Fit(strings.Repeat(" ", indent)+l, width)))
		}
	}
	add(2, a.path, t.Dim)
	for _, r := range slices.Concat(a.findings, a.patterns) {
		if r.severity == "" {
			add(2, r.title, t.Strong)
			add(4, r.detail, t.Plain)
			continue
		}
		add(2, r.title, t.Severity(r.severity))
		if r.detail != "" {
			add(4, "→ "+r.detail, t.Plain)
		}
	}
	if a.more > 0 {
		add(2, fmt.Sprintf("and %d more", a.more), t.Dim)
	}
	if len(lines) > height {
		lines = append(lines[:max(0, height-1)], t.Dim.Render(component.Fit("  … enter shows all", width)))
	}
	return lines
}

// The pane below the table takes the lines that the rows leave free, where
// there are enough; a large page reserves some for it in any case.
const (
	aboutLeast    = 6
	aboutReserved = 8
	largeWidth    = 120
	largeHeight   = 38 // of a terminal with 40 lines
)

// aboutHeight returns the height of the pane below the table, 0 for none.
func (p *Page) aboutHeight() int {
	free := p.height - p.line.Height() - 1 - p.rows()
	switch {
	case p.rows() == 0:
		return 0
	case p.width >= largeWidth && p.height >= largeHeight:
		return max(free, aboutReserved)
	case free >= aboutLeast:
		return free
	}
	return 0
}

// about draws the pane: what the selected row has no room for.
func (p *Page) about() []string {
	height := p.aboutHeight()
	if height == 0 || p.selected < 1 {
		return nil
	}
	lines := []string{component.Rule(p.theme, p.width, fmt.Sprintf("conversation %d", p.selected), "", false)}
	return append(lines, p.window.verdicts[p.selected].about.lines(p.theme, p.width, height-1)...)
}
