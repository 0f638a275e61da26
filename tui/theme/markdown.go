package theme

import (
	"github.com/charmbracelet/glamour/ansi"
	"github.com/charmbracelet/glamour/styles"
	"github.com/muesli/termenv"
)

// Markdown returns how pages of Markdown are set.
func (t *Theme) Markdown() ansi.StyleConfig {
	style := styles.LightStyleConfig
	switch {
	case !t.colour:
		style = styles.ASCIIStyleConfig
	case t.renderer.HasDarkBackground():
		style = styles.DarkStyleConfig
	}
	return style
}

// Profile returns the colours that the terminal has.
func (t *Theme) Profile() termenv.Profile {
	if !t.colour {
		return termenv.Ascii
	}
	return t.renderer.ColorProfile()
}
