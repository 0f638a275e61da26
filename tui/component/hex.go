package component

import (
	"strings"

	"github.com/wiresight/wiresight/tui/theme"
)

// Hex is a dump of bytes, some of them lit. Its rows are the lines of the
// dump.
type Hex struct {
	List
	Focused bool
	Theme   *theme.Theme
	data    []byte
	lit     [2]int // from, to
	column  int    // of the selected byte in its row
	width   int
	perLine int
}

// SetSize sets the size in cells.
func (h *Hex) SetSize(width, height int) {
	h.width, h.Height = width, height
	h.perLine = BytesPerLine(width)
	h.Count = (len(h.data) + h.perLine - 1) / h.perLine
	h.Show()
}

// BytesPerLine returns how many bytes a dump of some width shows in a line.
func BytesPerLine(width int) int {
	for _, n := range []int{16, 8} {
		if width >= 4+2+3*n+1+n {
			return n
		}
	}
	return 4
}

// Set shows bytes.
func (h *Hex) Set(data []byte) {
	h.data, h.lit, h.column = data, [2]int{}, 0
	h.SetSize(max(1, h.width), h.Height)
}

// Light lights length bytes from offset on and brings them on the screen.
func (h *Hex) Light(offset, length int) {
	h.lit = [2]int{offset, offset + length}
	if length > 0 && offset < len(h.data) && h.perLine > 0 {
		h.Select((min(offset+length, len(h.data)) - 1) / h.perLine)
		h.Jump(offset)
	}
}

// At returns the offset of the selected byte, -1 where there are no bytes.
func (h *Hex) At() int {
	if h.perLine == 0 || len(h.data) == 0 {
		return -1
	}
	return min(h.Cursor*h.perLine+h.column, len(h.data)-1)
}

// Step selects the byte n further on.
func (h *Hex) Step(n int) {
	if at := h.At(); at >= 0 {
		h.Jump(at + n)
	}
}

// Jump selects the byte at an offset, or as near as there is.
func (h *Hex) Jump(at int) {
	if h.perLine == 0 || len(h.data) == 0 {
		return
	}
	at = max(0, min(at, len(h.data)-1))
	h.column = at % h.perLine
	h.Select(at / h.perLine)
}

// ByteAt returns the offset of the byte at a place in the dump, -1 for none.
func (h *Hex) ByteAt(x, y int) int {
	row := h.Offset + y
	if row >= h.End() || h.perLine == 0 {
		return -1
	}
	x -= len(Offset(row*h.perLine)) + 2
	column := x / 3
	if text := x - 3*h.perLine - 1; text >= 0 {
		column = text
	}
	if at := row*h.perLine + column; x >= 0 && column < h.perLine && at < len(h.data) {
		return at
	}
	return -1
}

// View returns the lines on the screen.
func (h *Hex) View() []string {
	var lines []string
	for i := h.Offset; i < h.End(); i++ {
		lines = append(lines, h.line(i))
	}
	return lines
}

func (h *Hex) line(i int) string {
	from := i * h.perLine
	to := min(from+h.perLine, len(h.data))
	address := Offset(from)
	if i == h.Cursor && h.Focused {
		address = h.Theme.Cursor.Render(address)
	} else {
		address = h.Theme.Dim.Render(address)
	}
	codes, text := HexCells(h.data[from:to], h.perLine)
	a := max(0, min(h.lit[0], to)-from)
	b := max(a, min(h.lit[1], to)-from)
	at := -1
	if h.Focused && i == h.Cursor {
		at = h.At() - from
	}
	return Fit(address+"  "+h.styled(codes, 3, a, b, at)+" "+h.styled(text, 1, a, b, at), h.width)
}

// styled lights the bytes from a up to the one before b, and the selected one,
// in a text with so many cells for each byte.
func (h *Hex) styled(text string, cells, a, b, at int) string {
	gap := cells / 3 // behind the last lit byte no space is lit
	if at < 0 {
		if a == b {
			return text
		}
		return text[:cells*a] + h.Theme.Lit.Render(text[cells*a:cells*b-gap]) + text[cells*b-gap:]
	}
	head, tail := text[:cells*at], text[cells*(at+1)-gap:]
	if a < at { // lit before the selected byte
		end := min(b, at)
		head = text[:cells*a] + h.Theme.Lit.Render(text[cells*a:cells*end-gap]) + text[cells*end-gap:cells*at]
	}
	if b > at+1 { // and behind it
		from := max(a, at+1)
		tail = text[cells*(at+1)-gap:cells*from] + h.Theme.Lit.Render(text[cells*from:cells*b-gap]) + text[cells*b-gap:]
	}
	return head + h.Theme.Caret.Render(text[cells*at:cells*(at+1)-gap]) + tail
}

const hexDigits = "0123456789abcdef"

// Offset writes the address column of a dump.
func Offset(n int) string {
	const width = 4
	digits := ""
	for n > 0 || len(digits) < width {
		digits = string(hexDigits[n&15]) + digits
		n >>= 4
	}
	return digits
}

// HexCells writes bytes as codes, padded for perLine bytes, and as ASCII with
// dots for what is not printable.
func HexCells(data []byte, perLine int) (codes, text string) {
	var c, t strings.Builder
	for _, b := range data {
		c.WriteByte(hexDigits[b>>4])
		c.WriteByte(hexDigits[b&15])
		c.WriteByte(' ')
		if b < 0x20 || b >= 0x7f {
			b = '.'
		}
		t.WriteByte(b)
	}
	c.WriteString(strings.Repeat("   ", perLine-len(data)))
	return c.String(), t.String()
}
