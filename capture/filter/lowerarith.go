package filter

import "golang.org/x/net/bpf"

// maxOffset is the largest constant offset into a packet. Beyond it kernels
// would read their own data instead of the packet's.
const maxOffset = 1 << 18

// scratchCells is how many intermediate results the machine can hold.
const scratchCells = 16

// relation lowers "left op right": first the tests that the protocols named
// are there, then the comparison.
func (w *lowerer) relation(e *relation) (*condition, *Error) {
	present := always(true)
	for _, side := range []arith{e.left, e.right} {
		c, err := w.present(side)
		if err != nil {
			return nil, err
		}
		present = and(present, c)
	}
	t, err := w.comparison(e)
	if err != nil {
		return nil, err
	}
	c := &condition{}
	switch e.op {
	case "=", "!=":
		t.jump = bpf.JumpEqual
	case ">", "<=":
		t.jump = bpf.JumpGreaterThan
	default:
		t.jump = bpf.JumpGreaterOrEqual
	}
	c.test = t
	if e.op == "!=" || e.op == "<=" || e.op == "<" {
		c = not(c)
	}
	return and(present, c), nil
}

// comparison makes the values of a test; its jump is for the caller.
func (w *lowerer) comparison(e *relation) (test, *Error) {
	if r, ok := e.right.(*number); ok {
		if v, ok := w.simple(e.left); ok {
			return test{value: v, k: r.value}, nil
		}
		g := generator{w: w}
		if err := g.emit(e.left, 0); err != nil {
			return test{}, err
		}
		return test{value: w.coded(g.out), k: r.value}, nil
	}
	g := generator{w: w}
	if err := g.emit(e.left, 0); err != nil {
		return test{}, err
	}
	g.add(bpf.StoreScratch{Src: bpf.RegA, N: 0})
	if err := g.emit(e.right, 1); err != nil {
		return test{}, err
	}
	g.add(bpf.TAX{}, bpf.LoadScratch{Dst: bpf.RegA, N: 0})
	return test{value: w.coded(g.out), withX: true}, nil
}

// coded keeps instructions and makes the value that they leave in A.
func (w *lowerer) coded(code []bpf.Instruction) value {
	w.code = append(w.code, code)
	return value{from: fromCode, id: len(w.code), mask: allOnes}
}

// simple recognises what one load and one mask can do, so that it is shared
// with other tests of the same bytes.
func (w *lowerer) simple(a arith) (value, bool) {
	switch a := a.(type) {
	case *length:
		return value{from: fromLength, mask: allOnes}, true
	case *fetch:
		index, ok := a.index.(*number)
		if !ok || index.value > maxOffset {
			return value{}, false
		}
		base, transport := w.base(a.proto)
		if transport {
			return value{from: fromTransport, offset: base + index.value, ip: base, size: uint8(a.size), mask: allOnes}, true
		}
		return value{from: fromFrame, offset: base + index.value, size: uint8(a.size), mask: allOnes}, true
	case *operation:
		mask, ok := a.right.(*number)
		if v, simple := w.simple(a.left); ok && simple && a.op == "&" && v.mask == allOnes {
			v.mask = mask.value
			return v, true
		}
	}
	return value{}, false
}

// base is where a protocol's header begins; for what follows an IPv4 header
// it is where that header begins, and transport is true.
func (w *lowerer) base(proto protocol) (at uint32, transport bool) {
	network := w.at.payload + w.at.network
	switch proto {
	case protoLink:
		return w.at.header, false
	case protoICMP6:
		return network + 40, false
	case protoSCTP, protoTCP, protoUDP, protoICMP, protoIGMP, protoIGRP, protoPIM, protoVRRP, protoCARP:
		return network, true
	}
	return network, false
}

// present tests that the protocols of all fetches in a value are there. What
// follows an IPv4 header must be an IPv4 packet and its first fragment.
func (w *lowerer) present(a arith) (*condition, *Error) {
	switch a := a.(type) {
	case *operation:
		l, err := w.present(a.left)
		if err != nil {
			return nil, err
		}
		r, err := w.present(a.right)
		if err != nil {
			return nil, err
		}
		return and(l, r), nil
	case *fetch:
		inner, err := w.present(a.index)
		if err != nil {
			return nil, err
		}
		c, err := w.fetchable(a)
		if err != nil {
			return nil, err
		}
		return and(inner, c), nil
	}
	return always(true), nil
}

func (w *lowerer) fetchable(f *fetch) (*condition, *Error) {
	if index, ok := f.index.(*number); ok && index.value > maxOffset {
		return nil, w.fail(index.at, "the offset %d is beyond any packet", index.value)
	}
	switch f.proto {
	case protoLink:
		return always(true), nil
	case protoIP, protoIP6, protoARP, protoRARP, protoATALK, protoDECNET, protoLAT, protoSCA, protoMOPRC, protoMOPDL:
		return w.abbreviation(f.proto, f.at)
	case protoICMP6:
		is, err := w.linkType(typeIPv6, f.at)
		if err != nil {
			return nil, err
		}
		return and(is, w.onNetwork(6, 1, allOnes, ipICMPv6)), nil
	}
	if _, transport := w.base(f.proto); !transport {
		return nil, w.fail(f.at, "bytes of this protocol cannot be fetched")
	}
	is, err := w.linkType(typeIPv4, f.at)
	if err != nil {
		return nil, err
	}
	proto, err := w.abbreviation(f.proto, f.at)
	if err != nil {
		return nil, err
	}
	return and(is, and(proto, w.onNetwork(6, 2, 0x1fff, 0))), nil
}

// generator writes the instructions of a calculation.
type generator struct {
	w   *lowerer
	out []bpf.Instruction
}

func (g *generator) add(ins ...bpf.Instruction) { g.out = append(g.out, ins...) }

// emit leaves the value in A; scratch cells from free on may be used.
func (g *generator) emit(a arith, free int) *Error {
	if free >= scratchCells {
		return g.w.fail(a.place(), "the calculation is too deep")
	}
	switch a := a.(type) {
	case *number:
		g.add(bpf.LoadConstant{Dst: bpf.RegA, Val: a.value})
	case *length:
		g.add(bpf.LoadExtension{Num: bpf.ExtLen})
	case *fetch:
		return g.fetch(a, free)
	case *operation:
		if err := g.emit(a.left, free); err != nil {
			return err
		}
		op := operators[a.op]
		if r, ok := a.right.(*number); ok {
			g.add(bpf.ALUOpConstant{Op: op, Val: r.value})
			return nil
		}
		g.add(bpf.StoreScratch{Src: bpf.RegA, N: free})
		if err := g.emit(a.right, free+1); err != nil {
			return err
		}
		g.add(bpf.TAX{}, bpf.LoadScratch{Dst: bpf.RegA, N: free}, bpf.ALUOpX{Op: op})
	}
	return nil
}

var operators = map[string]bpf.ALUOp{
	"+": bpf.ALUOpAdd, "-": bpf.ALUOpSub, "*": bpf.ALUOpMul, "/": bpf.ALUOpDiv, "%": bpf.ALUOpMod,
	"&": bpf.ALUOpAnd, "|": bpf.ALUOpOr, "^": bpf.ALUOpXor, "<<": bpf.ALUOpShiftLeft, ">>": bpf.ALUOpShiftRight,
}

// fetch leaves bytes of the packet in A.
func (g *generator) fetch(f *fetch, free int) *Error {
	base, transport := g.w.base(f.proto)
	size := int(f.size)
	if index, ok := f.index.(*number); ok {
		if transport {
			g.add(bpf.LoadMemShift{Off: base}, bpf.LoadIndirect{Off: base + index.value, Size: size})
		} else {
			g.add(bpf.LoadAbsolute{Off: base + index.value, Size: size})
		}
		return nil
	}
	if err := g.emit(f.index, free); err != nil {
		return err
	}
	if transport {
		g.add(bpf.StoreScratch{Src: bpf.RegA, N: free}, bpf.LoadMemShift{Off: base},
			bpf.LoadScratch{Dst: bpf.RegA, N: free}, bpf.ALUOpX{Op: bpf.ALUOpAdd})
	}
	g.add(bpf.TAX{}, bpf.LoadIndirect{Off: base, Size: size})
	return nil
}
