package component

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

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
	Purpose func(osi int) string // what a layer is for, told where there is room; nil for nothing
	layers  []layer.Layer
	of      []int // which bytes each layer counts from; nil for the frame
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
	source         int // of BytesOf; -1 where the bytes are not at hand
}

// SetSize sets the size in cells.
func (t *Tree) SetSize(width, height int) {
	t.width, t.Height = width, height
	t.Show()
}

// Set shows a packet's layers, and above them notes such as problems. of tells
// which bytes each layer counts from, as BytesOf does.
func (t *Tree) Set(layers []layer.Layer, of []int, notes []string) {
	at := ""
	if t.Cursor < len(t.rows) {
		at = t.rows[t.Cursor].path
	}
	t.layers, t.of, t.notes = layers, of, notes
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
		t.rows = append(t.rows, node{path: fmt.Sprint("note", i), text: n, note: true, source: -1})
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
		in := t.sourceOf(i)
		t.rows = append(t.rows, node{path: path, text: text, osi: l.OSI, children: len(l.Fields) > 0, offset: l.Offset, length: l.Length, source: in})
		if t.isOpen(path) {
			t.fields(path, 1, l.Fields, in)
		}
	}
	t.Count = len(t.rows)
}

func layerPath(l *layer.Layer, i int) string { return fmt.Sprint(l.Protocol, i) }

func fieldPath(path string, f *layer.Field, i int) string { return fmt.Sprint(path, "/", f.Name, i) }

// maxDepth bounds how deep fields are shown.
const maxDepth = 16

func (t *Tree) fields(path string, depth int, fields []layer.Field, source int) {
	for i := range fields {
		f := &fields[i]
		p := fieldPath(path, f, i)
		text := f.Name
		if f.Value != "" {
			text += ": " + f.Value
		}
		t.rows = append(t.rows, node{path: p, depth: depth, text: text, children: len(f.Children) > 0, offset: f.Offset, length: f.Length, source: source})
		if t.isOpen(p) && depth < maxDepth {
			t.fields(p, depth+1, f.Children, source)
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

// sourceOf returns which bytes a layer counts from.
func (t *Tree) sourceOf(i int) int {
	switch {
	case i < len(t.of):
		return t.of[i]
	case t.layers[i].Source == layer.Frame:
		return 0
	}
	return -1
}

// Range returns the bytes that the selected row was read from; length 0 where
// there are none.
func (t *Tree) Range() (source, offset, length int) {
	if t.Cursor >= len(t.rows) || t.rows[t.Cursor].source < 0 {
		return 0, 0, 0
	}
	r := &t.rows[t.Cursor]
	return r.source, r.offset, r.length
}

// Elsewhere reports whether the selected row was read from bytes that are not
// at hand.
func (t *Tree) Elsewhere() bool {
	return t.Cursor < len(t.rows) && !t.rows[t.Cursor].note && t.rows[t.Cursor].source < 0
}

// Protocol returns the protocol of the selected row's layer, "" for none.
func (t *Tree) Protocol() layer.Protocol {
	layers := -1
	for i := 0; i <= t.Cursor && i < len(t.rows); i++ {
		if t.rows[i].osi > 0 {
			layers++
		}
	}
	if layers < 0 || layers >= len(t.layers) {
		return ""
	}
	return t.layers[layers].Protocol
}

// SelectAt selects the innermost field that holds a byte, and opens what it
// stands in. It reports whether there is one.
func (t *Tree) SelectAt(source, offset int) bool {
	best, size := "", 0
	var parents []string
	for i := range t.layers {
		l := &t.layers[i]
		if t.sourceOf(i) != source {
			continue
		}
		path := layerPath(l, i)
		if holds(l.Offset, l.Length, offset) && (best == "" || l.Length <= size) {
			best, size, parents = path, l.Length, nil
		}
		if p, n, above, ok := innermost(path, l.Fields, offset, 0); ok && (best == "" || n <= size) {
			best, size, parents = p, n, append([]string{path}, above...)
		}
	}
	if best == "" {
		return false
	}
	if t.open == nil {
		t.open = map[string]bool{}
	}
	for _, p := range parents {
		t.open[p] = true
	}
	t.flatten()
	for i, r := range t.rows {
		if r.path == best {
			t.Select(i)
			return true
		}
	}
	return false
}

func holds(at, length, offset int) bool { return offset >= at && offset < at+length }

// innermost returns the path of the smallest field that holds a byte, its
// length, and the fields around it.
func innermost(path string, fields []layer.Field, offset, depth int) (best string, size int, above []string, ok bool) {
	for i := range fields {
		f := &fields[i]
		p := fieldPath(path, f, i)
		if holds(f.Offset, f.Length, offset) && (!ok || f.Length < size) {
			best, size, above, ok = p, f.Length, nil, true
		}
		if depth >= maxDepth {
			continue
		}
		if q, n, more, found := innermost(p, f.Children, offset, depth+1); found && (!ok || n <= size) {
			best, size, above, ok = q, n, append([]string{p}, more...), true
		}
	}
	return best, size, above, ok
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
	purpose := ""
	if r.osi > 0 && t.Purpose != nil {
		if about := "  " + t.Purpose(r.osi); ansi.StringWidth(text)+ansi.StringWidth(about) < t.width {
			purpose = about
		}
	}
	if purpose != "" && (i != t.Cursor) {
		room := t.width - ansi.StringWidth(text)
		return style.Render(text) + t.Theme.Dim.Render(FitRight(purpose, room))
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
