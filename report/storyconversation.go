package report

import (
	"fmt"
	"strings"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
)

// conversation tells one in full, with its waterfall and its ladder.
func (t *storyteller) conversation(j *judged) {
	c := j.Conversation
	t.Heading(3, anchor(c.ID), fmt.Sprintf("%d  %s → %s", c.ID, end(&c.Client), end(&c.Server)))
	t.Text(outline(c, t.begun))
	if s := j.claims.Setup; s != nil && len(s.Way) > 0 {
		t.Text("Set-up: " + strings.Join(began(s), ", "))
	}
	t.Text(strings.Join(secured(c), ", "))
	t.Text(strings.Join(repairs(c.TCP), ", "))
	t.wrong(j.claims.Findings)
	for i := range j.claims.Patterns {
		t.pattern(&j.claims.Patterns[i])
	}
	t.ledger(j.claims.Ledger)
	if w := waterfall(j); len(w.Rows) > 0 {
		t.Figure("Where the time went", w)
	}
	l := newLadder(j)
	t.ladders = append(t.ladders, l)
	t.Figure("Packet by packet", l)
}

// wrong names the findings, which are told above.
func (t *storyteller) wrong(list []claim.Finding) {
	for i := range list {
		t.Claim(string(list[i].Severity), list[i].Title)
	}
}

func (t *storyteller) pattern(c *claim.Pattern) {
	t.Claim("info", c.ID+sure(c))
	t.Text(c.Because)
	t.Note(shown(c))
}

// ledger is a table of accounts that add up to the whole time.
func (t *storyteller) ledger(l *timing.Ledger) {
	if l == nil || l.Wall <= 0 {
		return
	}
	var rows [][]string
	for _, x := range largest(l.Entries) {
		rows = append(rows, []string{x.Name, span(x.Time), fmt.Sprintf("%.1f %%", 100*float64(x.Time)/float64(l.Wall))})
	}
	t.Table([]string{"account", "time", "of " + span(l.Wall)}, rows, nil)
}
