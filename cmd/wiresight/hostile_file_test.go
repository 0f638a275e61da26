package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"github.com/klauspost/compress/gzip"
)

// hostileFiles write the file themselves.
var hostileFiles = []hostile{
	{"pcapng blocks that lie about their length", "ipv4", lyingBlocks, 50_000, 8, 150, "named, and what follows is searched for"},
	{"pcapng comments of 64 KB each", "ipv4", longComments, 5_000, 8, 200, "16 MB are kept, and that there were more is said"},
	{"pcapng interfaces", "ipv4", manyInterfaces, 300_000, 8, 150, "at most 65,536 are kept"},
	{"pcapng names", "ipv4", manyNames, 500_000, 8, 300, "at most 65,536 are kept"},
	{"pcap records that lie about their length", "ipv4", lyingRecords, 1, 5, 150, "the file ends there, and this is said"},
	{"gzip file that is a bomb", "ipv4", bombFile, 20_000_000, 20, 150, "undone as it is read; packets of no bytes are counted"},
}

// pcapng's block types.
const (
	sectionBlock   = 0x0a0d0d0a
	interfaceBlock = 1
	nameBlock      = 4
	packetBlock    = 6
)

func (tr *trace) block(kind, length uint32, body []byte) {
	b := binary.LittleEndian.AppendUint32(tr.buf[:0], kind)
	b = binary.LittleEndian.AppendUint32(b, length)
	b = append(b, body...)
	tr.buf = binary.LittleEndian.AppendUint32(b, length)
	tr.w.Write(tr.buf)
}

func (tr *trace) honest(kind uint32, body []byte) { tr.block(kind, uint32(12+len(body)), body) }

func (tr *trace) section() {
	tr.honest(sectionBlock, []byte{0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	tr.honest(interfaceBlock, []byte{101, 0, 0, 0, 0, 0, 4, 0})
}

// packet is the body of a packet block: an IPv4 header.
func packet(options []byte) []byte {
	b := make([]byte, 20, 64+len(options))
	b[12], b[16] = 20, 20
	b = append(b, 0x45, 0, 0, 20, 0, 0, 0, 0, 64, 253, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2)
	return append(b, options...)
}

func lyingBlocks(tr *trace, n int) {
	random := rand.New(rand.NewPCG(1, 5))
	tr.section()
	body := packet(nil)
	for i := range n {
		tr.honest(packetBlock, body)
		tr.packets++
		switch length := uint32(12 + len(body)); i % 5 {
		case 0:
			tr.block(packetBlock, random.Uint32(), body)
		case 1:
			tr.block(packetBlock, 0, body)
		case 2:
			tr.block(packetBlock, length+uint32(random.IntN(4096)), body)
		case 3:
			tr.block(sectionBlock, length, body)
		case 4:
			lie := packet(nil)
			binary.LittleEndian.PutUint32(lie[12:], random.Uint32())
			tr.honest(packetBlock, lie)
		}
	}
}

func longComments(tr *trace, n int) {
	tr.section()
	options := append([]byte{1, 0, 0xfc, 0xff}, make([]byte, 0xfffc)...)
	for i := range options[4:] {
		options[4+i] = 'c'
	}
	for range n {
		tr.honest(packetBlock, packet(options))
		tr.packets++
	}
}

func manyInterfaces(tr *trace, n int) {
	tr.section()
	for range n {
		tr.honest(interfaceBlock, []byte{101, 0, 0, 0, 0, 0, 4, 0, 2, 0, 4, 0, 'e', 't', 'h', '0', 0, 0, 0, 0})
	}
	tr.honest(packetBlock, packet(nil))
	tr.packets++
}

func manyNames(tr *trace, n int) {
	tr.section()
	for i := range uint32(n) {
		name := fmt.Appendf(nil, "n%09d", i)
		record := append([]byte{1, 0, 15, 0}, binary.BigEndian.AppendUint32(nil, i)...)
		tr.honest(nameBlock, append(append(record, name...), 0, 0, 0, 0, 0, 0))
	}
	tr.honest(packetBlock, packet(nil))
	tr.packets++
}

func lyingRecords(tr *trace, _ int) {
	tr.head()
	tr.ip(alice, bob, 253, 0)
	tr.w.Write([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0x7f})
	tr.w.Write(make([]byte, 1<<20))
}

func bombFile(tr *trace, n int) {
	file := tr.w
	z := gzip.NewWriter(file)
	tr.w = bufio.NewWriterSize(z, 1<<20)
	tr.head()
	tr.ip(alice, bob, 253, 0)
	records := make([]byte, 1000*16) // of no bytes
	for range n / 1000 {
		tr.w.Write(records)
	}
	tr.packets += n
	tr.w.Flush()
	z.Close()
	tr.w = file
}
