package filter

import "golang.org/x/net/bpf"

// block is one test of the program and where it leads. The two ends have no
// test.
type block struct {
	test     test
	yes, no  *block
	end      bool
	accept   bool
	mark     int   // for walks
	position int   // from the end of the program; 0 while not placed
	skipLoad bool  // A holds the value already
	skipBase bool  // X holds the length of the IPv4 header already
	facts    facts // what is known when it is reached
	seen     bool  // facts holds the facts of one way to it at least
}

// graph makes blocks of a condition, leading to yes or no.
func graph(c *condition, yes, no *block) *block {
	switch c.op {
	case opTrue:
		return yes
	case opFalse:
		return no
	case opNot:
		return graph(c.left, no, yes)
	case opAnd:
		return graph(c.left, graph(c.right, yes, no), no)
	case opOr:
		return graph(c.left, yes, graph(c.right, yes, no))
	}
	return &block{test: c.test, yes: yes, no: no}
}

// order lists the blocks that can be reached, each before those it leads to.
func (b *block) order(mark int) []*block {
	var list []*block
	var visit func(b *block)
	visit = func(b *block) {
		if b.mark == mark {
			return
		}
		b.mark = mark
		if !b.end {
			visit(b.yes)
			visit(b.no)
		}
		list = append(list, b)
	}
	visit(b)
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

// fact is the outcome of a test.
type fact struct {
	test test
	yes  bool
}

// maxFacts bounds what is remembered on the way to a block.
const maxFacts = 24

// facts are outcomes known at a place, the latest last.
type facts []fact

// decide tells the outcome of t where the facts settle it. A test that is
// settled has been loaded before on every way here, so leaving it out cannot
// hide that a packet is too short for it.
func (known facts) decide(t test) (yes, settled bool) {
	for _, f := range known {
		if f.test == t {
			return f.yes, true
		}
		if f.test.value != t.value || f.test.withX || t.withX || !f.yes || f.test.jump != bpf.JumpEqual {
			continue
		}
		switch t.jump {
		case bpf.JumpEqual:
			return f.test.k == t.k, true
		case bpf.JumpGreaterThan:
			return f.test.k > t.k, true
		case bpf.JumpGreaterOrEqual:
			return f.test.k >= t.k, true
		}
	}
	return false, false
}

// with adds an outcome.
func (known facts) with(t test, yes bool) facts {
	if len(known) >= maxFacts {
		known = known[1:]
	}
	return append(known[:len(known):len(known)], fact{t, yes})
}

// meet keeps what both know.
func (known facts) meet(other facts) facts {
	var both facts
	for _, f := range known {
		for _, o := range other {
			if f == o {
				both = append(both, f)
				break
			}
		}
	}
	return both
}

// simplify leads every way past the tests that what is known on it settles,
// and returns the blocks that are left.
func simplify(start *block) []*block {
	list := start.order(1)
	start.seen = true
	for _, b := range list {
		if b.end || !b.seen { // not seen: nothing leads there any more
			continue
		}
		onYes, onNo := b.facts.with(b.test, true), b.facts.with(b.test, false)
		b.yes, b.no = follow(b.yes, onYes), follow(b.no, onNo)
		b.yes.arrive(onYes)
		b.no.arrive(onNo)
	}
	return start.order(2)
}

// follow goes on from b as long as the facts settle the tests.
func follow(b *block, known facts) *block {
	for !b.end {
		yes, settled := known.decide(b.test)
		switch {
		case !settled:
			return b
		case yes:
			b = b.yes
		default:
			b = b.no
		}
	}
	return b
}

// arrive notes one more way to b.
func (b *block) arrive(known facts) {
	if !b.seen {
		b.facts, b.seen = known, true
		return
	}
	b.facts = b.facts.meet(known)
}

// registers is what A and X hold behind a block.
type registers struct {
	a      value
	x      uint32 // where the IPv4 header begins whose length is in X
	knowsA bool
	knowsX bool
}

// shareLoads marks the loads that are not needed because every way to the
// block leaves the registers as it wants them.
func shareLoads(list []*block) {
	at := map[*block]registers{}
	arrive := func(b *block, r registers) {
		old, seen := at[b]
		if seen {
			r.knowsA = r.knowsA && old.knowsA && r.a == old.a
			r.knowsX = r.knowsX && old.knowsX && r.x == old.x
		}
		at[b] = r
	}
	for _, b := range list {
		if b.end {
			continue
		}
		r, v := at[b], b.test.value
		b.skipLoad = r.knowsA && r.a == v && !b.test.withX
		b.skipBase = r.knowsX && v.from == fromTransport && r.x == v.ip
		switch {
		case v.from == fromTransport && !b.skipLoad:
			r.x, r.knowsX = v.ip, true
		case v.from == fromCode:
			r.knowsX = false
		}
		r.a, r.knowsA = v, true
		arrive(b.yes, r)
		arrive(b.no, r)
	}
}
