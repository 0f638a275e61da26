package filter

import (
	"net/netip"
	"strconv"
	"strings"
)

// kind is the sort of a token.
type kind uint8

const (
	kindEnd     kind = iota
	kindNumber       // decimal, octal (leading 0), hexadecimal, or a named constant
	kindName         // any other word: a host, service or protocol name
	kindQuad         // two to four numbers with dots
	kindIPv6         // an IPv6 address
	kindMAC          // an Ethernet address
	kindKeyword      // a word of the language
	kindSymbol       // an operator or a bracket
)

// token is one word of an expression. text is canonical for keywords and
// symbols ("and" for "&&").
type token struct {
	kind  kind
	text  string
	value uint32 // of a number
	at    int    // byte offset
	end   int    // byte offset behind it
}

// is tells whether t is the keyword or symbol s.
func (t token) is(s string) bool {
	return (t.kind == kindKeyword || t.kind == kindSymbol) && t.text == s
}

// describe names t in an error.
func (t token) describe(expr string) string {
	if t.kind == kindEnd {
		return "the end of the expression"
	}
	return strconv.Quote(expr[t.at:t.end])
}

const (
	maxExpression = 1 << 16 // bytes
	maxAddress    = 46      // the longest textual address
)

// lex cuts an expression into tokens; the last is kindEnd.
func lex(expr string) ([]token, *Error) {
	if len(expr) > maxExpression {
		return nil, errorAt(expr[:1], 0, "the expression is longer than %d bytes", maxExpression)
	}
	var tokens []token
	for at := 0; ; {
		for at < len(expr) && strings.IndexByte(" \t\r\n", expr[at]) >= 0 {
			at++
		}
		if at == len(expr) {
			return append(tokens, token{kind: kindEnd, at: at, end: at}), nil
		}
		t, err := next(expr, at)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
		at = t.end
	}
}

// next reads the longest token at a place that is no white space.
func next(expr string, at int) (token, *Error) {
	rest := expr[at:]
	word := wordLength(rest)
	if n, kind := addressLength(rest); n > 0 && n >= word {
		return token{kind: kind, text: rest[:n], at: at, end: at + n}, nil
	}
	if word > 0 {
		return classify(expr, at, word)
	}
	if rest[0] == '\\' {
		n := strings.IndexAny(rest, " !()\n\t")
		if n < 0 {
			n = len(rest)
		}
		if n > 1 {
			return token{kind: kindName, text: rest[1:n], at: at, end: at + n}, nil
		}
	}
	for _, s := range symbols {
		if strings.HasPrefix(rest, s.text) {
			return token{kind: s.kind, text: s.means, at: at, end: at + len(s.text)}, nil
		}
	}
	return token{}, errorAt(expr, at, "%q is not part of the language", []rune(rest)[0])
}

// symbols lists operators, longer ones before their prefixes.
var symbols = []struct {
	text, means string
	kind        kind
}{
	{"&&", "and", kindKeyword}, {"||", "or", kindKeyword},
	{">=", ">=", kindSymbol}, {"<=", "<=", kindSymbol}, {"!=", "!=", kindSymbol},
	{"==", "=", kindSymbol}, {"<<", "<<", kindSymbol}, {">>", ">>", kindSymbol},
	{"!", "not", kindKeyword}, {"(", "(", kindSymbol}, {")", ")", kindSymbol},
	{"[", "[", kindSymbol}, {"]", "]", kindSymbol}, {":", ":", kindSymbol},
	{"<", "<", kindSymbol}, {">", ">", kindSymbol}, {"=", "=", kindSymbol},
	{"+", "+", kindSymbol}, {"-", "-", kindSymbol}, {"*", "*", kindSymbol},
	{"/", "/", kindSymbol}, {"%", "%", kindSymbol}, {"&", "&", kindSymbol},
	{"|", "|", kindSymbol}, {"^", "^", kindSymbol},
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// wordLength is the length of the word at the start of s: letters and
// digits, inside also - and _, inside and at the end also dots.
func wordLength(s string) int {
	if s == "" || !isAlnum(s[0]) {
		return 0
	}
	n := 1
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case isAlnum(c) || c == '.':
			n = i + 1
		case c != '-' && c != '_':
			return n
		}
	}
	return n
}

// addressLength finds the longest prefix of s that is an Ethernet or IPv6
// address; 0 where there is none.
func addressLength(s string) (int, kind) {
	run := 0
	for run < len(s) && run < maxAddress && (isHex(s[run]) || s[run] == ':' || s[run] == '.' || s[run] == '-') {
		run++
	}
	for n := run; n >= 2; n-- {
		if _, ok := parseMAC(s[:n]); ok {
			return n, kindMAC
		}
		if strings.Count(s[:n], ":") >= 2 {
			if _, err := netip.ParseAddr(s[:n]); err == nil {
				return n, kindIPv6
			}
		}
	}
	return 0, kindEnd
}

// classify tells what the word of n bytes at a place is.
func classify(expr string, at, n int) (token, *Error) {
	t := token{text: expr[at : at+n], at: at, end: at + n}
	if keywords[t.text] {
		t.kind = kindKeyword
		if same, ok := synonyms[t.text]; ok {
			t.text = same
		}
		return t, nil
	}
	if value, ok := constants[t.text]; ok {
		t.kind, t.value = kindNumber, value
		return t, nil
	}
	parts := strings.Split(t.text, ".")
	for _, part := range parts {
		if !numeric(part) {
			t.kind = kindName
			return t, nil
		}
	}
	switch {
	case len(parts) == 1:
		value, err := strconv.ParseUint(t.text, 0, 32)
		if err != nil {
			return t, errorAt(expr, at, "%s is not a number of 32 bits", t.text)
		}
		t.kind, t.value = kindNumber, uint32(value)
	case len(parts) <= 4:
		t.kind = kindQuad
	default:
		t.kind = kindName
	}
	return t, nil
}

// numeric tells whether s is written as a number, decimal or hexadecimal.
func numeric(s string) bool {
	digits, ok := strings.CutPrefix(strings.ToLower(s), "0x")
	if digits == "" {
		return false
	}
	for i := range len(digits) {
		if c := digits[i]; ok && !isHex(c) || !ok && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// parseMAC reads an Ethernet address written as six bytes with colons, dashes
// or dots, as three groups of four digits with dots, or as twelve digits.
func parseMAC(s string) (mac [6]byte, ok bool) {
	groups := []string{s}
	for _, sep := range []string{":", "-", "."} {
		if strings.Contains(s, sep) {
			groups = strings.Split(s, sep)
			break
		}
	}
	digits := ""
	switch len(groups) {
	case 6:
		for _, g := range groups {
			if len(g) == 1 {
				g = "0" + g
			}
			if len(g) != 2 {
				return mac, false
			}
			digits += g
		}
	case 3:
		if len(groups[0]) != 4 || len(groups[1]) != 4 || len(groups[2]) != 4 || !strings.Contains(s, ".") {
			return mac, false
		}
		digits = strings.Join(groups, "")
	case 1:
		digits = s
	}
	if len(digits) != 12 {
		return mac, false
	}
	for i := range mac {
		b, err := strconv.ParseUint(digits[2*i:2*i+2], 16, 8)
		if err != nil {
			return mac, false
		}
		mac[i] = byte(b)
	}
	return mac, true
}
