package component

import (
	"fmt"
	"strings"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/theme"
)

// Tree shows a packet's layers and their fields. The innermost layer is open;
// what the user opens or closes stays so from packet to packet: it is
// remembered by the names on the path.
type Tree struct {
	List
	Focused bool
	Theme   *theme.Theme
	layers  []layer.Layer
	notes   []string
	open    map[string]bool // what the user opened or closed
	inner   string          // path of the innermost layer, which is open unless it was closed
	rows    []node
	width   int
}

// node is one row.
type node struct {
	path           string
	depth          int
	text           string
	osi            int // of a layer's own row, else 0
	children       bool
	note           bool
	offset, length int
	inFrame        bool
}

// SetSize sets the size in cells.
func (t *Tree) SetSize(width, height int) {
	t.width, t.Height = width, height
	t.Show()
}

// Set shows a packet's layers, and above them notes such as problems.
func (t *Tree) Set(layers []layer.Layer, notes []string) {
	at := ""
	if t.Cursor < len(t.rows) {
		at = t.rows[t.Cursor].path
	}
	t.layers, t.notes = layers, notes
	t.flatten()
	for i, r := range t.rows {
		if r.path == at {
			t.Cursor = i
			break
		}
	}
	t.Show()
}

func (t *Tree) flatten() {
	t.rows = t.rows[:0]
	for i, n := range t.notes {
		t.rows = append(t.rows, node{path: fmt.Sprint("note", i), text: n, note: true})
	}
	if i := len(t.layers) - 1; i >= 0 {
		t.inner = layerPath(&t.layers[i], i)
	}
	for i := range t.layers {
		l := &t.layers[i]
		path := layerPath(l, i)
		text := string(l.Protocol)
		if l.Summary != "" {
			text += "  " + l.Summary
		}
		in := l.Source == layer.Frame
		t.rows = append(t.rows, node{path: path, text: text, osi: l.OSI, children: len(l.Fields) > 0, offset: l.Offset, length: l.Length, inFrame: in})
		if t.isOpen(path) {
			t.fields(path, 1, l.Fields, in)
		}
	}
	t.Count = len(t.rows)
}

func layerPath(l *layer.Layer, i int) string { return fmt.Sprint(l.Protocol, i) }

// maxDepth bounds how deep fields are shown.
const maxDepth = 16

func (t *Tree) fields(path string, depth int, fields []layer.Field, inFrame bool) {
	for i := range fields {
		f := &fields[i]
		p := fmt.Sprint(path, "/", f.Name, i)
		text := f.Name
		if f.Value != "" {
			text += ": " + f.Value
		}
		t.rows = append(t.rows, node{path: p, depth: depth, text: text, children: len(f.Children) > 0, offset: f.Offset, length: f.Length, inFrame: inFrame})
		if t.isOpen(p) && depth < maxDepth {
			t.fields(p, depth+1, f.Children, inFrame)
		}
	}
}

// Expand opens or closes the selected row. Closing a row without children
// goes to its parent. It reports whether there was something to do.
func (t *Tree) Expand(open bool) bool {
	if t.Cursor >= len(t.rows) {
		return false
	}
	r := t.rows[t.Cursor]
	if open != t.isOpen(r.path) && r.children {
		if t.open == nil {
			t.open = map[string]bool{}
		}
		t.open[r.path] = open
		t.flatten()
		t.Show()
		return true
	}
	if !open && r.depth > 0 {
		for i := t.Cursor - 1; i >= 0; i-- {
			if t.rows[i].depth < r.depth {
				t.Select(i)
				return true
			}
		}
	}
	return false
}

// IsOpen reports whether the selected row is open.
func (t *Tree) IsOpen() bool { return t.Cursor < len(t.rows) && t.isOpen(t.rows[t.Cursor].path) }

func (t *Tree) isOpen(path string) bool {
	open, chosen := t.open[path]
	return open || !chosen && path == t.inner
}

// Range returns the bytes of the frame that the selected row was read from;
// length 0 where there are none.
func (t *Tree) Range() (offset, length int) {
	if t.Cursor >= len(t.rows) || !t.rows[t.Cursor].inFrame {
		return 0, 0
	}
	return t.rows[t.Cursor].offset, t.rows[t.Cursor].length
}

// Elsewhere reports whether the selected row was read from bytes that are not
// in the frame as they are.
func (t *Tree) Elsewhere() bool {
	return t.Cursor < len(t.rows) && !t.rows[t.Cursor].note && !t.rows[t.Cursor].inFrame
}

// View returns the rows on the screen.
func (t *Tree) View() []string {
	var lines []string
	for i := t.Offset; i < t.End(); i++ {
		lines = append(lines, t.line(i))
	}
	return lines
}

func (t *Tree) line(i int) string {
	r := t.rows[i]
	sign := "  "
	if r.children {
		sign = "▸ "
		if t.isOpen(r.path) {
			sign = "▾ "
		}
	}
	text := strings.Repeat("  ", r.depth) + sign
	if r.osi > 0 {
		text += fmt.Sprintf("L%d ", r.osi)
	}
	style := t.Theme.Plain
	switch {
	case r.note:
		text, style = "! "+r.text, t.Theme.Error
	default:
		text += r.text
		if r.osi > 0 {
			style = t.Theme.OSI(r.osi)
		}
	}
	text = Fit(text, t.width)
	switch {
	case i == t.Cursor && t.Focused:
		style = t.Theme.Cursor
	case i == t.Cursor:
		style = t.Theme.Unfocus
	}
	return style.Render(text)
}
