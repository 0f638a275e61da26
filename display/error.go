package display

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/wiresight/wiresight/decode/layer"
)

// Error says where an expression is wrong.
type Error struct {
	Expr   string
	Column int // 1-based, in characters
	Text   string
}

// Error returns one line.
func (e *Error) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Text) }

// Caret returns the expression and below it a line that points at the place.
func (e *Error) Caret() string {
	// One cell a character, so that the caret stands below its place.
	flat := strings.Map(func(r rune) rune {
		if r == utf8.RuneError || layer.Printable(string(r)) != string(r) {
			return '.'
		}
		return r
	}, e.Expr)
	return flat + "\n" + strings.Repeat(" ", e.Column-1) + "^"
}

// errorAt makes an Error at a byte offset.
func errorAt(expr string, offset int, format string, args ...any) *Error {
	return &Error{Expr: expr, Column: utf8.RuneCountInString(expr[:offset]) + 1, Text: fmt.Sprintf(format, args...)}
}
