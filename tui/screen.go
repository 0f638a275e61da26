package tui

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/aymanbagabas/go-osc52/v2"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/picture"
)

// copyScreen puts the screen's text onto the clipboard of the terminal that is
// looked at, also through ssh (OSC 52). Whether a terminal obeys is not known.
func (a *app) copyScreen() tea.Cmd {
	text, out := picture.Text(a.View()), a.terminal
	return func() tea.Msg {
		_, err := io.WriteString(out, osc52.New(text).String())
		return toldMsg{"the screen was given to the terminal's clipboard", err}
	}
}

// saveScreen asks where to write a picture of the screen.
func (a *app) saveScreen() {
	screen := a.View()
	a.ask("save this screen", "a new file: .svg for a picture, else text", "wiresight.svg", func(path string) tea.Cmd {
		if path == "" {
			return nil
		}
		text := picture.Text(screen)
		if filepath.Ext(path) == ".svg" {
			text = picture.SVG(screen, a.theme.Dark())
		}
		return func() tea.Msg {
			return toldMsg{"saved to " + layer.Printable(path), create(path, text)}
		}
	})
}

// create writes a file that is not there yet.
func create(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("%w: wiresight may write beside the capture and into %s", err, os.TempDir())
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
