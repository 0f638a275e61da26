package theme

import "github.com/charmbracelet/lipgloss"

// palette is a set of colours: each has a form for light and for dark
// terminals, and keeps its contrast on both.
type palette struct {
	grey, blue, green, yellow, orange, red, violet, cyan lipgloss.AdaptiveColor
}

var usual = palette{
	grey:   lipgloss.AdaptiveColor{Light: "#6c6c6c", Dark: "#8a8a8a"},
	blue:   lipgloss.AdaptiveColor{Light: "#005faf", Dark: "#5fafff"},
	green:  lipgloss.AdaptiveColor{Light: "#00752a", Dark: "#5fd787"},
	yellow: lipgloss.AdaptiveColor{Light: "#8a5a00", Dark: "#ffd75f"},
	orange: lipgloss.AdaptiveColor{Light: "#b34700", Dark: "#ff9f43"},
	red:    lipgloss.AdaptiveColor{Light: "#c00020", Dark: "#ff6b6b"},
	violet: lipgloss.AdaptiveColor{Light: "#7030a0", Dark: "#c79bff"},
	cyan:   lipgloss.AdaptiveColor{Light: "#00707a", Dark: "#5fd7d7"},
}

// safe follows the colours of Okabe and Ito, which differ also for those who
// see red and green alike. What is good is blue, what is bad vermilion; client
// and server are blue and orange.
var safe = palette{
	grey:   lipgloss.AdaptiveColor{Light: "#6c6c6c", Dark: "#8a8a8a"},
	blue:   lipgloss.AdaptiveColor{Light: "#004b8d", Dark: "#7cc4ff"},
	green:  lipgloss.AdaptiveColor{Light: "#0061b5", Dark: "#56b4e9"},
	yellow: lipgloss.AdaptiveColor{Light: "#6b6200", Dark: "#f0e442"},
	orange: lipgloss.AdaptiveColor{Light: "#8f5f00", Dark: "#e69f00"},
	red:    lipgloss.AdaptiveColor{Light: "#b04a00", Dark: "#ff8f4d"},
	violet: lipgloss.AdaptiveColor{Light: "#8f5f00", Dark: "#e69f00"},
	cyan:   lipgloss.AdaptiveColor{Light: "#005b9a", Dark: "#56b4e9"},
}
