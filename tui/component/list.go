package component

// List is a cursor over rows of which only a window is on the screen. It
// moves; what the rows are is its user's business.
type List struct {
	Count  int // rows there are
	Cursor int // selected row
	Offset int // first row on the screen
	Height int // rows that fit
}

// Move moves the cursor by n rows.
func (l *List) Move(n int) { l.Select(l.Cursor + n) }

// Select moves the cursor to a row, or as near as there is, and the window
// with it.
func (l *List) Select(row int) {
	l.Cursor = max(0, min(row, l.Count-1))
	l.Show()
}

// Show moves the window as little as needed for the cursor to be in it.
func (l *List) Show() {
	l.Cursor = max(0, min(l.Cursor, l.Count-1))
	if l.Cursor < l.Offset {
		l.Offset = l.Cursor
	}
	if l.Cursor >= l.Offset+l.Height {
		l.Offset = l.Cursor - l.Height + 1
	}
	l.Offset = max(0, min(l.Offset, l.Count-l.Height))
}

// Scroll moves the window by n rows and takes the cursor along only where it
// would leave the window.
func (l *List) Scroll(n int) {
	l.Offset = max(0, min(l.Offset+n, l.Count-l.Height))
	l.Cursor = max(l.Offset, min(l.Cursor, l.Offset+l.Height-1))
	l.Cursor = max(0, min(l.Cursor, l.Count-1))
}

// Anchor keeps the cursor's row on the same line of the screen while rows
// are added or sorted around it: the cursor goes to row, the window follows.
func (l *List) Anchor(row int) {
	line := l.Cursor - l.Offset
	l.Cursor = max(0, min(row, l.Count-1))
	l.Offset = l.Cursor - line
	l.Show()
}

// End returns the row after the last one on the screen.
func (l *List) End() int { return min(l.Count, l.Offset+l.Height) }

// Motion is a way to move in a list that keys stand for.
type Motion int

// The motions.
const (
	NoMotion Motion = iota
	Up
	Down
	PageUp
	PageDown
	HalfUp
	HalfDown
	First
	Last
)

// Flow moves text that has no cursor.
func (l *List) Flow(m Motion) {
	switch m {
	case Up:
		l.Scroll(-1)
	case Down:
		l.Scroll(1)
	case NoMotion:
	default:
		at := List{Count: max(1, l.Count-l.Height+1), Cursor: l.Offset, Height: l.Height}
		at.Do(m)
		l.Scroll(at.Cursor - l.Offset)
	}
}

// Do makes a motion.
func (l *List) Do(m Motion) {
	page := max(1, l.Height-1)
	switch m {
	case Up:
		l.Move(-1)
	case Down:
		l.Move(1)
	case PageUp:
		l.Move(-page)
	case PageDown:
		l.Move(page)
	case HalfUp:
		l.Move(-max(1, l.Height/2))
	case HalfDown:
		l.Move(max(1, l.Height/2))
	case First:
		l.Select(0)
	case Last:
		l.Select(l.Count - 1)
	}
}
