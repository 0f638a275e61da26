package main

import (
	"bufio"
	"encoding/binary"
	"os"
	"testing"
)

// trace writes a pcap file of packets that no honest sender makes. Checksums
// are left out.
type trace struct {
	w       *bufio.Writer
	nanos   int64
	packets int
	buf     []byte
}

func newTrace(t *testing.T, path string) (tr *trace, done func()) {
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	tr = &trace{w: bufio.NewWriterSize(f, 1<<20), nanos: 1_700_000_000e9}
	return tr, func() {
		if err := tr.w.Flush(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// head begins a pcap file.
func (tr *trace) head() {
	head := binary.LittleEndian.AppendUint32(nil, 0xa1b23c4d) // nanoseconds
	head = binary.LittleEndian.AppendUint16(head, 2)
	head = binary.LittleEndian.AppendUint16(head, 4)
	head = append(head, make([]byte, 8)...)
	head = binary.LittleEndian.AppendUint32(head, 262144)
	head = binary.LittleEndian.AppendUint32(head, 101) // raw IP
	tr.w.Write(head)
}

// ip writes a packet, ten microseconds after the one before. what is the
// IPv4 header's word of identification, flags and fragment offset.
func (tr *trace) ip(src, dst uint32, protocol byte, what uint32, parts ...[]byte) {
	b := append(tr.buf[:0], make([]byte, 16+20)...)
	for _, p := range parts {
		b = append(b, p...)
	}
	n := len(b) - 16
	tr.nanos += 10_000
	binary.LittleEndian.PutUint32(b, uint32(tr.nanos/1e9))
	binary.LittleEndian.PutUint32(b[4:], uint32(tr.nanos%1e9))
	binary.LittleEndian.PutUint32(b[8:], uint32(n))
	binary.LittleEndian.PutUint32(b[12:], uint32(n))
	h := b[16:]
	h[0] = 0x45
	binary.BigEndian.PutUint16(h[2:], uint16(n))
	binary.BigEndian.PutUint32(h[4:], what)
	h[8], h[9] = 64, protocol
	binary.BigEndian.PutUint32(h[12:], src)
	binary.BigEndian.PutUint32(h[16:], dst)
	tr.w.Write(b)
	tr.buf = b
	tr.packets++
}

const (
	alice uint32 = 0x0a000001
	bob   uint32 = 0x0a000002
)

func (tr *trace) udp(src, dst uint32, sport, dport uint16, payload []byte) {
	var h [8]byte
	binary.BigEndian.PutUint16(h[:], sport)
	binary.BigEndian.PutUint16(h[2:], dport)
	binary.BigEndian.PutUint16(h[4:], uint16(8+len(payload)))
	tr.ip(src, dst, 17, 0, h[:], payload)
}

// Flags of TCP's header.
const (
	fin = 1
	syn = 2
	ack = 16
)

func (tr *trace) tcp(src, dst uint32, sport, dport uint16, seq, acked uint32, flags byte, payload []byte) {
	var h [20]byte
	binary.BigEndian.PutUint16(h[:], sport)
	binary.BigEndian.PutUint16(h[2:], dport)
	binary.BigEndian.PutUint32(h[4:], seq)
	binary.BigEndian.PutUint32(h[8:], acked)
	h[12], h[13] = 5<<4, flags
	binary.BigEndian.PutUint16(h[14:], 65535)
	tr.ip(src, dst, 6, 0, h[:], payload)
}

// talk is a TCP connection whose two ends say what they are told to.
type talk struct {
	tr           *trace
	client       uint32
	sport, dport uint16
	sent         [2]uint32
}

func (tr *trace) connect(client uint32, sport, dport uint16) *talk {
	k := &talk{tr: tr, client: client, sport: sport, dport: dport, sent: [2]uint32{1, 1}}
	tr.tcp(client, bob, sport, dport, 0, 0, syn, nil)
	tr.tcp(bob, client, dport, sport, 0, 1, syn|ack, nil)
	tr.tcp(client, bob, sport, dport, 1, 1, ack, nil)
	return k
}

// segment is the payload of one packet; they are large, as offloading makes
// them, so that bytes count and not packets.
const segment = 32 << 10

func (k *talk) ask(b []byte) {
	for len(b) > 0 {
		n := min(len(b), segment)
		k.tr.tcp(k.client, bob, k.sport, k.dport, k.sent[0], k.sent[1], ack, b[:n])
		k.sent[0] += uint32(n)
		b = b[n:]
	}
}

func (k *talk) answer(b []byte) {
	for len(b) > 0 {
		n := min(len(b), segment)
		k.tr.tcp(bob, k.client, k.dport, k.sport, k.sent[1], k.sent[0], ack, b[:n])
		k.sent[1] += uint32(n)
		b = b[n:]
	}
}

func (k *talk) close() {
	k.tr.tcp(k.client, bob, k.sport, k.dport, k.sent[0], k.sent[1], fin|ack, nil)
	k.tr.tcp(bob, k.client, k.dport, k.sport, k.sent[1], k.sent[0]+1, fin|ack, nil)
	k.tr.tcp(k.client, bob, k.sport, k.dport, k.sent[0]+1, k.sent[1]+1, ack, nil)
}
