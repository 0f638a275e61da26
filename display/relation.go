package display

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/decode/layer"
)

// order is what a comparison operator asks.
type order struct{ less, same, more, all bool }

// orders are the comparison operators, in signs and in words.
var orders = map[string]order{
	"==": {same: true}, "eq": {same: true}, "any_eq": {same: true},
	"===": {same: true, all: true}, "all_eq": {same: true, all: true},
	"!=": {less: true, more: true, all: true}, "ne": {less: true, more: true, all: true}, "all_ne": {less: true, more: true, all: true},
	"!==": {less: true, more: true}, "any_ne": {less: true, more: true}, "~=": {less: true, more: true},
	">": {more: true}, "gt": {more: true}, ">=": {same: true, more: true}, "ge": {same: true, more: true},
	"<": {less: true}, "lt": {less: true}, "<=": {less: true, same: true}, "le": {less: true, same: true},
}

// relation reads a protocol, a field, or a comparison.
func (p *parser) relation() (node, error) {
	every := p.quantifier()
	t, err := p.name()
	if err != nil {
		return nil, err
	}
	x, isField := newField(t.text, p.filter)
	if !isField {
		if every != "" {
			return nil, p.errorf(t, "%q needs a field behind it", every)
		}
		return p.protocol(t)
	}
	mask := uint64(0)
	if p.accept("&", "bitwise_and") {
		if mask, err = p.mask(); err != nil {
			return nil, err
		}
	}
	n, err := p.question(x, t, mask)
	if c, ok := n.(*comparison); ok && every != "" {
		c.all = every == "all"
	}
	return n, err
}

// quantifier reads "any" or "all" before a field's name.
func (p *parser) quantifier() string {
	if t := p.peek(); t.kind == word && (t.text == "any" || t.text == "all") {
		return p.take().text
	}
	return ""
}

func (p *parser) mask() (uint64, error) {
	t := p.take()
	n, ok := parseNumber(t.text, 0)
	if t.kind != word || !ok || !n.exact || n.negative || n.size == 0 {
		return 0, p.errorf(t, "expected a mask such as 0x02, not %s", p.show(t))
	}
	return n.size, nil
}

// question reads what is asked of a field; nothing asks whether it exists.
func (p *parser) question(x field, name token, mask uint64) (node, error) {
	t := p.peek()
	if t.kind != operator && t.kind != word {
		return p.alone(x, mask), nil
	}
	if o, ok := orders[t.text]; ok {
		p.take()
		return p.ordered(x, o, mask)
	}
	n := &comparison{field: x, mask: mask}
	negated := t.text == "not" && len(p.tokens) > 1 && p.tokens[1].text == "in"
	if negated {
		p.take()
		t = p.peek()
	}
	var err error
	switch t.text {
	case "contains":
		p.take()
		var text string
		text, err = p.text()
		n.test = contains(text)
	case "matches", "~":
		p.take()
		n.test, err = p.expression()
	case "in":
		p.take()
		n.test, err = p.set()
	default:
		return p.alone(x, mask), nil
	}
	if err != nil {
		return nil, err
	}
	if negated {
		return not{n}, nil
	}
	return n, nil
}

func (p *parser) alone(x field, mask uint64) node {
	if mask != 0 {
		return &comparison{field: x, mask: mask, test: nonzero{}}
	}
	return exists{x}
}

// ordered reads the right side of a comparison: a value, or another field.
func (p *parser) ordered(x field, o order, mask uint64) (node, error) {
	t := p.peek()
	if t.kind == word && strings.Contains(t.text, ".") {
		if y, ok := newField(t.text, p.filter); ok {
			if mask != 0 {
				return nil, p.errorf(t, "a field under a mask is compared with numbers only, not with the field %s", p.show(t))
			}
			p.take()
			holds := func(c int) bool { return c < 0 && o.less || c == 0 && o.same || c > 0 && o.more }
			return &same{a: x, b: y, holds: holds, all: o.all}, nil
		}
	}
	l, err := p.literal()
	if err != nil {
		return nil, err
	}
	return &comparison{field: x, mask: mask, all: o.all, test: relation{to: l, less: o.less, same: o.same, more: o.more}}, nil
}

// literal reads a value.
func (p *parser) literal() (literal, error) {
	t := p.take()
	if t.kind != word && t.kind != quoted {
		return literal{}, p.errorf(t, "expected a value, not %s", p.show(t))
	}
	l := newLiteral(t.text)
	if _, size, cut := strings.Cut(t.text, "/"); t.kind == word && cut && !l.isNetwork {
		if _, err := strconv.Atoi(size); err == nil && strings.ContainsAny(t.text, ":.") {
			return literal{}, p.errorf(t, "%s is no network", p.show(t))
		}
	}
	return l, nil
}

// text reads what contains looks for: text, or bytes written as 47:45:54.
func (p *parser) text() (string, error) {
	t := p.take()
	if t.kind != word && t.kind != quoted {
		return "", p.errorf(t, "expected text, not %s", p.show(t))
	}
	return t.text, nil
}

// expression reads a regular expression.
func (p *parser) expression() (test, error) {
	t := p.take()
	if t.kind != quoted {
		return nil, p.errorf(t, "expected a regular expression in quotes, not %s", p.show(t))
	}
	re, err := regexp.Compile("(?i)" + t.text)
	if err != nil {
		text := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		return nil, p.errorf(t, "regular expression: %s", layer.Clip([]byte(text), 200))
	}
	return matches{re}, nil
}

// set reads {a, b, c..d}; the commas may be left out.
func (p *parser) set() (test, error) {
	if t := p.take(); t.kind != operator || t.text != "{" {
		return nil, p.errorf(t, "expected { here, not %s", p.show(t))
	}
	var m member
	for {
		from, err := p.literal()
		if err != nil {
			return nil, err
		}
		to := from
		if p.accept("..") {
			if to, err = p.literal(); err != nil {
				return nil, err
			}
		}
		m = append(m, span{from, to})
		comma := p.accept(",")
		if p.accept("}") {
			return m, nil
		}
		if t := p.peek(); !comma && t.kind != word && t.kind != quoted {
			return nil, p.errorf(t, "expected , or } here, not %s", p.show(t))
		}
	}
}

// protocol reads what is asked of a protocol's name: nothing, or its bytes.
func (p *parser) protocol(t token) (node, error) {
	name, ok := protocol(t.text)
	if t.text == string(frame) {
		name, ok = frame, true
	}
	if !ok {
		return nil, p.unknown(t)
	}
	asked := p.peek()
	var err error
	n := bytesOf{protocol: name}
	switch {
	case p.accept("contains"):
		raw := p.peek().kind == word
		var text string
		if text, err = p.text(); err == nil && raw {
			text = pattern(text)
		}
		n.test = contains(text)
	case p.accept("matches", "~"):
		n.test, err = p.expression()
	default:
		if _, compares := orders[asked.text]; compares && asked.kind != quoted {
			return nil, p.errorf(asked, "%s is a protocol: compare one of its fields, such as %s", p.show(t), suggestion(t.text))
		}
		if name == frame {
			return everything{}, nil
		}
		return spoken{name}, nil
	}
	return n, err
}

// suggestion is a field of a protocol that people mean when they compare the
// protocol itself.
func suggestion(name string) string {
	switch name {
	case "tcp", "udp", "sctp":
		return name + ".port"
	case "ip", "ipv6", "eth":
		return name + ".addr"
	case "http":
		return "http.request.method"
	case "dns":
		return "dns.qry.name"
	}
	return name + ".something"
}

// pattern turns 47:45:54 into the bytes it stands for.
func pattern(text string) string {
	var b []byte
	for i := 0; i < len(text); i += 3 {
		if i+2 > len(text) || nibble(text[i]) < 0 || nibble(text[i+1]) < 0 || i+2 < len(text) && text[i+2] != ':' {
			return text
		}
		b = append(b, byte(nibble(text[i])<<4|nibble(text[i+1])))
	}
	if len(b) < 2 {
		return text
	}
	return string(b)
}

func formatUint(n uint64) string { return strconv.FormatUint(n, 10) }
