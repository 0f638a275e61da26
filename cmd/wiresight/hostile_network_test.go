package main

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
)

var hostileNetwork = []hostile{
	{"SYNs never answered", "tcp", floodSYN, 100_000, 4, 500, "a conversation each"},
	{"short connections", "http1", shortConnections, 200_000, 15, 1500, "a conversation with one exchange each"},
	{"flows that collide", "udp", collidingFlows, 200_000, 6, 900, "a conversation each; the table's hash is seeded"},
	{"tiny IP fragments", "ipv4", tinyFragments, 1_000_000, 8, 150, "4096 datagrams and 16 MB wait, older ones are forgotten"},
	{"IP fragments of one datagram", "ipv4", oneDatagram, 500_000, 8, 150, "at most 4096 pieces of a datagram are kept"},
	{"deep encapsulation", "ipv4", deepEncapsulation, 20_000, 8, 150, "the walk ends at a fixed depth"},
	{"stacks of headers, each another", "gre", manyStacks, 100_000, 15, 150, "4096 stacks are told apart"},
	{"segments that overlap", "tcp", overlappingSegments, 200_000, 6, 150, "the first bytes stand"},
	{"segments with holes between", "tcp", holes, 300_000, 8, 150, "1 MB waits a direction, then the hole is given up"},
	{"holes in many connections", "tcp", holesEverywhere, 200_000, 15, 400, "64 MB wait in all connections together"},
	{"sequence numbers at random", "tcp", randomSequence, 300_000, 10, 150, "as holes"},
	{"unknown datagrams", "udp", unknownDatagrams, 300_000, 8, 900, "each protocol is asked once a conversation and turn"},
	{"unknown streams", "tcp", unknownStreams, 30_000, 8, 400, "at most 4 KiB wait until a protocol is known"},
}

func floodSYN(tr *trace, n int) {
	for i := range uint32(n) {
		tr.tcp(alice+i/60000, bob, uint16(1024+i%60000), 80, i*77777, 0, syn, nil)
	}
}

func shortConnections(tr *trace, n int) {
	for i := range uint32(n) {
		k := tr.connect(alice+i/60000<<8, uint16(1024+i%60000), 80)
		k.ask([]byte("GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n"))
		k.answer([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
		k.close()
	}
}

func collidingFlows(tr *trace, n int) {
	for i := range uint32(n) { // the sum and the exclusive or of ports and addresses are the same
		tr.udp(alice+i<<8, bob-i<<8, uint16(i), -uint16(i), []byte{0xff, 0xff, 0xff})
	}
}

func tinyFragments(tr *trace, n int) {
	for i := range uint32(n) {
		tr.ip(alice+i>>16, bob, 17, i<<16|0x2000|i%8000, make([]byte, 8))
	}
}

func oneDatagram(tr *trace, n int) {
	random := rand.New(rand.NewPCG(1, 1))
	for range n {
		tr.ip(alice, bob, 17, 1<<16|0x2000|uint32(1+random.IntN(8000)), make([]byte, 8+8*random.IntN(3)))
	}
}

func deepEncapsulation(tr *trace, n int) {
	var inner []byte
	for range 60 {
		h := make([]byte, 20)
		h[0], h[8], h[9] = 0x45, 64, 4
		binary.BigEndian.PutUint16(h[2:], uint16(20+len(inner)))
		inner = append(h, inner...)
	}
	for range n {
		tr.ip(alice, bob, 4, 0, inner)
	}
}

func manyStacks(tr *trace, n int) {
	for i := range n {
		var b []byte
		protocol := byte(47)
		for bit := range 14 { // GRE that holds IPv4, or IPv4 alone, as the bits of i say
			h := make([]byte, 20)
			h[0], h[8], h[9] = 0x45, 64, 4
			if i>>bit&1 != 0 {
				h[9] = 47
			}
			b = append(append(b, 0, 0, 8, 0), h...)
			if h[9] == 4 {
				b = append(b, h...)
				b[len(b)-11] = 47
			}
		}
		tr.ip(alice, bob, protocol, 0, b)
	}
}

func overlappingSegments(tr *trace, n int) {
	k := tr.connect(alice, 4000, 80)
	for i := range uint32(n) {
		tr.tcp(alice, bob, 4000, 80, k.sent[0]+i, k.sent[1], ack, bytes.Repeat([]byte{byte(i)}, 200))
	}
}

func holes(tr *trace, n int) {
	k := tr.connect(alice, 4000, 80)
	for i := range uint32(n) {
		tr.tcp(alice, bob, 4000, 80, k.sent[0]+1+2*i, k.sent[1], ack, []byte{'a'})
	}
}

func holesEverywhere(tr *trace, n int) {
	for i := range uint32(n) {
		port := uint16(1024 + i%1000)
		if i < 1000 {
			tr.connect(alice, port, 80)
		}
		tr.tcp(alice, bob, port, 80, 2000+2000*(i/1000), 1, ack, make([]byte, 1000))
	}
}

func randomSequence(tr *trace, n int) {
	random := rand.New(rand.NewPCG(1, 2))
	tr.connect(alice, 4000, 80)
	for range n {
		tr.tcp(alice, bob, 4000, 80, random.Uint32(), random.Uint32(), ack, []byte("GET / HTTP/1.1\r\n"))
	}
}

func unknownDatagrams(tr *trace, n int) {
	random := rand.New(rand.NewPCG(1, 3))
	b := make([]byte, 200)
	for i := range n {
		for j := range b {
			b[j] = byte(random.Uint32())
		}
		tr.udp(alice+uint32(i%5000), bob, uint16(20000+i%30000), 40000, b)
	}
}

func unknownStreams(tr *trace, n int) {
	for i := range uint32(n) {
		k := tr.connect(alice+i>>15, uint16(1024+i%30000), 40000)
		for range 8 {
			k.ask([]byte{0xfe, byte(i), 1, 2, 3})
			k.answer([]byte{0xfd, byte(i), 1})
		}
	}
}
