package diagram

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Waterfall is bars over time.
type Waterfall struct {
	Rows []Row
	More int // rows behind those
}

// Row is a line of a waterfall; one without parts is a heading.
type Row struct {
	Title, Status, Time string
	Bad                 bool
	Parts               []Part
}

// Kind is what a part of a bar stands for.
type Kind string

// The kinds of parts.
const (
	Phase    Kind = "phase"    // of the set-up
	Request  Kind = "request"  // is sent
	Queued   Kind = "queued"   // behind other answers
	Wait     Kind = "wait"     // the way and the server
	Transfer Kind = "transfer" // the answer arrives
	Estimate Kind = "estimate"
)

// Part is a run of a bar.
type Part struct {
	From, Until time.Duration
	Kind        Kind
}

// Where things stand, in pixels.
const (
	statusAt = 256.0
	clockAt  = 400.0 // right edge
	barsFrom = 412.0
	barsTo   = 852.0
	rowHigh  = 19.0
	rowsTop  = 44.0
)

var legend = []struct {
	kind  Kind
	about string
}{{Phase, "set-up"}, {Request, "request"}, {Queued, "behind another answer"}, {Wait, "way and server"}, {Transfer, "answer arrives"}}

// bounds returns the time that all rows take together.
func (w *Waterfall) bounds() (from, until time.Duration) {
	from, until = math.MaxInt64, math.MinInt64
	for i := range w.Rows {
		for _, p := range w.Rows[i].Parts {
			from, until = min(from, p.From), max(until, p.Until)
		}
	}
	if from > until {
		return 0, 1
	}
	return from, max(until, from+1)
}

// SVG draws the waterfall.
func (w *Waterfall) SVG() string {
	height := rowsTop + rowHigh*float64(len(w.Rows)) + 8
	if w.More > 0 {
		height += rowHigh
	}
	from, until := w.bounds()
	at := func(d time.Duration) float64 {
		return barsFrom + (barsTo-barsFrom)*float64(d-from)/float64(until-from)
	}
	var c canvas
	c.begin("waterfall", fmt.Sprintf("%d bars over %s", len(w.Rows), Span(until-from)), height)
	x := 4.0
	for _, l := range legend {
		c.box(x, 3, 10, 10, string(l.kind))
		c.text(x+14, 12, 200, "dim", "", l.about)
		x += 14 + cell*float64(len(l.about)) + 16
	}
	step := round(float64(until-from) / 5)
	for d := time.Duration(0); d <= until-from; d += step {
		c.line(at(from+d), 36, at(from+d), height-4, "tick")
		if at(from+d) < barsTo-40 {
			c.text(at(from+d)+3, 34, 70, "dim", "", Span(d))
		}
	}
	for i := range w.Rows {
		w.row(&c, &w.Rows[i], rowsTop+rowHigh*float64(i), at)
	}
	if w.More > 0 {
		c.text(4, height-8, 400, "dim", "", fmt.Sprintf("… %d more", w.More))
	}
	return c.end()
}

func (w *Waterfall) row(c *canvas, r *Row, y float64, at func(time.Duration) float64) {
	if len(r.Parts) == 0 && r.Time == "" {
		c.text(4, y+12, Width-8, "end", "", r.Title)
		return
	}
	class := ""
	if r.Bad {
		class = "bad"
	}
	c.text(4, y+12, statusAt-10, class, "", r.Title)
	c.text(statusAt, y+12, 74, class, "", r.Status)
	c.text(clockAt, y+12, 70, "dim", "end", r.Time)
	for _, p := range r.Parts {
		c.box(at(p.From), y+2, max(1.5, at(p.Until)-at(p.From)), rowHigh-6, string(p.Kind))
	}
}

// round returns a step of time that reads well, at least as long as asked for.
func round(nanos float64) time.Duration {
	size := math.Pow(10, math.Floor(math.Log10(max(1, nanos))))
	for _, m := range []float64{1, 2, 5} {
		if size*m >= nanos {
			return time.Duration(size * m)
		}
	}
	return time.Duration(size * 10)
}

// fills are the characters of the parts where there is no colour.
var fills = map[Kind]string{Phase: "█", Request: "▓", Queued: "╱", Wait: "░", Transfer: "█", Estimate: "▬"}

// Text draws the waterfall in characters.
func (w *Waterfall) Text() string {
	const room = 40
	from, until := w.bounds()
	column := func(d time.Duration) int { return int(float64(d-from) / float64(until-from) * room) }
	var b strings.Builder
	fmt.Fprintf(&b, "%-28s %-8s %9s  0%*s\n", "what", "status", "time", room-1, Span(until-from))
	for i := range w.Rows {
		r := &w.Rows[i]
		if len(r.Parts) == 0 && r.Time == "" {
			b.WriteString(r.Title + "\n")
			continue
		}
		bar := []rune(strings.Repeat(" ", room+1))
		for _, p := range r.Parts {
			first, last := column(p.From), max(column(p.From)+1, column(p.Until))
			for x := first; x < min(last, len(bar)); x++ {
				bar[x] = []rune(fills[p.Kind])[0]
			}
		}
		line := fmt.Sprintf("%-28s %-8s %9s  %s", clip(r.Title, 28), clip(r.Status, 8), r.Time, string(bar))
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	if w.More > 0 {
		fmt.Fprintf(&b, "… %d more\n", w.More)
	}
	return plain(b.String())
}
