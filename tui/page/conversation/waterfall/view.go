package waterfall

import (
	"math"
	"strings"

	"github.com/wiresight/wiresight/tui/component"
)

// View draws the tab.
func (p *Page) View() string {
	if p.subject == nil {
		return component.Screen(nil, p.width, p.height)
	}
	if len(p.rows) == 0 {
		return component.Screen([]string{p.theme.Dim.Render("  no set-up and no exchange was seen in this conversation")}, p.width, p.height)
	}
	lines := []string{p.legend(), p.axis()}
	for i := p.list.Offset; i < p.list.End(); i++ {
		lines = append(lines, p.line(i))
	}
	for len(lines) < p.height-below {
		lines = append(lines, "")
	}
	lines = append(lines, component.Rule(p.theme, p.width, "selected", "", false))
	if r := p.row(); r != nil {
		for _, l := range component.Wrap(r.about, p.width-2) {
			lines = append(lines, " "+l)
		}
	}
	return component.Screen(lines, p.width, p.height)
}

// fills are the characters of the parts of a bar, so that they can be told
// apart without colours.
var fills = map[string]string{"request": "▓", "queued": "╱", "server": "░", "transfer": "█", "estimate": "▬"}

func fill(name string) string {
	if f := fills[name]; f != "" {
		return f
	}
	return "█"
}

func (p *Page) legend() string {
	text := " "
	for _, k := range []struct{ name, about string }{
		{"request", "request"}, {"queued", "behind another answer"}, {"server", "way and server"}, {"transfer", "answer arrives"},
	} {
		text += p.theme.Phase(k.name).Render(fill(k.name)) + p.theme.Dim.Render(" "+k.about+"   ")
	}
	return text
}

// The columns before the bars.
func (p *Page) columns() (title, status, clock int) {
	title = min(max(14, p.width/4), 44)
	if p.width < 70 {
		return title, 0, 9
	}
	return title, 10, 9
}

// room returns the width of the bars.
func (p *Page) room() int {
	title, status, clock := p.columns()
	return max(8, p.width-title-status-clock-5)
}

// axis draws the times over the bars, at round intervals.
func (p *Page) axis() string {
	title, status, clock := p.columns()
	head := " " + component.Fit("what", title) + " "
	if status > 0 {
		head += component.Fit("status", status) + " "
	}
	head += component.FitRight("time", clock) + " "
	room := p.room()
	c := component.NewCanvas(room, 1)
	span := p.until - p.from
	step := round(float64(span) * 14 / float64(room))
	first := int64(math.Ceil(float64(p.from-p.begun)/float64(step))) * step
	for at := first; at <= p.until-p.begun && step > 0; at += step {
		x := p.column(p.begun+at, room)
		c.Text(x, 0, "╷"+component.Nanos(at), 0)
	}
	return p.theme.Header.Render(head) + p.theme.Dim.Render(c.Plain(0))
}

// round returns a step of time that reads well, at least as long as asked for.
func round(nanos float64) int64 {
	size := math.Pow(10, math.Floor(math.Log10(max(1, nanos))))
	for _, m := range []float64{1, 2, 5, 10} {
		if size*m >= nanos {
			return int64(size * m)
		}
	}
	return int64(size * 10)
}

// column returns the cell of a time.
func (p *Page) column(nanos int64, room int) int {
	return int(float64(nanos-p.from) / float64(max(1, p.until-p.from)) * float64(room))
}

func (p *Page) line(i int) string {
	r := &p.rows[i]
	title, status, clock := p.columns()
	selected := i == p.list.Cursor
	if r.kind == heading {
		return p.theme.Header.Render(component.Fit(" "+r.title, p.width))
	}
	head := " " + component.Fit(r.title, title) + " "
	if status > 0 {
		head += component.Fit(r.status, status) + " "
	}
	head += component.FitRight(r.time, clock) + " "
	c := component.NewCanvas(p.room(), 1)
	for _, k := range r.parts {
		p.bar(c, k)
	}
	if selected {
		return p.theme.Cursor.Render(component.Fit(head+c.Plain(0), p.width))
	}
	style := p.theme.Plain
	switch {
	case r.bad:
		style = p.theme.Error
	case r.kind == estimate:
		style = p.theme.Dim
	case r.kind == phase:
		style = p.theme.Phase(r.title)
	}
	return style.Render(head) + c.Row(0)
}

// bar draws a part: at least one cell wide where it is on the screen.
func (p *Page) bar(c *component.Canvas, k part) {
	if k.until < p.from || k.from > p.until {
		return
	}
	from, until := max(0, p.column(k.from, c.Width)), min(c.Width, p.column(k.until, c.Width))
	from = min(from, c.Width-1)
	until = max(until, from+1)
	c.Text(from, 0, strings.Repeat(fill(k.name), until-from), c.Ink(p.theme.Phase(k.name)))
}
