package conversation

import (
	"fmt"
	"strconv"
	"time"

	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/component"
)

func (b *builder) exchanges() {
	f := &b.page.facts
	if len(f.exchanges) == 0 {
		return
	}
	b.part(fmt.Sprintf("Exchanges (%d)", int64(len(f.exchanges))+f.more))
	name := max(10, b.page.width-55)
	b.text(b.page.theme.Dim, fmt.Sprintf("  %12s  %s  %s %9s %9s", "time", component.Fit("request", name), component.Fit("status", 10), "service", "total"))
	for i := range f.exchanges {
		e := &f.exchanges[i]
		var m timing.Exchange
		if i < len(f.verdict.Exchanges) {
			m = f.verdict.Exchanges[i]
		}
		b.exchange(e, m, name)
	}
	if f.more > 0 {
		b.text(b.page.theme.Dim, fmt.Sprintf("  and %d more", f.more))
	}
}

func (b *builder) exchange(e *flow.Exchange, m timing.Exchange, name int) {
	at := e.Request.First
	if !at.Valid() {
		at = e.Response.First
	}
	span := func(d time.Duration, known bool) string {
		if !known {
			return "–"
		}
		return component.Span(d)
	}
	title := layer.Printable(e.Name)
	if title == "" {
		title = "(request not seen)"
	}
	if m.Kind != "" && m.Kind != "request-response" {
		title += "  " + m.Kind
	}
	status := layer.Printable(e.Status)
	if !e.Response.Seen() {
		status = "(none)"
	}
	text := fmt.Sprintf("  %12.6f  %s  %s %s %s", float64(at.Nanos-b.page.facts.first)/1e9, component.Fit(title, name), component.Fit(status, 10),
		component.FitRight(span(m.Service, m.HasService), 9), component.FitRight(span(m.Total, m.HasTotal), 9))
	packets := append(numbers(e.Request.Packets), numbers(e.Response.Packets)...)
	b.link("exchange "+strconv.Itoa(e.ID), target{packets: packets, why: e.Name}, component.Line{Text: text, Style: b.page.theme.Plain})
}

func numbers(p flow.Packets) []int {
	var list []int
	for _, n := range p.List() {
		list = append(list, int(n))
	}
	return list
}

// rest lists messages outside exchanges, and what could not be read.
func (b *builder) rest() {
	f := &b.page.facts
	if len(f.messages) > 0 {
		b.part("Other messages")
		for _, m := range f.messages {
			b.text(b.page.theme.Plain, fmt.Sprintf("  %8s  %s %s", component.Count(m.Count), m.Protocol, layer.Printable(m.Kind)))
		}
	}
	if len(f.problems) > 0 {
		b.part("Could not be read")
		for i, q := range f.problems {
			t := target{why: q.Text}
			if q.Packet > 0 {
				t.packets = []int{q.Packet}
			}
			text := fmt.Sprintf("  #%d  %s: %s", q.Packet, q.Layer, layer.Printable(q.Text))
			b.link("problem "+strconv.Itoa(i), t, component.Line{Text: text, Style: b.page.theme.Error})
		}
	}
}
