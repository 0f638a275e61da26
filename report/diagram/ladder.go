package diagram

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Ladder is a sequence diagram of two ends, time running down.
type Ladder struct {
	Client, Server string
	Arrows         []Arrow // in time
	More           int     // arrows behind those
	// Before and After are the ways from the client to the capture point and
	// from there to the server; both 0 where they are not known.
	Before, After time.Duration
}

// Arrow is what went from one end to the other.
type Arrow struct {
	At       time.Duration // when it passed the capture point, from the first
	ToServer bool
	Label    string
	Note     string // what was wrong with it
	Grave    bool   // and it cost something
	Packet   int
}

// Where things stand, in pixels.
const (
	leftLife  = 130.0
	rightLife = 590.0
	ladderTop = 42.0
	leastGap  = 24.0 // between two arrows
	mostGap   = 84.0
	foldGap   = 56.0
	slantMost = 34.0 // that an arrow falls on its way
)

// fold is a wait that is not drawn to scale.
type fold struct {
	y    float64
	wait time.Duration
}

// lay gives each arrow the height at which it passed the capture point.
func (l *Ladder) lay() (ys []float64, folds []fold, height float64) {
	y := ladderTop + slantMost/2 + 6
	unit := float64(l.Before + l.After)
	long := l.foldFrom()
	for i := range l.Arrows {
		if i > 0 {
			wait := l.Arrows[i].At - l.Arrows[i-1].At
			gap := leastGap
			switch {
			case float64(wait) > long:
				gap = foldGap
				folds = append(folds, fold{y + foldGap/2, wait})
			case unit > 0:
				gap = min(max(leastGap, float64(wait)/unit*slantMost), mostGap)
			}
			y += gap
		}
		ys = append(ys, y)
	}
	return ys, folds, y + slantMost/2 + 16
}

// foldFrom returns the wait from which on it is folded: several times the way,
// or where that is unknown, much more than most and long enough to notice.
func (l *Ladder) foldFrom() float64 {
	if way := l.Before + l.After; way > 0 {
		return 4 * float64(way)
	}
	var waits []time.Duration
	for i := 1; i < len(l.Arrows); i++ {
		waits = append(waits, l.Arrows[i].At-l.Arrows[i-1].At)
	}
	if len(waits) == 0 {
		return math.Inf(1)
	}
	slices.Sort(waits)
	return max(1e6, 8*float64(waits[len(waits)/2]))
}

// SVG draws the ladder.
func (l *Ladder) SVG() string {
	ys, folds, height := l.lay()
	if l.More > 0 {
		height += 20
	}
	var c canvas
	c.begin("ladder", fmt.Sprintf("%d packets between %s and %s", len(l.Arrows), l.Client, l.Server), height)
	c.text(leftLife, 16, 240, "end", "middle", l.Client)
	c.text(rightLife, 16, 260, "end", "middle", l.Server)
	c.line(leftLife, 24, leftLife, height-8, "life")
	c.line(rightLife, 24, rightLife, height-8, "life")
	for i := range l.Arrows {
		l.arrow(&c, &l.Arrows[i], ys[i])
	}
	for _, f := range folds {
		c.line(leftLife-40, f.y, rightLife, f.y, "fold")
		c.text(leftLife-46, f.y+4, 84, "dim", "end", "⋮ +"+Span(f.wait))
	}
	if l.More > 0 {
		c.text((leftLife+rightLife)/2, height-6, 400, "dim", "middle", fmt.Sprintf("… %d more", l.More))
	}
	return c.end()
}

func (l *Ladder) arrow(c *canvas, a *Arrow, y float64) {
	before, after := 0.0, 0.0
	if way := float64(l.Before + l.After); way > 0 {
		before, after = slantMost*float64(l.Before)/way, slantMost*float64(l.After)/way
	}
	class, x0, x1 := "client", leftLife, rightLife
	if !a.ToServer {
		class, x0, x1, before, after = "server", rightLife, leftLife, after, before
	}
	if a.Grave {
		class = "grave"
	}
	y0, y1 := y-before, y+after
	c.line(x0, y0, x1, y1, class)
	c.head(x0, y0, x1, y1, class)
	clock := y0
	if !a.ToServer {
		clock = y1
	}
	c.text(leftLife-8, clock+4, 70, "dim", "end", Span(a.At))
	c.text(4, clock+4, 48, "dim", "", fmt.Sprintf("#%d", a.Packet))
	// The label stands at the sender's end, where the arrow falls away from it.
	if a.ToServer {
		c.text(x0+8, y0-3, rightLife-leftLife-20, "", "", a.Label)
	} else {
		c.text(x0-8, y0-3, rightLife-leftLife-20, "", "end", a.Label)
	}
	note := "dim"
	if a.Grave {
		note = "bad"
	}
	end := y1
	if !a.ToServer {
		end = y0
	}
	c.text(rightLife+10, end+4, Width-rightLife-12, note, "", a.Note)
}

// Text draws the ladder in characters, an arrow a line.
func (l *Ladder) Text() string {
	const middle = 44
	var b strings.Builder
	fmt.Fprintf(&b, "%6s %9s  %-*s%s\n", "packet", "time", middle-utf8.RuneCountInString(clip(l.Server, 20))+4, clip(l.Client, 22), clip(l.Server, 20))
	long := l.foldFrom()
	for i := range l.Arrows {
		a := &l.Arrows[i]
		if i > 0 {
			if wait := a.At - l.Arrows[i-1].At; float64(wait) > long {
				fmt.Fprintf(&b, "%6s%10s  ┊%s┊\n", "", "⋮ +"+Span(wait), strings.Repeat(" ", middle))
			}
		}
		label := " " + clip(a.Label, middle-8) + " "
		rest := middle - utf8.RuneCountInString(label) - 1
		shaft := strings.Repeat("─", rest/2) + label + strings.Repeat("─", rest-rest/2)
		if a.ToServer {
			shaft += "▶"
		} else {
			shaft = "◀" + shaft
		}
		line := fmt.Sprintf("%6d %9s  │%s│ %s", a.Packet, Span(a.At), shaft, a.Note)
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	if l.More > 0 {
		fmt.Fprintf(&b, "%6s %9s  … %d more\n", "", "", l.More)
	}
	return plain(b.String())
}

// plain takes away what a terminal or a page could obey, but for newlines.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0 {
			return '\uFFFD'
		}
		return r
	}, text)
}
