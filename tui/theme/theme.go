// Package theme is the one home of the TUI's colours and text attributes. It
// draws nothing itself. Without colour everything that a colour tells is also
// told by bold, reverse or a character.
package theme

import (
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/layer"
)

// Theme is a set of styles. Make one with New.
type Theme struct {
	Plain    lipgloss.Style
	Dim      lipgloss.Style // what is known anyway: units, hints
	Strong   lipgloss.Style
	Bar      lipgloss.Style // status bar
	Header   lipgloss.Style // column titles
	Rule     lipgloss.Style // lines between panes
	Focus    lipgloss.Style // title of the pane that has the keys
	Cursor   lipgloss.Style // the selected row
	Unfocus  lipgloss.Style // the selected row of a pane without the keys
	Mark     lipgloss.Style // rows that were marked or match a filter
	Lit      lipgloss.Style // bytes of the selected field
	Tab      lipgloss.Style // the open tab
	Good     lipgloss.Style // what went well, and what helps
	Caret    lipgloss.Style // where typing goes
	Key      lipgloss.Style // keys in footer and help
	Link     lipgloss.Style // what Enter opens
	Error    lipgloss.Style
	Client   lipgloss.Style // what the client sent
	Server   lipgloss.Style // what the server sent
	severity map[claim.Severity]lipgloss.Style
	osi      [8]lipgloss.Style
	phases   map[string]lipgloss.Style
	marks    map[string]lipgloss.Style
	packets  [BadPacket + 1]lipgloss.Style
	renderer *lipgloss.Renderer
	colour   bool
}

// The names of themes.
const (
	Auto        = "auto"         // for the ground that the terminal tells
	Dark        = "dark"         // for a dark ground
	Light       = "light"        // for a light ground
	ColourBlind = "colour-blind" // colours that those tell apart who see red and green alike
	Plain       = "plain"        // no colours
)

// Names lists the themes.
var Names = []string{Auto, Dark, Light, ColourBlind, Plain}

// New returns a theme for a terminal that w writes to; an empty name is Auto.
// The environment variable NO_COLOR (see no-color.org) and a terminal without
// colours both give the theme without colours.
func New(w io.Writer, name string) *Theme {
	r := lipgloss.NewRenderer(w)
	switch name {
	case Dark, Light:
		r.SetHasDarkBackground(name == Dark)
	default:
		// Bubble Tea asked the terminal before it began to read keys; another
		// question would wait for an answer that arrives as keys.
		r.SetHasDarkBackground(lipgloss.HasDarkBackground())
	}
	colours := usual
	if name == ColourBlind {
		colours = safe
	}
	if os.Getenv("NO_COLOR") != "" || name == Plain || r.ColorProfile() == termenv.Ascii {
		return build(r, false, colours)
	}
	return build(r, true, colours)
}

// Bare returns a theme that writes no escape sequence at all. A sign at the
// end of the line tells which row is selected.
func Bare() *Theme {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.Ascii)
	t := paint(r, false, usual)
	t.Cursor = t.Cursor.Transform(func(s string) string {
		room := max(0, ansi.StringWidth(s)-1)
		s = ansi.Truncate(s, room, "")
		return s + strings.Repeat(" ", room-ansi.StringWidth(s)) + "◀"
	})
	return t
}

// build lets attributes through where colours are not wanted: the renderer
// itself would drop both.
func build(r *lipgloss.Renderer, colour bool, c palette) *Theme {
	if !colour {
		r.SetColorProfile(termenv.ANSI)
	}
	return paint(r, colour, c)
}

// The grounds and inks that all palettes share.
var (
	black = lipgloss.Color("#101010")
	amber = lipgloss.Color("#ffd75f")

	// Backgrounds say what they are on terminals of 16 colours too: the nearest
	// one would be the terminal's own.
	faint = lipgloss.CompleteAdaptiveColor{
		Light: lipgloss.CompleteColor{TrueColor: "#d8d8d8", ANSI256: "253", ANSI: "7"},
		Dark:  lipgloss.CompleteColor{TrueColor: "#303030", ANSI256: "236", ANSI: "8"},
	}
	chosen = lipgloss.CompleteAdaptiveColor{
		Light: lipgloss.CompleteColor{TrueColor: "#b8d8f8", ANSI256: "153", ANSI: "14"},
		Dark:  lipgloss.CompleteColor{TrueColor: "#204a70", ANSI256: "24", ANSI: "4"},
	}
)

func paint(r *lipgloss.Renderer, colour bool, c palette) *Theme {
	grey, blue, green, yellow, orange, red, violet, cyan := c.grey, c.blue, c.green, c.yellow, c.orange, c.red, c.violet, c.cyan
	s := r.NewStyle()
	fg := func(base lipgloss.Style, c lipgloss.TerminalColor) lipgloss.Style {
		if colour {
			return base.Foreground(c)
		}
		return base
	}
	bg := func(base, without lipgloss.Style, c lipgloss.TerminalColor) lipgloss.Style {
		if colour {
			return base.Background(c)
		}
		return without
	}
	t := &Theme{
		renderer: r, colour: colour,
		Plain: s, Strong: s.Bold(true), Dim: fg(s, grey), Rule: fg(s, grey), Header: fg(s.Bold(true), blue),
		Bar: bg(s, s.Reverse(true), faint), Focus: fg(s.Bold(true), green), Cursor: bg(s.Bold(true), s.Reverse(true), chosen),
		Unfocus: bg(s, s.Underline(true), faint), Mark: fg(s.Bold(true), yellow),
		Lit: bg(fg(s.Bold(true), black), s.Reverse(true), amber), Caret: s.Reverse(true), Tab: s.Bold(true).Reverse(true), Good: fg(s, green), Key: fg(s.Bold(true), cyan), Link: fg(s.Underline(true), blue),
		Error: fg(s.Bold(true), red), Client: fg(s, cyan), Server: fg(s, violet),
	}
	t.severity = map[claim.Severity]lipgloss.Style{
		claim.Info: fg(s, blue), claim.Notice: fg(s, yellow), claim.Warning: fg(s.Bold(true), orange), claim.Problem: fg(s.Bold(true), red),
	}
	t.phases = map[string]lipgloss.Style{
		"dns": fg(s, blue), "tcp": fg(s, cyan), "proxy": fg(s, cyan), "tls": fg(s, violet), "quic": fg(s, violet),
		"request": fg(s, blue), "server": fg(s, yellow), "transfer": fg(s, green), "queued": fg(s, red), "waited": fg(s, red), "retransmission": fg(s, red), "network": fg(s, cyan), "idle": fg(s, grey), "unexplained": fg(s, orange), "estimate": fg(s, grey),
	}
	t.paintPackets(s)
	t.marks = map[string]lipgloss.Style{
		"yellow": fg(s.Bold(true), yellow), "red": fg(s.Bold(true), red), "green": fg(s.Bold(true), green), "blue": fg(s.Bold(true), blue), "violet": fg(s.Bold(true), violet),
	}
	for i := range t.osi {
		t.osi[i] = s
	}
	for i, c := range map[int]lipgloss.TerminalColor{2: grey, 3: blue, 4: cyan, 5: violet, 6: violet, 7: green} {
		t.osi[i] = fg(s, c)
	}
	return t
}

// Severity returns the style of a finding; Plain for an unknown severity.
func (t *Theme) Severity(s claim.Severity) lipgloss.Style {
	if style, ok := t.severity[s]; ok {
		return style
	}
	return t.Plain
}

// Sign returns the character that tells a severity where there is no colour.
func Sign(s claim.Severity) string {
	switch s {
	case claim.Problem:
		return "‼"
	case claim.Warning:
		return "!"
	case claim.Notice:
		return "•"
	}
	return "·"
}

// OSI returns the style of a layer.
func (t *Theme) OSI(n int) lipgloss.Style {
	if n < 0 || n >= len(t.osi) {
		return t.Plain
	}
	return t.osi[n]
}

// Phase returns the style of a step of a set-up, by its name.
func (t *Theme) Phase(name string) lipgloss.Style {
	if style, ok := t.phases[name]; ok {
		return style
	}
	return t.Plain
}

// Color returns the style of a mark in a colour; Plain for none.
func (t *Theme) Color(name string) lipgloss.Style {
	if style, ok := t.marks[name]; ok {
		return style
	}
	return t.Plain
}

// Dark tells whether the terminal's ground is dark.
func (t *Theme) Dark() bool { return t.renderer.HasDarkBackground() }

// Sender returns the style of what was sent in a direction.
func (t *Theme) Sender(d layer.Direction) lipgloss.Style {
	if d == layer.ToServer {
		return t.Client
	}
	return t.Server
}
