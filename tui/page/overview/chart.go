package overview

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wiresight/wiresight/tui/component"
)

func sorted(list []string) string {
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// chartHeight is the height of the chart in lines, for a page's height.
func chartHeight(height int) int { return max(3, min(8, height/6)) }

// chart draws the bytes of each stretch of time.
func (b *builder) chart() {
	s, t := b.page.sight, b.page.theme
	if len(s.traffic) == 0 {
		return
	}
	width := max(10, b.width-13)
	columns := make([]int64, width)
	for i := range s.traffic {
		columns[i*width/len(s.traffic)] += s.traffic[i].bytes
	}
	if width > len(s.traffic) { // fewer stretches than columns: spread them
		for x := range columns {
			columns[x] = s.traffic[x*len(s.traffic)/width].bytes
		}
	}
	perColumn := time.Duration(s.binNanos * int64(len(s.traffic)) / int64(width))
	most := slices.Max(columns)
	b.part(fmt.Sprintf("Traffic over time (bytes in each %s)", component.Span(perColumn)))
	height := chartHeight(b.page.height)
	for y := height - 1; y >= 0; y-- {
		label := ""
		switch y {
		case height - 1:
			label = component.Bytes(most)
		case 0:
			label = "0"
		}
		line := component.FitRight(label, 9) + " ┤"
		bars := make([]string, width)
		for x, v := range columns {
			eighths := 0
			if most > 0 {
				eighths = int((v*int64(height)*8+most-1)/most) - 8*y
			}
			bars[x] = component.Eighth(eighths)
		}
		b.text(t.Plain, t.Dim.Render(line)+t.Client.Render(strings.Join(bars, "")))
	}
	whole := s.binNanos * int64(len(s.traffic))
	axis := component.NewCanvas(b.width, 1)
	axis.Text(10, 0, "└", 0)
	for x := 0; x+8 < width; x += 20 {
		axis.Text(11+x, 0, component.Nanos(whole*int64(x)/int64(width))+" ", 0)
	}
	b.text(t.Dim, axis.Plain(0))
}
