// Package diagram draws ladders and waterfalls: as SVG, whose colours are a
// style sheet's, and as plain text. It knows nothing of captures; whoever uses
// it hands it ends, arrows and bars. Every text is escaped here.
package diagram

import (
	"fmt"
	"html"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// Style is the style sheet of the diagrams, for the page that they stand in.
// It is made of variables, so that a page can have other colours.
const Style = `svg.diagram{--paper:#f3f5f7;--ink:#1c2530;--dim:#5c6672;--line:#b9c2cc;--client:#00707a;--server:#7030a0;--bad:#c00020;--phase:#005faf;--way:#8a5a00;--answer:#00752a;--queue:#b34700;background:var(--paper);font:12px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace}
@media (prefers-color-scheme:dark){svg.diagram{--paper:#1d232a;--ink:#e4e8ec;--dim:#98a2ad;--line:#4a5460;--client:#5fd7d7;--server:#c79bff;--bad:#ff7b7b;--phase:#5fafff;--way:#ffd75f;--answer:#5fd787;--queue:#ff9f43}}
svg.diagram text{fill:var(--ink);paint-order:stroke;stroke:var(--paper);stroke-width:3px}svg.diagram .dim{fill:var(--dim)}svg.diagram .bad{fill:var(--bad)}svg.diagram .end{font-weight:bold}
svg.diagram .life,svg.diagram .tick{stroke:var(--line);fill:none}svg.diagram .fold{stroke:var(--line);stroke-dasharray:2 4;fill:none}
svg.diagram .client{stroke:var(--client);fill:var(--client)}svg.diagram .server{stroke:var(--server);fill:var(--server)}svg.diagram .grave{stroke:var(--bad);fill:var(--bad)}
svg.diagram .phase{fill:var(--phase)}svg.diagram .request{fill:var(--phase)}svg.diagram .wait{fill:var(--way);fill-opacity:.55}svg.diagram .transfer{fill:var(--answer)}svg.diagram .queued{fill:var(--queue)}svg.diagram .estimate{fill:var(--dim);fill-opacity:.6}
`

// Standalone makes a file of its own of a drawing.
func Standalone(svg string) string {
	head, rest, ok := strings.Cut(svg, ">")
	if !ok {
		return svg
	}
	return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + head + "><style>" + Style + "</style>" + rest
}

// Width is the width of the drawings, in pixels.
const Width = 860

// cell is the width of a character, in pixels.
const cell = 7.25

// canvas gathers the elements of a drawing.
type canvas struct{ b strings.Builder }

// begin opens the drawing; about is what those hear who do not see it.
func (c *canvas) begin(kind, about string, height float64) {
	fmt.Fprintf(&c.b, `<svg xmlns="http://www.w3.org/2000/svg" class="diagram %s" role="img" viewBox="0 0 %d %s" width="%d" height="%s"><title>%s</title>`,
		kind, Width, px(height), Width, px(height), escape(about))
}

func (c *canvas) end() string {
	c.b.WriteString("</svg>")
	return c.b.String()
}

// text writes a text of at most width pixels; more ends in an ellipsis.
func (c *canvas) text(x, y, width float64, class, anchor, text string) {
	if text == "" {
		return
	}
	fmt.Fprintf(&c.b, `<text x="%s" y="%s"`, px(x), px(y))
	if class != "" {
		fmt.Fprintf(&c.b, ` class="%s"`, class)
	}
	if anchor != "" {
		fmt.Fprintf(&c.b, ` text-anchor="%s"`, anchor)
	}
	c.b.WriteString(">" + escape(clip(text, int(width/cell))) + "</text>")
}

func (c *canvas) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(&c.b, `<line x1="%s" y1="%s" x2="%s" y2="%s" class="%s"/>`, px(x1), px(y1), px(x2), px(y2), class)
}

func (c *canvas) box(x, y, width, height float64, class string) {
	fmt.Fprintf(&c.b, `<rect x="%s" y="%s" width="%s" height="%s" class="%s"/>`, px(x), px(y), px(width), px(height), class)
}

// head draws the point of an arrow that arrives at x, y from x0, y0.
func (c *canvas) head(x0, y0, x, y float64, class string) {
	const long, wide = 9, 4
	angle := math.Atan2(y-y0, x-x0)
	sin, cos := math.Sincos(angle)
	bx, by := x-long*cos, y-long*sin
	fmt.Fprintf(&c.b, `<polygon points="%s,%s %s,%s %s,%s" class="%s"/>`, px(x), px(y), px(bx-wide*sin), px(by+wide*cos), px(bx+wide*sin), px(by-wide*cos), class)
}

// px writes a coordinate.
func px(v float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0")
}

// escape makes text safe inside XML: also characters that XML cannot hold.
func escape(text string) string {
	return html.EscapeString(strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || r == 0xfffe || r == 0xffff || r == utf8.RuneError {
			return '\uFFFD'
		}
		return r
	}, text))
}

func clip(text string, runes int) string {
	if utf8.RuneCountInString(text) <= runes {
		return text
	}
	return string([]rune(text)[:max(0, runes-1)]) + "…"
}

// Span writes a duration in the unit that fits.
func Span(d time.Duration) string {
	switch a := d.Abs(); {
	case a == 0:
		return "0"
	case a < time.Millisecond:
		return fmt.Sprintf("%.0f µs", d.Seconds()*1e6)
	case a < 100*time.Millisecond:
		return fmt.Sprintf("%.1f ms", d.Seconds()*1e3)
	case a < time.Second:
		return fmt.Sprintf("%.0f ms", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}
