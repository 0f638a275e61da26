package filter

// maxDepth bounds the nesting of brackets and negations.
const maxDepth = 200

// parser reads tokens by recursive descent. "and" and "or" have the same
// precedence and join from left to right, as the language has it.
type parser struct {
	expr   string
	tokens []token
	pos    int
	depth  int
}

func (p *parser) peek() token { return p.tokens[p.pos] }

func (p *parser) take() token {
	t := p.tokens[p.pos]
	if t.kind != kindEnd {
		p.pos++
	}
	return t
}

// accept takes the next token if it is the keyword or symbol s.
func (p *parser) accept(s string) bool {
	if p.peek().is(s) {
		p.pos++
		return true
	}
	return false
}

func (p *parser) unexpected(wanted string) *Error {
	t := p.peek()
	if why, refused := refusedWords[t.text]; refused && t.kind == kindKeyword {
		return errorAt(p.expr, t.at, "%q is not supported: %s", t.text, why)
	}
	return errorAt(p.expr, t.at, "expected %s, found %s", wanted, t.describe(p.expr))
}

func (p *parser) deeper() *Error {
	if p.depth++; p.depth > maxDepth {
		return errorAt(p.expr, p.peek().at, "nested more than %d deep", maxDepth)
	}
	return nil
}

// parse reads a whole expression.
func parse(text string, tokens []token) (expr, *Error) {
	p := &parser{expr: text, tokens: tokens}
	e, _, err := p.expression(qualifiers{})
	if err != nil {
		return nil, err
	}
	if p.peek().kind != kindEnd {
		return nil, p.unexpected(`"and", "or" or the end`)
	}
	return e, nil
}

// expression reads terms joined by "and" and "or". It returns the qualifiers
// that an identifier after it would inherit.
func (p *parser) expression(inherited qualifiers) (expr, qualifiers, *Error) {
	e, q, err := p.term(inherited)
	for err == nil {
		and := p.peek().is("and")
		if !and && !p.peek().is("or") {
			return e, q, nil
		}
		p.take()
		var right expr
		if p.identifierFollows() {
			right, err = p.identifier(q)
		} else {
			right, q, err = p.term(q)
		}
		e = &logical{and, e, right}
	}
	return nil, q, err
}

// identifierFollows tells an identifier (which inherits qualifiers) from a
// term, looking past brackets and negations: a number is an identifier unless
// it is an operand.
func (p *parser) identifierFollows() bool {
	i, open := p.pos, 0
	for ; p.tokens[i].is("(") || p.tokens[i].is("not"); i++ {
		if p.tokens[i].text == "(" {
			open++
		}
	}
	switch p.tokens[i].kind {
	case kindName, kindQuad, kindIPv6, kindMAC:
		return true
	case kindNumber:
		for i++; open > 0 && p.tokens[i].is(")"); i++ {
			open--
		}
		return !isOperator(p.tokens[i])
	}
	return false
}

// isOperator tells whether t compares or calculates.
func isOperator(t token) bool {
	return t.kind == kindSymbol && t.text != "(" && t.text != ")" && t.text != "[" && t.text != "]" && t.text != ":"
}

// term reads one primitive, negation or bracketed expression.
func (p *parser) term(inherited qualifiers) (expr, qualifiers, *Error) {
	if err := p.deeper(); err != nil {
		return nil, inherited, err
	}
	defer func() { p.depth-- }()
	if p.accept("not") {
		if p.identifierFollows() {
			e, err := p.identifier(inherited)
			return &negation{e}, inherited, err
		}
		e, q, err := p.term(inherited)
		return &negation{e}, q, err
	}
	if p.peek().is("(") && !p.bracketIsOperand() {
		p.take()
		if p.identifierFollows() {
			return nil, inherited, errorAt(p.expr, p.peek().at, "what %s is must be said: host, net, port, portrange or proto before it", p.peek().describe(p.expr))
		}
		e, _, err := p.expression(inherited)
		if err == nil && !p.accept(")") {
			err = p.unexpected(`")"`)
		}
		return e, inherited, err
	}
	return p.primary()
}

// bracketIsOperand tells whether the bracket that opens here belongs to a
// calculation: an operator follows where it closes.
func (p *parser) bracketIsOperand() bool {
	open := 0
	for i := p.pos; p.tokens[i].kind != kindEnd; i++ {
		if p.tokens[i].is("(") {
			open++
		} else if p.tokens[i].is(")") {
			if open--; open == 0 {
				return isOperator(p.tokens[i+1])
			}
		}
	}
	return false
}

// primary reads a primitive that begins with a word or an operand.
func (p *parser) primary() (expr, qualifiers, *Error) {
	t := p.peek()
	proto, isProto := protocols[t.text]
	isProto = isProto && t.kind == kindKeyword
	switch {
	case isProto && !p.tokens[p.pos+1].is("["):
		return p.qualified(proto)
	case isProto || t.kind == kindNumber || t.is("(") || t.is("-") || t.is("len"):
		e, err := p.relation()
		return e, qualifiers{}, err
	case t.is("src") || t.is("dst") || t.is("host") || t.is("net") || t.is("port") || t.is("portrange") || t.is("proto"):
		return p.head(protoDefault, t.at)
	case t.kind == kindKeyword:
		e, err := p.special(protoDefault, t.at)
		return e, qualifiers{}, err
	case t.kind == kindName || t.kind == kindQuad || t.kind == kindIPv6 || t.kind == kindMAC:
		return nil, qualifiers{}, errorAt(p.expr, t.at, "what %s is must be said: host, net, port, portrange or proto before it", t.describe(p.expr))
	}
	return nil, qualifiers{}, p.unexpected("a primitive")
}

// qualified reads what begins with a protocol's name.
func (p *parser) qualified(proto protocol) (expr, qualifiers, *Error) {
	at := p.take().at
	switch t := p.peek(); {
	case t.is("src") || t.is("dst") || t.is("host") || t.is("net") || t.is("port") || t.is("portrange") || t.is("proto"):
		return p.head(proto, at)
	case t.is("broadcast") || t.is("multicast"):
		e, err := p.special(proto, at)
		return e, qualifiers{}, err
	}
	return &abbreviation{proto, at}, qualifiers{}, nil
}

// head reads the qualifiers behind the protocol, then the identifier.
func (p *parser) head(proto protocol, at int) (expr, qualifiers, *Error) {
	q := qualifiers{proto: proto, addr: addrDefault, at: at}
	if t := p.peek(); t.is("src") || t.is("dst") {
		q.dir = p.direction()
	}
	switch t := p.peek(); {
	case t.is("host"):
		q.addr = addrHost
	case t.is("net"):
		q.addr = addrNet
	case t.is("port"):
		q.addr = addrPort
	case t.is("portrange"):
		q.addr = addrPortRange
	case t.is("proto"):
		if q.dir != dirDefault {
			return nil, q, errorAt(p.expr, t.at, "a protocol has no direction")
		}
		q.addr = addrProto
	}
	if q.addr != addrDefault {
		p.take()
	}
	e, err := p.identifier(q)
	return e, q, err
}

// direction reads src, dst, "src or dst", "src and dst" and their mirrors.
func (p *parser) direction() direction {
	first := p.take().text
	other := map[string]string{"src": "dst", "dst": "src"}[first]
	if joint := p.peek(); (joint.is("or") || joint.is("and")) && p.tokens[p.pos+1].is(other) {
		p.pos += 2
		if joint.text == "or" {
			return dirEither
		}
		return dirBoth
	}
	if first == "src" {
		return dirSource
	}
	return dirDestination
}

// identifier reads an identifier, negated ones, and lists in brackets.
func (p *parser) identifier(q qualifiers) (expr, *Error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if p.accept("not") {
		e, err := p.identifier(q)
		return &negation{e}, err
	}
	if p.accept("(") {
		e, err := p.identifier(q)
		for err == nil && (p.peek().is("and") || p.peek().is("or")) {
			and := p.take().text == "and"
			var right expr
			right, err = p.identifier(q)
			e = &logical{and, e, right}
		}
		if err == nil && !p.accept(")") {
			err = p.unexpected(`")"`)
		}
		return e, err
	}
	return p.name(q)
}

// name reads one identifier.
func (p *parser) name(q qualifiers) (expr, *Error) {
	t := p.peek()
	switch t.kind {
	case kindName, kindNumber, kindQuad, kindIPv6, kindMAC:
	default:
		return nil, p.unexpected("an address, a number or a name")
	}
	if q.addr == addrNone {
		return nil, errorAt(p.expr, t.at, "what %s is must be said: host, net, port, portrange or proto before it", t.describe(p.expr))
	}
	p.take()
	e := &primitive{qualifiers: q, id: t, bits: -1}
	e.at = t.at
	if t.kind == kindQuad && p.accept("mask") {
		if e.mask = p.take(); e.mask.kind != kindQuad {
			p.pos--
			return nil, p.unexpected("a mask such as 255.255.255.0")
		}
	} else if (t.kind == kindQuad || t.kind == kindIPv6) && p.accept("/") {
		bits := p.peek()
		if bits.kind != kindNumber {
			return nil, p.unexpected("a prefix length")
		}
		e.bits = int(min(p.take().value, 1000))
	}
	return e, nil
}

// special reads the primitives that have a form of their own.
func (p *parser) special(proto protocol, at int) (expr, *Error) {
	t := p.peek()
	e := &special{word: t.text, proto: proto, at: at}
	switch t.text {
	case "broadcast", "multicast", "inbound", "outbound", "pppoed":
		p.take()
		return e, nil
	case "vlan", "mpls", "pppoes":
		p.take()
		return e, p.optionalNumber(e)
	case "less", "greater", "ifindex":
		p.take()
		return e, p.number(&e.number)
	}
	return nil, p.unexpected("a primitive")
}

func (p *parser) number(into *uint32) *Error {
	if p.peek().kind != kindNumber {
		return p.unexpected("a number")
	}
	*into = p.take().value
	return nil
}

// optionalNumber reads the number of "vlan 5" or "vlan (5)", if there is one.
func (p *parser) optionalNumber(e *special) *Error {
	i := p.pos
	for p.tokens[i].is("(") {
		i++
	}
	if p.tokens[i].kind != kindNumber {
		return nil
	}
	open := i - p.pos
	p.pos = i
	e.has, e.number = true, p.take().value
	for ; open > 0; open-- {
		if !p.accept(")") {
			return p.unexpected(`")"`)
		}
	}
	return nil
}
