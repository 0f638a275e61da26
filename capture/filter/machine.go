package filter

import (
	"encoding/binary"

	"golang.org/x/net/bpf"
)

// instruction is a classic BPF instruction made ready to run: one code says
// all that the kernel's class, mode, size and source say together.
type instruction struct {
	code    code
	yes, no uint8
	k       uint32
}

type code uint8

const (
	codeReturn code = iota
	codeLoad1
	codeLoad2
	codeLoad4
	codeLoadX1
	codeLoadX2
	codeLoadX4
	codeLoadLength
	codeLoadType
	codeLoadConstant
	codeLoadScratch
	codeStoreScratch
	codeHeaderLength
	codeToX
	codeJump
	codeEqual
	codeGreater
	codeGreaterEqual
	codeEqualX
	codeGreaterX
	codeGreaterEqualX
	codeAnd
	codeALU
	codeALUX
	codeBad
)

// Operations of codeALU and codeALUX are in yes.
const (
	aluAdd uint8 = iota
	aluSub
	aluMul
	aluDiv
	aluMod
	aluAnd
	aluOr
	aluXor
	aluShiftLeft
	aluShiftRight
)

// decode makes a program ready to run.
func decode(raw []bpf.RawInstruction) []instruction {
	out := make([]instruction, len(raw))
	for i, r := range raw {
		out[i] = decodeOne(r.Disassemble())
	}
	return out
}

func decodeOne(ins bpf.Instruction) instruction {
	switch ins := ins.(type) {
	case bpf.RetConstant:
		return instruction{code: codeReturn, k: ins.Val}
	case bpf.LoadAbsolute:
		return instruction{code: bySize(ins.Size, codeLoad1), k: ins.Off}
	case bpf.LoadIndirect:
		return instruction{code: bySize(ins.Size, codeLoadX1), k: ins.Off}
	case bpf.LoadExtension:
		switch ins.Num {
		case bpf.ExtLen:
			return instruction{code: codeLoadLength}
		case bpf.ExtType:
			return instruction{code: codeLoadType}
		}
	case bpf.LoadConstant:
		return instruction{code: codeLoadConstant, k: ins.Val}
	case bpf.LoadScratch:
		return instruction{code: codeLoadScratch, k: uint32(ins.N)}
	case bpf.StoreScratch:
		return instruction{code: codeStoreScratch, k: uint32(ins.N)}
	case bpf.LoadMemShift:
		return instruction{code: codeHeaderLength, k: ins.Off}
	case bpf.TAX:
		return instruction{code: codeToX}
	case bpf.Jump:
		return instruction{code: codeJump, k: ins.Skip}
	case bpf.JumpIf:
		return decodeJump(ins.Cond, ins.SkipTrue, ins.SkipFalse, ins.Val, codeEqual)
	case bpf.JumpIfX:
		return decodeJump(ins.Cond, ins.SkipTrue, ins.SkipFalse, 0, codeEqualX)
	case bpf.ALUOpConstant:
		if ins.Op == bpf.ALUOpAnd {
			return instruction{code: codeAnd, k: ins.Val}
		}
		return instruction{code: codeALU, yes: aluCodes[ins.Op], k: ins.Val}
	case bpf.ALUOpX:
		return instruction{code: codeALUX, yes: aluCodes[ins.Op]}
	}
	return instruction{code: codeBad}
}

var aluCodes = map[bpf.ALUOp]uint8{
	bpf.ALUOpAdd: aluAdd, bpf.ALUOpSub: aluSub, bpf.ALUOpMul: aluMul, bpf.ALUOpDiv: aluDiv,
	bpf.ALUOpMod: aluMod, bpf.ALUOpAnd: aluAnd, bpf.ALUOpOr: aluOr, bpf.ALUOpXor: aluXor,
	bpf.ALUOpShiftLeft: aluShiftLeft, bpf.ALUOpShiftRight: aluShiftRight,
}

// bySize picks the code for 1, 2 or 4 bytes; the codes follow each other.
func bySize(size int, one code) code {
	switch size {
	case 1:
		return one
	case 2:
		return one + 1
	}
	return one + 2
}

// decodeJump brings the conditions that an assembler may have turned round
// back to the three that the machine has; equal is the first of its family.
func decodeJump(cond bpf.JumpTest, yes, no uint8, k uint32, equal code) instruction {
	switch cond {
	case bpf.JumpEqual:
		return instruction{equal, yes, no, k}
	case bpf.JumpNotEqual:
		return instruction{equal, no, yes, k}
	case bpf.JumpGreaterThan:
		return instruction{equal + 1, yes, no, k}
	case bpf.JumpLessOrEqual:
		return instruction{equal + 1, no, yes, k}
	case bpf.JumpGreaterOrEqual:
		return instruction{equal + 2, yes, no, k}
	case bpf.JumpLessThan:
		return instruction{equal + 2, no, yes, k}
	}
	return instruction{code: codeBad}
}

// run executes a program and returns how many bytes it keeps; 0 is no match.
// A load beyond data ends it with 0. Jumps lead forward only, so it ends.
func run(program []instruction, data []byte, length uint32, packetType uint8) uint32 {
	var a, x uint32
	var scratch [scratchCells]uint32
	size := uint64(len(data))
	for pc := 0; pc < len(program); pc++ {
		ins := &program[pc]
		yes := false
		switch ins.code {
		case codeLoad1, codeLoadX1:
			at := uint64(ins.k)
			if ins.code == codeLoadX1 {
				at += uint64(x)
			}
			if at >= size {
				return 0
			}
			a = uint32(data[at])
			continue
		case codeLoad2, codeLoadX2:
			at := uint64(ins.k)
			if ins.code == codeLoadX2 {
				at += uint64(x)
			}
			if at+2 > size {
				return 0
			}
			a = uint32(binary.BigEndian.Uint16(data[at:]))
			continue
		case codeLoad4, codeLoadX4:
			at := uint64(ins.k)
			if ins.code == codeLoadX4 {
				at += uint64(x)
			}
			if at+4 > size {
				return 0
			}
			a = binary.BigEndian.Uint32(data[at:])
			continue
		case codeHeaderLength:
			if uint64(ins.k) >= size {
				return 0
			}
			x = uint32(data[ins.k]&0x0f) * 4
			continue
		case codeAnd:
			a &= ins.k
			continue
		case codeToX:
			x = a
			continue
		case codeJump:
			pc += int(ins.k)
			continue
		case codeReturn:
			return ins.k
		case codeEqual:
			yes = a == ins.k
		case codeGreater:
			yes = a > ins.k
		case codeGreaterEqual:
			yes = a >= ins.k
		case codeEqualX:
			yes = a == x
		case codeGreaterX:
			yes = a > x
		case codeGreaterEqualX:
			yes = a >= x
		case codeLoadLength:
			a = length
			continue
		case codeLoadType:
			a = uint32(packetType)
			continue
		case codeLoadConstant:
			a = ins.k
			continue
		case codeLoadScratch:
			a = scratch[ins.k%scratchCells]
			continue
		case codeStoreScratch:
			scratch[ins.k%scratchCells] = a
			continue
		case codeALU, codeALUX:
			other := ins.k
			if ins.code == codeALUX {
				other = x
			}
			var ok bool
			if a, ok = alu(ins.yes, a, other); !ok {
				return 0
			}
			continue
		default:
			return 0
		}
		if yes {
			pc += int(ins.yes)
		} else {
			pc += int(ins.no)
		}
	}
	return 0
}

// alu calculates in 32 bits without sign; dividing by zero ends the program.
func alu(op uint8, a, b uint32) (uint32, bool) {
	switch op {
	case aluAdd:
		return a + b, true
	case aluSub:
		return a - b, true
	case aluMul:
		return a * b, true
	case aluDiv:
		if b == 0 {
			return 0, false
		}
		return a / b, true
	case aluMod:
		if b == 0 {
			return 0, false
		}
		return a % b, true
	case aluAnd:
		return a & b, true
	case aluOr:
		return a | b, true
	case aluXor:
		return a ^ b, true
	case aluShiftLeft:
		return a << b, true // 0 from 32 on
	default:
		return a >> b, true
	}
}
