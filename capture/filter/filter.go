// Package filter compiles capture filters in the pcap-filter language to
// classic BPF programs, which run in the kernel for live captures and here for
// files. It reads numeric addresses and asks no name service. What it does not
// support it refuses by name and column; it never leaves anything out.
//
// The meaning of every expression is libpcap's for capture files: "and" and
// "or" bind equally and from left to right, qualifiers are inherited ("port 80
// or 443"), vlan, mpls and pppoes move all offsets in what follows them, and a
// packet too short for a test that is reached does not match.
package filter

import (
	"golang.org/x/net/bpf"

	"github.com/wiresight/wiresight/capture"
)

// maxSnapLength is what "everything" means for a snap length, as in tcpdump.
const maxSnapLength = 262144

// Program is a compiled filter. It may be used by several goroutines at once.
type Program struct {
	raw  []bpf.RawInstruction
	code []instruction
}

// Options are for captures from interfaces.
type Options struct {
	Netmask uint32 // of the interface, host byte order, for "ip broadcast"; 0 where unknown
	Kernel  bool   // the program runs in a Linux kernel: inbound and outbound can be told on any link
}

// Compile compiles an expression for frames of a link type. The empty
// expression matches everything. Errors are of type *Error.
func Compile(expr string, link capture.LinkType, snaplen int) (*Program, error) {
	return CompileWith(expr, link, snaplen, Options{})
}

// CompileWith is Compile with Options.
func CompileWith(expr string, link capture.LinkType, snaplen int, options Options) (*Program, error) {
	at, ok := layoutFor(link)
	if !ok {
		return nil, errorAt(expr, 0, "capture filters are not supported for %s", linkName(link))
	}
	if snaplen <= 0 || snaplen > maxSnapLength {
		snaplen = maxSnapLength
	}
	c, code, err := condense(expr, at, options)
	if err != nil {
		return nil, err
	}
	accept, reject := &block{end: true, accept: true}, &block{end: true}
	list := simplify(graph(c, accept, reject))
	shareLoads(list)
	out := assemble(list, code, uint32(snaplen))
	if out == nil {
		return nil, errorAt(expr, 0, "the filter needs more than %d instructions, which kernels refuse", maxProgram)
	}
	raw, failed := bpf.Assemble(out)
	if failed != nil {
		return nil, errorAt(expr, 0, "no program: %v", failed)
	}
	return &Program{raw: raw, code: decode(raw)}, nil
}

// condense parses and lowers; an empty expression is true.
func condense(expr string, at layout, options Options) (*condition, [][]bpf.Instruction, *Error) {
	tokens, err := lex(expr)
	if err != nil {
		return nil, nil, err
	}
	if len(tokens) == 1 {
		return always(true), nil, nil
	}
	tree, err := parse(expr, tokens)
	if err != nil {
		return nil, nil, err
	}
	w := &lowerer{expr: expr, at: at, options: options}
	c, err := w.lower(tree)
	return c, w.code, err
}

// Raw gives the program for a kernel. The caller must not change it.
func (p *Program) Raw() []bpf.RawInstruction { return p.raw }

// Match tells whether a frame passes. data is what was captured, wireLen the
// frame's length on the wire.
func (p *Program) Match(data []byte, wireLen int) bool {
	return run(p.code, data, uint32(wireLen), 0) != 0
}

// MatchTyped is Match for a frame of a live capture, whose Linux packet type
// (PACKET_HOST, PACKET_OUTGOING ...) answers inbound and outbound.
func (p *Program) MatchTyped(data []byte, wireLen int, packetType uint8) bool {
	return run(p.code, data, uint32(wireLen), packetType) != 0
}

// RawTagged gives a program that passes every frame whose VLAN tag the kernel
// holds apart from the bytes, and is the program itself for all others. With
// Match run again on the frame with its tag put back, a live capture then
// filters exactly as a capture file would be.
func (p *Program) RawTagged() []bpf.RawInstruction {
	first, err := bpf.Assemble([]bpf.Instruction{
		bpf.LoadExtension{Num: bpf.ExtVLANTagPresent},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipTrue: 1},
		bpf.RetConstant{Val: maxSnapLength},
	})
	if err != nil {
		panic("three constant instructions are wrong: " + err.Error())
	}
	return append(first, p.raw...)
}
