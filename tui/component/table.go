package component

import (
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/wiresight/wiresight/tui/theme"
)

// Column is a column of a Table.
type Column struct {
	Title string
	Width int  // cells, where the table is wide enough
	Flex  int  // share of the room that is left over
	Right bool // numbers
	Need  int  // tables narrower than this leave the column out
}

// Cell is one cell's text, which is made harmless by who fills it, and style.
type Cell struct {
	Text  string
	Style lipgloss.Style
}

// Table draws rows under column titles. Rows are asked for as they come on
// the screen.
type Table struct {
	List
	Columns []Column
	Sorted  int  // column whose title carries the arrow; -1 for none
	Down    bool // the arrow's direction: largest first
	Focused bool
	Row     func(row int) []Cell // one cell for each column
	Empty   string               // shown where there are no rows
	Theme   *theme.Theme

	width  int
	widths []int // 0 for columns left out
}

// SetSize sets the size in cells, title line included.
func (t *Table) SetSize(width, height int) {
	t.width, t.Height = width, max(0, height-1)
	t.layout()
	t.Show()
}

// layout gives every column its width, and what is left over to those that
// flex. A column separator is one cell.
func (t *Table) layout() {
	t.widths = make([]int, len(t.Columns))
	left, flex := t.width, 0
	for i, c := range t.Columns {
		if t.width < c.Need {
			continue
		}
		t.widths[i] = min(c.Width, max(0, left))
		left -= t.widths[i] + 1
		flex += c.Flex
	}
	left++
	for i, c := range t.Columns {
		if left <= 0 || flex == 0 || c.Flex == 0 || t.widths[i] == 0 {
			continue
		}
		share := left * c.Flex / flex
		t.widths[i] += share
		left -= share
		flex -= c.Flex
	}
}

// View returns the table's lines: the titles and Height rows.
func (t *Table) View() []string {
	lines := make([]string, 0, t.Height+1)
	lines = append(lines, t.titles())
	if t.Count == 0 && t.Height > 0 {
		return append(lines, t.Theme.Dim.Render(Fit(t.Empty, t.width)))
	}
	for row := t.Offset; row < t.End(); row++ {
		lines = append(lines, t.line(row))
	}
	return lines
}

func (t *Table) titles() string {
	var b strings.Builder
	for i, c := range t.Columns {
		if t.widths[i] == 0 {
			continue
		}
		title := c.Title
		if i == t.Sorted {
			arrow := "▲"
			if t.Down {
				arrow = "▼"
			}
			if c.Right {
				title = arrow + title
			} else {
				title += arrow
			}
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(c.fit(title, t.widths[i]))
	}
	return t.Theme.Header.Render(Fit(b.String(), t.width))
}

func (c Column) fit(text string, width int) string {
	if c.Right {
		return FitRight(text, width)
	}
	return Fit(text, width)
}

// line draws a row: the selected one in one style, so that the bar is whole.
func (t *Table) line(row int) string {
	cells := t.Row(row)
	selected := row == t.Cursor
	var b strings.Builder
	for i, c := range t.Columns {
		if t.widths[i] == 0 || i >= len(cells) {
			continue
		}
		text := c.fit(cells[i].Text, t.widths[i])
		if i+1 < len(t.Columns) {
			text += " " // the separator takes the cell's background
		}
		if !selected {
			text = cells[i].Style.Render(text)
		}
		b.WriteString(text)
	}
	line := Fit(b.String(), t.width)
	switch {
	case selected && t.Focused:
		return t.Theme.Cursor.Render(line)
	case selected:
		return t.Theme.Unfocus.Render(line)
	}
	return line
}

// At tells what is at a place in the table: the row, or for the title line
// -1 and the column. A place beyond the rows gives row -1 and column -1.
func (t *Table) At(x, y int) (row, column int) {
	if y > 0 {
		if row = t.Offset + y - 1; row < t.End() {
			return row, -1
		}
		return -1, -1
	}
	at := 0
	for i, w := range t.widths {
		if w == 0 {
			continue
		}
		if x >= at && x <= at+w {
			return -1, i
		}
		at += w + 1
	}
	return -1, -1
}

// Shows reports whether a column is wide enough to be on the screen.
func (t *Table) Shows(column int) bool { return column < len(t.widths) && t.widths[column] > 0 }
