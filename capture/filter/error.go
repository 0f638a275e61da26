package filter

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Error says why an expression is refused and where. Nothing is ever left
// out of a filter in silence: what is not supported is an Error.
type Error struct {
	Expr   string // the whole expression
	Column int    // 1-based, in characters
	Text   string // the reason, without the place
}

// Error gives reason and column in one line.
func (e *Error) Error() string {
	return fmt.Sprintf("capture filter, column %d: %s", e.Column, e.Text)
}

// Caret gives the expression with a caret below the column, in two lines
// without a final newline. Control characters are shown as spaces.
func (e *Error) Caret() string {
	line := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, e.Expr)
	return line + "\n" + strings.Repeat(" ", e.Column-1) + "^"
}

// errorAt makes an Error for the byte offset at.
func errorAt(expr string, at int, format string, args ...any) *Error {
	at = min(at, len(expr))
	return &Error{Expr: expr, Column: utf8.RuneCountInString(expr[:at]) + 1, Text: fmt.Sprintf(format, args...)}
}
