package tui

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/notes"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/keymap"
	"github.com/wiresight/wiresight/tui/page"
)

// asking is a question that the user answers below the page.
type asking struct {
	prompt *component.Prompt
	note   *notes.Note // being written; nil for other questions
	accept func(text string) tea.Cmd
}

// toldMsg is the outcome of something that was asked for.
type toldMsg struct {
	text string
	err  error
}

// ask puts a question.
func (a *app) ask(title, hint, text string, accept func(string) tea.Cmd) {
	a.asking = &asking{prompt: component.NewPrompt(a.theme, title, hint, text), accept: accept}
}

// answer gives a key to the question.
func (a *app) answer(k tea.KeyMsg) tea.Cmd {
	q := a.asking
	if q.note != nil && key.Matches(k, keymap.NextTab) {
		q.note.Color = nextColor(q.note.Color)
		q.prompt.Note = colorNote(q.note.Color)
		return nil
	}
	switch q.prompt.Key(k) {
	case component.Accepted:
		a.asking = nil
		return q.accept(q.prompt.Text())
	case component.Cancelled:
		a.asking = nil
	}
	return nil
}

func colorNote(color string) string {
	if color == "" {
		return "tab: colour, enter: save, #words are tags"
	}
	return "marked " + color + ", tab: another, enter: save"
}

// nextColor goes through the colours, and back to none.
func nextColor(color string) string {
	i := slices.Index(notes.Colors, color) + 1
	if i >= len(notes.Colors) {
		return ""
	}
	return notes.Colors[i]
}

// write begins a note on what is selected, or on the capture. It reports
// whether the page on top has something to write about.
func (a *app) write() bool {
	if a.src == nil {
		return false
	}
	n, ok := a.top().(page.Notable)
	if !ok {
		return false
	}
	target, ok := n.Note()
	if !ok {
		return false
	}
	a.edit(notes.Note{Target: notes.Target(target)})
	return true
}

// edit asks for a note's text.
func (a *app) edit(n notes.Note) {
	a.ask("note on "+n.Target.String(), "what is to be seen here?", n.Text, func(text string) tea.Cmd {
		n.Text = text
		return a.keep(n)
	})
	a.asking.note = &n
	a.asking.prompt.Note = colorNote(n.Color)
}

// keep returns the command that writes a note.
func (a *app) keep(n notes.Note) tea.Cmd {
	book := a.book
	return func() tea.Msg {
		n, err := book.Put(n)
		return toldMsg{"noted on " + n.Target.String(), err}
	}
}

// mark gives what is selected the next colour.
func (a *app) mark() (tea.Cmd, bool) {
	n, ok := a.top().(page.Notable)
	if !ok || a.src == nil {
		return nil, false
	}
	target, ok := n.Note()
	if !ok {
		return nil, false
	}
	book, note := a.book, notes.Note{Target: notes.Target(target)}
	for _, k := range book.List() {
		if k.Target == note.Target && k.Text == "" {
			note = k
		}
	}
	note.Color = nextColor(note.Color)
	return func() tea.Msg {
		if note.Color == "" {
			return toldMsg{"the mark is gone", book.Delete(note.ID)}
		}
		_, err := book.Put(note)
		return toldMsg{"marked " + note.Color, err}
	}, true
}

// noting does what a page asked for that concerns notes.
func (a *app) noting(m tea.Msg) (tea.Cmd, bool) {
	book := a.book
	switch m := m.(type) {
	case toldMsg:
		a.told = m.text
		if m.err != nil {
			a.told = "‼ " + layer.Printable(m.err.Error())
		}
		return a.top().Update(page.Tick{Status: a.status}), true
	case page.EditNote:
		a.edit(m.Note)
	case page.DeleteNote:
		return func() tea.Msg { return toldMsg{"deleted, u brings it back", book.Delete(m.ID)} }, true
	case page.UndoNote:
		return func() tea.Msg { text, err := book.Undo(); return toldMsg{text, err} }, true
	case page.MergeNotes:
		a.ask("merge notes", "the other one's notes, such as bob/trace.pcapng.notes", "", func(path string) tea.Cmd {
			return func() tea.Msg {
				n, err := book.Merge(path)
				return toldMsg{component.Plural(n, "note") + " added or changed", err}
			}
		})
	case page.SaveNotes:
		a.ask("save as pcapng, with the notes as packet comments", "name of the new file", a.suggestion(), a.save)
	default:
		return nil, false
	}
	return nil, true
}

// save returns the command that writes the capture with its notes.
func (a *app) save(path string) tea.Cmd {
	s, ok := a.src.(interface {
		SaveAs(context.Context, string, map[int][]string, func(done, of int)) error
	})
	if !ok || path == "" {
		return page.Send(toldMsg{err: errors.New("no name was given")})
	}
	ctx, cancel := context.WithCancel(a.ctx)
	a.saving = &saving{cancel: cancel}
	progress, comments := a.saving, a.comments()
	return func() tea.Msg {
		defer cancel()
		err := s.SaveAs(ctx, path, comments, func(done, of int) { progress.done.Store(int64(done)); progress.of.Store(int64(of)) })
		return savedMsg{path, err}
	}
}

// savedMsg tells that a capture was written.
type savedMsg struct {
	path string
	err  error
}

// comments returns the notes by the packets that are to bear them.
func (a *app) comments() map[int][]string {
	return notes.Comments(a.book.List(), func(id int) int { return firstPacket(a.src, id) })
}

// suggestion returns a name to save under.
func (a *app) suggestion() string {
	if a.book.Path() == "" {
		return ""
	}
	return fmt.Sprintf("%s-noted.pcapng", trimCapture(a.book.Path()))
}
