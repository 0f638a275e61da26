package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
)

// summary says what was captured.
func (p *page) summary(m *flow.Model, info *capture.Info, failed error) {
	if info != nil {
		p.line("%s", p.style.title.Render(clip(info.Source, p.width)))
	}
	p.words(0, "", strings.Join(captured(m, info), ", "))
	if n := drops(info); n > 0 {
		p.line("%s", p.style.warn.Render(many(int64(n), "packet")+" lost while capturing"))
	}
	if info != nil {
		for _, c := range info.Comments[:min(len(info.Comments), cited)] {
			p.words(2, "", "“"+c+"”")
		}
	}
	if failed != nil {
		p.line("%s", p.style.bad.Render("Reading ended early: "+clip(failed.Error(), p.width)))
	}
	p.layers(m)
	p.problems(m)
}

// captured says what a capture is.
func captured(m *flow.Model, info *capture.Info) (facts []string) {
	if info != nil && info.Format != "" {
		facts = append(facts, info.Format)
	}
	facts = append(facts, linkTypes(m, info)...)
	facts = append(facts, many(m.Packets, "packet"), size(m.Bytes))
	if m.Packets > 0 {
		facts = append(facts, fmt.Sprintf("%s from %s", span(time.Duration(max(0, m.Last.Nanos-m.First.Nanos))), m.First.Time().Format("2006-01-02 15:04:05.000 UTC")))
	}
	return facts
}

var layerTitles = [8]string{1: "physical", 2: "link", 3: "network", 4: "transport", 5: "session", 6: "presentation", 7: "application"}

// layers says which protocols were seen, a line to each OSI layer.
func (p *page) layers(m *flow.Model) {
	if len(m.Protocols) == 0 {
		return
	}
	p.title("Protocols")
	list := byLayer(m.Protocols)
	for i := 0; i < len(list); {
		osi, parts := list[i].OSI, []string{}
		for ; i < len(list) && list[i].OSI == osi; i++ {
			parts = append(parts, fmt.Sprintf("%s %s", list[i].Protocol, grouped(list[i].Packets)))
		}
		p.words(17, fmt.Sprintf("  %d %s", osi, layerTitles[osi&7]), strings.Join(parts, ", "))
	}
}

// problems names what was malformed.
func (p *page) problems(m *flow.Model) {
	n := int64(len(m.Problems)) + m.ProblemsOmitted
	if n == 0 {
		return
	}
	p.title("%s", many(n, "malformed or missing part"))
	for _, q := range m.Problems[:min(len(m.Problems), problems)] {
		where := ""
		if q.Packet > 0 {
			where = fmt.Sprintf("packet %d, ", q.Packet)
		}
		p.words(2, "", fmt.Sprintf("%s%s: %s", where, q.Layer, q.Text))
	}
	if more := n - problems; more > 0 {
		p.line("%s", p.style.dim.Render(fmt.Sprintf("  … and %s more", grouped(more))))
	}
}

// findings says what cost time or went wrong, each kind once with its worst
// cases.
func (p *page) findings(d *digest) {
	if len(d.groups) == 0 {
		if d.shown > 0 {
			p.title("Nothing was found that cost time or went wrong")
		}
		return
	}
	p.title("What cost time, or went wrong")
	for _, g := range d.groups {
		p.group(g)
	}
}

func (p *page) severity(s claim.Severity) lipgloss.Style {
	switch s {
	case claim.Problem:
		return p.style.bad
	case claim.Warning:
		return p.style.warn
	}
	return p.style.name
}

func (p *page) group(g *group) {
	worst := &g.worst[0]
	p.b.WriteByte('\n')
	p.line("  %s%s  %s", p.severity(worst.Severity).Bold(true).Render(g.id), g.toll(), p.style.dim.Render(string(worst.Severity)))
	for i := range g.worst {
		p.instance(&g.worst[i])
	}
	if more := g.count - int64(len(g.worst)); more > 0 {
		p.line("%s", p.style.dim.Render(fmt.Sprintf("    … and %s more", grouped(more))))
	}
	if worst.Explanation != "" {
		p.words(4, "", worst.Explanation)
	}
	if worst.Advice != "" {
		p.words(6, "    →", worst.Advice)
	}
}

// toll says what a kind of finding cost, and how often it was found.
func (g *group) toll() (text string) {
	if g.cost > 0 {
		text = ", " + span(g.cost)
	}
	switch {
	case g.count > 1 && g.cost > 0:
		text += fmt.Sprintf(" in all, %d times", g.count)
	case g.count > 1:
		text += fmt.Sprintf(", %d times", g.count)
	}
	return text
}

// instance is one conversation's finding with the packets that prove it.
func (p *page) instance(i *instance) {
	p.words(4, "", i.where())
	p.dimmed(6, i.proof())
}

// where is the finding's title with the conversations that show it.
func (i *instance) where() string {
	title := i.Title
	if i.conversation > 0 {
		title = fmt.Sprintf("%s (conversation %d)", title, i.conversation)
	} else if len(i.Conversations) > 0 {
		title = fmt.Sprintf("%s (conversation%s)", title, strings.TrimPrefix(packets(i.Conversations), "packet"))
	}
	return title
}

// proof names the packets of the first occurrences.
func (i *instance) proof() string {
	var proof []string
	for _, o := range i.Occurrences[:min(len(i.Occurrences), cited)] {
		text := packets(o.Packets)
		if o.Cost > 0 {
			text += " (" + span(o.Cost) + ")"
		}
		proof = append(proof, text)
	}
	text := strings.Join(proof, "; ")
	if more := len(i.Occurrences) + i.Omitted - len(proof); more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}

// dimmed writes text that only those read who want proof.
func (p *page) dimmed(indent int, text string) {
	if text == "" {
		return
	}
	for _, l := range p.wrap(indent, text) {
		p.line("%s%s", strings.Repeat(" ", indent), p.style.dim.Render(l))
	}
}

// together says how several conversations belong together.
func (p *page) together(list []claim.Pattern) {
	if len(list) == 0 {
		return
	}
	p.title("Over several conversations")
	for i := range list {
		p.pattern(2, &list[i])
	}
}

// pattern says how two ends talk, and which packets show it.
func (p *page) pattern(indent int, c *claim.Pattern) {
	lead := strings.Repeat(" ", indent)
	p.line("%s%s%s", lead, p.style.name.Render(c.ID), p.style.dim.Render(sure(c)))
	p.words(indent+2, "", c.Because)
	p.dimmed(indent+2, shown(c))
}

// sure says how certain a pattern is, and what from.
func sure(c *claim.Pattern) string {
	return fmt.Sprintf(", %.0f %% sure, from %s", c.Confidence*100, basisWords[c.Basis])
}

// shown names the packets that show a pattern.
func shown(c *claim.Pattern) string {
	var proof []string
	for _, e := range c.Evidence[:min(len(c.Evidence), cited)] {
		proof = append(proof, fmt.Sprintf("packet %d: %s", e.Packet, e.Shows))
	}
	text := strings.Join(proof, "; ")
	if more := len(c.Evidence) - len(proof); more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}

var basisWords = map[claim.Basis]string{claim.Decoded: "messages that were read", claim.Turns: "sizes and turns only"}
