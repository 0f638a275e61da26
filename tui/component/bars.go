package component

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/x/ansi"

	"github.com/wiresight/wiresight/tui/theme"
)

// Footer draws the keys of one line: those of the page, as many as fit, and
// those that work everywhere to the right.
func Footer(t *theme.Theme, width int, here, everywhere []key.Binding) string {
	right, taken := keys(t, width, everywhere)
	left, _ := keys(t, width-taken, here)
	return Fit(Fit(left, width-taken)+right, width)
}

func keys(t *theme.Theme, width int, bindings []key.Binding) (text string, used int) {
	for _, k := range bindings {
		h := k.Help()
		w := ansi.StringWidth(h.Key) + 1 + ansi.StringWidth(h.Desc) + 2
		if used+w > width {
			break
		}
		text += t.Key.Render(h.Key) + " " + t.Dim.Render(h.Desc) + "  "
		used += w
	}
	return text, used
}

// StatusBar draws a line with a title to the left and facts to the right; the
// title gives way.
func StatusBar(t *theme.Theme, width int, title string, facts []string) string {
	right := strings.Join(facts, " │ ")
	room := width - ansi.StringWidth(right) - 3
	if room < 8 {
		right = ansi.Truncate(right, max(0, width-11), "…")
		room = width - ansi.StringWidth(right) - 3
	}
	return t.Bar.Render(Fit(" "+Fit(title, max(0, room))+" "+right+" ", width))
}

// Rule draws a titled line between panes.
func Rule(t *theme.Theme, width int, title, note string, focused bool) string {
	style, lead := t.Rule, "── "
	if focused {
		style, lead = t.Focus, "━━ "
	}
	text := lead + title + " "
	if note != "" {
		text += "· " + note + " "
	}
	text = ansi.Truncate(text, width, "…")
	fill := strings.Repeat(string([]rune(lead)[0]), max(0, width-ansi.StringWidth(text)))
	return style.Render(text + fill)
}
