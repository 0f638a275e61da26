package ladder

import (
	"fmt"
	"math"

	"github.com/charmbracelet/x/ansi"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/theme"
)

// View draws the tab.
func (p *Page) View() string {
	width := p.diagramWidth()
	var lines []string
	if p.subject != nil {
		lines = p.diagram(width)
	}
	if p.width >= beside {
		pane := p.explain(paneWidth-1, p.height)
		for i := range p.height {
			left, right := "", ""
			if i < len(lines) {
				left = lines[i]
			}
			if i < len(pane) {
				right = pane[i]
			}
			both := component.Fit(left, width) + p.theme.Rule.Render("│") + " " + right
			if i < len(lines) {
				lines[i] = both
			} else {
				lines = append(lines, both)
			}
		}
	} else if n := p.paneHeight(); n > 0 {
		for len(lines) < p.room()+1 {
			lines = append(lines, "")
		}
		lines = append(lines, component.Rule(p.theme, p.width, p.title(), "", false))
		lines = append(lines, p.explain(p.width, n-1)...)
	}
	return component.Screen(lines, p.width, p.height)
}

// The gutters beside the lifelines.
const timeWidth = 11

func notesWidth(width int) int { return max(12, min(30, width*3/10)) }

// brush is what one drawing of the diagram needs.
type brush struct {
	*component.Canvas
	page           *Page
	client, server int // columns of the lifelines
	plain, dim     component.Ink
	strong         component.Ink
	sender         [2]component.Ink
	bad            component.Ink
	severity       map[claim.Severity]component.Ink
}

func (p *Page) brush(width, height int) *brush {
	c := component.NewCanvas(width, height)
	t := p.theme
	b := &brush{Canvas: c, page: p, client: timeWidth, server: width - notesWidth(width) - 1, severity: map[claim.Severity]component.Ink{}}
	b.plain, b.dim, b.strong = c.Ink(t.Plain), c.Ink(t.Dim), c.Ink(t.Strong)
	b.sender = [2]component.Ink{c.Ink(t.Client), c.Ink(t.Server)}
	b.bad = c.Ink(t.Error)
	for _, s := range []claim.Severity{claim.Info, claim.Notice, claim.Warning, claim.Problem} {
		b.severity[s] = c.Ink(t.Severity(s))
	}
	return b
}

// diagram draws the lifelines' names and the rows on the screen.
func (p *Page) diagram(width int) []string {
	room := p.room()
	b := p.brush(width, room)
	lines := []string{p.names(b, width)}
	if len(p.plan.arrows) == 0 {
		return append(lines, p.theme.Dim.Render(component.Fit("  "+p.empty(), width)))
	}
	b.lifelines(p.offset, p.plan)
	from, to := p.visible(room)
	for i := from; i < to; i++ {
		b.arrow(&p.plan.arrows[i])
	}
	b.holds(from, to)
	rows := b.Rows()
	if a := p.arrow(); a != nil && a.row >= p.offset && a.row < p.offset+room {
		y := a.row - p.offset
		rows[y] = p.theme.Cursor.Render(b.Plain(y))
	}
	return append(lines, rows...)
}

func (p *Page) empty() string {
	switch {
	case p.subject.Loading != "":
		return p.subject.Loading
	case p.subject.Trace == nil:
		return "reading the packets …"
	case p.view == packets:
		return "no packets"
	}
	return "no " + p.view.String() + " were read in this conversation; v shows others"
}

// visible returns the arrows that may reach into the window.
func (p *Page) visible(room int) (from, to int) {
	const reach = steepest + 1
	for from < len(p.plan.arrows) && float64(p.plan.arrows[from].row) < float64(p.offset)-reach {
		from++
	}
	to = from
	for to < len(p.plan.arrows) && float64(p.plan.arrows[to].row) <= float64(p.offset+room)+reach {
		to++
	}
	return from, to
}

// names draws the line over the lifelines.
func (p *Page) names(b *brush, width int) string {
	c := component.NewCanvas(width, 1)
	client, server := c.Ink(p.theme.Client.Bold(true)), c.Ink(p.theme.Server.Bold(true))
	dim := c.Ink(p.theme.Dim)
	room := width - b.client - 1
	right := ansi.Truncate("server "+component.Endpoint(p.subject.Server), room/2, "…")
	at := min(b.server+1-ansi.StringWidth(right)/2, width-ansi.StringWidth(right))
	left := ansi.Truncate("client "+component.Endpoint(p.subject.Client), at-b.client-1, "…")
	c.Text(0, 0, p.state(), dim)
	c.Text(b.client, 0, left, client)
	c.Text(at, 0, right, server)
	return c.Row(0)
}

// lifelines draws the ends, dotted where time is folded, and the folds.
func (b *brush) lifelines(offset int, p plan) {
	for y := range b.Height {
		if offset+y >= p.rows {
			break
		}
		b.Text(b.client, y, "│", b.dim)
		b.Text(b.server, y, "│", b.dim)
	}
	for _, f := range p.folds {
		y := f.row - offset
		if y < 0 || y >= b.Height {
			continue
		}
		b.Text(b.client, y, "┊", b.dim)
		b.Text(b.server, y, "┊", b.dim)
		b.Text(0, y, component.FitRight("⋮ "+component.Span(f.wait), timeWidth-1), b.strong)
		if p.slants {
			continue
		}
		text := "⋯ " + component.Span(f.wait) + " ⋯"
		b.Text((b.client+b.server-ansi.StringWidth(text))/2, y, text, b.dim)
	}
}

// arrow draws one: its line, its head, its label and what is to be told of it.
func (b *brush) arrow(a *arrow) {
	p := b.page
	ink := b.sender[a.dir]
	switch {
	case len(a.marks) > 0:
		ink = b.severity[a.marks[0].Severity]
	case a.grave:
		ink = b.bad
	}
	from, to := b.client+1, b.server-1
	head := "▶"
	if a.dir == layer.ToClient {
		from, to, head = to, from, "◀"
	}
	end := to
	if a.again > 0 && p.lostOnTheWay(a) {
		end, head = from+(to-from)*3/4, "╳"
	}
	y0, y1 := a.left-float64(p.offset), a.arrived-float64(p.offset)
	y1 = y0 + (y1-y0)*float64(end-from)/float64(to-from)
	b.Line(2*from, quarter(y0), 2*end+1, quarter(y1), ink)
	b.Text(end, int(math.Floor(y1+0.5)), head, ink)
	row := a.row - p.offset
	if row < 0 || row >= b.Height {
		return
	}
	number := ""
	if b.Width >= 90 {
		number = fmt.Sprintf("#%d ", a.packet)
	}
	b.Text(0, row, component.FitRight(fmt.Sprintf("%.6f", float64(a.at-p.subject.First)/1e9), timeWidth-1), b.dim)
	b.label(a, number+a.label)
	b.note(a, row)
}

// quarter turns a row into a row of dots, in the middle of its cell.
func quarter(y float64) int { return int(math.Floor(4*y + 1.5)) }

// lostOnTheWay reports whether the capture stood where a packet is seen before
// it is lost: near its sender.
func (p *Page) lostOnTheWay(a *arrow) bool {
	v := p.plan.path.Vantage
	return v == "client" && a.dir == layer.ToServer || v == "server" && a.dir == layer.ToClient
}

// label writes over the part of the line that lies in the arrow's own row.
func (b *brush) label(a *arrow, text string) {
	left, right := b.client+3, b.server-3
	room := right - left
	if room < 4 {
		return
	}
	text = ansi.Truncate(text, max(8, room*2/3), "…") // some of the line stays in sight
	width := ansi.StringWidth(text) + 2
	// The row's own part of the line runs half a row to either side.
	span := a.arrived - a.left
	a0, a1 := 0.0, 1.0
	if span > 0.01 {
		a0 = max(0, (float64(a.row)-0.5-a.left)/span)
		a1 = min(1, (float64(a.row)+0.5-a.left)/span)
	}
	middle := (a0 + a1) / 2
	if a.dir == layer.ToClient {
		middle = 1 - middle
	}
	x := left + int(middle*float64(room)) - width/2
	x = max(left, min(x, right-width))
	ink := b.strong
	if a.protocol == layer.TCP && len(a.marks) == 0 && !a.grave {
		ink = b.plain
	}
	b.Text(x, a.row-b.page.offset, " "+text+" ", ink)
}

// note tells in the right gutter what happened with the packet.
func (b *brush) note(a *arrow, row int) {
	x := b.server + 4
	text, ink := "", b.dim
	switch {
	case len(a.marks) > 0:
		m := a.marks[0]
		text, ink = theme.Sign(m.Severity)+" "+m.ID, b.severity[m.Severity]
		if a.trouble != "" {
			text = theme.Sign(m.Severity) + " " + a.trouble
		}
	case a.again > 0:
		text, ink = fmt.Sprintf("sent again: #%d", a.again), b.bad
	case a.trouble != "" && a.grave:
		text, ink = "! "+a.trouble, b.bad
	case a.trouble != "":
		text = a.trouble
	}
	if list := b.page.subject.Noted[a.packet]; len(list) > 0 && text == "" {
		n := &list[0]
		text, ink = "✎ "+layer.Printable(n.Text), b.Ink(b.page.theme.Color(n.Color))
		if n.Text == "" {
			text = "● " + n.Color
		}
	}
	b.Text(x, row, ansi.Truncate(text, b.Width-x, "…"), ink)
}

// holds draws brackets beside the packets that a finding encloses, with what
// the wait cost.
func (b *brush) holds(from, to int) {
	p := b.page
	if p.view != packets || from >= to {
		return
	}
	x := b.server + 2
	until := -1
	for _, h := range p.subject.Holds {
		i, j := p.subject.Index(h.From), p.subject.Index(h.To)
		if i < 0 || j <= i || j >= len(p.plan.arrows) || i >= to || j < from || i <= until { // in a replay its end may be still to come
			continue
		}
		until = j
		ink := b.severity[h.Severity]
		top, bottom := p.plan.arrows[i].row-p.offset, p.plan.arrows[j].row-p.offset
		for y := max(0, top); y <= min(bottom, b.Height-1); y++ {
			sign := "┃"
			switch y {
			case top:
				sign = "┏"
			case bottom:
				sign = "┗"
			}
			b.Text(x, y, sign, ink)
		}
		if h.Occurrence.Cost > 0 && bottom-top >= 2 {
			text := " " + component.Span(h.Occurrence.Cost) + " lost"
			b.Text(x+1, freeRow(p.plan, p.offset, top, bottom), ansi.Truncate(text, b.Width-x-1, "…"), ink)
		}
	}
}

// freeRow returns a row between two without an arrow's note, else the one
// below the first.
func freeRow(p plan, offset, top, bottom int) int {
	for _, f := range p.folds {
		if y := f.row - offset; y > top && y < bottom {
			return y
		}
	}
	return top + 1
}
