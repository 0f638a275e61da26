// Package picture turns a screen, as it is written to a terminal, into plain
// text or into an SVG that looks like it.
package picture

import (
	"fmt"
	"html"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
)

// Text returns the screen without colours and without blanks at line ends.
func Text(screen string) string {
	lines := strings.Split(ansi.Strip(screen), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// Size of a cell in pixels.
const (
	wide = 8.4
	high = 17.0
)

// pen is how characters are drawn.
type pen struct {
	fore, back      string // "" for the terminal's own
	bold, underline bool
	faint, reverse  bool
}

// SVG draws the screen on a dark or a light ground.
func SVG(screen string, dark bool) string {
	ink, paper := "#202020", "#ffffff"
	if dark {
		ink, paper = "#e4e4e4", "#181818"
	}
	lines := strings.Split(screen, "\n")
	columns := 0
	for _, l := range lines {
		columns = max(columns, ansi.StringWidth(l))
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" font-family="DejaVu Sans Mono,Menlo,Consolas,monospace" font-size="14"><rect width="100%%" height="100%%" fill="%s"/>`,
		float64(columns)*wide+16, float64(len(lines))*high+16, paper)
	var p pen
	for y, l := range lines {
		x := 0
		p.runs(l, func(text string, look pen) {
			n := ansi.StringWidth(text)
			look.draw(&b, text, 8+float64(x)*wide, 8+float64(y)*high, float64(n)*wide, ink, paper)
			x += n
		})
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// runs hands each run of characters that are drawn alike to each.
func (p *pen) runs(line string, each func(string, pen)) {
	for line != "" {
		text, rest, found := strings.Cut(line, "\x1b[")
		if text != "" {
			each(ansi.Strip(text), *p)
		}
		if !found {
			return
		}
		end := strings.IndexFunc(rest, func(r rune) bool { return r >= '@' && r <= '~' })
		if end < 0 {
			return
		}
		if rest[end] == 'm' {
			p.set(strings.Split(rest[:end], ";"))
		}
		line = rest[end+1:]
	}
}

// set applies a sequence that selects how characters are drawn (ECMA-48 SGR).
func (p *pen) set(codes []string) {
	for i := 0; i < len(codes); i++ {
		n, _ := strconv.Atoi(codes[i])
		switch {
		case n == 0:
			*p = pen{}
		case n == 1:
			p.bold = true
		case n == 2:
			p.faint = true
		case n == 4:
			p.underline = true
		case n == 7:
			p.reverse = true
		case n == 22:
			p.bold, p.faint = false, false
		case n == 24:
			p.underline = false
		case n == 27:
			p.reverse = false
		case n == 38 || n == 48:
			color, used := extended(codes[i+1:])
			i += used
			if n == 38 {
				p.fore = color
			} else {
				p.back = color
			}
		case n == 39:
			p.fore = ""
		case n == 49:
			p.back = ""
		case n >= 30 && n <= 37:
			p.fore = indexed(n - 30)
		case n >= 90 && n <= 97:
			p.fore = indexed(n - 90 + 8)
		case n >= 40 && n <= 47:
			p.back = indexed(n - 40)
		case n >= 100 && n <= 107:
			p.back = indexed(n - 100 + 8)
		}
	}
}

// extended reads a colour of 256 or of three bytes, and how many codes it took.
func extended(codes []string) (color string, used int) {
	number := func(i int) int { n, _ := strconv.Atoi(codes[i]); return max(0, min(n, 255)) }
	switch {
	case len(codes) >= 2 && codes[0] == "5":
		return indexed(number(1)), 2
	case len(codes) >= 4 && codes[0] == "2":
		return fmt.Sprintf("#%02x%02x%02x", number(1), number(2), number(3)), 4
	}
	return "", len(codes)
}

func indexed(n int) string { return termenv.ConvertToRGB(termenv.ANSI256Color(n)).Hex() }

func (p *pen) draw(b *strings.Builder, text string, x, y, width float64, ink, paper string) {
	fore, back := p.fore, p.back
	if p.reverse {
		if fore == "" {
			fore = ink
		}
		if back == "" {
			back = paper
		}
		fore, back = back, fore
	}
	if back != "" {
		fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`, x, y, width, high, back)
	}
	if strings.TrimSpace(text) == "" && !p.underline {
		return
	}
	if fore == "" {
		fore = ink
	}
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" textLength="%.1f" lengthAdjust="spacingAndGlyphs" xml:space="preserve" fill="%s"`, x, y+13, width, fore)
	if p.bold {
		b.WriteString(` font-weight="bold"`)
	}
	if p.faint {
		b.WriteString(` opacity="0.6"`)
	}
	if p.underline {
		b.WriteString(` text-decoration="underline"`)
	}
	b.WriteString(">" + html.EscapeString(text) + "</text>")
}
