package graph

import (
	"fmt"
	"time"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/component"
)

// labelWidth is the column of the values at the left.
const labelWidth = 10

func (p *Page) plotWidth() int { return max(0, p.width-labelWidth-1) }

// plotHeight leaves title, axis, times and the line of the selected packet.
func (p *Page) plotHeight() int { return max(1, p.height-4) }

// View draws the tab.
func (p *Page) View() string {
	lines := []string{p.title()}
	if p.subject == nil || len(p.series.points) == 0 || p.plotWidth() < 8 {
		return component.Screen(append(lines, p.theme.Dim.Render("  "+p.empty())), p.width, p.height)
	}
	return component.Screen(append(lines, p.plot()...), p.width, p.height)
}

func (p *Page) empty() string {
	switch {
	case p.subject == nil || p.subject.Trace == nil:
		return "reading the packets …"
	case p.view == roundTrips:
		return "no acknowledgment in this direction tells a round trip; d turns, v shows something else"
	}
	return "nothing to draw in this direction; d turns, v shows something else"
}

func (p *Page) title() string {
	arrow := "client → server"
	if p.dir == layer.ToClient {
		arrow = "server → client"
	}
	t := p.theme
	switch p.view {
	case inFlight:
		return t.Header.Render(" bytes in flight, " + arrow)
	case roundTrips:
		return t.Header.Render(" round trips between the capture point and the receiver, " + arrow)
	}
	if !p.series.transport && len(p.series.points) > 0 {
		return t.Header.Render(" bytes sent, " + arrow)
	}
	return t.Header.Render(" sequence, "+arrow) + "   " + t.Sender(p.dir).Render("┃ data") + "  " + t.Error.Render("R sent again") +
		"  " + t.Good.Render("╴acknowledged") + "  " + t.Mark.Render("╴window")
}

// scale maps times and values to dots.
type scale struct {
	from, until   int64
	low, high     int64
	width, height int // dots
}

func (s *scale) x(at int64) int {
	return int(float64(at-s.from) / float64(s.until-s.from) * float64(s.width-1))
}

func (s *scale) y(v int64) int {
	return s.height - 1 - int(float64(v-s.low)/float64(s.high-s.low)*float64(s.height-1))
}

// scale fits the values in the window.
func (p *Page) scale(c *component.Canvas) scale {
	s := scale{from: p.from, until: max(p.until, p.from+1), width: 2 * c.Width, height: 4 * c.Height}
	first := true
	from, to := p.series.within(p.from, p.until)
	for i := from; i < to; i++ {
		k := &p.series.points[i]
		if first {
			s.low, s.high, first = k.low, k.high, false
		}
		s.low, s.high = min(s.low, k.low), max(s.high, k.high)
	}
	for _, k := range p.series.ack {
		if k.at >= p.from && k.at <= p.until && !first {
			s.low = min(s.low, k.value)
		}
	}
	s.high += (s.high - s.low) / 20
	s.high = max(s.high, s.low+1)
	return s
}

// plot draws the graph with its axes, and tells the selected point.
func (p *Page) plot() []string {
	c := component.NewCanvas(p.plotWidth(), p.plotHeight())
	s := p.scale(c)
	t := p.theme
	data, again, dim := c.Ink(t.Sender(p.dir)), c.Ink(t.Error), c.Ink(t.Dim)
	p.steps(c, &s, p.series.window, c.Ink(t.Mark))
	p.steps(c, &s, p.series.ack, c.Ink(t.Good))
	chosen := p.series.points[p.cursor]
	if x := s.x(chosen.at); x >= 0 && x < s.width {
		for y := range c.Height {
			c.Text(x/2, y, "┊", dim)
		}
	}
	from, to := p.series.within(p.from, p.until)
	for i := from; i < to; i++ {
		k := p.series.points[i]
		for !k.again && i+1 < to && p.joins(&s, &k, &p.series.points[i+1]) {
			i++
			k.high = max(k.high, p.series.points[i].high)
		}
		p.point(c, &s, &k, data, again)
	}
	if x := s.x(chosen.at); x >= 0 && x < s.width {
		c.Text(x/2, min(max(s.y(chosen.high)/4, 0), c.Height-1), "◆", c.Ink(t.Strong))
	}
	return append(p.axes(c, &s), p.about(chosen))
}

// joins reports whether a point falls on the dots of the one before it, so that
// both are drawn as one.
func (p *Page) joins(s *scale, k, next *point) bool {
	switch {
	case next.again || s.x(next.at) != s.x(k.at):
		return false
	case p.view == sequence:
		return next.low == k.high
	}
	return p.view == inFlight
}

func (p *Page) point(c *component.Canvas, s *scale, k *point, data, again component.Ink) {
	x, top := s.x(k.at), s.y(k.high)
	switch {
	case k.again:
		c.Text(x/2, max(0, min(top/4, c.Height-1)), "R", again)
	case p.view == roundTrips:
		c.Dot(x, top, data)
		c.Dot(x+1, top, data)
	case p.view == inFlight:
		c.Line(x, top, x, s.height-1, data)
	default:
		c.Line(x, top, x, s.y(k.low), data)
	}
}

// steps draws a line that changes in steps.
func (p *Page) steps(c *component.Canvas, s *scale, list []step, ink component.Ink) {
	for i := 1; i < len(list); i++ {
		a, b := list[i-1], list[i]
		if b.at < p.from || a.at > p.until {
			continue
		}
		c.Line(s.x(a.at), s.y(a.value), s.x(b.at), s.y(a.value), ink)
		c.Line(s.x(b.at), s.y(a.value), s.x(b.at), s.y(b.value), ink)
	}
}

// axes puts the values at the left of the graph and the times below it.
func (p *Page) axes(c *component.Canvas, s *scale) []string {
	lines := make([]string, 0, c.Height+2)
	for y := range c.Height {
		label := ""
		if y == 0 || y == c.Height-1 || c.Height > 6 && y == c.Height/2 {
			label = p.value(s.low + (s.high-s.low)*int64(c.Height-1-y)/int64(max(1, c.Height-1)))
		}
		lines = append(lines, p.theme.Dim.Render(component.FitRight(label, labelWidth-1)+" │")+c.Row(y))
	}
	axis := component.NewCanvas(p.width, 2)
	for x := labelWidth; x < p.width; x++ {
		axis.Text(x, 0, "─", 0)
	}
	axis.Text(labelWidth, 0, "└", 0)
	const every = 16
	for x := 0; x < c.Width-6; x += every {
		at := p.from + (p.until-p.from)*int64(x)/int64(c.Width)
		axis.Text(labelWidth+1+x, 0, "┴", 0)
		axis.Text(labelWidth+1+x, 1, component.Span(time.Duration(at-p.subject.First)), 0)
	}
	return append(lines, p.theme.Dim.Render(axis.Plain(0)), p.theme.Dim.Render(axis.Plain(1)))
}

func (p *Page) value(v int64) string {
	if p.view == roundTrips {
		return component.Nanos(v)
	}
	return component.Bytes(v)
}

// about tells the selected point in a line.
func (p *Page) about(k point) string {
	return p.theme.Strong.Render(component.Fit(fmt.Sprintf(" #%d  %s  %s", k.packet, component.Nanos(k.at-p.subject.First), k.about), p.width))
}
