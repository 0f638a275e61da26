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
	h.data, h.lit = data, [2]int{}
	h.SetSize(max(1, h.width), h.Height)
}

// Light lights length bytes from offset on and brings them on the screen.
func (h *Hex) Light(offset, length int) {
	h.lit = [2]int{offset, offset + length}
	if length > 0 && offset < len(h.data) && h.perLine > 0 {
		h.Select((min(offset+length, len(h.data)) - 1) / h.perLine)
		h.Select(offset / h.perLine)
	}
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
	a := max(from, h.lit[0]) - from
	b := min(to, h.lit[1]) - from
	if a < b {
		codes = codes[:3*a] + h.Theme.Lit.Render(codes[3*a:3*b-1]) + codes[3*b-1:]
		text = text[:a] + h.Theme.Lit.Render(text[a:b]) + text[b:]
	}
	return Fit(address+"  "+codes+" "+text, h.width)
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
