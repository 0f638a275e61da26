package display

import (
	"strings"
	"unicode/utf8"
)

// kind is what a token is.
type kind uint8

const (
	end kind = iota
	word
	quoted   // text in quotes
	operator // ( ) { } , .. and the comparisons
)

// token is one piece of an expression. text is unescaped.
type token struct {
	kind kind
	text string
	at   int // byte offset
}

// operators, longest first where one begins another.
var operators = []string{"===", "!==", "==", "!=", ">=", "<=", "&&", "||", "^^", "..", "~=", ">", "<", "!", "~", "&", "(", ")", "{", "}", ",", "[", "]"}

// lex cuts an expression into tokens; the last one is the end.
func lex(expr string) ([]token, error) {
	var tokens []token
	for i := 0; ; {
		for i < len(expr) && strings.IndexByte(" \t\r\n", expr[i]) >= 0 {
			i++
		}
		if i >= len(expr) {
			return append(tokens, token{kind: end, at: i}), nil
		}
		t, n, err := next(expr, i)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
		i += n
	}
}

// next reads the token at i and returns how many bytes it took.
func next(expr string, i int) (token, int, error) {
	rest := expr[i:]
	if rest[0] == '"' || rest[0] == '\'' {
		text, n, ok := unquote(rest)
		if !ok {
			return token{}, 0, errorAt(expr, i, "the quote is not closed")
		}
		return token{quoted, text, i}, n, nil
	}
	if (rest[0] == 'r' || rest[0] == 'R') && len(rest) > 1 && rest[1] == '"' { // raw: no escapes
		n := strings.IndexByte(rest[2:], '"')
		if n < 0 {
			return token{}, 0, errorAt(expr, i, "the quote is not closed")
		}
		return token{quoted, rest[2 : 2+n], i}, n + 3, nil
	}
	for _, o := range operators {
		if strings.HasPrefix(rest, o) {
			return token{operator, o, i}, len(o), nil
		}
	}
	n := wordLength(rest)
	if n == 0 {
		if rest[0] == '=' {
			return token{}, 0, errorAt(expr, i, "= compares nothing; did you mean ==?")
		}
		r, _ := utf8.DecodeRuneInString(rest)
		return token{}, 0, errorAt(expr, i, "unexpected character %q", r)
	}
	return token{word, rest[:n], i}, n, nil
}

// wordLength returns how many bytes of s are one word: a name, a number, an
// address, or text without quotes. Two dots end it: they make a range.
func wordLength(s string) int {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '.' && strings.HasPrefix(s[i:], ".."):
			return i
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= utf8.RuneSelf:
		case strings.IndexByte("_.:/-+%*@", c) >= 0:
		default:
			return i
		}
	}
	return len(s)
}

// unquote reads a quoted text with C's usual escapes. An unknown escape keeps
// its backslash, so that regular expressions can be written plainly.
func unquote(s string) (text string, n int, ok bool) {
	quote := s[0]
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == quote:
			return b.String(), i + 1, true
		case c == '\\' && i+1 < len(s):
			i++
			i += escape(&b, s[i:])
		default:
			b.WriteByte(c)
		}
	}
	return "", 0, false
}

// escape writes the character whose escape stands behind a backslash at s[0],
// and returns how many further bytes it took.
func escape(b *strings.Builder, s string) int {
	switch s[0] {
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case '"', '\'', '\\':
		b.WriteByte(s[0])
	case 'x':
		if len(s) >= 3 {
			if hi, lo := nibble(s[1]), nibble(s[2]); hi >= 0 && lo >= 0 {
				b.WriteByte(byte(hi<<4 | lo))
				return 2
			}
		}
		b.WriteString(`\x`)
	default:
		b.WriteByte('\\')
		b.WriteByte(s[0])
	}
	return 0
}

// nibble returns a hexadecimal digit's value, or -1.
func nibble(c byte) int {
	if c >= 'A' && c <= 'F' {
		c |= 0x20
	}
	return strings.IndexByte("0123456789abcdef", c)
}
