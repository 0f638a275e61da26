// Package notebook is the page of all notes on a capture, and of the comments
// that the capture itself bears.
//
//	── notes · trace.pcapng.notes ─────────────────────────────────────────────
//	packet conversation  author  written  note
//	    54            1  ada       03:12  this one waits for the delayed ACK #nagle
//	▌   61            1  capture          seen on the firewall, too                ▐
package notebook

import (
	"path/filepath"
	"strconv"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/notes"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/keymap"
	"github.com/wiresight/wiresight/tui/page"
	"github.com/wiresight/wiresight/tui/theme"
)

// row is a note, or a comment of the capture, which has no ID.
type row struct{ notes.Note }

// Page is the notes page.
type Page struct {
	src     page.Source
	theme   *theme.Theme
	book    *notes.Book
	version int
	read    bool
	rows    []row
	table   component.Table
	filter  *component.FilterLine

	width, height int
}

// New returns the page of a book.
func New(src page.Source, t *theme.Theme, book *notes.Book) *Page {
	p := &Page{src: src, theme: t, book: book, filter: component.NewFilterLine(t, "text, author or #tag")}
	p.table = component.Table{Theme: t, Focused: true, Sorted: -1, Row: p.cells, Empty: "  no notes yet: n writes one on what is selected, m marks it", Columns: []component.Column{
		{Title: "packet", Width: 8, Right: true}, {Title: "conv.", Width: 6, Right: true, Need: 60}, {Title: "author", Width: 10, Flex: 1, Need: 50},
		{Title: "written", Width: 16, Need: 90}, {Title: "about", Width: 12, Flex: 2, Need: 70}, {Title: "note", Width: 10, Flex: 14},
	}}
	return p
}

// Init reads the notes.
func (p *Page) Init() tea.Cmd { p.refresh(); return nil }

// Keys returns the page's keys.
func (p *Page) Keys() keymap.Group { return keymap.Notebook }

// Typing reports whether a filter is being typed.
func (p *Page) Typing() bool { return p.filter.Typing() }

// SetSize sets the size in cells.
func (p *Page) SetSize(width, height int) {
	p.width, p.height = width, height
	p.layout()
}

func (p *Page) layout() {
	p.filter.SetWidth(p.width)
	p.table.SetSize(p.width, max(0, p.height-1-p.filter.Height()))
}

// refresh lists the notes where they changed.
func (p *Page) refresh() {
	if v := p.book.Version(); p.read && v == p.version {
		return
	} else {
		p.version, p.read = v, true
	}
	p.list()
}

// maxComments bounds the capture's own comments that are listed.
const maxComments = 5000

func (p *Page) list() {
	id := ""
	if r := p.row(); r != nil {
		id = r.ID
	}
	p.rows = p.rows[:0]
	for _, n := range p.book.List() {
		p.add(n)
	}
	p.src.View(func(v wiresight.View) {
		for _, c := range v.Notes[:min(len(v.Notes), maxComments)] {
			p.add(notes.Note{Author: "(capture)", Target: notes.Target{Packet: c.Packet}, Text: layer.Printable(c.Text)})
		}
	})
	p.table.Count = len(p.rows)
	for i := range p.rows {
		if id != "" && p.rows[i].ID == id {
			p.table.Cursor = i
		}
	}
	p.table.Show()
}

// add lists a note that the filter lets pass.
func (p *Page) add(n notes.Note) {
	want := strings.ToLower(p.filter.Text())
	if strings.Contains(strings.ToLower(n.Text+" "+n.Author+" "+n.Color), want) {
		p.rows = append(p.rows, row{n})
	}
}

func (p *Page) row() *row {
	if p.table.Cursor >= len(p.rows) {
		return nil
	}
	return &p.rows[p.table.Cursor]
}

func (p *Page) cells(i int) []component.Cell {
	n, t := &p.rows[i].Note, p.theme
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	written := ""
	if !n.Written.IsZero() {
		written = n.Written.Local().Format("2006-01-02 15:04")
	}
	about := n.Target.Finding
	if n.Target.Exchange > 0 {
		about = strings.TrimSpace("exchange " + strconv.Itoa(n.Target.Exchange) + " " + about)
	}
	text := n.Text
	if n.Color != "" {
		text = strings.TrimSpace("● " + n.Color + "  " + text)
	}
	return []component.Cell{
		{Text: number(n.Target.Packet), Style: t.Plain}, {Text: number(n.Target.Conversation), Style: t.Plain},
		{Text: layer.Printable(n.Author), Style: t.Dim}, {Text: written, Style: t.Dim}, {Text: layer.Printable(about), Style: t.Plain},
		{Text: layer.Printable(text), Style: t.Color(n.Color)},
	}
}

// Update takes a message in.
func (p *Page) Update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case page.Tick:
		p.refresh()
	case tea.KeyMsg:
		p.refresh()
		return p.key(m)
	case tea.MouseMsg:
		p.mouse(m)
	}
	return nil
}

func (p *Page) key(k tea.KeyMsg) tea.Cmd {
	if p.filter.Typing() {
		p.filter.Key(k)
		p.list()
		p.layout()
		return nil
	}
	r := p.row()
	switch {
	case key.Matches(k, keymap.Open) && r != nil:
		return p.open(r)
	case key.Matches(k, keymap.Filter):
		p.filter.Begin()
		p.layout()
	case key.Matches(k, keymap.Edit) && r != nil && r.ID != "":
		return page.Send(page.EditNote{Note: r.Note})
	case key.Matches(k, keymap.Delete) && r != nil && r.ID != "":
		return page.Send(page.DeleteNote{ID: r.ID})
	case key.Matches(k, keymap.Undo):
		return page.Send(page.UndoNote{})
	case key.Matches(k, keymap.Merge):
		return page.Send(page.MergeNotes{})
	case key.Matches(k, keymap.Save):
		return page.Send(page.SaveNotes{})
	case key.Matches(k, keymap.Back):
		if p.filter.Text() == "" {
			return page.Send(page.Back{})
		}
		p.filter.Set("")
		p.list()
		p.layout()
	default:
		p.table.Do(keymap.Motion(k))
	}
	return nil
}

// open goes to what the note is about.
func (p *Page) open(r *row) tea.Cmd {
	t := r.Target
	switch {
	case t.Packet > 0:
		return page.Send(page.OpenPackets{Marked: []int{t.Packet}, Why: r.Text})
	case t.Conversation > 0:
		return page.Send(page.OpenConversation{ID: t.Conversation})
	}
	return nil
}

func (p *Page) mouse(m tea.MouseMsg) {
	switch m.Button {
	case tea.MouseButtonWheelUp:
		p.table.Scroll(-3)
	case tea.MouseButtonWheelDown:
		p.table.Scroll(3)
	case tea.MouseButtonLeft:
		if row, _ := p.table.At(m.X, m.Y-1-p.filter.Height()); m.Action == tea.MouseActionPress && row >= 0 {
			p.table.Select(row)
		}
	}
}

// View draws the page.
func (p *Page) View() string {
	where := "in memory only: W saves them"
	if path := p.book.Path(); path != "" {
		where = filepath.Base(path)
	}
	lines := append(p.filter.View(), component.Rule(p.theme, p.width, "notes", layer.Printable(where), true))
	return component.Screen(append(lines, p.table.View()...), p.width, p.height)
}
