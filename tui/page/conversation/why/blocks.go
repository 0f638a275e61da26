package why

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/page/conversation/subject"
	"github.com/wiresight/wiresight/tui/theme"
)

// draw makes the document of the conversation, for the tab's width.
func (p *Page) draw() {
	if p.subject == nil || p.width == 0 {
		return
	}
	p.targets = map[string]target{}
	b := &builder{page: p, subject: p.subject}
	b.header()
	b.findings()
	b.ledger()
	b.patterns()
	b.setup()
	b.rest()
	p.doc.Set(b.blocks)
	if list := p.subject.Verdict.Findings; !p.placed && len(list) > 0 {
		p.doc.Select(findingKey(0, list[0].ID)) // what the page is opened for
	}
	p.placed = true
}

func findingKey(i int, id string) string { return "finding " + id + strconv.Itoa(i) }

// builder collects the blocks of the document.
type builder struct {
	page    *Page
	subject *subject.Subject
	blocks  []component.Block
}

// text appends lines that cannot be selected.
func (b *builder) text(style lipgloss.Style, lines ...string) {
	var block component.Block
	for _, l := range lines {
		block.Lines = append(block.Lines, component.Line{Text: l, Style: style})
	}
	b.blocks = append(b.blocks, block)
}

// part begins a part of the document.
func (b *builder) part(title string) {
	b.text(b.page.theme.Header, "", title)
	b.blocks[len(b.blocks)-1].Part = true
}

// link appends lines that lead somewhere.
func (b *builder) link(key string, t target, lines ...component.Line) {
	selectable := len(t.packets) > 0 || t.lesson != ""
	b.blocks = append(b.blocks, component.Block{Key: key, Lines: lines, Selectable: selectable})
	b.page.targets[key] = t
}

// wrapped breaks text into lines behind an indent.
func (b *builder) wrapped(indent int, text string, style lipgloss.Style) []component.Line {
	var lines []component.Line
	for _, l := range component.Wrap(text, b.page.width-indent) {
		lines = append(lines, component.Line{Text: strings.Repeat(" ", indent) + l, Style: style})
	}
	return lines
}

func (b *builder) header() {
	t := b.page.theme
	for i, f := range b.subject.Header {
		style := t.Plain
		if i == 0 {
			style = t.Strong
		}
		lines := b.wrapped(8, f.Text, style)
		lines[0].Text = component.Fit(f.Name, 8) + lines[0].Text[8:]
		b.blocks = append(b.blocks, component.Block{Lines: lines})
	}
}

func (b *builder) findings() {
	list := b.subject.Verdict.Findings
	if len(list) == 0 {
		return
	}
	t := b.page.theme
	b.part("What cost time, or went wrong")
	for i, f := range list {
		key := findingKey(i, f.ID)
		cost := ""
		if f.Cost > 0 && !strings.Contains(f.Title, component.Span(f.Cost)) {
			cost = "  (" + component.Span(f.Cost) + ")"
		}
		var packets []int
		for _, o := range f.Occurrences {
			packets = append(packets, o.Packets...)
		}
		lines := b.wrapped(2, theme.Sign(f.Severity)+" "+f.Title+cost, t.Severity(f.Severity))
		lines = append(lines, b.wrapped(4, f.Explanation, t.Plain)...)
		if f.Advice != "" {
			lines = append(lines, b.wrapped(4, "→ "+f.Advice, t.Strong)...)
		}
		b.link(key, target{packets: packets, why: f.Title, lesson: f.ID}, lines...)
		for j := range f.Occurrences {
			b.occurrence(key+" "+strconv.Itoa(j), f.ID, &f.Occurrences[j], j < unfolded)
		}
		if f.Omitted > 0 {
			b.text(t.Dim, fmt.Sprintf("    and %d more", f.Omitted))
		}
	}
}

// unfolded is how many occurrences of a finding are told packet by packet.
const unfolded = 2

// occurrence tells one time that a finding happened, and what its packets are.
func (b *builder) occurrence(key, id string, o *claim.Occurrence, unfold bool) {
	t := b.page.theme
	cost := ""
	if o.Cost > 0 {
		cost = component.Span(o.Cost) + "  "
	}
	text := "    " + component.Fit(cite(o.Packets), 14) + "  " + cost + layer.Printable(o.Shows)
	b.link(key, target{packets: o.Packets, why: o.Shows, lesson: id}, component.Line{Text: text, Style: t.Dim})
	if !unfold || b.subject.Trace == nil || len(o.Packets) > 8 {
		return
	}
	var first int64
	for i, n := range o.Packets {
		k := b.subject.Packet(n)
		if k == nil {
			continue
		}
		since := "start"
		if i == 0 {
			first = k.At.Nanos
		} else {
			since = "+" + component.Span(time.Duration(k.At.Nanos-first))
		}
		arrow := "→"
		if k.Dir == layer.ToClient {
			arrow = "←"
		}
		line := fmt.Sprintf("      %s %s %s  %s", component.FitRight("#"+strconv.Itoa(n), 7), arrow, component.FitRight(since, 9), k.Label())
		b.link(key+"/"+strconv.Itoa(n), target{packets: []int{n}, why: o.Shows, lesson: id}, component.Line{Text: line, Style: t.Sender(k.Dir)})
	}
}

// cite names packets as far as there is room for.
func cite(packets []int) string {
	const most = 3
	text := make([]string, 0, most)
	for i, n := range packets {
		if i == most {
			text[most-1] += "…"
			break
		}
		text = append(text, "#"+strconv.Itoa(n))
	}
	return strings.Join(text, " ")
}

func (b *builder) patterns() {
	list := b.subject.Verdict.Patterns
	if len(list) == 0 {
		return
	}
	t := b.page.theme
	b.part("How the two ends talk")
	for i, k := range list {
		key := "pattern " + k.ID + strconv.Itoa(i)
		title := fmt.Sprintf("%s  %.0f %%", k.ID, 100*k.Confidence)
		if k.Basis == claim.Turns {
			title += "  from sizes and times alone"
		}
		lines := append(b.wrapped(2, title, t.Strong), b.wrapped(4, k.Because, t.Plain)...)
		b.link(key, target{lesson: k.ID, teach: true, packets: evidence(k), why: k.ID}, lines...)
		for j, e := range k.Evidence {
			text := "    #" + strconv.Itoa(e.Packet) + "  " + layer.Printable(e.Shows)
			b.link(key+" "+strconv.Itoa(j), target{packets: []int{e.Packet}, why: e.Shows, lesson: k.ID}, component.Line{Text: text, Style: t.Dim})
		}
	}
}

func evidence(k claim.Pattern) []int {
	var packets []int
	for _, e := range k.Evidence {
		packets = append(packets, e.Packet)
	}
	return packets
}

// rest lists messages outside exchanges, and what could not be read.
func (b *builder) rest() {
	s := b.subject
	if len(s.Messages) > 0 {
		b.part("Other messages")
		for _, m := range s.Messages {
			b.text(b.page.theme.Plain, fmt.Sprintf("  %8s  %s %s", component.Count(m.Count), m.Protocol, layer.Printable(m.Kind)))
		}
	}
	if len(s.Problems) > 0 {
		b.part("Could not be read")
		for i, q := range s.Problems {
			t := target{why: q.Text}
			if q.Packet > 0 {
				t.packets = []int{q.Packet}
			}
			text := fmt.Sprintf("  #%d  %s: %s", q.Packet, q.Layer, layer.Printable(q.Text))
			b.link("problem "+strconv.Itoa(i), t, component.Line{Text: text, Style: b.page.theme.Error})
		}
	}
}
