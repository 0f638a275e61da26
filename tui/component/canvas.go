package component

import (
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/rivo/uniseg"
)

// Ink is a style that a canvas draws in; the zero Ink is plain.
type Ink uint8

// Canvas is a grid of cells to draw on: text, and dots in braille of which a
// cell has two by four. What is outside is clipped.
type Canvas struct {
	Width, Height int
	cells         []dot
	inks          []lipgloss.Style
}

// dot is a cell: text, or dots where it has none.
type dot struct {
	text  string
	dots  uint8
	ink   Ink
	taken bool // covered by the wide character to the left
}

// NewCanvas returns an empty canvas.
func NewCanvas(width, height int) *Canvas {
	width, height = max(0, width), max(0, height)
	return &Canvas{Width: width, Height: height, cells: make([]dot, width*height), inks: []lipgloss.Style{lipgloss.NewStyle()}}
}

// Ink makes a style one to draw in.
func (c *Canvas) Ink(s lipgloss.Style) Ink {
	c.inks = append(c.inks, s)
	return Ink(len(c.inks) - 1)
}

func (c *Canvas) at(x, y int) *dot {
	if x < 0 || y < 0 || x >= c.Width || y >= c.Height {
		return nil
	}
	return &c.cells[y*c.Width+x]
}

// Text writes text from a cell on, over what is there.
func (c *Canvas) Text(x, y int, text string, ink Ink) {
	state := -1
	for len(text) > 0 {
		var cluster string
		cluster, text, _, state = uniseg.FirstGraphemeClusterInString(text, state)
		width := ansi.StringWidth(cluster)
		if width == 0 {
			continue
		}
		if width == 2 && x+1 >= c.Width {
			return
		}
		if d := c.at(x, y); d != nil {
			*d = dot{text: cluster, ink: ink}
		}
		for i := 1; i < width; i++ {
			if d := c.at(x+i, y); d != nil {
				*d = dot{taken: true, ink: ink}
			}
		}
		x += width
	}
}

// Dot sets a dot; x counts half cells and y quarters of one. Text stays.
func (c *Canvas) Dot(x, y int, ink Ink) {
	if x < 0 || y < 0 {
		return
	}
	d := c.at(x/2, y/4)
	if d == nil || d.text != "" || d.taken {
		return
	}
	d.dots |= braille[y%4][x%2]
	d.ink = ink
}

// braille holds the bits of U+2800 by row and column.
var braille = [4][2]uint8{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}

// Line draws a line of dots between two of them.
func (c *Canvas) Line(x0, y0, x1, y1 int, ink Ink) {
	dx, dy := x1-x0, y1-y0
	steps := max(abs(dx), abs(dy))
	// What is off the canvas costs no time, however long the line is.
	from, to := 0, steps
	if steps > 4*(2*c.Width+4*c.Height) {
		from, to = clipped(x0, dx, 2*c.Width, steps, from, to)
		from, to = clipped(y0, dy, 4*c.Height, steps, from, to)
	}
	for i := from; i <= to; i++ {
		x, y := x0, y0
		if steps > 0 {
			x += int(int64(dx) * int64(i) / int64(steps))
			y += int(int64(dy) * int64(i) / int64(steps))
		}
		c.Dot(x, y, ink)
	}
}

// clipped narrows the steps of a line to those whose coordinate is on the
// canvas.
func clipped(at, d, size, steps, from, to int) (int, int) {
	if d == 0 {
		if at < 0 || at >= size {
			return 1, 0
		}
		return from, to
	}
	a, b := int(int64(-at)*int64(steps)/int64(d)), int(int64(size-at)*int64(steps)/int64(d))
	return max(from, min(a, b)-1), min(to, max(a, b)+1)
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// Row returns a line of the canvas.
func (c *Canvas) Row(y int) string {
	var b, run strings.Builder
	ink := Ink(0)
	flush := func() {
		if run.Len() > 0 {
			if ink == 0 {
				b.WriteString(run.String())
			} else {
				b.WriteString(c.inks[ink].Render(run.String()))
			}
			run.Reset()
		}
	}
	for x := range c.Width {
		d := &c.cells[y*c.Width+x]
		if d.taken {
			continue
		}
		if d.ink != ink {
			flush()
			ink = d.ink
		}
		switch {
		case d.text != "":
			run.WriteString(d.text)
		case d.dots != 0:
			run.WriteRune(0x2800 + rune(d.dots))
		default:
			run.WriteByte(' ')
		}
	}
	flush()
	return b.String()
}

// Rows returns the lines of the canvas.
func (c *Canvas) Rows() []string {
	lines := make([]string, c.Height)
	for y := range lines {
		lines[y] = c.Row(y)
	}
	return lines
}

// Plain returns a line of the canvas without styles.
func (c *Canvas) Plain(y int) string {
	var b strings.Builder
	for x := range c.Width {
		switch d := &c.cells[y*c.Width+x]; {
		case d.taken:
		case d.text != "":
			b.WriteString(d.text)
		case d.dots != 0:
			b.WriteRune(0x2800 + rune(d.dots))
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}
