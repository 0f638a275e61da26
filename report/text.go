package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// How much a text report tells; the JSON has everything.
const (
	detailed  = 12  // conversations told in full
	listed    = 40  // further conversations, a line each
	told      = 10  // exchanges of a conversation
	cited     = 4   // pieces of evidence of a pattern, occurrences of a finding
	instances = 3   // conversations that show the same finding
	problems  = 8   // malformed parts
	minWidth  = 40  // columns; a narrower screen wraps by itself
	maxWidth  = 120 // columns; longer lines are hard to read
)

// WriteText writes the story of what the session has read so far: the
// capture, what cost time, and the conversations. Reading waits meanwhile.
// The only errors are w's.
func WriteText(w io.Writer, s *wiresight.Session, opt Options) (err error) {
	s.View(func(v wiresight.View) { err = writeText(w, v.Model, v.Info, opt) })
	return err
}

func writeText(w io.Writer, m *flow.Model, info *capture.Info, opt Options) error {
	if opt.Width == 0 {
		opt.Width = 80
	}
	p := &page{width: min(max(opt.Width, minWidth), maxWidth), style: newStyles(opt.Color), begun: m.First.Nanos}
	p.summary(m, info, opt.Err)
	digest := gatherDigest(m, classify.New(m), &opt)
	p.findings(digest)
	p.together(digest.patterns)
	p.conversations(digest)
	_, err := io.WriteString(w, p.b.String())
	return err
}

// styles are the colours of a report: the sixteen of the terminal's own theme.
type styles struct{ title, dim, name, good, warn, bad lipgloss.Style }

func newStyles(color bool) styles {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.Ascii)
	if color {
		r.SetColorProfile(termenv.ANSI)
	}
	colored := func(c string) lipgloss.Style { return r.NewStyle().Foreground(lipgloss.Color(c)) }
	return styles{
		title: r.NewStyle().Bold(true), dim: r.NewStyle().Faint(true), name: colored("6"),
		good: colored("2"), warn: colored("3"), bad: colored("1"),
	}
}

// page gathers the lines of a text report. It is bounded by the limits above,
// whatever the capture's size.
type page struct {
	b     strings.Builder
	width int
	style styles
	begun int64 // time of the capture's first packet
}

// line writes one line; what does not fit is cut.
func (p *page) line(format string, args ...any) {
	text := ansi.Truncate(fmt.Sprintf(format, args...), p.width, "…")
	p.b.WriteString(strings.TrimRight(text, " "))
	p.b.WriteByte('\n')
}

// title writes a heading after an empty line.
func (p *page) title(format string, args ...any) {
	p.b.WriteByte('\n')
	p.line("%s", p.style.title.Render(fmt.Sprintf(format, args...)))
}

// words writes text over as many lines as it takes, all indented; the first
// begins with head, which is as wide as the indent or less.
func (p *page) words(indent int, head, text string) {
	if text == "" {
		return
	}
	for i, l := range p.wrap(indent, text) {
		lead := strings.Repeat(" ", indent)
		if i == 0 && head != "" {
			lead = pad(head, indent)
		}
		p.line("%s%s", lead, l)
	}
}

// wrap cuts text into lines that fit behind an indent.
func (p *page) wrap(indent int, text string) []string {
	return strings.Split(ansi.Wrap(layer.Printable(text), p.width-indent, ""), "\n")
}

// pad fills text with spaces to a width.
func pad(text string, width int) string {
	if n := width - ansi.StringWidth(text); n > 0 {
		return text + strings.Repeat(" ", n)
	}
	return text
}

// clip cuts text to a width.
func clip(text string, width int) string {
	return ansi.Truncate(layer.Printable(text), max(width, 1), "…")
}
