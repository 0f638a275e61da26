package filter

import "golang.org/x/net/bpf"

// condition is a Boolean tree over tests, the form between the parsed
// expression and the program.
type condition struct {
	op          conditionOp
	left, right *condition
	test        test
}

type conditionOp uint8

const (
	opTest conditionOp = iota
	opAnd
	opOr
	opNot
	opTrue
	opFalse
)

// source is where a value is loaded from.
type source uint8

const (
	fromFrame     source = iota // at an offset
	fromTransport               // at an offset from the end of an IPv4 header
	fromLength                  // the length on the wire
	fromKernel                  // what the kernel knows beside the bytes
	fromCode                    // calculated by instructions
)

// value is what a test looks at. Two equal values hold the same number, so
// that one load serves both; code makes a value unique by its id.
type value struct {
	from   source
	offset uint32
	size   uint8
	mask   uint32 // allOnes for none
	ip     uint32 // fromTransport: where the IPv4 header begins
	id     int    // fromCode: index of the instructions
}

const allOnes = 0xffffffff

// test compares a value with a constant, or with X if the value's code left
// the other side there.
type test struct {
	value value
	jump  bpf.JumpTest // JumpEqual, JumpGreaterThan, JumpGreaterOrEqual
	k     uint32
	withX bool
}

func and(l, r *condition) *condition {
	switch {
	case l.op == opFalse || r.op == opTrue:
		return l
	case l.op == opTrue:
		return r
	}
	return &condition{op: opAnd, left: l, right: r}
}

func or(l, r *condition) *condition {
	switch {
	case l.op == opTrue || r.op == opFalse:
		return l
	case l.op == opFalse:
		return r
	}
	return &condition{op: opOr, left: l, right: r}
}

func not(c *condition) *condition {
	switch c.op {
	case opTrue:
		return &condition{op: opFalse}
	case opFalse:
		return &condition{op: opTrue}
	case opNot:
		return c.left
	}
	return &condition{op: opNot, left: c}
}

func always(yes bool) *condition {
	if yes {
		return &condition{op: opTrue}
	}
	return &condition{op: opFalse}
}

// compare tests size bytes of the frame at offset, masked, for equality.
func compare(offset uint32, size uint8, mask, k uint32) *condition {
	if mask == 0 {
		return always(k == 0)
	}
	if full := uint32(1)<<(8*size) - 1; size < 4 && mask == full {
		mask = allOnes
	}
	return &condition{test: test{
		value: value{from: fromFrame, offset: offset, size: size, mask: mask},
		jump:  bpf.JumpEqual, k: k,
	}}
}

// order tests size bytes of the frame at offset by > or >=.
func order(offset uint32, size uint8, jump bpf.JumpTest, k uint32) *condition {
	return &condition{test: test{
		value: value{from: fromFrame, offset: offset, size: size, mask: allOnes}, jump: jump, k: k,
	}}
}
