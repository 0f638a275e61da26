package theme

import (
	"math"
	"testing"

	"github.com/charmbracelet/lipgloss"
	"github.com/lucasb-eyer/go-colorful"
)

func parse(t *testing.T, hex string) colorful.Color {
	t.Helper()
	c, err := colorful.Hex(hex)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// contrast is WCAG 2's.
func contrast(a, b colorful.Color) float64 {
	light := func(c colorful.Color) float64 {
		r, g, b := c.LinearRgb()
		return 0.2126*r + 0.7152*g + 0.0722*b
	}
	x, y := light(a), light(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// The matrices of Machado, Oliveira and Fernandes (2009) for those who lack
// one kind of cone, on linear RGB.
var blindness = map[string][3][3]float64{
	"protanopia":   {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
	"deuteranopia": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
}

func seen(c colorful.Color, m [3][3]float64) colorful.Color {
	r, g, b := c.LinearRgb()
	row := func(i int) float64 { return math.Min(1, math.Max(0, m[i][0]*r+m[i][1]*g+m[i][2]*b)) }
	return colorful.LinearRgb(row(0), row(1), row(2))
}

func (p palette) all() map[string]lipgloss.AdaptiveColor {
	return map[string]lipgloss.AdaptiveColor{"grey": p.grey, "blue": p.blue, "green": p.green, "yellow": p.yellow, "orange": p.orange, "red": p.red, "violet": p.violet, "cyan": p.cyan}
}

func TestColoursCanBeReadOnTheirGrounds(t *testing.T) {
	white, dark := parse(t, "#ffffff"), parse(t, "#1e1e1e")
	for name, p := range map[string]palette{"usual": usual, "safe": safe} {
		for colour, c := range p.all() {
			if k := contrast(parse(t, c.Light), white); k < 4.5 {
				t.Errorf("%s %s on white: contrast %.1f", name, colour, k)
			}
			if k := contrast(parse(t, c.Dark), dark); k < 4.5 {
				t.Errorf("%s %s on dark: contrast %.1f", name, colour, k)
			}
		}
	}
}

// What is told by colour alone differs clearly for everybody in the safe
// palette: good and bad, client and server.
func TestSafeColoursDifferForThoseWhoSeeRedAndGreenAlike(t *testing.T) {
	apart := func(a, b string, m [3][3]float64) float64 {
		return 100 * seen(parse(t, a), m).DistanceLab(seen(parse(t, b), m))
	}
	for kind, m := range blindness {
		for what, pair := range map[string][2]lipgloss.AdaptiveColor{"good and bad": {safe.green, safe.red}, "client and server": {safe.cyan, safe.violet}} {
			for _, d := range []float64{apart(pair[0].Light, pair[1].Light, m), apart(pair[0].Dark, pair[1].Dark, m)} {
				if d < 30 {
					t.Errorf("%s: %s differ by %.0f only", kind, what, d)
				}
			}
		}
	}
	// The test can fail: the usual palette is not made for it.
	if d := apart(usual.green.Dark, usual.red.Dark, blindness["deuteranopia"]); d > 60 {
		t.Errorf("green and red differ by %.0f", d)
	}
}
