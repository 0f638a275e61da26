package display

import (
	"strings"
	"sync/atomic"

	"github.com/wiresight/wiresight/decode/layer"
)

// frame stands for the whole frame, a protocol in filters only.
const frame layer.Protocol = "frame"

// maxDepth bounds nested parentheses and negations, maxLength an expression.
const (
	maxDepth  = 200
	maxLength = 1 << 16
)

// parser is a recursive-descent parser over the tokens of one expression.
type parser struct {
	filter *Filter
	expr   string
	tokens []token
	depth  int
}

func compile(expr string) (*Filter, error) {
	f := &Filter{text: expr, root: everything{}, begun: new(atomic.Int64)}
	if len(expr) > maxLength {
		return nil, errorAt(expr, 0, "longer than %d bytes", maxLength)
	}
	tokens, err := lex(expr)
	if err != nil {
		return nil, err
	}
	p := &parser{filter: f, expr: expr, tokens: tokens}
	if p.peek().kind == end {
		return f, nil
	}
	if f.root, err = p.or(); err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != end {
		return nil, p.errorf(t, "expected and, or, or the end, not %s", p.show(t))
	}
	return f, nil
}

func (p *parser) peek() token { return p.tokens[0] }

func (p *parser) take() token {
	t := p.tokens[0]
	if t.kind != end {
		p.tokens = p.tokens[1:]
	}
	return t
}

// accept takes the next token if it is one of these operators or words.
func (p *parser) accept(texts ...string) bool {
	t := p.peek()
	if t.kind != operator && t.kind != word {
		return false
	}
	for _, text := range texts {
		if t.text == text {
			p.take()
			return true
		}
	}
	return false
}

func (p *parser) errorf(t token, format string, args ...any) error {
	return errorAt(p.expr, t.at, format, args...)
}

// show names a token in an error.
func (p *parser) show(t token) string {
	if t.kind == end {
		return "the end"
	}
	return `"` + layer.Clip([]byte(t.text), 60) + `"`
}

func (p *parser) or() (node, error) {
	return p.joined(p.xor, func(a, b node) node { return or{a, b} }, "or", "||")
}

func (p *parser) xor() (node, error) {
	return p.joined(p.and, func(a, b node) node { return exclusive{a, b} }, "xor", "^^")
}

func (p *parser) and() (node, error) {
	return p.joined(p.not, func(a, b node) node { return and{a, b} }, "and", "&&")
}

// joined reads operands with one operator between them.
func (p *parser) joined(operand func() (node, error), join func(a, b node) node, operators ...string) (node, error) {
	a, err := operand()
	for joins := 0; err == nil && p.accept(operators...); joins++ {
		if joins >= maxDepth {
			return nil, p.errorf(p.peek(), "more than %d parts in a row", maxDepth)
		}
		var b node
		if b, err = operand(); err == nil {
			a = join(a, b)
		}
	}
	return a, err
}

func (p *parser) not() (node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.errorf(p.peek(), "nested more than %d deep", maxDepth)
	}
	defer func() { p.depth-- }()
	if p.accept("!", "not") {
		n, err := p.not()
		return not{n}, err
	}
	if !p.accept("(") {
		return p.relation()
	}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.accept(")") {
		return nil, p.errorf(p.peek(), "expected ) here, not %s", p.show(p.peek()))
	}
	return n, nil
}

// name reads the name that begins a comparison.
func (p *parser) name() (token, error) {
	t := p.take()
	switch {
	case t.kind == quoted:
		return t, p.errorf(t, "a comparison begins with a field's name, not with the text %s", p.show(t))
	case t.kind != word:
		return t, p.errorf(t, "expected a protocol or a field, not %s", p.show(t))
	}
	if n := p.peek(); n.kind == operator && n.text == "(" {
		return t, p.errorf(t, "functions such as %s() are not supported", t.text)
	} else if n.kind == operator && n.text == "[" {
		return t, p.errorf(n, "slices such as %s[0:4] are not supported", t.text)
	}
	return t, nil
}

// unknown is the error for a name that is neither a protocol nor a field.
func (p *parser) unknown(t token) error {
	if field := addressField(t.text); field != "" {
		return p.errorf(t, "an address alone says nothing; did you mean %s == %s?", field, t.text)
	}
	text := "unknown protocol or field " + p.show(t)
	if first, _, dotted := strings.Cut(t.text, "."); dotted {
		if _, ok := protocol(first); !ok && first != string(frame) {
			text = "unknown protocol " + p.show(token{kind: word, text: first}) + " in the field " + p.show(t)
		}
	}
	if n := nearest(t.text); n != "" {
		text += "; did you mean " + n + "?"
	}
	return p.errorf(t, "%s", text)
}
