package overview

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/learn"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/theme"
)

// builder collects the blocks of a column.
type builder struct {
	page   *Page
	width  int
	blocks []component.Block
}

// draw makes the documents, for the page's width.
func (p *Page) draw() {
	left, right := p.width, 0
	if p.width >= twoColumns {
		left, right = p.leftWidth(), p.width-p.leftWidth()-1
	} else {
		p.focus = 0
	}
	p.docs[0].SetSize(left, max(0, p.height-1))
	p.docs[1].SetSize(right, max(0, p.height-1))
	if p.sight == nil || p.width == 0 {
		return
	}
	p.targets = map[string]target{}
	a := &builder{page: p, width: left}
	b := a
	if right > 0 {
		b = &builder{page: p, width: right}
	}
	a.words()
	a.chart()
	if right == 0 {
		a.findings()
	}
	a.tower()
	if right > 0 {
		b.findings()
	}
	b.patterns()
	b.talkers()
	b.hostList()
	a.problems()
	p.docs[0].Set(a.blocks)
	if right > 0 {
		p.docs[1].Set(b.blocks)
	}
}

func (b *builder) text(s lipgloss.Style, lines ...string) {
	var block component.Block
	for _, l := range lines {
		block.Lines = append(block.Lines, component.Line{Text: l, Style: s})
	}
	b.blocks = append(b.blocks, block)
}

// part begins a part of the document.
func (b *builder) part(title string) {
	if len(b.blocks) > 0 {
		b.text(b.page.theme.Plain, "")
	}
	b.text(b.page.theme.Header, title)
	b.blocks[len(b.blocks)-1].Part = true
}

// link appends a line that leads somewhere.
func (b *builder) link(key string, t target, text string, s lipgloss.Style) {
	b.blocks = append(b.blocks, component.Block{Key: key, Selectable: true, Lines: []component.Line{{Text: text, Style: s}}})
	b.page.targets[key] = t
}

// words tells the capture in sentences.
func (b *builder) words() {
	s := b.page.sight
	b.part("This capture")
	if s.model.Packets == 0 {
		b.text(b.page.theme.Dim, "  nothing yet")
		return
	}
	var kinds []string
	for _, k := range []struct {
		p        layer.Protocol
		one, all string
	}{{layer.TCP, "TCP connection", "TCP connections"}, {layer.UDP, "UDP conversation", "UDP conversations"}, {layer.ICMP, "ICMP conversation", "ICMP conversations"}, {layer.ICMPv6, "ICMPv6 conversation", "ICMPv6 conversations"}, {layer.SCTP, "SCTP association", "SCTP associations"}} {
		switch n := s.transport[k.p]; n {
		case 0:
		case 1:
			kinds = append(kinds, "1 "+k.one)
		default:
			kinds = append(kinds, component.Count(int64(n))+" "+k.all)
		}
	}
	took := time.Duration(max(0, s.model.Last.Nanos-s.model.First.Nanos))
	text := fmt.Sprintf("%s packets with %s in %s, from %s UTC on.", component.Count(s.model.Packets), component.Bytes(s.model.Bytes),
		component.Span(took), s.model.First.Time().Format("2006-01-02 15:04:05"))
	if len(kinds) > 0 {
		text += fmt.Sprintf(" %s between %s.", strings.Join(kinds, ", "), component.Plural(len(s.hosts), "host"))
	}
	if n := len(s.model.LinkTypes); n > 0 {
		text += " Captured on " + layer.Printable(strings.Join(s.model.LinkTypes, ", ")) + "."
	}
	var cost time.Duration
	for _, f := range s.findings {
		cost += f.cost
	}
	switch {
	case len(s.findings) == 0:
		text += " Nothing was found that cost time or went wrong."
	case cost > 0:
		text += fmt.Sprintf(" What was found cost %s in all.", component.Span(cost))
	}
	if n := s.model.PacketsOmitted; n > 0 {
		text += fmt.Sprintf(" %s packets of further conversations were left out, for there are too many.", component.Count(n))
	}
	for _, l := range component.Wrap(text, b.width-3) {
		b.text(b.page.theme.Plain, "  "+l)
	}
}

// tower draws the protocols by OSI layer, the application's on top.
func (b *builder) tower() {
	s, t := b.page.sight, b.page.theme
	if len(s.model.Protocols) == 0 {
		return
	}
	b.part("Protocols, layer by layer")
	most := int64(1)
	for _, k := range s.model.Protocols {
		most = max(most, k.Packets)
	}
	room := max(4, b.width-46)
	last := -1
	for i, k := range s.model.Protocols {
		name := ""
		if k.OSI != last {
			name = fmt.Sprintf("%d %s", k.OSI, learn.LayerName(k.OSI))
			last = k.OSI
		}
		text := fmt.Sprintf("  %s %s %s %s", component.Fit(name, 14), component.Fit(string(k.Protocol), 12), component.FitRight(component.Count(k.Packets), 6), component.FitRight(component.Bytes(k.Bytes), 8))
		bar := component.Bar(float64(k.Packets)/float64(most), room)
		b.link("protocol "+strconv.Itoa(i), target{lesson: string(k.Protocol)}, text+" "+t.OSI(k.OSI).Render(bar), t.Plain)
	}
}

func (b *builder) findings() {
	s, t := b.page.sight, b.page.theme
	b.part("What cost time, or went wrong")
	if len(s.findings) == 0 {
		b.text(t.Dim, "  nothing was found")
		return
	}
	for _, f := range s.findings {
		cost := ""
		if f.cost > 0 {
			cost = component.Span(f.cost)
		}
		text := fmt.Sprintf("  %s %s %s %s", theme.Sign(f.severity), component.Fit(f.id, 24), component.FitRight(cost, 8), component.FitRight(strconv.Itoa(f.count)+"×", 6))
		style := t.Severity(f.severity)
		line := style.Render(text) + "  " + layer.Printable(f.title)
		b.link("finding "+f.id, target{conversation: f.worst, lesson: f.id}, line, t.Plain)
	}
}

func (b *builder) patterns() {
	s, t := b.page.sight, b.page.theme
	if len(s.patterns) == 0 {
		return
	}
	b.part("How they talk")
	for _, k := range s.patterns {
		text := fmt.Sprintf("  %s %s  ", component.Fit(k.id, 26), component.FitRight(strconv.Itoa(k.count)+"×", 6))
		b.link("pattern "+k.id, target{conversation: k.worst, lesson: k.id}, t.Strong.Render(text)+t.Dim.Render(layer.Printable(k.title)), t.Plain)
	}
}

// listed is how many hosts and pairs are shown.
const listed = 12

// name names a host.
func (b *builder) name(a netip.Addr) string {
	for i := range b.page.sight.hosts {
		if h := &b.page.sight.hosts[i]; h.addr == a && h.name != "" {
			return layer.Printable(h.name)
		}
	}
	return a.String()
}

// talkers draws who talks to whom, by bytes.
func (b *builder) talkers() {
	s, t := b.page.sight, b.page.theme
	if len(s.pairs) == 0 {
		return
	}
	b.part("Who talks to whom")
	most := max(1, s.pairs[0].bytes.Sum())
	end := max(8, min(24, (b.width-34)/2))
	room := max(4, b.width-2*end-26)
	for i, k := range s.pairs[:min(len(s.pairs), listed)] {
		up := float64(k.bytes[0]) / float64(most) * float64(room)
		down := float64(k.bytes[1]) / float64(most) * float64(room)
		bar := t.Client.Render(strings.Repeat("█", int(up+0.5))) + t.Server.Render(strings.Repeat("▒", int(down+0.5)))
		if ansi.StringWidth(bar) == 0 {
			bar = t.Client.Render("▏")
		}
		text := fmt.Sprintf("  %s → %s %s %s ", t.Client.Render(component.Fit(b.name(k.client), end)), t.Server.Render(component.Fit(b.name(k.server), end)),
			component.FitRight(component.Bytes(k.bytes.Sum()), 8), component.FitRight(strconv.Itoa(k.conversations)+"×", 6))
		b.link("pair "+strconv.Itoa(i), target{filter: addressFilter(k.client) + " && " + addressFilter(k.server)}, text+bar, t.Plain)
	}
	b.more(len(s.pairs))
}

func (b *builder) more(n int) {
	if n > listed {
		b.text(b.page.theme.Dim, fmt.Sprintf("  and %d more", n-listed))
	}
}

func addressFilter(a netip.Addr) string {
	if a.Unmap().Is4() {
		return "ip.addr == " + a.Unmap().String()
	}
	return "ipv6.addr == " + a.String()
}

func (b *builder) hostList() {
	s, t := b.page.sight, b.page.theme
	if len(s.hosts) == 0 {
		return
	}
	b.part("Hosts")
	for i, h := range s.hosts[:min(len(s.hosts), listed)] {
		var serves []string
		for p := range h.serves {
			serves = append(serves, string(p))
		}
		about := ""
		if len(serves) > 0 {
			about = "serves " + sorted(serves)
		}
		name := h.addr.String()
		if h.name != "" {
			name = layer.Printable(h.name) + " (" + name + ")"
		}
		text := fmt.Sprintf("  %s %s %s  ", component.Fit(name, max(16, min(40, b.width-38))), component.FitRight(component.Bytes(h.bytes), 8), component.FitRight(strconv.Itoa(h.conversations)+"×", 6))
		b.link("host "+strconv.Itoa(i), target{filter: addressFilter(h.addr)}, text+t.Dim.Render(about), t.Plain)
	}
	b.more(len(s.hosts))
}

func (b *builder) problems() {
	s, t := b.page.sight, b.page.theme
	if len(s.model.Problems) == 0 {
		return
	}
	b.part("Could not be read")
	for i, q := range s.model.Problems {
		where := ""
		if q.Packet > 0 {
			where = "#" + strconv.Itoa(q.Packet) + "  "
		}
		b.link("problem "+strconv.Itoa(i), target{packet: q.Packet}, "  "+where+string(q.Layer)+": "+layer.Printable(q.Text), t.Error)
	}
}
