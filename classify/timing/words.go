package timing

import (
	"fmt"
	"time"

	"github.com/wiresight/wiresight/decode/layer"
)

// ends names the two ends of a direction.
func ends(d layer.Direction) (sender, receiver string) {
	if d == layer.ToServer {
		return "client", "server"
	}
	return "server", "client"
}

func times(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// nanoseconds returns a cost, which is never negative.
func nanoseconds(n int64) time.Duration { return time.Duration(max(0, n)) }

// milliseconds writes a duration for people.
func milliseconds(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case ms >= 10_000:
		return fmt.Sprintf("%.1f s", ms/1000)
	case ms >= 1000:
		return fmt.Sprintf("%.2f s", ms/1000)
	case ms >= 10:
		return fmt.Sprintf("%.0f ms", ms)
	case ms >= 1:
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.2f ms", ms)
}

func span(low, high time.Duration) string {
	a, b := milliseconds(low), milliseconds(high)
	if a == b {
		return a
	}
	return a + " to " + b
}

// size writes a number of bytes for people.
func size(n int64) string {
	switch {
	case n >= 10_000_000:
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	case n >= 1_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 10_000:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d bytes", n)
}

// share writes a part of a whole in per cent.
func share(part, whole time.Duration) string {
	if whole <= 0 {
		return "none"
	}
	return fmt.Sprintf("%.0f %%", 100*float64(part)/float64(whole))
}
