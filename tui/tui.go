// Package tui is wiresight's face in the terminal: pages over a session that
// grows or is done. It decodes nothing and judges nothing; what it shows comes
// from the session and from package classify, and every claim on the screen
// leads to its packets.
package tui

import (
	"context"
	"errors"
	"os"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/tui/theme"
)

// Options say what the TUI begins with.
type Options struct {
	Session *wiresight.Session // what to look at; nil opens the picker
	Title   string             // the session's name on the status bar
	Notes   string             // path of the journal of the session's notes; "" keeps them in memory
	Author  string             // who writes notes
	Theme   string             // one of theme.Names; "" for the terminal's ground
	// Position is where the session was left, and Keep is told where it is left
	// now; nil for nothing.
	Position Position
	Keep     func(Position)
	Filter   string      // display filter that the conversations page begins with; "" for none
	Compare  *Comparison // two conversations to begin with, of sessions that are done; nil for none
	Lesson   string      // name of the lesson to present instead; "" for none

	// What the picker offers.
	Lessons, Examples, Recent, Interfaces []Choice
}

// Position is a place in a session.
type Position struct {
	Conversation int    // id of the selected one; 0 for none
	Tab          string // that is open on it, "" where the list of conversations is
	Filter       string // display filter of the list
}

// Comparison is two conversations side by side.
type Comparison struct {
	Names         [2]string
	Sessions      [2]*wiresight.Session
	Conversations [2]int // ids
}

// Choice is one line of the picker.
type Choice struct {
	Title       string
	Description string
	Notes       string // path of the journal of its notes
	Lesson      string // name of a lesson to present; "" for a capture
	// Open makes the session; the TUI starts it and closes it.
	Open func(ctx context.Context) (*wiresight.Session, error)
}

// Run shows the TUI until the user leaves it or ctx ends. It starts
// Options.Session, and leaves closing it to its caller.
func Run(ctx context.Context, opt Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a := newApp(ctx, opt, theme.New(os.Stdout, opt.Theme))
	defer a.close()
	if opt.Session != nil {
		opt.Session.Start()
	}
	// Signals end ctx. Bubble Tea's own handler takes them too and hands the
	// program a message; where ctx ended the program first, nobody takes that
	// message, and the shutdown waits for the handler for ever.
	_, err := tea.NewProgram(a, tea.WithContext(ctx), tea.WithoutSignalHandler(), tea.WithAltScreen(), tea.WithMouseCellMotion()).Run()
	if opt.Keep != nil {
		opt.Keep(a.position())
	}
	if errors.Is(err, tea.ErrInterrupted) || errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil {
		return nil
	}
	return err
}
