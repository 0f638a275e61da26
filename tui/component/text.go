// Package component holds the parts that pages are made of: tables, trees, hex
// dumps, documents, the filter line and the bars. A component knows nothing of
// sessions; it shows what it is given, in exactly the size it is given.
package component

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Fit makes text exactly width cells wide: shorter text is padded on the
// right, longer text ends in an ellipsis. Text may hold colour sequences.
func Fit(text string, width int) string {
	if width <= 0 {
		return ""
	}
	w := ansi.StringWidth(text)
	if w > width {
		text = ansi.Truncate(text, width, "…")
		w = ansi.StringWidth(text)
	}
	return text + strings.Repeat(" ", max(0, width-w))
}

// FitRight is Fit with the padding on the left.
func FitRight(text string, width int) string {
	if w := ansi.StringWidth(text); w < width {
		return strings.Repeat(" ", width-w) + text
	}
	return Fit(text, width)
}

// Wrap breaks text into lines of at most width cells, at spaces where it can.
func Wrap(text string, width int) []string {
	if width < 1 {
		width = 1
	}
	return strings.Split(ansi.Wrap(layer.Printable(text), width, ""), "\n")
}

// Screen joins lines to exactly height lines of width cells.
func Screen(lines []string, width, height int) string {
	var b strings.Builder
	for i := range height {
		if i > 0 {
			b.WriteByte('\n')
		}
		if i < len(lines) {
			b.WriteString(Fit(lines[i], width))
		} else {
			b.WriteString(strings.Repeat(" ", width))
		}
	}
	return b.String()
}

// Count writes a number in at most six cells: 999999, then 1.00M.
func Count(n int64) string {
	if n < 1_000_000 {
		return strconv.FormatInt(n, 10)
	}
	return scaled(float64(n), 1000, []string{"M", "G", "T"}, 1_000_000)
}

// Bytes writes a size with a binary prefix: 512 B, 1.5 KiB.
func Bytes(n int64) string {
	if n < 1024 {
		return strconv.FormatInt(n, 10) + " B"
	}
	return scaled(float64(n), 1024, []string{" KiB", " MiB", " GiB", " TiB", " PiB"}, 1024)
}

func scaled(v, step float64, units []string, first float64) string {
	v /= first
	i := 0
	for v >= step*0.9995 && i < len(units)-1 {
		v /= step
		i++
	}
	switch {
	case v < 9.995:
		return strconv.FormatFloat(v, 'f', 2, 64) + units[i]
	case v < 99.95:
		return strconv.FormatFloat(v, 'f', 1, 64) + units[i]
	}
	return strconv.FormatFloat(v, 'f', 0, 64) + units[i]
}

// Span writes a duration with three significant digits in the unit that fits.
func Span(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	s := d.Seconds()
	switch {
	case d == 0:
		return "0"
	case d < time.Microsecond:
		return sign + strconv.FormatInt(int64(d), 10) + " ns"
	case d < time.Millisecond:
		return sign + digits(s*1e6) + " µs"
	case d < time.Second:
		return sign + digits(s*1e3) + " ms"
	case d < time.Minute:
		return sign + digits(s) + " s"
	case d < time.Hour:
		return sign + strconv.Itoa(int(d/time.Minute)) + "m " + strconv.Itoa(int(d%time.Minute/time.Second)) + "s"
	}
	return sign + strconv.Itoa(int(d/time.Hour)) + "h " + strconv.Itoa(int(d%time.Hour/time.Minute)) + "m"
}

func digits(v float64) string {
	switch {
	case v < 9.995:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 99.95:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// Nanos is Span for nanoseconds.
func Nanos(n int64) string { return Span(time.Duration(n)) }

// Plural writes a number with its noun: 1 packet, 2 packets.
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// Eighth returns a block that fills a cell from below by eighths.
func Eighth(n int) string {
	return [...]string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}[max(0, min(n, 8))]
}

// Bar returns a bar for a share of 0 to 1, at most width cells and to the
// eighth of one; something is seen of everything that is there.
func Bar(share float64, width int) string {
	eighths := max(1, int(share*float64(width)*8+0.5))
	text := strings.Repeat("█", min(eighths/8, width))
	if rest := eighths % 8; rest > 0 && eighths/8 < width {
		text += [...]string{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"}[rest]
	}
	return text
}

// Stack names what a conversation speaks, from the transport on.
func Stack(transport layer.Protocol, stack []layer.Protocol) string {
	names := []string{string(transport)}
	for i, s := range stack {
		if s == transport {
			for _, above := range stack[i+1:] {
				names = append(names, string(above))
			}
			break
		}
	}
	return strings.Join(names, "·")
}

// Endpoint names an end of a conversation.
func Endpoint(e flow.Endpoint) string {
	switch {
	case e.Name != "" && e.Port != 0:
		return layer.Printable(e.Name) + ":" + strconv.Itoa(int(e.Port))
	case e.Name != "":
		return layer.Printable(e.Name)
	case e.Port != 0:
		return netip.AddrPortFrom(e.Addr, e.Port).String()
	}
	return e.Addr.String()
}
