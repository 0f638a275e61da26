package filter

// precedence of the operators that calculate; all join from left to right.
var precedence = map[string]int{
	"|": 1, "^": 1, "&": 2, "<<": 3, ">>": 3, "+": 4, "-": 4, "*": 5, "/": 5, "%": 5,
}

// relation reads "value op value".
func (p *parser) relation() (expr, *Error) {
	at := p.peek().at
	left, err := p.arith(1)
	if err != nil {
		return nil, err
	}
	op := p.peek()
	switch {
	case op.is("=") || op.is("!=") || op.is("<") || op.is("<=") || op.is(">") || op.is(">="):
		p.take()
	default:
		return nil, p.unexpected("a comparison")
	}
	right, err := p.arith(1)
	if err != nil {
		return nil, err
	}
	return &relation{op.text, left, right, at}, nil
}

// arith reads operators of at least the given precedence.
func (p *parser) arith(lowest int) (arith, *Error) {
	left, err := p.operand()
	for err == nil {
		op := p.peek()
		level, ok := precedence[op.text]
		if op.kind != kindSymbol || !ok || level < lowest {
			return left, nil
		}
		p.take()
		var right arith
		right, err = p.arith(level + 1)
		if err == nil {
			left, err = p.operation(op, left, right)
		}
	}
	return nil, err
}

// operand reads a number, len, a fetch, a negative or a bracket.
func (p *parser) operand() (arith, *Error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	t := p.peek()
	proto, isProto := protocols[t.text]
	switch {
	case t.kind == kindNumber:
		p.take()
		return &number{t.value, t.at}, nil
	case t.is("len"):
		p.take()
		return &length{t.at}, nil
	case t.is("-"):
		p.take()
		x, err := p.operand()
		if err != nil {
			return nil, err
		}
		return p.operation(t, &number{0, t.at}, x)
	case t.is("("):
		p.take()
		x, err := p.arith(1)
		if err == nil && !p.accept(")") {
			err = p.unexpected(`")"`)
		}
		return x, err
	case isProto && t.kind == kindKeyword:
		return p.fetch(proto)
	}
	return nil, p.unexpected("a value")
}

// fetch reads "proto[index]" and "proto[index:size]".
func (p *parser) fetch(proto protocol) (arith, *Error) {
	f := &fetch{proto: proto, size: 1, at: p.take().at}
	if !p.accept("[") {
		return nil, p.unexpected(`"["`)
	}
	var err *Error
	if f.index, err = p.arith(1); err != nil {
		return nil, err
	}
	if p.accept(":") {
		at := p.peek().at
		if err := p.number(&f.size); err != nil {
			return nil, err
		}
		if f.size != 1 && f.size != 2 && f.size != 4 {
			return nil, errorAt(p.expr, at, "the size is 1, 2 or 4 bytes, not %d", f.size)
		}
	}
	if !p.accept("]") {
		return nil, p.unexpected(`"]"`)
	}
	return f, nil
}

// operation joins two values; constants are calculated at once, in 32 bits
// without sign as the kernel does it.
func (p *parser) operation(op token, left, right arith) (arith, *Error) {
	r, constant := right.(*number)
	if constant {
		switch {
		case r.value == 0 && (op.text == "/" || op.text == "%"):
			return nil, errorAt(p.expr, r.at, "division by zero")
		case r.value > 31 && (op.text == "<<" || op.text == ">>"):
			return nil, errorAt(p.expr, r.at, "a shift by more than 31 bits")
		}
	}
	if l, ok := left.(*number); ok && constant {
		return &number{calculate(op.text, l.value, r.value), l.at}, nil
	}
	return &operation{op.text, left, right, left.place()}, nil
}

// calculate does one operation; the divisor is not zero.
func calculate(op string, l, r uint32) uint32 {
	switch op {
	case "+":
		return l + r
	case "-":
		return l - r
	case "*":
		return l * r
	case "/":
		return l / r
	case "%":
		return l % r
	case "&":
		return l & r
	case "|":
		return l | r
	case "^":
		return l ^ r
	case "<<":
		return l << r
	default:
		return l >> r
	}
}
