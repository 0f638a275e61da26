package filter

import (
	"golang.org/x/net/bpf"
)

// maxProgram is how many instructions kernels accept (BPF_MAXINSNS).
const maxProgram = 4096

// assembler writes the program from its end to its beginning, so that the
// distance of every jump is known when it is written.
type assembler struct {
	code [][]bpf.Instruction // of calculated values
	out  []bpf.Instruction   // last instruction first
}

func (a *assembler) put(ins bpf.Instruction) { a.out = append(a.out, ins) }

// distance is how many instructions a jump written next skips to reach b.
func (a *assembler) distance(b *block) int { return len(a.out) - b.position }

// assemble writes the blocks, which are in an order such that jumps lead
// forward only. It returns nil where the program gets too long.
func assemble(list []*block, code [][]bpf.Instruction, snaplen uint32) []bpf.Instruction {
	a := &assembler{code: code}
	for i := len(list) - 1; i >= 0; i-- {
		a.block(list[i], snaplen)
		if len(a.out) > maxProgram {
			return nil
		}
	}
	for i, j := 0, len(a.out)-1; i < j; i, j = i+1, j-1 {
		a.out[i], a.out[j] = a.out[j], a.out[i]
	}
	return a.out
}

func (a *assembler) block(b *block, snaplen uint32) {
	if b.end {
		keep := uint32(0)
		if b.accept {
			keep = snaplen
		}
		a.put(bpf.RetConstant{Val: keep})
	} else {
		a.jump(b)
		for load := a.load(b); len(load) > 0; load = load[:len(load)-1] {
			a.put(load[len(load)-1])
		}
	}
	b.position = len(a.out)
}

// jump writes the comparison. Conditional jumps reach 255 instructions; for
// more, an unconditional one is put behind it.
func (a *assembler) jump(b *block) {
	const reach = 255 - 1 // the other side may need one more
	yes, no := a.distance(b.yes), a.distance(b.no)
	farNo, farYes := no > reach, yes > reach
	if farNo {
		a.put(bpf.Jump{Skip: uint32(a.distance(b.no))})
		no = 0
		yes++
	}
	if farYes {
		a.put(bpf.Jump{Skip: uint32(a.distance(b.yes))})
		yes = 0
		no++
	}
	if b.test.withX {
		a.put(bpf.JumpIfX{Cond: b.test.jump, SkipTrue: uint8(yes), SkipFalse: uint8(no)})
		return
	}
	a.put(bpf.JumpIf{Cond: b.test.jump, Val: b.test.k, SkipTrue: uint8(yes), SkipFalse: uint8(no)})
}

// load gives the instructions that bring the block's value into A.
func (a *assembler) load(b *block) []bpf.Instruction {
	if b.skipLoad {
		return nil
	}
	v := b.test.value
	var load []bpf.Instruction
	switch v.from {
	case fromFrame:
		load = append(load, bpf.LoadAbsolute{Off: v.offset, Size: int(v.size)})
	case fromTransport:
		if !b.skipBase {
			load = append(load, bpf.LoadMemShift{Off: v.ip})
		}
		load = append(load, bpf.LoadIndirect{Off: v.offset, Size: int(v.size)})
	case fromLength:
		load = append(load, bpf.LoadExtension{Num: bpf.ExtLen})
	case fromKernel:
		load = append(load, bpf.LoadExtension{Num: bpf.Extension(v.offset)})
	case fromCode:
		load = append(load, a.code[v.id-1]...)
	}
	if v.mask != allOnes {
		load = append(load, bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: v.mask})
	}
	return load
}
