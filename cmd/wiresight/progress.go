package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"

	"github.com/wiresight/wiresight"
)

// progressAfter is how long a file may take before a bar is worth drawing.
const progressAfter = 500 * time.Millisecond

// withProgress draws a bar on standard error while f runs, where that is a
// terminal and f takes long.
func withProgress(s *wiresight.Session, f func() error) error {
	if !term.IsTerminal(os.Stderr.Fd()) || os.Getenv("TERM") == "dumb" {
		return f()
	}
	done := make(chan error, 1)
	go func() { done <- f() }()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	begun, drawn := time.Now(), false
	for {
		select {
		case err := <-done:
			if drawn {
				fmt.Fprint(os.Stderr, "\r\x1b[K")
			}
			return err
		case <-tick.C:
			if time.Since(begun) > progressAfter {
				drawn = true
				fmt.Fprintf(os.Stderr, "\r\x1b[K%s", bar(s.Status(), 30))
			}
		}
	}
}

// bar draws a status as one line.
func bar(st wiresight.Status, width int) string {
	if st.Size <= 0 {
		return fmt.Sprintf("%d packets", st.Packets)
	}
	part := min(float64(st.Read)/float64(st.Size), 1)
	full := int(part * float64(width))
	return fmt.Sprintf("[%s%s] %3.0f%%  %d packets", strings.Repeat("=", full), strings.Repeat(" ", width-full), part*100, st.Packets)
}
