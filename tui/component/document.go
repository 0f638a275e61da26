package component

import (
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"

	"github.com/wiresight/wiresight/tui/theme"
)

// Line is a line of a document. Its text is wider than the page only where it
// may be cut.
type Line struct {
	Text  string
	Style lipgloss.Style
}

// Block is a run of lines that is selected as one, where it can be.
type Block struct {
	Key        string // names the block, so that the cursor finds it again; "" for blocks that cannot be selected
	Part       bool   // begins a part of the document, for NextPart
	Lines      []Line
	Selectable bool
}

// Document is a column of blocks with a cursor on one of them.
type Document struct {
	Theme   *theme.Theme
	Blurred bool // the keys go elsewhere
	blocks  []Block
	starts  []int // first line of each block
	lines   int
	cursor  int // block
	offset  int // line
	width   int
	height  int
}

// SetSize sets the size in cells.
func (d *Document) SetSize(width, height int) {
	d.width, d.height = width, height
	d.show()
}

// Set replaces the blocks. The cursor stays on the block with the same key.
func (d *Document) Set(blocks []Block) {
	key, line := d.Key(), 0
	if d.cursor < len(d.starts) {
		line = d.starts[d.cursor] - d.offset
	}
	d.blocks, d.starts, d.lines = blocks, d.starts[:0], 0
	found := -1
	for i, b := range blocks {
		d.starts = append(d.starts, d.lines)
		d.lines += len(b.Lines)
		if b.Selectable && b.Key == key {
			found = i
		}
	}
	if found < 0 {
		d.cursor = 0
		d.step(0, 1)
		return
	}
	d.cursor = found
	d.offset = d.starts[found] - line
	d.show()
}

// Key returns the selected block's key, "" where none is selected.
func (d *Document) Key() string {
	if d.cursor >= len(d.blocks) || !d.blocks[d.cursor].Selectable {
		return ""
	}
	return d.blocks[d.cursor].Key
}

// Select moves the cursor to the block with a key, where it can be selected.
func (d *Document) Select(key string) {
	for i, b := range d.blocks {
		if b.Selectable && b.Key == key {
			d.cursor = i
			d.show()
			return
		}
	}
}

// step moves the cursor from block d.cursor+n on in a direction to one that
// can be selected. It reports whether there was one.
func (d *Document) step(n, direction int) bool {
	for i := d.cursor + n; i >= 0 && i < len(d.blocks); i += direction {
		if d.blocks[i].Selectable {
			d.cursor = i
			d.show()
			return true
		}
	}
	return false
}

// show brings the selected block on the screen, whole where it fits, and what
// stands above the first one with it.
func (d *Document) show() {
	if d.cursor < len(d.starts) {
		top, end := d.starts[d.cursor], d.starts[d.cursor]+len(d.blocks[d.cursor].Lines)
		if d.before(d.cursor) < 0 && end <= d.height {
			top = 0
		}
		if end > d.offset+d.height {
			d.offset = end - d.height
		}
		if top < d.offset {
			d.offset = top
		}
	}
	d.offset = max(0, min(d.offset, d.lines-d.height))
}

// before returns the last block before i that can be selected, or -1.
func (d *Document) before(i int) int {
	for i--; i >= 0; i-- {
		if d.blocks[i].Selectable {
			return i
		}
	}
	return -1
}

// Do makes a motion.
func (d *Document) Do(m Motion) {
	switch m {
	case Up:
		if !d.step(-1, -1) {
			d.Scroll(-1)
		}
	case Down:
		if !d.step(1, 1) {
			d.Scroll(1)
		}
	case First:
		d.cursor, d.offset = 0, 0
		d.step(0, 1)
	case Last:
		d.cursor = max(0, len(d.blocks)-1)
		d.step(0, -1)
		d.offset = max(0, d.lines-d.height)
	case PageUp:
		d.Scroll(-max(1, d.height-1))
	case PageDown:
		d.Scroll(max(1, d.height-1))
	case HalfUp:
		d.Scroll(-max(1, d.height/2))
	case HalfDown:
		d.Scroll(max(1, d.height/2))
	}
}

// Scroll moves the window by n lines, and the cursor to a block in it.
func (d *Document) Scroll(n int) {
	d.offset = max(0, min(d.offset+n, d.lines-d.height))
	inside := func(i int) bool {
		return d.starts[i]+len(d.blocks[i].Lines) > d.offset && d.starts[i] < d.offset+d.height
	}
	if d.cursor < len(d.blocks) && inside(d.cursor) {
		return
	}
	for i, b := range d.blocks {
		if b.Selectable && inside(i) {
			d.cursor = i
			if n > 0 {
				return // the first in the window; going up, the last
			}
		}
	}
}

// Part moves the cursor to the first block of the next or the part before.
func (d *Document) Part(direction int) {
	i := d.cursor
	if direction < 0 { // the beginning of this part first
		for i > 0 && !d.blocks[i].Part {
			i--
		}
	}
	for i += direction; i >= 0 && i < len(d.blocks); i += direction {
		if d.blocks[i].Part {
			d.cursor = i
			if d.step(0, 1) {
				d.offset = max(0, min(d.starts[i], d.lines-d.height))
				d.show()
			}
			return
		}
	}
}

// Click selects the block at line y of the screen. It reports whether there
// is one, and whether it was selected already.
func (d *Document) Click(y int) (hit, again bool) {
	for i, b := range d.blocks {
		at := d.starts[i] - d.offset
		if b.Selectable && y >= at && y < at+len(b.Lines) {
			again = d.cursor == i
			d.cursor = i
			return true, again
		}
	}
	return false, false
}

// View returns the lines on the screen.
func (d *Document) View() []string {
	var lines []string
	for i, b := range d.blocks {
		for j, l := range b.Lines {
			at := d.starts[i] + j
			if at < d.offset {
				continue
			}
			if at >= d.offset+d.height {
				return lines
			}
			lines = append(lines, d.line(l, i == d.cursor && b.Selectable))
		}
	}
	return lines
}

// line draws a line. A selected one has no other colours.
func (d *Document) line(l Line, selected bool) string {
	text := Fit(l.Text, d.width)
	switch {
	case selected && d.Blurred:
		return d.Theme.Unfocus.Render(ansi.Strip(text))
	case selected:
		return d.Theme.Cursor.Render(ansi.Strip(text))
	}
	return l.Style.Render(text)
}
